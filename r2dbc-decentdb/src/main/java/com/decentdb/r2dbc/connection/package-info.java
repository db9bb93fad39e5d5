/** The R2DBC types over a {@link com.decentdb.r2dbc.transport.Session}. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.connection;

import org.jspecify.annotations.NullMarked;
