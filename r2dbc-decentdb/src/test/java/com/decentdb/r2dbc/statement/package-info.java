/** Statements, their parameters, results and errors. */
@NullMarked
package com.decentdb.r2dbc.statement;

import org.jspecify.annotations.NullMarked;
