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
 * @param before the row before, null if it was inserted or the engine does not report it
 * @param after the row after, null if it was deleted or the engine does not report it
 */
public record RowChange(
        String table,
        Operation operation,
        Row key,
        @Nullable Row before,
        @Nullable Row after) {

    /** The kinds of changes of a row. */
    public enum Operation {
        /** It was inserted. */
        INSERT,
        /** It was updated. */
        UPDATE,
        /** It was deleted. */
        DELETE
    }
}
