/**
 * Lines: channels to the leader with the database open, and the statements that run on them, one after another. Confined to the
 * loop. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster.line;

import org.jspecify.annotations.NullMarked;
