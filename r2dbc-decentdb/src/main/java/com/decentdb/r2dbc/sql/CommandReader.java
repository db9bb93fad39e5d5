package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Gathers what there is to know about one statement while its tokens pass by. */
final class CommandReader {

    /** The engine's view of the write queue, in the schema {@code sys} or behind {@code sys_}. */
    static final String WRITE_QUEUE_VIEW = "write_queue_metrics";

    private static final String WRITE_QUEUE_NAME = "sys_" + WRITE_QUEUE_VIEW;

    /** More tokens than any transaction control needs. */
    private static final int HEAD = 24;

    /** In place of the number of a parameter: a question mark, and the escape of a LIKE that has none. */
    private static final int QUESTION_MARK = 0;

    private static final int ESCAPE = -1;

    /** A piece of the text that the engine is to see otherwise. */
    private record Edit(int start, int end, int parameter) {}

    private final String sql;
    private final ScriptParameters parameters;
    private final List<Edit> edits = new ArrayList<>();
    private final List<String> head = new ArrayList<>();
    private final LikePatterns likes = new LikePatterns();
    private int start = -1;
    private int end;
    private boolean returning;
    private boolean writes;
    private int blocks;
    private boolean systemView;
    private boolean behindSys;
    private boolean values;
    private boolean rowsUnclear;
    private int depth;
    private boolean behindIn;
    /** The depth of the list of an IN that is being read, -1 outside one. */
    private int listDepth = -1;

    CommandReader(String sql, ScriptParameters parameters) {
        this.sql = sql;
        this.parameters = parameters;
    }

    void add(Token token, SqlLexer lexer) {
        if (start < 0) {
            start = lexer.start();
        }
        boolean parameter = isParameter(token, lexer);
        if (likes.endBefore(token, lexer, parameter)) {
            edits.add(new Edit(end, end, ESCAPE));
        }
        end = lexer.end();
        if (parameter) {
            int number = parameters.add(lexer.text());
            edits.add(new Edit(lexer.start(), end, number));
            if (depth == listDepth) {
                parameters.listed(number);
            }
        } else if (isQuestionMark(token, lexer)) {
            edits.add(new Edit(lexer.start(), end, QUESTION_MARK));
        } else {
            parameters.noteOther(token, lexer);
        }
        systemView |= behindSys && token == Token.SYMBOL && lexer.symbol() == '.';
        if (token == Token.WORD || token == Token.QUOTED_IDENTIFIER) {
            String name = lexer.text().replace("\"", "");
            behindSys = name.equalsIgnoreCase("sys");
            systemView |= name.equalsIgnoreCase(WRITE_QUEUE_NAME);
        } else {
            behindSys = false;
        }
        boolean opensList = behindIn && token == Token.SYMBOL && lexer.symbol() == '(';
        behindIn = false;
        if (token == Token.SYMBOL) {
            symbol(lexer.symbol());
        }
        if (token == Token.WORD) {
            word(lexer.text().toUpperCase(Locale.ROOT));
        }
        if (opensList) {
            listDepth = depth;
        } else if (depth < listDepth) {
            listDepth = -1;
        }
        if (head.size() < HEAD) {
            head.add(token == Token.LITERAL ? "'..'" : lexer.text());
        }
    }

    private boolean isParameter(Token token, SqlLexer lexer) {
        return switch (parameters.style()) {
            case NATIVE -> token == Token.PARAMETER;
            case JDBC ->
                token == Token.PARAMETER
                        || (token == Token.SYMBOL && lexer.text().equals("?"));
            case NAMED -> token == Token.PARAMETER || token == Token.COLON_NAME;
        };
    }

    private boolean isQuestionMark(Token token, SqlLexer lexer) {
        return parameters.style() == ParameterStyle.JDBC
                && token == Token.SYMBOL
                && lexer.text().equals("??");
    }

    private void symbol(char symbol) {
        switch (symbol) {
            case '(' -> depth++;
            case ')' -> depth--;
            case ',' -> rowsUnclear |= values && depth == 0;
            default -> {}
        }
    }

    private void word(String word) {
        if (depth == listDepth && (word.equals("SELECT") || word.equals("WITH"))) {
            listDepth = -1;
        }
        switch (word) {
            case "VALUES" -> values = true;
            case "IN" -> behindIn = true;
            case "SELECT", "CONFLICT", "IGNORE", "REPLACE", "WITH", "DEFAULT" -> rowsUnclear = true;
            case "RETURNING" -> returning = true;
            case "INSERT", "UPDATE", "DELETE", "MERGE" -> writes = true;
            case "BEGIN", "CASE" -> blocks++;
            case "END" -> blocks--;
            default -> {}
        }
    }

    boolean insideTriggerBody() {
        return blocks > 0 && is(0, "CREATE") && (is(1, "TRIGGER") || is(2, "TRIGGER") || is(3, "TRIGGER"));
    }

    /** The statement; null if there was no token. */
    @Nullable
    SqlCommand finish() {
        if (start < 0) {
            return null;
        }
        if (likes.endHere()) {
            edits.add(new Edit(end, end, ESCAPE));
        }
        SqlCommand.Kind kind = kind();
        String source = sql.substring(start, end);
        List<Integer> used = edits.stream()
                .map(Edit::parameter)
                .filter(number -> number > 0)
                .collect(() -> new TreeSet<Integer>(), TreeSet::add, TreeSet::addAll)
                .stream()
                .toList();
        SqlOrigin.Builder origin = new SqlOrigin.Builder(start);
        return new SqlCommand(
                rewritten(source, used, origin),
                source,
                origin.build(sql, end, parameters),
                kind,
                returning,
                used,
                kind.transactionControl() ? TransactionControl.parse(kind, head) : null,
                SessionState.changedBy(head),
                is(0, "INSERT") && values && !rowsUnclear,
                systemView,
                null);
    }

    /** The text with parameters {@code $1}, {@code $2}, .. of its own; the very same if it has them already. */
    private String rewritten(String source, List<Integer> used, SqlOrigin.Builder origin) {
        boolean ownNumbers = used.isEmpty() || used.get(used.size() - 1) == used.size();
        if (edits.stream().allMatch(edit -> ownNumbers && edit.parameter() > 0 && sql.charAt(edit.start()) == '$')) {
            return source;
        }
        StringBuilder text = new StringBuilder(source.length() + 8);
        int copied = start;
        for (Edit edit : edits) {
            text.append(sql, copied, edit.start());
            origin.add(text.length(), edit.start());
            switch (edit.parameter()) {
                case QUESTION_MARK -> text.append('?');
                case ESCAPE -> text.append(" ESCAPE '\\'");
                default -> text.append('$').append(Collections.binarySearch(used, edit.parameter()) + 1);
            }
            copied = edit.end();
            origin.add(text.length(), copied);
        }
        return text.append(sql, copied, end).toString();
    }

    private SqlCommand.Kind kind() {
        String first = head.get(0).toUpperCase(Locale.ROOT);
        return switch (first) {
            case "SELECT", "VALUES", "TABLE", "EXPLAIN", "SHOW", "(" -> SqlCommand.Kind.QUERY;
            case "WITH" -> writes ? SqlCommand.Kind.DML : SqlCommand.Kind.QUERY;
            case "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE" -> SqlCommand.Kind.DML;
            case "BEGIN" -> SqlCommand.Kind.BEGIN;
            case "START" -> is(1, "TRANSACTION") ? SqlCommand.Kind.BEGIN : SqlCommand.Kind.OTHER;
            case "COMMIT", "END" -> SqlCommand.Kind.COMMIT;
            case "ROLLBACK", "ABORT" ->
                is(1, "TO") || is(2, "TO") ? SqlCommand.Kind.ROLLBACK_TO : SqlCommand.Kind.ROLLBACK;
            case "SAVEPOINT" -> SqlCommand.Kind.SAVEPOINT;
            case "RELEASE" -> SqlCommand.Kind.RELEASE;
            case "SET" -> is(1, "TRANSACTION") ? SqlCommand.Kind.SET_TRANSACTION : SqlCommand.Kind.OTHER;
            case "PRAGMA" -> SessionState.asks(head) ? SqlCommand.Kind.PRAGMA : SqlCommand.Kind.OTHER;
            default -> SqlCommand.Kind.OTHER;
        };
    }

    private boolean is(int index, String word) {
        return index < head.size() && head.get(index).equalsIgnoreCase(word);
    }
}
