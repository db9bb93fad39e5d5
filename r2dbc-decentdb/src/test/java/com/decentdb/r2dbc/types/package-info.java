/** Values of every type, there and back. */
@NullMarked
package com.decentdb.r2dbc.types;

import org.jspecify.annotations.NullMarked;
