package com.decentdb.importer;

import java.util.Set;

/**
 * The options of an import.
 *
 * @param overwrite whether a database file that exists is replaced, once the new one is complete
 * @param tables the tables to import, by their names in the source, regardless of case; none for all
 * @param excluded the tables to leave out
 * @param preserveCase whether names keep their case; else they are lower-case
 * @param detectUuid whether text columns of SQLite that hold nothing but UUIDs become {@code UUID} columns
 * @param commitEvery rows for each transaction of a new file; 0 for one transaction
 * @param onError the treatment of rows that are refused
 * @param dryRun whether nothing is written
 */
public record ImportOptions(
        boolean overwrite,
        Set<String> tables,
        Set<String> excluded,
        boolean preserveCase,
        boolean detectUuid,
        int commitEvery,
        OnError onError,
        boolean dryRun) {

    /** Rows for each transaction unless {@link #commitEvery} says otherwise. */
    public static final int COMMIT_EVERY = 50_000;

    /** The defaults: everything, in lower case, into a file that does not exist or tables that do not, up to the first error. */
    public static final ImportOptions DEFAULTS =
            new ImportOptions(false, Set.of(), Set.of(), false, false, COMMIT_EVERY, OnError.STOP, false);

    /**
     * These options with another {@link #overwrite}.
     *
     * @param value whether a file that exists is replaced
     * @return new options
     */
    public ImportOptions withOverwrite(boolean value) {
        return new ImportOptions(value, tables, excluded, preserveCase, detectUuid, commitEvery, onError, dryRun);
    }

    /**
     * These options with another {@link #tables}.
     *
     * @param value the tables to import; none for all
     * @return new options
     */
    public ImportOptions withTables(Set<String> value) {
        return new ImportOptions(
                overwrite, Set.copyOf(value), excluded, preserveCase, detectUuid, commitEvery, onError, dryRun);
    }

    /**
     * These options with another {@link #excluded}.
     *
     * @param value the tables to leave out
     * @return new options
     */
    public ImportOptions withExcluded(Set<String> value) {
        return new ImportOptions(
                overwrite, tables, Set.copyOf(value), preserveCase, detectUuid, commitEvery, onError, dryRun);
    }

    /**
     * These options with another {@link #preserveCase}.
     *
     * @param value whether names keep their case
     * @return new options
     */
    public ImportOptions withPreserveCase(boolean value) {
        return new ImportOptions(overwrite, tables, excluded, value, detectUuid, commitEvery, onError, dryRun);
    }

    /**
     * These options with another {@link #detectUuid}.
     *
     * @param value whether texts of UUIDs become UUIDs
     * @return new options
     */
    public ImportOptions withDetectUuid(boolean value) {
        return new ImportOptions(overwrite, tables, excluded, preserveCase, value, commitEvery, onError, dryRun);
    }

    /**
     * These options with another {@link #commitEvery}.
     *
     * @param value rows for each transaction of a new file; 0 for one transaction
     * @return new options
     */
    public ImportOptions withCommitEvery(int value) {
        return new ImportOptions(overwrite, tables, excluded, preserveCase, detectUuid, value, onError, dryRun);
    }

    /**
     * These options with another {@link #onError}.
     *
     * @param value the treatment of rows that are refused
     * @return new options
     */
    public ImportOptions withOnError(OnError value) {
        return new ImportOptions(overwrite, tables, excluded, preserveCase, detectUuid, commitEvery, value, dryRun);
    }

    /**
     * These options with another {@link #dryRun}.
     *
     * @param value whether nothing is written
     * @return new options
     */
    public ImportOptions withDryRun(boolean value) {
        return new ImportOptions(overwrite, tables, excluded, preserveCase, detectUuid, commitEvery, onError, value);
    }
}
