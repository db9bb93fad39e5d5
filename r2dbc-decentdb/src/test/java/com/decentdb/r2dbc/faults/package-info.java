/** Faults of libdecentdb that the driver spares its users, each with a test that fails once the fault is gone. */
@NullMarked
package com.decentdb.r2dbc.faults;

import org.jspecify.annotations.NullMarked;
