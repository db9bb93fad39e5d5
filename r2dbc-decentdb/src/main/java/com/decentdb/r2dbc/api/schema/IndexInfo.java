package com.decentdb.r2dbc.api.schema;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An index, those behind primary keys and UNIQUE constraints included.
 *
 * @param name its name
 * @param table the table it belongs to
 * @param kind {@code btree}, {@code trigram}, {@code spatial} or {@code fulltext}
 * @param unique whether it admits each key once
 * @param columns the indexed columns or expressions, in order
 * @param includedColumns the columns it carries besides
 * @param predicateSql the condition of a partial index; null if it covers all rows
 * @param json the description as the engine gave it
 */
public record IndexInfo(
        String name,
        String table,
        String kind,
        boolean unique,
        List<String> columns,
        List<String> includedColumns,
        @Nullable String predicateSql,
        Map<String, @Nullable Object> json) {}
