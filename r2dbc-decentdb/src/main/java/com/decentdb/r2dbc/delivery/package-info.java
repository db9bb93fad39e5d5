/**
 * Threads and hand-over, for every transport: the driver's own threads, executors that run signals one at a time, and the
 * exchange of one request for one answer. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.delivery;

import org.jspecify.annotations.NullMarked;
