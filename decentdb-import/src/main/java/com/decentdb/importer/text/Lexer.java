package com.decentdb.importer.text;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.text.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The tokens of a statement. Names without quotes are lower-case in PostgreSQL and stay as they are in SQLite. */
final class Lexer {

    private static final List<String> SYMBOLS = List.of(
            "!~~*", "!~~", "~~*", "->>", "~~", "::", "||", "->", "<=", ">=", "<>", "!=", "==", ":=", "!~*", "!~", "~*");

    private final String text;
    private final Dialect dialect;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private long line;

    private Lexer(String text, long line, Dialect dialect) {
        this.text = text;
        this.line = line;
        this.dialect = dialect;
    }

    static List<Token> tokens(String text, long line, Dialect dialect) {
        Lexer lexer = new Lexer(text, line, dialect);
        while (lexer.skipBlank()) {
            lexer.next();
        }
        lexer.tokens.add(new Token(Kind.END, "", text.length(), text.length(), lexer.line));
        return lexer.tokens;
    }

    private char peek(int ahead) {
        return at + ahead < text.length() ? text.charAt(at + ahead) : 0;
    }

    private boolean skipBlank() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n') {
                line++;
                at++;
            } else if (Character.isWhitespace(c)) {
                at++;
            } else if (c == '-' && peek(1) == '-') {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (c == '/' && peek(1) == '*') {
                skipComment();
            } else {
                return true;
            }
        }
        return false;
    }

    private void skipComment() {
        int depth = 0;
        do {
            if (at >= text.length()) {
                throw new ImportException(line, "a comment does not end");
            }
            if (peek(0) == '/' && peek(1) == '*') {
                depth = dialect == Dialect.POSTGRESQL ? depth + 1 : 1;
                at += 2;
            } else if (peek(0) == '*' && peek(1) == '/') {
                depth--;
                at += 2;
            } else {
                if (peek(0) == '\n') {
                    line++;
                }
                at++;
            }
        } while (depth > 0);
    }

    private void next() {
        char c = text.charAt(at);
        if (c == '\'') {
            quoted(Kind.STRING, '\'', false);
        } else if (c == '"') {
            quoted(Kind.QUOTED, '"', false);
        } else if (dialect == Dialect.SQLITE && c == '`') {
            quoted(Kind.QUOTED, '`', false);
        } else if (dialect == Dialect.SQLITE && c == '[') {
            quoted(Kind.QUOTED, ']', false);
        } else if (dialect == Dialect.POSTGRESQL && (c == 'E' || c == 'e') && peek(1) == '\'') {
            at++;
            quoted(Kind.STRING, '\'', true);
        } else if (dialect == Dialect.POSTGRESQL && c == '$' && !Character.isDigit(peek(1))) {
            dollarQuoted();
        } else if (Character.isDigit(c) || (c == '.' && Character.isDigit(peek(1)))) {
            number();
        } else if (Character.isUnicodeIdentifierStart(c) || c == '_' || Character.isSurrogate(c)) {
            int start = at;
            while (at < text.length() && isNamePart(text.charAt(at))) {
                at++;
            }
            String word = text.substring(start, at);
            add(Kind.WORD, dialect == Dialect.POSTGRESQL ? lower(word) : word, start);
        } else {
            symbol();
        }
    }

    private static boolean isNamePart(char c) {
        return Character.isUnicodeIdentifierPart(c) || c == '$' || Character.isSurrogate(c);
    }

    private void number() {
        int start = at;
        while (at < text.length() && (isNumberPart(text.charAt(at)) || isSignOfExponent(start))) {
            at++;
        }
        add(Kind.NUMBER, text.substring(start, at), start);
    }

    private static boolean isNumberPart(char c) {
        return Character.isLetterOrDigit(c) || c == '.';
    }

    private boolean isSignOfExponent(int start) {
        boolean sign = text.charAt(at) == '+' || text.charAt(at) == '-';
        return sign && Character.toLowerCase(text.charAt(at - 1)) == 'e' && !text.startsWith("0x", start);
    }

    private void symbol() {
        for (String symbol : SYMBOLS) {
            if (text.startsWith(symbol, at)) {
                at += symbol.length();
                add(Kind.SYMBOL, symbol, at - symbol.length());
                return;
            }
        }
        at++;
        add(Kind.SYMBOL, text.substring(at - 1, at), at - 1);
    }

    /** A literal or a name up to its closing quote, which is doubled within it. */
    private void quoted(Kind kind, char close, boolean escapes) {
        int start = escapes ? at - 1 : at;
        long first = line;
        StringBuilder content = new StringBuilder();
        at++;
        while (true) {
            if (at >= text.length()) {
                throw new ImportException(first, "a quote is not closed");
            }
            char c = text.charAt(at++);
            if (c == '\n') {
                line++;
            }
            if (c == close) {
                if (peek(0) != close || close == ']') {
                    break;
                }
                at++;
            } else if (escapes && c == '\\') {
                c = escaped(first);
            }
            content.append(c);
        }
        tokens.add(new Token(kind, content.toString(), start, at, first));
    }

    private char escaped(long first) {
        if (at >= text.length()) {
            throw new ImportException(first, "a quote is not closed");
        }
        char c = text.charAt(at++);
        return switch (c) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> codeUnit(first);
            default -> {
                if (Character.isDigit(c) || c == 'x' || c == 'U') {
                    throw new ImportException(
                            first, "the escape \\" + c + " of a literal is not supported; pg_dump does not write it");
                }
                yield c;
            }
        };
    }

    private char codeUnit(long first) {
        if (at + 4 > text.length()) {
            throw new ImportException(first, "the escape \\u of a literal is cut off");
        }
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }

    private void dollarQuoted() {
        int end = text.indexOf('$', at + 1);
        String tag = end < 0 ? "" : text.substring(at, end + 1);
        int close = end < 0 ? -1 : text.indexOf(tag, end + 1);
        if (close < 0) {
            throw new ImportException(line, "a quote is not closed");
        }
        long first = line;
        String content = text.substring(end + 1, close);
        tokens.add(new Token(Kind.STRING, content, at, close + tag.length(), first));
        line += content.chars().filter(c -> c == '\n').count();
        at = close + tag.length();
    }

    private void add(Kind kind, String value, int start) {
        tokens.add(new Token(kind, value, start, at, line));
    }

    static String lower(String word) {
        return word.toLowerCase(Locale.ROOT);
    }
}
