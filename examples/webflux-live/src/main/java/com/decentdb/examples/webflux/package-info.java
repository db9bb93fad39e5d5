/** A board of items that every open browser sees change. */
@NullMarked
package com.decentdb.examples.webflux;

import org.jspecify.annotations.NullMarked;
