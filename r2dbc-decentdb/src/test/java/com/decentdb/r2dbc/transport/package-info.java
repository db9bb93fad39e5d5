/** Tests of the seam between the R2DBC types and the transports. */
@NullMarked
package com.decentdb.r2dbc.transport;

import org.jspecify.annotations.NullMarked;
