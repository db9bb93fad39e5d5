package com.decentdb.importer;

import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The options of an import.
 *
 * @param overwrite whether a database file that exists is replaced, once the new one is complete; on a cluster, whether tables of
 *     these names are
 * @param tables the tables to import, by their names in the source, regardless of case; none for all
 * @param excluded the tables to leave out
 * @param preserveCase whether names keep their case; else they are lower-case
 * @param detectUuid whether text columns of SQLite that hold nothing but UUIDs become {@code UUID} columns
 * @param commitEvery rows for each transaction; 0 for one transaction, and {@link #BY_TARGET}
 * @param onError the treatment of rows that are refused
 * @param unfinished the treatment of an import into the same tables that was not finished
 * @param dryRun whether nothing is written
 * @param csv the options of CSV files
 */
public record ImportOptions(
        boolean overwrite,
        Set<String> tables,
        Set<String> excluded,
        boolean preserveCase,
        boolean detectUuid,
        int commitEvery,
        OnError onError,
        Unfinished unfinished,
        boolean dryRun,
        CsvOptions csv) {

    /**
     * The number of rows for each transaction that suits the target: 50,000 for a new file, 10,000 for a cluster, one transaction for a
     * database that exists or is in memory.
     */
    public static final int BY_TARGET = -1;

    /** The defaults: everything, in lower case, into a file that does not exist or tables that do not, up to the first error. */
    public static final ImportOptions DEFAULTS = new ImportOptions(
            false,
            Set.of(),
            Set.of(),
            false,
            false,
            BY_TARGET,
            OnError.STOP,
            Unfinished.REFUSE,
            false,
            CsvOptions.DEFAULTS);

    /**
     * These options with another {@link #overwrite}.
     *
     * @param value whether a file that exists, or tables of a cluster, are replaced
     * @return new options
     */
    public ImportOptions withOverwrite(boolean value) {
        return new ImportOptions(
                value, tables, excluded, preserveCase, detectUuid, commitEvery, onError, unfinished, dryRun, csv);
    }

    /**
     * These options with another {@link #tables}.
     *
     * @param value the tables to import; none for all
     * @return new options
     */
    public ImportOptions withTables(Set<String> value) {
        return new ImportOptions(
                overwrite,
                Set.copyOf(value),
                excluded,
                preserveCase,
                detectUuid,
                commitEvery,
                onError,
                unfinished,
                dryRun,
                csv);
    }

    /**
     * These options with another {@link #excluded}.
     *
     * @param value the tables to leave out
     * @return new options
     */
    public ImportOptions withExcluded(Set<String> value) {
        return new ImportOptions(
                overwrite,
                tables,
                Set.copyOf(value),
                preserveCase,
                detectUuid,
                commitEvery,
                onError,
                unfinished,
                dryRun,
                csv);
    }

    /**
     * These options with another {@link #preserveCase}.
     *
     * @param value whether names keep their case
     * @return new options
     */
    public ImportOptions withPreserveCase(boolean value) {
        return new ImportOptions(
                overwrite, tables, excluded, value, detectUuid, commitEvery, onError, unfinished, dryRun, csv);
    }

    /**
     * These options with another {@link #detectUuid}.
     *
     * @param value whether texts of UUIDs become UUIDs
     * @return new options
     */
    public ImportOptions withDetectUuid(boolean value) {
        return new ImportOptions(
                overwrite, tables, excluded, preserveCase, value, commitEvery, onError, unfinished, dryRun, csv);
    }

    /**
     * These options with another {@link #commitEvery}.
     *
     * @param value rows for each transaction; 0 for one transaction, and {@link #BY_TARGET}
     * @return new options
     */
    public ImportOptions withCommitEvery(int value) {
        return new ImportOptions(
                overwrite, tables, excluded, preserveCase, detectUuid, value, onError, unfinished, dryRun, csv);
    }

    /**
     * These options with another {@link #onError}.
     *
     * @param value the treatment of rows that are refused
     * @return new options
     */
    public ImportOptions withOnError(OnError value) {
        return new ImportOptions(
                overwrite, tables, excluded, preserveCase, detectUuid, commitEvery, value, unfinished, dryRun, csv);
    }

    /**
     * These options with another {@link #dryRun}.
     *
     * @param value whether nothing is written
     * @return new options
     */
    public ImportOptions withDryRun(boolean value) {
        return new ImportOptions(
                overwrite, tables, excluded, preserveCase, detectUuid, commitEvery, onError, unfinished, value, csv);
    }

    /**
     * These options with another {@link #unfinished}.
     *
     * @param value the treatment of an import that was not finished
     * @return new options
     */
    public ImportOptions withUnfinished(Unfinished value) {
        return new ImportOptions(
                overwrite, tables, excluded, preserveCase, detectUuid, commitEvery, onError, value, dryRun, csv);
    }

    /**
     * These options with others of CSV files.
     *
     * @param change the new options, given the present ones
     * @return new options
     */
    public ImportOptions withCsv(UnaryOperator<CsvOptions> change) {
        return new ImportOptions(
                overwrite,
                tables,
                excluded,
                preserveCase,
                detectUuid,
                commitEvery,
                onError,
                unfinished,
                dryRun,
                change.apply(csv));
    }
}
