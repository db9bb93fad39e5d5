/**
 * Values between Java and the database: {@link com.decentdb.r2dbc.codec.Codecs} turns bound Java values into
 * {@link com.decentdb.r2dbc.codec.Value}s and the cells of a {@link com.decentdb.r2dbc.codec.RowBatch} into the classes that
 * users ask for. Knows nothing of how either travels. Loss of precision is an error, but for three documented cases: digits
 * finer than a microsecond are cut off, a {@code TIMESTAMPTZ} keeps its instant, not its offset, and floating point rounds.
 *
 * <p>A value that cannot be bound is an {@code IllegalArgumentException}, thrown where it is bound. Reading with a class that the
 * type of the column does not go with is one too; if it is this one value that does not fit, because it is too large or
 * no label of the enum, the error is an R2DBC exception with an SQLSTATE.
 */
@NullMarked
package com.decentdb.r2dbc.codec;

import org.jspecify.annotations.NullMarked;
