/**
 * Failures that the driver spares its users: memory, stacks and threads that run out, at every place of the driver where they can,
 * and faults of libdecentdb, each with a test that fails once the fault is gone.
 */
@NullMarked
package com.decentdb.r2dbc.faults;

import org.jspecify.annotations.NullMarked;
