/** Tests of watches. */
@NullMarked
package com.decentdb.r2dbc.embedded.watch;

import org.jspecify.annotations.NullMarked;
