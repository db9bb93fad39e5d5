/** Watches, change streams and live queries over sessions. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.live;

import org.jspecify.annotations.NullMarked;
