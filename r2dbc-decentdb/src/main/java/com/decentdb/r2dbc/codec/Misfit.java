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

    /** The most characters of a text that a message shows. */
    private static final int LONGEST = 60;

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

    /** For text that does not stand for a value of the type that is asked for. */
    static Misfit noSuch(String text, String what, @Nullable Throwable cause) {
        String shown = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "..";
        return new Misfit(TEXT, "the text '" + shown + "' is no " + what + "; read it as String", cause);
    }

    String sqlState() {
        return sqlState;
    }
}
