package com.decentdb.r2dbc.runtime;

import com.decentdb.r2dbc.api.DecentDbType;
import org.jspecify.annotations.Nullable;

/**
 * A column of a result.
 *
 * @param name the name as the engine gives it
 * @param type its type, {@link DecentDbType#NULL} if neither the schema nor a value tells
 * @param nullable whether it may hold NULL, null if that is unknown
 */
public record Column(
        String name, DecentDbType type, @Nullable Boolean nullable) {}
