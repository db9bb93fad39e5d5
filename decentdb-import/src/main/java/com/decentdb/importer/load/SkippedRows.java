package com.decentdb.importer.load;

import com.decentdb.importer.ImportReport;
import com.decentdb.importer.ImportReport.SkippedRow;
import com.decentdb.importer.plan.Plan;
import com.decentdb.importer.schema.SourceTable;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How many rows each table had and has, and which were left out. */
final class SkippedRows {

    /** The numbers of a table's rows. */
    static final class Count {
        long read;
        long written;
        long skipped;

        Count copy() {
            Count copy = new Count();
            copy.read = read;
            copy.written = written;
            copy.skipped = skipped;
            return copy;
        }

        void clear() {
            read = 0;
            written = 0;
            skipped = 0;
        }
    }

    private final Map<SourceTable, Count> counts = new HashMap<>();
    /** A row that an import meets again, after it lost its connection, is listed once. */
    private final Set<SkippedRow> listed = new LinkedHashSet<>();

    Count of(Plan.Table table) {
        return counts.computeIfAbsent(table.source(), key -> new Count());
    }

    void skip(Plan.Table table, long line, String reason) {
        of(table).skipped++;
        list(table, line, reason);
    }

    void list(Plan.Table table, long line, String reason) {
        if (listed.size() < ImportReport.ROWS_LISTED) {
            listed.add(new SkippedRow(table.source().name, line, reason));
        }
    }

    boolean isListed(Plan.Table table, long line) {
        return listed.stream().anyMatch(row -> row.line() == line && row.table().equals(table.source().name));
    }

    /** All rows that were left out, listed or not. */
    long skipped() {
        return counts.values().stream().mapToLong(count -> count.skipped).sum();
    }

    long written() {
        return counts.values().stream().mapToLong(count -> count.written).sum();
    }

    List<SkippedRow> listed() {
        return List.copyOf(listed);
    }
}
