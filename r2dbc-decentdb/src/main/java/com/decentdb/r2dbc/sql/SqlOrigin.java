package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Where a statement stands in the text that the user wrote, so that errors can say so in the user's terms. Immutable. */
public final class SqlOrigin {

    private final String script;
    private final int start;
    private final int end;
    private final ScriptParameters parameters;
    private final int[] inText;
    private final int[] inScript;

    private SqlOrigin(String script, int start, int end, ScriptParameters parameters, int[] inText, int[] inScript) {
        this.script = script;
        this.start = start;
        this.end = end;
        this.parameters = parameters;
        this.inText = inText;
        this.inScript = inScript;
    }

    /** A place in the user's text: the line, and the character in it, both from 1. */
    public record Place(int line, int column) {}

    /** Notes which pieces of a statement's text come from where while the text is put together. */
    static final class Builder {

        private final int start;
        private int[] inText = new int[4];
        private int[] inScript = new int[4];
        private int pieces;

        Builder(int start) {
            this.start = start;
            add(0, start);
        }

        /** From {@code text} on, the statement's text is what the script has at {@code script}. */
        void add(int text, int script) {
            if (pieces == inText.length) {
                inText = Arrays.copyOf(inText, 2 * pieces);
                inScript = Arrays.copyOf(inScript, 2 * pieces);
            }
            inText[pieces] = text;
            inScript[pieces++] = script;
        }

        SqlOrigin build(String script, int end, ScriptParameters parameters) {
            return new SqlOrigin(
                    script, start, end, parameters, Arrays.copyOf(inText, pieces), Arrays.copyOf(inScript, pieces));
        }
    }

    /**
     * The user's place of what an engine complains about.
     *
     * @param text the statement's text as the engine has it
     * @param line the line in it, from 1
     * @param column the character in the line, from 1; one outside the basic plane counts once
     */
    public Place at(String text, int line, int column) {
        int lineStart = 0;
        for (int i = 1; i < line; i++) {
            int feed = text.indexOf('\n', lineStart);
            if (feed < 0) {
                break;
            }
            lineStart = feed + 1;
        }
        int rest = text.codePointCount(lineStart, text.length());
        int offset = text.offsetByCodePoints(lineStart, Math.max(0, Math.min(column - 1, rest)));
        int piece = Arrays.binarySearch(inText, offset);
        if (piece < 0) {
            piece = -piece - 2;
        }
        int limit = piece + 1 < inScript.length ? inScript[piece + 1] : end;
        return place(Math.min(inScript[piece] + offset - inText[piece], limit));
    }

    /** The place of a token if the statement has it once, and null otherwise. */
    public @Nullable Place ofOnly(String token) {
        SqlLexer lexer = new SqlLexer(script.substring(start, end));
        int found = -1;
        while (lexer.next() != Token.END) {
            if (lexer.text().equals(token)) {
                if (found >= 0) {
                    return null;
                }
                found = lexer.start();
            }
        }
        return found < 0 ? null : place(start + found);
    }

    /** The place behind the last character. */
    public Place atEnd() {
        return place(end);
    }

    /**
     * The remedy where the text names parameters in a style that the option {@code parameterStyle} did not choose; null if it does not.
     */
    public @Nullable String styleHint() {
        return parameters.styleHint();
    }

    private Place place(int offset) {
        int line = 1;
        int lineStart = 0;
        for (int feed = script.indexOf('\n'); feed >= 0 && feed < offset; feed = script.indexOf('\n', feed + 1)) {
            line++;
            lineStart = feed + 1;
        }
        return new Place(line, offset - lineStart + 1);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "SqlOrigin[%d..%d]", start, end);
    }
}
