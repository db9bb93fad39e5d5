/**
 * Lanes: one native handle each, and everything that is remembered of its statements, rows and schema. Internal to the
 * driver.
 */
@NullMarked
package com.decentdb.r2dbc.embedded.lane;

import org.jspecify.annotations.NullMarked;
