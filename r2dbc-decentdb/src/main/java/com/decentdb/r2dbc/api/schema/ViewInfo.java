package com.decentdb.r2dbc.api.schema;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A view.
 *
 * @param name its name
 * @param temporary whether it belongs to the session alone
 * @param sql the query it stands for
 * @param columns the names of its columns, in order
 * @param dependencies the tables and views it reads
 * @param json the description as the engine gave it
 */
public record ViewInfo(
        String name,
        boolean temporary,
        String sql,
        List<String> columns,
        List<String> dependencies,
        Map<String, @Nullable Object> json) {}
