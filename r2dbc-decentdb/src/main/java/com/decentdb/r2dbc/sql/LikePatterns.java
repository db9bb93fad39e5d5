package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.Locale;
import java.util.Set;

/**
 * Finds the patterns of LIKE that are a parameter, alone or in {@code UPPER(..)}, and have no {@code ESCAPE}. Spring Data
 * writes them so and expects the backslash of PostgreSQL to escape, which some engines do not have by default.
 */
final class LikePatterns {

    private enum Seen {
        NOTHING,
        LIKE,
        FUNCTION,
        PARENTHESIS,
        ARGUMENT,
        PATTERN
    }

    /** The words with which a pattern goes on; before every other word it is complete. */
    private static final Set<String> CONTINUING = Set.of("ESCAPE", "COLLATE", "AT", "OPERATOR");

    private Seen seen = Seen.NOTHING;

    /** Takes the next token, and returns whether such a pattern ended before it. */
    boolean endBefore(Token token, SqlLexer lexer, boolean parameter) {
        String text =
                token == Token.WORD || token == Token.SYMBOL ? lexer.text().toUpperCase(Locale.ROOT) : "";
        boolean ends = seen == Seen.PATTERN && follows(token, text);
        seen = switch (text) {
            case "LIKE", "ILIKE" -> Seen.LIKE;
            case "UPPER", "LOWER" -> seen == Seen.LIKE ? Seen.FUNCTION : Seen.NOTHING;
            case "(" -> seen == Seen.FUNCTION ? Seen.PARENTHESIS : Seen.NOTHING;
            case ")" -> seen == Seen.ARGUMENT ? Seen.PATTERN : Seen.NOTHING;
            default -> parameter ? behindParameter() : Seen.NOTHING;
        };
        return ends;
    }

    private static boolean follows(Token token, String text) {
        return switch (token) {
            case WORD -> !CONTINUING.contains(text);
            case QUOTED_IDENTIFIER -> true;
            default -> text.equals(")") || text.equals(",");
        };
    }

    /** Whether such a pattern is the end of the statement. */
    boolean endHere() {
        return seen == Seen.PATTERN;
    }

    private Seen behindParameter() {
        return switch (seen) {
            case LIKE -> Seen.PATTERN;
            case PARENTHESIS -> Seen.ARGUMENT;
            default -> Seen.NOTHING;
        };
    }
}
