package com.decentdb.r2dbc.api.schema;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A foreign key of a table.
 *
 * @param name its name; null if the engine gave it none
 * @param columns the referencing columns, in order
 * @param referencedTable the table they reference
 * @param referencedColumns the referenced columns, in the same order
 * @param onDelete what becomes of the referencing row when the referenced one is deleted, such as {@code CASCADE}
 * @param onUpdate likewise when its key changes
 * @param json the description as the engine gave it
 */
public record ForeignKeyInfo(
        @Nullable String name,
        List<String> columns,
        String referencedTable,
        List<String> referencedColumns,
        String onDelete,
        String onUpdate,
        Map<String, @Nullable Object> json) {}
