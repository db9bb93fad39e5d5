/** The driver as its users see it. */
@NullMarked
package com.decentdb.r2dbc;

import org.jspecify.annotations.NullMarked;
