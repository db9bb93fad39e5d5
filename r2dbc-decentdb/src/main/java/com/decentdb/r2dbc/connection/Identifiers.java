package com.decentdb.r2dbc.connection;

/** Names in SQL text. */
public final class Identifiers {

    private Identifiers() {}

    /** The name in double quotes, unless it is quoted already. */
    public static String quote(String name) {
        if (name == null || name.isEmpty()) {
            throw new IllegalArgumentException("A name must not be null or empty");
        }
        boolean quoted = name.length() > 2
                && name.startsWith("\"")
                && name.endsWith("\"")
                && !name.substring(1, name.length() - 1).replace("\"\"", "").contains("\"");
        return quoted ? name : '"' + name.replace("\"", "\"\"") + '"';
    }
}
