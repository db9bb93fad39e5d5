/** A first program. */
@NullMarked
package com.decentdb.examples.quickstart;

import org.jspecify.annotations.NullMarked;
