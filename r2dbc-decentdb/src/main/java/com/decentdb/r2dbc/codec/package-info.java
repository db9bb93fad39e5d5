/**
 * Values between Java and the database: {@link com.decentdb.r2dbc.codec.Codecs} turns what users bind into
 * {@link com.decentdb.r2dbc.codec.Value}s and the cells of a {@link com.decentdb.r2dbc.codec.RowBatch} into what users
 * ask for. Knows nothing of how either travels. Loss of precision is an error, but for two documented cases:
 * nanoseconds below the microsecond are cut off, and a {@code TIMESTAMPTZ} keeps its instant, not its offset.
 */
@NullMarked
package com.decentdb.r2dbc.codec;

import org.jspecify.annotations.NullMarked;
