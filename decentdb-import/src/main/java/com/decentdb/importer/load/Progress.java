package com.decentdb.importer.load;

import com.decentdb.importer.ImportProgress;
import com.decentdb.importer.ImportProgress.Phase;
import com.decentdb.importer.ImportReport;
import com.decentdb.importer.source.Source;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Counts, and gives the count away now and then. */
final class Progress {

    private final Source source;
    private final Consumer<ImportProgress> listener;
    private Phase phase = Phase.READING_SCHEMA;
    private @Nullable String table;
    private long read;
    private long written;

    Progress(Source source, Consumer<ImportProgress> listener) {
        this.source = source;
        this.listener = listener;
    }

    void phase(Phase next) {
        phase = next;
        table = null;
        emit();
    }

    /** The source is read again, from its beginning; so many rows are in the target. */
    void restart(long rows) {
        read = 0;
        written = rows;
    }

    void table(String next) {
        table = next;
    }

    void read() {
        read++;
    }

    void written(long count) {
        written += count;
    }

    void emit() {
        listener.accept(new ImportProgress(phase, table, read, written, source.position(), source.size(), null));
    }

    void completed(ImportReport report) {
        listener.accept(new ImportProgress(
                Phase.COMPLETED, null, read, report.rowsWritten(), source.size(), source.size(), report));
    }
}
