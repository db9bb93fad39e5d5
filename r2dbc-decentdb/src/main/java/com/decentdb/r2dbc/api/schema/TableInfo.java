package com.decentdb.r2dbc.api.schema;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A table.
 *
 * @param name its name
 * @param temporary whether it belongs to the session alone
 * @param columns its columns, in order
 * @param primaryKey the names of the columns of its primary key, in order; empty if it has none
 * @param foreignKeys its foreign keys
 * @param checks the SQL of its table-level CHECK constraints
 * @param rowCount how many rows it had when it was described; -1 on a cluster, which would have to count them
 * @param json the description as the engine gave it
 */
public record TableInfo(
        String name,
        boolean temporary,
        List<TableColumn> columns,
        List<String> primaryKey,
        List<ForeignKeyInfo> foreignKeys,
        List<String> checks,
        long rowCount,
        Map<String, @Nullable Object> json) {}
