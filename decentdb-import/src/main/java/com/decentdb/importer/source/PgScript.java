package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import java.io.Closeable;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The statements of a dump, one after the other, and the lines of data behind {@code COPY}. */
final class PgScript implements Closeable {

    private static final Pattern ENCODING =
            Pattern.compile("SET client_encoding = '([^']*)'", Pattern.CASE_INSENSITIVE);
    private static final Map<String, String> ENCODINGS = Map.of(
            "UTF8", "UTF-8",
            "UNICODE", "UTF-8",
            "SQL_ASCII", "UTF-8",
            "LATIN1", "ISO-8859-1",
            "LATIN2", "ISO-8859-2",
            "LATIN9", "ISO-8859-15",
            "WIN1250", "windows-1250",
            "WIN1251", "windows-1251",
            "WIN1252", "windows-1252",
            "EUC_JP", "EUC-JP");

    private final LineReader lines;
    private final StringBuilder statement = new StringBuilder();
    private long statementLine;
    private String rest = "";
    private boolean headed;
    private boolean complete;

    private enum Where {
        CODE,
        LITERAL,
        ESCAPED_LITERAL,
        NAME,
        DOLLAR,
        COMMENT
    }

    private Where where = Where.CODE;
    private int depth;
    private String tag = "";

    /** A statement without its semicolon. */
    record Statement(String text, long line) {}

    PgScript(LineReader lines) {
        this.lines = lines;
    }

    /** The next statement, or null at the end. */
    @Nullable
    Statement next() {
        statement.setLength(0);
        while (true) {
            String line;
            if (!rest.isEmpty()) {
                line = rest;
                rest = "";
            } else if (lines.next()) {
                line = lines.text();
                if (lines.line() == 1 && line.startsWith("\uFEFF")) {
                    line = line.substring(1);
                }
            } else {
                return end();
            }
            if (statement.isEmpty() && where == Where.CODE) {
                if (line.isBlank() || line.startsWith("--") || line.startsWith("\\")) {
                    remark(line);
                    continue;
                }
                statementLine = lines.line();
            }
            int end = scan(line);
            if (end >= 0) {
                rest = line.substring(end + 1).isBlank() ? "" : line.substring(end + 1);
                statement.append(line, 0, end);
                Statement found = new Statement(statement.toString(), statementLine);
                encoding(found);
                return found;
            }
            // Within quotes a carriage return is a part of the text.
            boolean windows = where == Where.CODE && line.endsWith("\r");
            statement.append(line, 0, line.length() - (windows ? 1 : 0)).append('\n');
        }
    }

    private @Nullable Statement end() {
        if (where != Where.CODE || !statement.isEmpty()) {
            throw cut("within the statement that begins in line " + statementLine);
        }
        if (headed && !complete) {
            throw cut("before the line '-- PostgreSQL database dump complete'");
        }
        return null;
    }

    private ImportException cut(String place) {
        return new ImportException(lines.line(), "the dump ends " + place + ": it is cut off");
    }

    private void remark(String line) {
        if (line.startsWith("-- PostgreSQL database dump complete")) {
            complete = true;
        } else if (line.startsWith("-- PostgreSQL database dump")) {
            if (complete) {
                throw new ImportException(lines.line(), "the file holds several dumps; import them one by one");
            }
            headed = true;
        } else if (line.startsWith("-- PostgreSQL database cluster dump")) {
            throw new ImportException(
                    lines.line(), "this is a dump of pg_dumpall, of several databases; dump one with pg_dump");
        }
    }

    private void encoding(Statement found) {
        Matcher matcher = ENCODING.matcher(found.text());
        if (matcher.lookingAt()) {
            String name = matcher.group(1).toUpperCase(Locale.ROOT);
            @Nullable String known = ENCODINGS.get(name);
            if (known == null) {
                throw new ImportException(
                        found.line(), "the encoding " + name + " is not supported; dump with pg_dump --encoding=UTF8");
            }
            lines.charset(known.equals("UTF-8") ? StandardCharsets.UTF_8 : Charset.forName(known));
        }
    }

    /** Goes on to the next line of data behind {@code COPY}; false at its end. */
    boolean nextRow() {
        if (!lines.next()) {
            throw cut("within the rows of a table");
        }
        return !lines.is("\\.");
    }

    /** A line of data that ends with the file is a part of one. */
    void requireWhole() {
        if (!lines.terminated()) {
            throw cut("within a row");
        }
    }

    /** The present line of data. A carriage return of a value is written as an escape. */
    String row() {
        String line = lines.text();
        return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    }

    long line() {
        return lines.line();
    }

    /** Where in the line the statement ends, or -1. */
    private int scan(String line) {
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            char next = i + 1 < line.length() ? line.charAt(i + 1) : 0;
            switch (where) {
                case CODE -> {
                    if (c == ';' && depth == 0) {
                        return i;
                    } else if (c == '\'') {
                        where = isEscaped(line, i) ? Where.ESCAPED_LITERAL : Where.LITERAL;
                    } else if (c == '"') {
                        where = Where.NAME;
                    } else if (c == '(' || c == ')') {
                        depth = Math.max(0, depth + (c == '(' ? 1 : -1));
                    } else if (c == '-' && next == '-') {
                        return -1;
                    } else if (c == '/' && next == '*') {
                        where = Where.COMMENT;
                        i++;
                    } else if (c == '$') {
                        i = dollar(line, i);
                    }
                }
                case LITERAL -> where = c == '\'' ? Where.CODE : where;
                case ESCAPED_LITERAL -> {
                    if (c == '\\') {
                        i++;
                    } else if (c == '\'') {
                        where = Where.CODE;
                    }
                }
                case NAME -> where = c == '"' ? Where.CODE : where;
                case DOLLAR -> {
                    if (c == '$' && line.startsWith(tag, i)) {
                        i += tag.length() - 1;
                        where = Where.CODE;
                    }
                }
                case COMMENT -> {
                    if (c == '*' && next == '/') {
                        i++;
                        where = Where.CODE;
                    }
                }
                default -> throw new AssertionError(where);
            }
        }
        return -1;
    }

    private static boolean isEscaped(String line, int quote) {
        if (quote == 0 || Character.toUpperCase(line.charAt(quote - 1)) != 'E') {
            return false;
        }
        return quote == 1 || !isNamePart(line.charAt(quote - 2));
    }

    private static boolean isNamePart(char c) {
        return Character.isLetterOrDigit(c) || c == '_';
    }

    private int dollar(String line, int at) {
        int end = at + 1;
        while (end < line.length() && isNamePart(line.charAt(end))) {
            end++;
        }
        boolean begins = end < line.length()
                && line.charAt(end) == '$'
                && !(end > at + 1 && Character.isDigit(line.charAt(at + 1)))
                && (at == 0 || !isNamePart(line.charAt(at - 1)));
        if (!begins) {
            return at;
        }
        tag = line.substring(at, end + 1);
        where = Where.DOLLAR;
        return end;
    }

    /** Whether the dump has the marks that pg_dump puts at its beginning and end. */
    boolean isMarked() {
        return headed && complete;
    }

    @Override
    public void close() {
        lines.close();
    }
}
