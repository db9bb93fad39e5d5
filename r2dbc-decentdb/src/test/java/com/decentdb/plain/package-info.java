/** A program that knows R2DBC and nothing of this driver but its URL. */
@NullMarked
package com.decentdb.plain;

import org.jspecify.annotations.NullMarked;
