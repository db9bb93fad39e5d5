/** Tests of watches. */
@NullMarked
package com.decentdb.r2dbc.watch;

import org.jspecify.annotations.NullMarked;
