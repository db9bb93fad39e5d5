package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqliteTokens.Kind;
import com.decentdb.r2dbc.sql.SqliteTokens.Token;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the statements that must never be sent to a node of a cluster: they reach out of the replicated database, or make the
 * node abort, now or at its next write.
 */
final class SqliteRefusals {

    /** Settings whose change ends a node, or that a newer server refuses for that reason. */
    private static final Set<String> SETTINGS = Set.of(
            "WAL_AUTOCHECKPOINT",
            "JOURNAL_MODE",
            "PAGE_SIZE",
            "SYNCHRONOUS",
            "LOCKING_MODE",
            "BUSY_TIMEOUT",
            "READ_UNCOMMITTED",
            "MMAP_SIZE",
            "WRITABLE_SCHEMA");

    /** Settings of the whole process of a node, which other databases and clients share. */
    private static final Set<String> OF_THE_PROCESS =
            Set.of("HARD_HEAP_LIMIT", "SOFT_HEAP_LIMIT", "TEMP_STORE_DIRECTORY", "DATA_STORE_DIRECTORY");

    private SqliteRefusals() {}

    /** The reason and a remedy, null if the statement may be sent. */
    static @Nullable String of(List<Token> tokens, int parameters) {
        int first = verb(tokens);
        String reason = first > 0 && word(tokens, first).equals("PRAGMA")
                ? "EXPLAIN of a PRAGMA: SQLite carries the PRAGMA out"
                : reach(tokens, first);
        if (reason == null && callsLoadExtension(tokens)) {
            reason = "load_extension: a node loads no code of its clients";
        }
        if (reason == null && holdsAnother(tokens)) {
            reason = "a text that is more than one statement to SQLite: mind that a backslash escapes nothing there and"
                    + " comments do not nest";
        }
        return reason == null ? variables(tokens, parameters) : reason;
    }

    private static @Nullable String reach(List<Token> tokens, int first) {
        return switch (word(tokens, first)) {
            case "ATTACH" -> "ATTACH: a node has no files but those of its databases; connect to the other database";
            case "DETACH" -> "DETACH: no other database can be attached on a dqlite cluster";
            case "VACUUM" ->
                tokens.stream().anyMatch(token -> token.is("INTO"))
                        ? "VACUUM INTO: it would write a file of the node; saveAs writes a copy here"
                        : null;
            case "PRAGMA" -> pragma(tokens, first);
            default -> null;
        };
    }

    /** Where the statement itself begins: what EXPLAIN explains is compiled, and some of it then happens. */
    private static int verb(List<Token> tokens) {
        if (!word(tokens, 0).equals("EXPLAIN")) {
            return 0;
        }
        return word(tokens, 1).equals("QUERY") && word(tokens, 2).equals("PLAN") ? 3 : 1;
    }

    private static @Nullable String pragma(List<Token> tokens, int first) {
        int at = first + (text(tokens, first + 2).equals(".") ? 3 : 1);
        String name = text(tokens, at).toUpperCase(Locale.ROOT);
        boolean value = text(tokens, at + 1).equals("=") || text(tokens, at + 1).equals("(");
        if (name.equals("WAL_CHECKPOINT")) {
            return "PRAGMA wal_checkpoint: dqlite writes its checkpoints itself, and this ends a node";
        }
        if (value && SETTINGS.contains(name)) {
            return "PRAGMA " + name.toLowerCase(Locale.ROOT)
                    + " with a value: dqlite needs the value that it has, and another can end a node";
        }
        return value && OF_THE_PROCESS.contains(name)
                ? "PRAGMA " + name.toLowerCase(Locale.ROOT)
                        + " with a value: it belongs to the whole process of the node"
                : null;
    }

    private static boolean callsLoadExtension(List<Token> tokens) {
        for (int i = 0; i + 1 < tokens.size(); i++) {
            Token token = tokens.get(i);
            if (token.isName()
                    && token.text().equalsIgnoreCase("load_extension")
                    && tokens.get(i + 1).is("(")) {
                return true;
            }
        }
        return false;
    }

    /** Whether a statement ends before the text does. In the body of a trigger statements end, and END ends the body. */
    private static boolean holdsAnother(List<Token> tokens) {
        boolean trigger = word(tokens, 0).equals("CREATE")
                && (word(tokens, 1).equals("TRIGGER") || word(tokens, 2).equals("TRIGGER"));
        for (int i = 0; i < tokens.size(); i++) {
            if (!tokens.get(i).is(";")) {
                continue;
            }
            if (!trigger) {
                return true;
            }
            if (word(tokens, i + 1).equals("END")) {
                return i + 2 < tokens.size();
            }
            if (i + 1 == tokens.size()) {
                return false;
            }
        }
        return false;
    }

    /** A parameter that the driver does not know would get no value, or one of an earlier execution. */
    private static @Nullable String variables(List<Token> tokens, int parameters) {
        long known = tokens.stream()
                .filter(Token::isParameter)
                .map(Token::text)
                .distinct()
                .count();
        if (known != parameters) {
            return "a text in which SQLite finds " + known + " parameters and the driver " + parameters
                    + ": mind that a backslash escapes nothing in SQLite and comments do not nest";
        }
        for (Token token : tokens) {
            if (token.kind() == Kind.VARIABLE && !token.isParameter()) {
                return "the parameter " + token.text()
                        + ": parameters are $1, $2, .., or what the option parameterStyle says";
            }
        }
        return null;
    }

    private static String word(List<Token> tokens, int index) {
        return index < tokens.size() && tokens.get(index).kind() == Kind.WORD
                ? tokens.get(index).text().toUpperCase(Locale.ROOT)
                : "";
    }

    /** Of any token: PRAGMA takes names in quotes of every kind. */
    private static String text(List<Token> tokens, int index) {
        return index < tokens.size() ? tokens.get(index).text() : "";
    }
}
