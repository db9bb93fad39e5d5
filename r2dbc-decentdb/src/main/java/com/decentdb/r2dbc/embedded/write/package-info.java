/**
 * Everything that takes the write lock: transactions, group commit and the write queue. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.embedded.write;

import org.jspecify.annotations.NullMarked;
