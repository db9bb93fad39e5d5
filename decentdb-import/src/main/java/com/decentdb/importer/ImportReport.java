package com.decentdb.importer;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Everything an import did, changed and left out.
 *
 * @param source the source
 * @param target the target
 * @param outcome what became of it
 * @param tables the tables, in the order in which they were written
 * @param changed parts of the schema that differ in the target
 * @param skipped parts of the source that are not in the target
 * @param warnings what else to know
 * @param skippedRows the rows that were left out, the first {@link #ROWS_LISTED} of them; the tables have the whole number
 * @param statements the SQL statements that made the schema, in order
 * @param seconds the time it took
 */
public record ImportReport(
        String source,
        String target,
        Outcome outcome,
        List<Table> tables,
        List<Finding> changed,
        List<Finding> skipped,
        List<Finding> warnings,
        List<SkippedRow> skippedRows,
        List<String> statements,
        double seconds) {

    /** Skipped rows that a report lists; beyond them they are only counted. */
    public static final int ROWS_LISTED = 100_000;

    /** The outcome of an import. */
    public enum Outcome {
        /** Everything of the report is in the target. */
        IMPORTED,
        /** A dry run: nothing was written. */
        PLANNED
    }

    /**
     * A table.
     *
     * @param source its name in the source
     * @param name its name in the target
     * @param rowsRead the rows of the source
     * @param rowsWritten the rows of the target
     * @param rowsSkipped the rows that were left out
     */
    public record Table(String source, String name, long rowsRead, long rowsWritten, long rowsSkipped) {}

    /**
     * Something that is not in the target as it was in the source.
     *
     * @param object the object, such as {@code table item, column price}
     * @param line the line of the source; 0 if it has none
     * @param reason the difference and its reason
     */
    public record Finding(String object, long line, String reason) {}

    /**
     * A row that was left out.
     *
     * @param table the table of the source
     * @param line the line of the source, of a database the row of the table, counted from 1; 0 if it is not known
     * @param reason the reason
     */
    public record SkippedRow(String table, long line, String reason) {}

    /**
     * All rows that were left out.
     *
     * @return their number
     */
    public long rowsSkipped() {
        return tables.stream().mapToLong(Table::rowsSkipped).sum();
    }

    /**
     * All rows that were written.
     *
     * @return their number
     */
    public long rowsWritten() {
        return tables.stream().mapToLong(Table::rowsWritten).sum();
    }

    /**
     * The report as JSON, with the names of its components.
     *
     * @return an object, indented
     */
    public String toJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("source", source);
        json.put("target", target);
        json.put("outcome", outcome.name());
        json.put("rowsWritten", rowsWritten());
        json.put("rowsSkipped", rowsSkipped());
        json.put("seconds", seconds);
        json.put("tables", each(tables, ImportReport::table));
        json.put("changed", each(changed, ImportReport::finding));
        json.put("skipped", each(skipped, ImportReport::finding));
        json.put("warnings", each(warnings, ImportReport::finding));
        json.put(
                "skippedRows",
                each(skippedRows, row -> object("table", row.table, "line", row.line, "reason", row.reason)));
        json.put("statements", statements);
        try {
            return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Object> table(Table table) {
        return object(
                "source", table.source,
                "name", table.name,
                "rowsRead", table.rowsRead,
                "rowsWritten", table.rowsWritten,
                "rowsSkipped", table.rowsSkipped);
    }

    private static Map<String, Object> finding(Finding finding) {
        return object("object", finding.object, "line", finding.line, "reason", finding.reason);
    }

    private static Map<String, Object> object(Object... members) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < members.length; i += 2) {
            map.put((String) members[i], members[i + 1]);
        }
        return map;
    }

    private static <T> List<Object> each(List<T> all, Function<T, Map<String, Object>> form) {
        List<Object> list = new ArrayList<>(all.size());
        all.forEach(one -> list.add(form.apply(one)));
        return list;
    }
}
