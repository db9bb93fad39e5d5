/** Watches, change streams and live queries. */
@NullMarked
package com.decentdb.r2dbc.live;

import org.jspecify.annotations.NullMarked;
