/** Transactions and the state of connections. */
@NullMarked
package com.decentdb.r2dbc.transaction;

import org.jspecify.annotations.NullMarked;
