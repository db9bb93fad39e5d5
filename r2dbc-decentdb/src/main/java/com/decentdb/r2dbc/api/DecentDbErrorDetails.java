package com.decentdb.r2dbc.api;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The parts of an error that the database names besides its SQLSTATE; the message has all of them as well. A part that is not known is
 * null, or empty: libdecentdb and clusters say less than the bundled engine. Immutable.
 *
 * @param constraint the name of the violated constraint or unique index
 * @param table the table that the error is about; of a violated constraint that of the rows that were written
 * @param columns the columns that the error is about, in the order of the constraint
 * @param position where in the SQL text the statement is wrong
 * @param nativeCode the database's own name of the error: {@code constraint.unique} and the like in this process, empty if the engine
 *     gave none; on a cluster the number of SQLite, such as {@code 2067}
 * @param hint what helps
 */
public record DecentDbErrorDetails(
        @Nullable String constraint,
        @Nullable String table,
        List<String> columns,
        @Nullable Position position,
        String nativeCode,
        @Nullable String hint)
        implements Serializable {

    /**
     * Creates details.
     *
     * @param constraint the name of the violated constraint or unique index
     * @param table the table that the error is about
     * @param columns the columns that the error is about
     * @param position where in the SQL text the statement is wrong
     * @param nativeCode the database's own name of the error, empty for none
     * @param hint what helps
     */
    public DecentDbErrorDetails {
        columns = List.copyOf(columns);
    }

    /**
     * A place in the text that was given to the driver: the whole of it, with all its statements, comments and parameters as they were
     * written.
     *
     * @param line the line, from 1; a line feed ends one
     * @param column the character of the line, from 1, as {@link String#charAt} counts them
     */
    public record Position(int line, int column) implements Serializable {}

    /** An {@link io.r2dbc.spi.R2dbcException} of the driver that has details. */
    public interface Holder {

        /**
         * Returns the details.
         *
         * @return the details of this exception
         */
        DecentDbErrorDetails errorDetails();
    }

    /**
     * Returns the only column that the error is about.
     *
     * @return the name, null if there is none or if there are several
     */
    public @Nullable String column() {
        return columns.size() == 1 ? columns.get(0) : null;
    }

    /**
     * Finds the details of an error of the driver, also behind exceptions that have it as their cause, such as those of Spring.
     *
     * @param error what a publisher of the driver failed with, or what was made of it
     * @return the details, empty if the database said nothing more
     */
    public static Optional<DecentDbErrorDetails> of(@Nullable Throwable error) {
        Throwable each = error;
        // A chain of causes may be a circle.
        for (int depth = 0; each != null && depth < 100; depth++) {
            if (each instanceof Holder holder) {
                return Optional.of(holder.errorDetails());
            }
            each = each.getCause();
        }
        return Optional.empty();
    }
}
