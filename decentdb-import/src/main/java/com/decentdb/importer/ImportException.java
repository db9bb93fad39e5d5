package com.decentdb.importer;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** An import that failed and left its target as it was. The message names the place in the source, and the remedy where there is one. */
public final class ImportException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final long line;

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
        super(message, cause);
        this.line = line;
    }

    /**
     * The place of the failure in the source.
     *
     * @return the line of a text, or the row of a table; 0 if the failure has none
     */
    public long line() {
        return line;
    }

    /** The same failure, with the name of the source before its line. */
    ImportException in(String source) {
        String place = line == 0 ? source + ": " : String.format(Locale.ROOT, "%s:%d: ", source, line);
        return new ImportException(line, place + getMessage(), getCause() == null ? this : getCause());
    }
}
