/** The test kits of R2DBC and of Reactive Streams. */
@NullMarked
package com.decentdb.r2dbc.kit;

import org.jspecify.annotations.NullMarked;
