/** Statements that a program makes up. */
@NullMarked
package com.decentdb.r2dbc.generated;

import org.jspecify.annotations.NullMarked;
