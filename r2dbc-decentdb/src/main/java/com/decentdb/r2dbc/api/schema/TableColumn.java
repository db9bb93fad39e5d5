package com.decentdb.r2dbc.api.schema;

import com.decentdb.r2dbc.api.DecentDbType;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A column of a table.
 *
 * @param name its name
 * @param type its type
 * @param nullable whether it takes NULL
 * @param defaultSql the expression of its default; null if it has none
 * @param primaryKey whether it is part of the primary key
 * @param unique whether its values differ from row to row, by a constraint on this column alone
 * @param autoIncrement whether the engine numbers it
 * @param checks the SQL of its CHECK constraints
 * @param json the description as the engine gave it
 */
public record TableColumn(
        String name,
        DecentDbType type,
        boolean nullable,
        @Nullable String defaultSql,
        boolean primaryKey,
        boolean unique,
        boolean autoIncrement,
        List<String> checks,
        Map<String, @Nullable Object> json) {}
