package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqliteTokens.Kind;
import com.decentdb.r2dbc.sql.SqliteTokens.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The meaning of the first words of a statement.
 *
 * @param verb the word that says what it does, in capitals: its first, or the one behind the tables of a WITH; empty without one
 * @param targets the tables it names as those it changes, without quotes and schema
 */
record SqliteHead(String verb, List<String> targets) {

    private static final Set<String> CONFLICT_ACTIONS = Set.of("ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE");

    static SqliteHead of(List<Token> tokens) {
        Reader reader = new Reader(tokens);
        if (reader.accept("WITH")) {
            reader.skipTables();
        }
        String verb = reader.verb();
        switch (verb) {
            case "INSERT", "REPLACE" -> reader.conflictAction().skip("INTO").name();
            case "UPDATE" -> reader.conflictAction().name();
            case "DELETE" -> reader.skip("FROM").name();
            case "CREATE" ->
                reader.skip("TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL").object();
            case "DROP" -> reader.object();
            case "ALTER" -> reader.altered();
            default -> {}
        }
        return new SqliteHead(verb, List.copyOf(reader.names));
    }

    private static final class Reader {

        private final List<Token> tokens;
        private final List<String> names = new ArrayList<>();
        private int at;

        Reader(List<Token> tokens) {
            this.tokens = tokens;
        }

        String verb() {
            boolean word = at < tokens.size() && tokens.get(at).kind() == Kind.WORD;
            return word ? tokens.get(at++).text().toUpperCase(Locale.ROOT) : is(0, "(") ? "(" : "";
        }

        /** Steps over {@code name (columns) AS MATERIALIZED (query), ..}; a name may be a word that is a verb elsewhere. */
        void skipTables() {
            if (is(0, "RECURSIVE") && !is(1, "AS") && !is(1, "(")) {
                at++;
            }
            do {
                at++;
                skipParentheses();
                skip("AS", "NOT", "MATERIALIZED");
                skipParentheses();
            } while (accept(","));
        }

        private void skipParentheses() {
            int depth = 0;
            while (at < tokens.size()) {
                depth += is(0, "(") ? 1 : is(0, ")") ? -1 : 0;
                if (depth <= 0) {
                    accept(")");
                    return;
                }
                at++;
            }
        }

        /** A table or view; other objects hold no rows. */
        void object() {
            boolean table = is(0, "TABLE") || is(0, "VIEW");
            at++;
            skip("IF", "NOT", "EXISTS");
            if (table) {
                name();
            }
        }

        /** {@code ALTER TABLE a RENAME TO b} changes both; any other changes {@code a}. */
        void altered() {
            skip("TABLE").name();
            if (is(0, "RENAME") && is(1, "TO")) {
                at += 2;
                name();
            }
        }

        Reader conflictAction() {
            boolean action = is(0, "OR") && CONFLICT_ACTIONS.stream().anyMatch(word -> is(1, word));
            at += action ? 2 : 0;
            return this;
        }

        /** Any of these words, in any number. */
        Reader skip(String... words) {
            while (List.of(words).stream().anyMatch(word -> is(0, word))) {
                at++;
            }
            return this;
        }

        /** With or without a schema before it. */
        void name() {
            at += is(1, ".") ? 2 : 0;
            if (at < tokens.size()) {
                names.add(tokens.get(at++).text());
            }
        }

        boolean accept(String word) {
            boolean there = is(0, word);
            at += there ? 1 : 0;
            return there;
        }

        private boolean is(int ahead, String word) {
            return at + ahead < tokens.size() && tokens.get(at + ahead).is(word);
        }
    }
}
