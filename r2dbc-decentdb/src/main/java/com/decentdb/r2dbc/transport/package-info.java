/**
 * The seam between the R2DBC types and what carries them. {@link com.decentdb.r2dbc.transport.Transport} opens
 * {@link com.decentdb.r2dbc.transport.Session}s; commands, cursors and watch requests are all that crosses. This package
 * knows no implementation and no native code, so that a second transport can stand beside the embedded engine. Internal to
 * the driver.
 */
@NullMarked
package com.decentdb.r2dbc.transport;

import org.jspecify.annotations.NullMarked;
