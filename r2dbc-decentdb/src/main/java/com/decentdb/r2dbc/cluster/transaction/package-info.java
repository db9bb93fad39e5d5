/** Transactions from their first statement to their end. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.cluster.transaction;

import org.jspecify.annotations.NullMarked;
