package com.decentdb.r2dbc.api;

import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of one write of a stream.
 *
 * @param index which one, counted from 0
 * @param rowsChanged how many rows it changed, durably; 0 if it failed
 * @param failure why it failed, null if it did not
 */
public record WriteOutcome(
        long index, long rowsChanged, @Nullable R2dbcException failure) {}
