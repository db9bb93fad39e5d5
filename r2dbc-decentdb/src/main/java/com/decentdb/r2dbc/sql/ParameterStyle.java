package com.decentdb.r2dbc.sql;

import java.util.Locale;

/** How SQL text names its parameters. Whatever the style, a text may use {@code $1}, {@code $2}, .. instead. */
public enum ParameterStyle {
    /** {@code $1}, {@code $2}, ..: what the engine understands. */
    NATIVE,
    /** {@code ?}, counted from left to right; {@code ??} is a question mark of the SQL itself. */
    JDBC,
    /** {@code :name}, counted in the order of their first appearance; {@code ::} stays a cast. */
    NAMED;

    /** The value of the option that chooses it. */
    public String option() {
        return name().toLowerCase(Locale.ROOT);
    }
}
