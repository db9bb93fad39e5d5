package com.decentdb.importer.schema;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A table of the source. */
public final class SourceTable {

    public final String name;
    public final long line;
    public final List<SourceColumn> columns = new ArrayList<>();
    public final List<Key> keys = new ArrayList<>();
    public final List<Check> checks = new ArrayList<>();
    public final List<ForeignKey> foreignKeys = new ArrayList<>();
    public final List<Index> indexes = new ArrayList<>();
    /** The table that has the rows, if this is a partition of it. */
    public @Nullable String partitionOf;

    /** The table of the target that exists already and takes the rows. */
    public @Nullable String existing;

    /** A primary key or a unique constraint, and what the target cannot keep of it. */
    public record Key(
            @Nullable String name,
            boolean primary,
            List<String> columns,
            long line,
            @Nullable String lost) {}

    /** A check, with the text of its expression. */
    public record Check(@Nullable String name, String expression, long line) {}

    /** A foreign key; no target columns are the target's primary key. An action is null where it is {@code NO ACTION}. */
    public record ForeignKey(
            @Nullable String name,
            List<String> columns,
            String target,
            List<String> targetColumns,
            @Nullable String onDelete,
            @Nullable String onUpdate,
            boolean deferrable,
            long line) {}

    /** An index. */
    public record Index(
            String name,
            boolean unique,
            List<Part> parts,
            List<String> included,
            @Nullable String where,
            @Nullable String method,
            long line) {}

    /** A column or an expression of an index. */
    public record Part(
            @Nullable String column,
            @Nullable String expression,
            boolean descending,
            @Nullable String lost) {}

    public SourceTable(String name, long line) {
        this.name = name;
        this.line = line;
    }

    /** The column of a name, exactly as the source spells it, or regardless of case if there is none. */
    public @Nullable SourceColumn column(String wanted) {
        SourceColumn near = null;
        for (SourceColumn column : columns) {
            if (column.name.equals(wanted)) {
                return column;
            }
            if (column.name.equalsIgnoreCase(wanted)) {
                near = column;
            }
        }
        return near;
    }

    /** The primary key. */
    public @Nullable Key primaryKey() {
        return keys.stream().filter(Key::primary).findFirst().orElse(null);
    }
}
