package com.decentdb.importer.text;

/** Names in SQL. */
public final class Names {

    private Names() {}

    /** The name as SQL writes it, in quotes. */
    public static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** The name as SQL writes it, in quotes only if it needs them. */
    public static String plain(String name) {
        return name.matches("[a-z_][a-z0-9_]*") ? name : quote(name);
    }

    /** The text as an SQL literal. */
    public static String literal(String text) {
        return '\'' + text.replace("'", "''") + '\'';
    }

    /** The name with ASCII letters in lower case: engines tell other letters' cases apart. */
    public static String lower(String name) {
        StringBuilder lower = new StringBuilder(name);
        for (int i = 0; i < lower.length(); i++) {
            char c = lower.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                lower.setCharAt(i, (char) (c + 32));
            }
        }
        return lower.toString();
    }
}
