/** Results, rows and their metadata over a {@link com.decentdb.r2dbc.transport.Cursor}. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.result;

import org.jspecify.annotations.NullMarked;
