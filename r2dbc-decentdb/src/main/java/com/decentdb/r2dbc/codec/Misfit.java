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
    private final @Nullable String text;

    Misfit(String sqlState, String message) {
        this(sqlState, message, null, null);
    }

    Misfit(String sqlState, String message, @Nullable Throwable cause) {
        this(sqlState, message, cause, null);
    }

    private Misfit(String sqlState, String message, @Nullable Throwable cause, @Nullable String text) {
        // Part of what is thrown to users, which has the stack trace.
        super(message, cause, false, false);
        this.sqlState = sqlState;
        this.text = text;
    }

    /** For a number that has a text, and no binary form. */
    static Misfit textOnly(String message, String text) {
        return new Misfit(NUMBER, message, null, text);
    }

    /** For text that does not stand for a value of the type that is asked for. */
    static Misfit noSuch(String text, String what, @Nullable Throwable cause) {
        String shown = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "..";
        return new Misfit(TEXT, "the text '" + shown + "' is no " + what + "; read it as String", cause);
    }

    /** The text of a value that only fits as text; null for one that does not even so. */
    @Nullable
    String text() {
        return text;
    }

    String sqlState() {
        return sqlState;
    }
}
