package com.decentdb.importer;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The options that only imports of CSV files have.
 *
 * @param table the table to import into; null for that with the name of the file before its first dot
 * @param append whether the rows go to the table if it exists already, in the types of its columns; else such a table ends the import
 * @param detectTypes whether columns of a new table get a type other than {@code TEXT}, if every value, read as text, stays the same in
 *     it; the file is read once more for this
 * @param columns the types of columns of a new table by their names in the file, such as {@code DECIMAL(10,2)}
 */
public record CsvOptions(@Nullable String table, boolean append, boolean detectTypes, Map<String, String> columns) {

    /** The defaults: columns of text in a new table with the name of the file. */
    public static final CsvOptions DEFAULTS = new CsvOptions(null, false, false, Map.of());

    /**
     * These options with another {@link #table}.
     *
     * @param value the table to import into; null for that with the name of the file
     * @return new options
     */
    public CsvOptions withTable(@Nullable String value) {
        return new CsvOptions(value, append, detectTypes, columns);
    }

    /**
     * These options with another {@link #append}.
     *
     * @param value whether the rows go to a table that exists already
     * @return new options
     */
    public CsvOptions withAppend(boolean value) {
        return new CsvOptions(table, value, detectTypes, columns);
    }

    /**
     * These options with another {@link #detectTypes}.
     *
     * @param value whether types are found in the values
     * @return new options
     */
    public CsvOptions withDetectTypes(boolean value) {
        return new CsvOptions(table, append, value, columns);
    }

    /**
     * These options with other {@link #columns}.
     *
     * @param value the types of columns by their names
     * @return new options
     */
    public CsvOptions withColumns(Map<String, String> value) {
        return new CsvOptions(table, append, detectTypes, Map.copyOf(value));
    }
}
