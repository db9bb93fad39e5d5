/** A database that has a bad day, for as long as asked. */
@NullMarked
package com.decentdb.r2dbc.soak;

import org.jspecify.annotations.NullMarked;
