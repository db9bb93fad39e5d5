package com.decentdb.r2dbc.codec;

import org.jspecify.annotations.Nullable;

/** A value that does not fit the type it is to be converted to. Says why and what helps; {@link Codecs} adds the rest. */
final class Misfit extends RuntimeException {

    /** A number too large or with digits that would be lost. */
    static final String NUMBER = "22003";

    /** A date, time or interval out of range. */
    static final String TEMPORAL = "22008";

    /** Text, or a label, that is no value of the type. */
    static final String TEXT = "22018";

    private static final long serialVersionUID = 1L;

    private final String sqlState;

    Misfit(String sqlState, String message) {
        this(sqlState, message, null);
    }

    Misfit(String sqlState, String message, @Nullable Throwable cause) {
        // Part of what is thrown to users, which has the stack trace.
        super(message, cause, false, false);
        this.sqlState = sqlState;
    }

    String sqlState() {
        return sqlState;
    }
}
