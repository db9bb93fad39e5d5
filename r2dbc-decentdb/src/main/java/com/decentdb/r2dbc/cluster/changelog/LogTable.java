package com.decentdb.r2dbc.cluster.changelog;

import com.decentdb.r2dbc.transport.Errors;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A table of a database, and what its triggers say of it.
 *
 * @param name its name, as it was declared
 * @param kind {@code table}, {@code view}, {@code virtual} or {@code shadow}
 * @param rowIds whether its rows have row ids
 * @param uniques the columns of each unique index by the name of the index
 * @param signature what triggers have to know of it
 * @param recorded the signature that its triggers were made for; null if it has none
 */
public record LogTable(
        String name,
        String kind,
        boolean rowIds,
        List<Column> columns,
        Map<String, List<Part>> uniques,
        String signature,
        @Nullable String recorded) {

    /**
     * A column.
     *
     * @param type the type as it was declared, which is empty for one without
     * @param keyPart its place in the primary key from 1, 0 outside of it
     */
    public record Column(String name, String type, int keyPart) {}

    /**
     * A part of a unique index.
     *
     * @param column null for an expression
     */
    public record Part(@Nullable String column, String collation) {}

    /** The names of the row id, each hidden by a column of that name. */
    static final List<String> ROW_IDS = List.of("rowid", "_rowid_", "oid");

    /** Tables, one a row, with the columns that {@link #of} takes. CROSS JOIN keeps the order: arguments of functions come first. */
    private static final String DESCRIBED = "SELECT m.name AS name, l.type AS kind, l.wr AS wr,"
            + " (SELECT json_group_array(json_array(x.name, x.type, x.pk))"
            + " FROM (SELECT name, type, pk FROM pragma_table_xinfo(m.name) WHERE hidden <> 1 ORDER BY cid) AS x) AS cols,"
            + " (SELECT json_group_array(json_array(u.part, u.name, u.coll))"
            + " FROM (SELECT i.name AS part, p.name AS name, p.coll AS coll FROM pragma_index_list(m.name) AS i"
            + " CROSS JOIN pragma_index_xinfo(i.name) AS p WHERE i.\"unique\" AND p.key ORDER BY i.name, p.seqno) AS u) AS uniques,"
            + " (SELECT t.sql FROM sqlite_schema AS t WHERE t.type = 'trigger' AND t.tbl_name = m.name"
            + " AND t.name = '" + LogTriggers.PREFIX + "insert_' || m.name"
            + " AND " + LogTriggers.COUNT + " = (SELECT count(*) FROM sqlite_schema AS n WHERE n.type = 'trigger'"
            + " AND n.tbl_name = m.name AND substr(n.name, 1, " + LogTriggers.PREFIX.length() + ") = '"
            + LogTriggers.PREFIX
            + "' AND substr(n.name, -length(m.name)) = m.name)) AS trigger"
            + " FROM sqlite_schema AS m CROSS JOIN pragma_table_list(m.name) AS l"
            + " WHERE m.type IN ('table', 'view') AND l.schema = 'main'";

    /** The one table whose name is given, in any case. */
    public static final String ONE = DESCRIBED + " AND m.name = $1 COLLATE NOCASE";

    /** The version of the schema, and beside it every table that has a log; null beside it if none has. */
    static final String LOGGED =
            "WITH logged AS (" + DESCRIBED + ") SELECT v.schema_version, g.name, g.kind, g.wr, g.cols,"
                    + " g.uniques, g.trigger FROM pragma_schema_version AS v LEFT JOIN logged AS g ON g.trigger IS NOT NULL";

    /** Makes a table of a row of {@link #ONE}. */
    public static LogTable of(
            String name, String kind, boolean rowIds, String columns, String uniques, @Nullable String trigger) {
        List<Column> read = new ArrayList<>();
        for (List<?> column : lists(columns)) {
            read.add(new Column(text(column, 0), text(column, 1), ((Number) column.get(2)).intValue()));
        }
        Map<String, List<Part>> parts = new LinkedHashMap<>();
        for (List<?> part : lists(uniques)) {
            Object column = part.get(1);
            parts.computeIfAbsent(text(part, 0), index -> new ArrayList<>())
                    .add(new Part(column == null ? null : column.toString(), text(part, 2)));
        }
        String signature = name + " " + rowIds + " " + columns + " " + uniques;
        return new LogTable(
                name,
                kind,
                rowIds,
                List.copyOf(read),
                parts,
                // It stands in a comment, which it must neither end nor nest.
                signature.replace("*/", "* /").replace("/*", "/ *"),
                trigger == null ? null : LogTriggers.recorded(trigger));
    }

    private static List<List<?>> lists(String json) {
        try {
            List<List<?>> lists = new ArrayList<>();
            for (Object each : JSON.std.listFrom(json)) {
                lists.add((List<?>) each);
            }
            return lists;
        } catch (IOException e) {
            throw new IllegalStateException("The node described a table in no JSON: " + json, e);
        }
    }

    private static String text(List<?> values, int index) {
        return String.valueOf(values.get(index));
    }

    /** Whether the triggers record the table as it is. */
    public boolean isCurrent() {
        return signature.equals(recorded);
    }

    /** The columns of the primary key, in its order. */
    List<String> key() {
        return columns.stream()
                .filter(column -> column.keyPart() > 0)
                .sorted(Comparator.comparingInt(Column::keyPart))
                .map(Column::name)
                .toList();
    }

    /**
     * The name by which the row ids of the table are read.
     *
     * @throws io.r2dbc.spi.R2dbcException if it has none
     */
    public String rowId() {
        if (kind.equals("table") && rowIds) {
            for (String each : ROW_IDS) {
                if (names().stream().noneMatch(each::equalsIgnoreCase)) {
                    return each;
                }
            }
        }
        throw Errors.of(
                "0A000",
                name + " has no row ids, by which its rows could be named"
                        + (kind.equals("table") ? "" : ": it is a " + kind),
                null);
    }

    List<String> names() {
        return columns.stream().map(Column::name).toList();
    }

    /** The declared type of a column; empty if there is none of that name. */
    String type(String column) {
        for (Column each : columns) {
            if (each.name().equals(column)) {
                return each.type();
            }
        }
        return "";
    }

    /** Whether texts in a column are ordered by their bytes. */
    boolean ordersBytes(String column) {
        return uniques.values().stream()
                .flatMap(List::stream)
                .filter(part -> column.equals(part.column()))
                .allMatch(part -> part.collation().equalsIgnoreCase("BINARY"));
    }
}
