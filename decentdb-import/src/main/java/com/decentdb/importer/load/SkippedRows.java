package com.decentdb.importer.load;

import com.decentdb.importer.ImportReport;
import com.decentdb.importer.ImportReport.SkippedRow;
import com.decentdb.importer.plan.Plan;
import com.decentdb.importer.schema.SourceTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How many rows each table had and has, and which were left out. */
final class SkippedRows {

    /** The numbers of a table's rows. */
    static final class Count {
        long read;
        long written;
        long skipped;
    }

    private final Map<SourceTable, Count> counts = new HashMap<>();
    private final List<SkippedRow> listed = new ArrayList<>();

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

    List<SkippedRow> listed() {
        return List.copyOf(listed);
    }
}
