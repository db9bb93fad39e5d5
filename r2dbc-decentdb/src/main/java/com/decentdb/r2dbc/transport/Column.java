package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.api.DecentDbType;
import org.jspecify.annotations.Nullable;

/**
 * A column of a result.
 *
 * @param name the name as the engine gives it
 * @param type its type, {@link DecentDbType#NULL} if neither the schema nor a value shows one
 * @param nullable whether it may hold NULL, null if that is unknown
 * @param digits those of a DECIMAL, null if they are unknown
 */
public record Column(
        String name,
        DecentDbType type,
        @Nullable Boolean nullable,
        @Nullable Digits digits) {

    /**
     * The digits of a DECIMAL column.
     *
     * @param precision all of them
     * @param scale those behind the point
     */
    public record Digits(int precision, int scale) {}

    /** A column of which only the name is known. */
    public static Column named(String name) {
        return new Column(name, DecentDbType.NULL, null, null);
    }
}
