package com.decentdb.r2dbc.api.schema;

import com.decentdb.r2dbc.api.DecentDbType;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A statement as the engine understands it, without running it.
 *
 * @param kind the kind of statement, in the engine's words
 * @param readOnly whether it only reads
 * @param parameters its parameters, by number
 * @param columns the columns of its result; empty if it has none
 * @param json the description as the engine gave it
 */
public record QueryDescription(
        String kind,
        boolean readOnly,
        List<Parameter> parameters,
        List<Column> columns,
        Map<String, @Nullable Object> json) {

    /**
     * A parameter of a statement.
     *
     * @param position its number, from 1
     * @param type its type; null if the context does not determine one
     */
    public record Parameter(int position, @Nullable DecentDbType type) {}

    /**
     * A column of a result.
     *
     * @param name its name
     * @param type its type; null if it depends on the values
     * @param nullable whether it may be NULL; null if that is unknown
     * @param table the table it comes from; null for an expression
     * @param column the column of that table; null for an expression
     */
    public record Column(
            String name,
            @Nullable DecentDbType type,
            @Nullable Boolean nullable,
            @Nullable String table,
            @Nullable String column) {}
}
