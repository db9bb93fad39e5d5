package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.RowBlock;
import com.decentdb.ffi.ValueTag;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.Column.Digits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The shapes of statements, which the engine describes without running them; remembered until the schema changes. Confined to the
 * thread of the one handle it asks, which may be inside a transaction that changed the schema for itself.
 */
public final class StatementShapes {

    private static final int CAPACITY = 1024;

    /**
     * The shape of a statement.
     *
     * @param readOnly whether it only reads
     * @param columns its columns; null if the engine cannot describe it
     * @param sources for each column the column of a table it comes from, as {@link EnumLabels#key} makes it, or null
     */
    public record Shape(boolean readOnly, @Nullable List<Column> columns, List<@Nullable String> sources) {

        /** A statement without columns, or one the engine cannot describe. */
        public static Shape unknown(boolean readOnly) {
            return new Shape(readOnly, null, List.of());
        }

        /** Whether a value may be of an ENUM type. */
        boolean mayHoldLabels() {
            if (columns == null) {
                return true;
            }
            for (Column column : columns) {
                if (column.type() == DecentDbType.ENUM || column.type() == DecentDbType.NULL) {
                    return true;
                }
            }
            return false;
        }

        private @Nullable String source(int column) {
            return column < sources.size() ? sources.get(column) : null;
        }

        /** The columns of a result, with types from the description or else from the first value of each column. */
        public List<Column> resolve(List<String> names, RowBatch first) {
            List<Column> described = columns;
            if (described != null && described.size() == names.size()) {
                boolean complete = true;
                for (int i = 0; i < names.size() && complete; i++) {
                    Column column = described.get(i);
                    complete =
                            column.type() != DecentDbType.NULL && column.name().equals(names.get(i));
                }
                if (complete) {
                    return described;
                }
            } else {
                described = null;
            }
            List<Column> resolved = new ArrayList<>(names.size());
            for (int i = 0; i < names.size(); i++) {
                Column column = described == null ? Column.named(names.get(i)) : described.get(i);
                DecentDbType type = column.type() == DecentDbType.NULL ? firstType(first, i) : column.type();
                resolved.add(new Column(names.get(i), type, column.nullable(), column.digits()));
            }
            return List.copyOf(resolved);
        }

        /** Whether every column whose type is described has values, and of that type. */
        public boolean shownBy(RowBatch rows) {
            for (int i = 0; columns != null && i < columns.size(); i++) {
                DecentDbType described = columns.get(i).type();
                if (described != DecentDbType.NULL && (i >= rows.columns() || firstType(rows, i) != described)) {
                    return false;
                }
            }
            return true;
        }

        private static DecentDbType firstType(RowBatch rows, int column) {
            for (int row = 0; row < rows.rows(); row++) {
                if (!rows.isNull(row, column)) {
                    return rows.type(row, column);
                }
            }
            return DecentDbType.NULL;
        }
    }

    private final Map<String, Shape> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Shape> eldest) {
            return size() > CAPACITY;
        }
    };

    private final Map<String, Map<String, Digits>> digits = new HashMap<>();
    private EnumLabels labels = EnumLabels.NONE;

    /** The shape if it is remembered. */
    public @Nullable Shape find(SqlCommand sql) {
        return known.get(sql.text());
    }

    /** Asks the engine if need be; on the thread of the handle. */
    public Shape get(NativeDatabase database, SqlCommand sql) {
        Shape shape = find(sql);
        if (shape != null) {
            return shape;
        }
        try {
            shape = parse(database.describeQuery(sql.text()), (table, column) -> digits(database, table, column));
        } catch (NativeException e) {
            if (EngineTraits.breaksHandle(e)) {
                throw e;
            }
            // Engines cannot describe everything they run; the words of the statement have to do, and running it
            // reports what is wrong with it. Not remembered, because a missing table may appear.
            return Shape.unknown(sql.reads());
        }
        known.put(sql.text(), shape);
        return shape;
    }

    /** Forgets everything. */
    public void clear() {
        known.clear();
        digits.clear();
        labels = EnumLabels.NONE;
    }

    /** A block of rows with the labels it needs; asks the engine for them if need be, on the thread of the handle. */
    public RowBatch rows(NativeDatabase database, Shape shape, RowBlock block) {
        EnumLabels all = labels;
        if (!shape.mayHoldLabels()) {
            return new NativeRows(block, all);
        }
        for (int column = 0; column < block.columns(); column++) {
            int row = 0;
            while (row < block.rows() && block.isNull(row, column)) {
                row++;
            }
            if (row < block.rows() && block.tag(row, column) == ValueTag.ENUM) {
                long type = block.enumTypeId(row, column);
                if (!all.knows(type)) {
                    all = all.with(database.schemaSnapshot());
                }
                if (!all.knows(type)) {
                    all = all.with(type, shape.source(column));
                }
                labels = all;
            }
        }
        return new NativeRows(block, all);
    }

    /** The digits that a table declares for a DECIMAL column. */
    private @Nullable Digits digits(NativeDatabase database, String table, String column) {
        return digits.computeIfAbsent(table, name -> {
                    try {
                        return ColumnTypes.digits(database.tableDdl(name));
                    } catch (NativeException e) {
                        // Not every engine reports the text of every table; then the digits stay unknown.
                        return Map.of();
                    }
                })
                .get(column);
    }

    private static Shape parse(String json, BiFunction<String, String, @Nullable Digits> digits) {
        Map<String, @Nullable Object> description = EngineJson.object(json, "a statement");
        List<Column> columns = new ArrayList<>();
        List<@Nullable String> sources = new ArrayList<>();
        for (Map<String, @Nullable Object> column : EngineJson.objects(description.get("result_columns"))) {
            Object typeName = column.get("type_name");
            DecentDbType type = typeName == null ? DecentDbType.NULL : DecentDbType.ofName(typeName.toString());
            Object table = column.get("source_table");
            Object source = column.get("source_column");
            columns.add(new Column(
                    String.valueOf(column.get("name")),
                    type,
                    (Boolean) column.get("nullable"),
                    table != null && source != null && type == DecentDbType.DECIMAL
                            ? digits.apply(table.toString(), source.toString())
                            : null));
            sources.add(table == null || source == null ? null : EnumLabels.key(table, source));
        }
        return new Shape(Boolean.TRUE.equals(description.get("read_only")), List.copyOf(columns), sources);
    }
}
