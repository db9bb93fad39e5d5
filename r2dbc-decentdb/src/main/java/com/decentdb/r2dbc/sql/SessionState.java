package com.decentdb.r2dbc.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Recognises by its first words whether a statement leaves something in the session that runs it. */
final class SessionState {

    /** PRAGMAs whose argument is a subject to describe, not a value to set. */
    private static final Set<String> QUESTIONS = Set.of(
            "TABLE_INFO",
            "TABLE_XINFO",
            "TABLE_LIST",
            "INDEX_LIST",
            "INDEX_INFO",
            "INDEX_XINFO",
            "FOREIGN_KEY_LIST",
            "FOREIGN_KEY_CHECK",
            "INTEGRITY_CHECK",
            "QUICK_CHECK");

    /** PRAGMAs that do something to the database, or keep their value in its file. */
    private static final Set<String> DEEDS = Set.of(
            "WAL_CHECKPOINT", "FLUSH_PLAN_CACHE", "OPTIMIZE", "INCREMENTAL_VACUUM", "USER_VERSION", "APPLICATION_ID");

    private static final Set<String> OBJECTS = Set.of("TABLE", "VIEW", "INDEX", "TRIGGER");
    private static final Set<String> IF_NOT_EXISTS = Set.of("IF", "NOT", "EXISTS");

    /** Before the key of a value of the audit context. */
    static final String AUDIT_CONTEXT = "SET AUDIT CONTEXT ";

    private SessionState() {}

    static boolean changedBy(List<String> head) {
        return switch (word(head, 0)) {
            case "CREATE" -> createsTemporary(head);
            case "PRAGMA" -> argument(head) && !QUESTIONS.contains(pragma(head)) && !DEEDS.contains(pragma(head));
            case "SET" -> !word(head, 1).equals("TRANSACTION");
            default -> false;
        };
    }

    /** The name of what a statement sets: the words up to the value; null if it creates something. */
    static @Nullable String setting(SqlLexer lexer) {
        List<String> head = new ArrayList<>();
        for (SqlLexer.Token token = lexer.next();
                token != SqlLexer.Token.END && head.size() < 5;
                token = lexer.next()) {
            head.add(lexer.text());
        }
        return switch (word(head, 0)) {
            case "PRAGMA" -> "PRAGMA " + pragma(head);
            case "SET" ->
                word(head, 1).equals("AUDIT") && word(head, 2).equals("CONTEXT") && head.size() > 3
                        ? AUDIT_CONTEXT + head.get(3).replace("\"", "")
                        : "SET " + word(head, 1) + " " + word(head, 2);
            default -> null;
        };
    }

    /** Whether a PRAGMA only asks. */
    static boolean asks(List<String> head) {
        String name = pragma(head);
        return argument(head)
                ? QUESTIONS.contains(name)
                : !DEEDS.contains(name) || name.equals("USER_VERSION") || name.equals("APPLICATION_ID");
    }

    /** {@code CREATE TEMP ..}, or a name in the schema {@code temp}. */
    private static boolean createsTemporary(List<String> head) {
        boolean name = false;
        for (int i = 1; i < head.size(); i++) {
            String word = word(head, i);
            boolean temporary = word.equals("TEMP") || word.equals("TEMPORARY");
            if (!name) {
                if (temporary) {
                    return true;
                }
                name = OBJECTS.contains(word);
            } else if (!IF_NOT_EXISTS.contains(word)) {
                return temporary && word(head, i + 1).equals(".");
            }
        }
        return false;
    }

    static String pragma(List<String> head) {
        return word(head, nameOf(head));
    }

    private static boolean argument(List<String> head) {
        String next = word(head, nameOf(head) + 1);
        return next.equals("=")
                || (next.equals("(") && !word(head, nameOf(head) + 2).equals(")"));
    }

    private static int nameOf(List<String> head) {
        return word(head, 2).equals(".") ? 3 : 1;
    }

    /** In capitals and without quotes, empty beyond the end. */
    private static String word(List<String> head, int index) {
        return index < head.size() ? head.get(index).replace("\"", "").toUpperCase(Locale.ROOT) : "";
    }
}
