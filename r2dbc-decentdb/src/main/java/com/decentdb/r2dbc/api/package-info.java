/**
 * The types that programs written for DecentDB use beyond R2DBC's own: the connection and its options, live data, the SQL
 * types and values for which R2DBC and the JDK have no class, and descriptions of the engine.
 */
@NullMarked
package com.decentdb.r2dbc.api;

import org.jspecify.annotations.NullMarked;
