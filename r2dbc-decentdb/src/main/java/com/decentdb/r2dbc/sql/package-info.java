/**
 * A small SQL lexer: it knows where literals, comments, parameters and statements begin and end, and nothing about
 * grammar. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.sql;

import org.jspecify.annotations.NullMarked;
