package com.decentdb.importer;

import com.decentdb.r2dbc.api.OutcomeUnknownException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** An import that failed. The message names the place in the source, and the remedy where there is one. */
public final class ImportException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final long line;
    private final Left left;

    /** The state in which a failure leaves the target. */
    public enum Left {
        /** It is as it was. */
        NOTHING,
        /** It has a part of the import, which was committed; the message says how much. */
        PART,
        /** Whether the import was committed is not known, since the connection to a cluster broke at that moment. */
        UNKNOWN
    }

    /**
     * A failure at no place of the source.
     *
     * @param message the cause and the remedy
     */
    public ImportException(String message) {
        this(0, message, null);
    }

    /**
     * A failure at a place of the source.
     *
     * @param line the line or the row of the source, counted from 1; 0 for none
     * @param message the cause and the remedy
     */
    public ImportException(long line, String message) {
        this(line, message, null);
    }

    /**
     * A failure at a place of the source, with the error behind it.
     *
     * @param line the line or the row of the source, counted from 1; 0 for none
     * @param message the cause and the remedy
     * @param cause the error behind it
     */
    public ImportException(long line, String message, @Nullable Throwable cause) {
        this(line, message, cause, cause instanceof OutcomeUnknownException ? Left.UNKNOWN : Left.NOTHING);
    }

    private ImportException(long line, @Nullable String message, @Nullable Throwable cause, Left left) {
        super(message, cause);
        this.line = line;
        this.left = left;
    }

    /**
     * A failure after some of the rows were committed.
     *
     * @param line the line or the row of the source, counted from 1; 0 for none
     * @param message the cause, what was committed, and the remedy
     * @param cause the error behind it
     * @return the failure
     */
    public static ImportException partly(long line, String message, @Nullable Throwable cause) {
        return new ImportException(line, message, cause, Left.PART);
    }

    /**
     * The place of the failure in the source.
     *
     * @return the line of a text, or the row of a table; 0 if the failure has none
     */
    public long line() {
        return line;
    }

    /**
     * The state of the target after the failure.
     *
     * @return what the target has of the import
     */
    public Left left() {
        return left;
    }

    /** The same failure, with the name of the source before its line. */
    ImportException in(String source) {
        String place = line == 0 ? source + ": " : String.format(Locale.ROOT, "%s:%d: ", source, line);
        return new ImportException(line, place + getMessage(), getCause() == null ? this : getCause(), left);
    }
}
