package com.decentdb.r2dbc.api;

import io.r2dbc.spi.Row;
import org.jspecify.annotations.Nullable;

/**
 * A row that a commit changed. Its values have the types of the table's columns and are read like those of a result,
 * except that an {@code ENUM} is its label as text. A column whose type was changed since has the type its value has in
 * the engine's JSON; a floating point number that is infinite or not a number is NULL there.
 *
 * @param table its table
 * @param operation what happened to it
 * @param key the columns of its primary key; none if the table has no key
 * @param before the row before, null for one inserted or if the engine does not tell
 * @param after the row after, null for one deleted or if the engine does not tell
 */
public record RowChange(
        String table,
        Operation operation,
        Row key,
        @Nullable Row before,
        @Nullable Row after) {

    /** What happened to a row. */
    public enum Operation {
        /** It was inserted. */
        INSERT,
        /** It was updated. */
        UPDATE,
        /** It was deleted. */
        DELETE
    }
}
