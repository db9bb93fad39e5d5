package com.decentdb.r2dbc.sql;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The clauses of a statement that begins, ends or divides a transaction, beyond its first words.
 *
 * @param savepoint the name after {@code SAVEPOINT}, {@code RELEASE} and {@code ROLLBACK TO}, as written
 * @param readOnly true after {@code READ ONLY}, false after {@code READ WRITE}, null without either
 * @param isolationLevel the words after {@code ISOLATION LEVEL} in upper case, null without them
 * @param unexpected the first word that has no place there, null if all is well
 */
public record TransactionControl(
        @Nullable String savepoint,
        @Nullable Boolean readOnly,
        @Nullable String isolationLevel,
        @Nullable String unexpected) {

    /** Reads the tokens of a statement of this kind. */
    static TransactionControl parse(SqlCommand.Kind kind, List<String> tokens) {
        return new Parser(tokens).parse(kind);
    }

    private static final class Parser {

        private static final String END = "the end of the statement";

        private final List<String> tokens;
        private int next = 1;
        private @Nullable String savepoint;
        private @Nullable Boolean readOnly;
        private @Nullable String isolationLevel;

        Parser(List<String> tokens) {
            this.tokens = tokens;
        }

        TransactionControl parse(SqlCommand.Kind kind) {
            boolean complete = switch (kind) {
                case BEGIN -> {
                    // The kinds of locks of SQLite: here every transaction that writes is IMMEDIATE.
                    boolean unused = accept("DEFERRED") || accept("IMMEDIATE") || accept("EXCLUSIVE");
                    work();
                    yield modes();
                }
                case SET_TRANSACTION -> accept("TRANSACTION") && !atEnd() && modes();
                case COMMIT, ROLLBACK -> {
                    work();
                    yield !accept("AND") || (accept("NO") && accept("CHAIN"));
                }
                case SAVEPOINT -> name();
                case RELEASE -> savepointKeyword() && name();
                case ROLLBACK_TO -> {
                    work();
                    yield accept("TO") && savepointKeyword() && name();
                }
                default -> throw new IllegalArgumentException("Not transaction control: " + kind);
            };
            String unexpected = complete && atEnd() ? null : atEnd() ? END : tokens.get(next);
            return new TransactionControl(savepoint, readOnly, isolationLevel, unexpected);
        }

        private void work() {
            boolean unused = accept("TRANSACTION") || accept("WORK");
        }

        private boolean modes() {
            while (!atEnd()) {
                if (!mode()) {
                    return false;
                }
                if (accept(",") && atEnd()) {
                    return false;
                }
            }
            return true;
        }

        private boolean mode() {
            if (accept("READ")) {
                boolean only = accept("ONLY");
                readOnly = only;
                return only || accept("WRITE");
            }
            if (accept("ISOLATION")) {
                return accept("LEVEL") && level();
            }
            // A deferrable transaction waits for a snapshot that nothing can invalidate; here every transaction has
            // one.
            boolean unused = accept("NOT");
            return accept("DEFERRABLE");
        }

        private boolean level() {
            if (atEnd()) {
                return false;
            }
            String first = take();
            boolean twoWords = first.equalsIgnoreCase("READ") || first.equalsIgnoreCase("REPEATABLE");
            if (twoWords && atEnd()) {
                return false;
            }
            isolationLevel = (twoWords ? first + " " + take() : first).toUpperCase(Locale.ROOT);
            return true;
        }

        private boolean savepointKeyword() {
            // SAVEPOINT may also be the name itself, if nothing follows.
            boolean unused = next + 1 < tokens.size() && accept("SAVEPOINT");
            return true;
        }

        private boolean name() {
            if (atEnd()) {
                return false;
            }
            String name = tokens.get(next);
            char first = name.charAt(0);
            if (first != '"' && first != '_' && !Character.isLetter(first)) {
                return false;
            }
            savepoint = take();
            return true;
        }

        private boolean accept(String word) {
            boolean there = !atEnd() && tokens.get(next).equalsIgnoreCase(word);
            if (there) {
                next++;
            }
            return there;
        }

        private String take() {
            return tokens.get(next++);
        }

        private boolean atEnd() {
            return next >= tokens.size();
        }
    }
}
