package com.decentdb.r2dbc.sql;

/**
 * Cuts SQL text into tokens the way the PostgreSQL grammar does: {@code '..'} with doubled quotes, {@code E'..'} with
 * backslashes, {@code ".."}, {@code $tag$..$tag$}, {@code --} and nested block comments, {@code $n} parameters. A colon
 * directly before a word is one token with it, and so are the two characters of {@code ::} and {@code ??}. Whitespace and
 * comments are skipped.
 */
public final class SqlLexer {

    public enum Token {
        WORD,
        PARAMETER,
        COLON_NAME,
        LITERAL,
        QUOTED_IDENTIFIER,
        NUMBER,
        SEMICOLON,
        SYMBOL,
        END
    }

    /** Editors put it before a text. */
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final String sql;
    private int position;
    private int start;

    public SqlLexer(String sql) {
        this.sql = sql;
    }

    /** The offset of the first character of the token returned last. */
    int start() {
        return start;
    }

    /** The offset behind the last character of the token returned last. */
    int end() {
        return position;
    }

    public String text() {
        return sql.substring(start, position);
    }

    /** The first character of the token returned last. */
    public char symbol() {
        return sql.charAt(start);
    }

    public Token next() {
        skipBlanks();
        start = position;
        if (position >= sql.length()) {
            return Token.END;
        }
        char c = sql.charAt(position);
        if (isIdentifierStart(c)) {
            return word();
        }
        if (c >= '0' && c <= '9') {
            skipNumber();
            return Token.NUMBER;
        }
        return switch (c) {
            case '\'' -> {
                skipQuoted('\'', false);
                yield Token.LITERAL;
            }
            case '"' -> {
                skipQuoted('"', false);
                yield Token.QUOTED_IDENTIFIER;
            }
            case '$' -> dollar();
            case '/' -> slash();
            case ':' -> colon();
            case '?' -> {
                position += follows('?') ? 2 : 1;
                yield Token.SYMBOL;
            }
            default -> {
                position++;
                yield c == ';' ? Token.SEMICOLON : Token.SYMBOL;
            }
        };
    }

    private Token word() {
        while (position < sql.length() && isIdentifierPart(sql.charAt(position))) {
            position++;
        }
        boolean prefix = position - start == 1 && position < sql.length() && sql.charAt(position) == '\'';
        if (prefix) {
            char c = sql.charAt(start);
            if (c == 'E' || c == 'e') {
                skipQuoted('\'', true);
                return Token.LITERAL;
            }
            if (c == 'B' || c == 'b' || c == 'X' || c == 'x' || c == 'N' || c == 'n') {
                skipQuoted('\'', false);
                return Token.LITERAL;
            }
        }
        return Token.WORD;
    }

    private Token colon() {
        if (follows(':')) {
            position += 2;
            return Token.SYMBOL;
        }
        position++;
        if (position < sql.length() && isIdentifierStart(sql.charAt(position))) {
            while (position < sql.length() && isIdentifierPart(sql.charAt(position))) {
                position++;
            }
            return Token.COLON_NAME;
        }
        return Token.SYMBOL;
    }

    /** A comment that is open to the end belongs to the statement: the engine will complain about it. */
    private Token slash() {
        position = follows('*') ? sql.length() : position + 1;
        return Token.SYMBOL;
    }

    private boolean follows(char c) {
        return position + 1 < sql.length() && sql.charAt(position + 1) == c;
    }

    private Token dollar() {
        int p = position + 1;
        if (p < sql.length() && isDigit(sql.charAt(p))) {
            while (p < sql.length() && isDigit(sql.charAt(p))) {
                p++;
            }
            position = p;
            return Token.PARAMETER;
        }
        while (p < sql.length() && isIdentifierPart(sql.charAt(p)) && sql.charAt(p) != '$') {
            p++;
        }
        if (p < sql.length() && sql.charAt(p) == '$') {
            String tag = sql.substring(position, p + 1);
            int close = sql.indexOf(tag, p + 1);
            position = close < 0 ? sql.length() : close + tag.length();
            return Token.LITERAL;
        }
        position++;
        return Token.SYMBOL;
    }

    private void skipNumber() {
        while (position < sql.length() && (isIdentifierPart(sql.charAt(position)) || sql.charAt(position) == '.')) {
            position++;
        }
    }

    /** Skips to behind the closing quote; an unterminated literal runs to the end, the engine will complain about it. */
    private void skipQuoted(char quote, boolean backslash) {
        position++;
        while (position < sql.length()) {
            char c = sql.charAt(position++);
            if (backslash && c == '\\') {
                position++;
            } else if (c == quote) {
                if (position < sql.length() && sql.charAt(position) == quote) {
                    position++;
                } else {
                    return;
                }
            }
        }
        position = sql.length();
    }

    private void skipBlanks() {
        while (position < sql.length()) {
            char c = sql.charAt(position);
            if (Character.isWhitespace(c) || c == BYTE_ORDER_MARK) {
                position++;
            } else if (sql.startsWith("--", position)) {
                skipLineComment();
            } else if (!sql.startsWith("/*", position) || !skipBlockComment()) {
                return;
            }
        }
    }

    /** A carriage return ends it as a line feed does, as in PostgreSQL. */
    private void skipLineComment() {
        while (position < sql.length() && sql.charAt(position) != '\n' && sql.charAt(position) != '\r') {
            position++;
        }
    }

    /** Skips to behind the comment that begins here; not at all if it has no end. */
    private boolean skipBlockComment() {
        int depth = 0;
        int at = position;
        while (at < sql.length()) {
            if (sql.startsWith("/*", at)) {
                depth++;
                at += 2;
            } else if (sql.startsWith("*/", at)) {
                depth--;
                at += 2;
                if (depth == 0) {
                    position = at;
                    return true;
                }
            } else {
                at++;
            }
        }
        return false;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isIdentifierStart(char c) {
        return Character.isLetter(c) || c == '_' || c > 127;
    }

    private static boolean isIdentifierPart(char c) {
        return isIdentifierStart(c) || isDigit(c) || c == '$';
    }
}
