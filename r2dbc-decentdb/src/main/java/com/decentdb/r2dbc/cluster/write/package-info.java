/**
 * Writes outside transactions: one holder of the lease at a time, commits shared by what waits, every outcome either certain or
 * reported as unknown. Confined to the loop. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster.write;

import org.jspecify.annotations.NullMarked;
