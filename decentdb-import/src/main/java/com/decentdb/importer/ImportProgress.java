package com.decentdb.importer;

import org.jspecify.annotations.Nullable;

/**
 * The state of a running import. States that the subscriber does not ask for are dropped; the last one, with the report, never is.
 *
 * @param phase the present step
 * @param table the table whose rows are read, with its name in the target; null between tables
 * @param rowsRead the rows read so far
 * @param rowsWritten the rows written so far; they count only once the import has completed, or with commits in between, once they are
 *     committed
 * @param done the part of the source that is read: bytes of a file, as it lies on disk, or rows of a database
 * @param total the whole of the source, in the same unit
 * @param report the report, with the last state only
 */
public record ImportProgress(
        Phase phase,
        @Nullable String table,
        long rowsRead,
        long rowsWritten,
        long done,
        long total,
        @Nullable ImportReport report) {

    /** A step of an import. */
    public enum Phase {
        /** The source's schema is read. */
        READING_SCHEMA,
        /** Rows are copied. */
        COPYING_ROWS,
        /** Foreign keys, indexes, sequences and views are made. */
        FINISHING,
        /** The import has completed, and everything is in its place. */
        COMPLETED
    }
}
