package com.decentdb.r2dbc.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * The tokens of a text as SQLite cuts it, whose rules are not those of {@link SqlLexer}: a backslash escapes nothing, comments do
 * not nest, {@code [..]} and {@code `..`} quote names, and {@code $tag$} quotes nothing. Whether a statement is harmless has to
 * be judged by the rules of the one who runs it.
 */
final class SqliteTokens {

    enum Kind {
        WORD,
        QUOTED_NAME,
        LITERAL,
        VARIABLE,
        SYMBOL
    }

    /**
     * A token.
     *
     * @param text the content of quotes without them, anything else as it is written
     */
    record Token(Kind kind, int start, int end, String text) {

        /** Whether it is this word or symbol, not in quotes. */
        boolean is(String word) {
            return text.equalsIgnoreCase(word) && (kind == Kind.WORD || kind == Kind.SYMBOL);
        }

        /** Whether it may name a table. */
        boolean isName() {
            return kind == Kind.WORD || kind == Kind.QUOTED_NAME;
        }

        /** {@code $1}, {@code $2}, ..: what the driver writes for every parameter. */
        boolean isParameter() {
            return kind == Kind.VARIABLE
                    && text.length() > 1
                    && text.charAt(0) == '$'
                    && text.chars().skip(1).allMatch(c -> c >= '0' && c <= '9');
        }
    }

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final String sql;
    private final List<Token> tokens = new ArrayList<>();
    private int position;

    private SqliteTokens(String sql) {
        this.sql = sql;
    }

    static List<Token> of(String sql) {
        SqliteTokens all = new SqliteTokens(sql);
        while (all.skipBlanks()) {
            all.next();
        }
        return all.tokens;
    }

    private void next() {
        int start = position;
        char c = sql.charAt(start);
        switch (c) {
            case '\'' -> quoted(Kind.LITERAL, c);
            case '"', '`' -> quoted(Kind.QUOTED_NAME, c);
            case '[' -> quoted(Kind.QUOTED_NAME, ']');
            case '?', ':', '@', '#', '$' -> variable();
            default -> {
                if (isNamePart(c)) {
                    nameOrNumber();
                } else {
                    position++;
                    add(Kind.SYMBOL, start, sql.substring(start, position));
                }
            }
        }
    }

    private void nameOrNumber() {
        int start = position;
        boolean number = isDigit(sql.charAt(start));
        while (position < sql.length()
                && (isNamePart(sql.charAt(position)) || (number && sql.charAt(position) == '.'))) {
            position++;
        }
        String text = sql.substring(start, position);
        if (text.equalsIgnoreCase("x") && position < sql.length() && sql.charAt(position) == '\'') {
            quoted(Kind.LITERAL, '\'');
        } else {
            add(number ? Kind.LITERAL : Kind.WORD, start, text);
        }
    }

    /** Runs to the end of the text if the quote is never closed; SQLite refuses such a text. */
    private void quoted(Kind kind, char quote) {
        int start = position++;
        StringBuilder content = new StringBuilder();
        while (position < sql.length()) {
            char c = sql.charAt(position++);
            if (c == quote) {
                boolean doubled = quote != ']' && position < sql.length() && sql.charAt(position) == quote;
                if (!doubled) {
                    break;
                }
                position++;
            }
            content.append(c);
        }
        add(kind, start, content.toString());
    }

    private void variable() {
        int start = position++;
        while (position < sql.length() && isNamePart(sql.charAt(position))) {
            position++;
        }
        String text = sql.substring(start, position);
        boolean variable = text.length() > 1 || text.equals("?");
        add(variable ? Kind.VARIABLE : Kind.SYMBOL, start, text);
        if (text.equals(":") && position < sql.length() && sql.charAt(position) == ':') {
            // The second half of a cast, which SQLite does not have: it stops at the first.
            position++;
        }
    }

    private void add(Kind kind, int start, String text) {
        tokens.add(new Token(kind, start, position, text));
    }

    /** Returns whether anything follows the blanks and comments. */
    private boolean skipBlanks() {
        while (position < sql.length()) {
            if (" \t\n\f\r".indexOf(sql.charAt(position)) >= 0 || sql.charAt(position) == BYTE_ORDER_MARK) {
                position++;
            } else if (sql.startsWith("--", position)) {
                position = behind("\n", position);
            } else if (sql.startsWith("/*", position)) {
                position = behind("*/", position + 2);
            } else {
                return true;
            }
        }
        return false;
    }

    private int behind(String end, int from) {
        int at = sql.indexOf(end, from);
        return at < 0 ? sql.length() : at + end.length();
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isNamePart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '_' || c == '$' || c > 127;
    }
}
