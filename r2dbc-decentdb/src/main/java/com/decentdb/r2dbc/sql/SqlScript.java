package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** SQL text cut into statements, with the parameters they name. Immutable; recently used texts are kept. */
public final class SqlScript {

    private static final int CACHE_SIZE = 512;
    private static final int MAX_CACHED_LENGTH = 16 * 1024;
    private static final Map<String, SqlScript> CACHE =
            Collections.synchronizedMap(new LinkedHashMap<>(CACHE_SIZE * 2, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, SqlScript> eldest) {
                    return size() > CACHE_SIZE;
                }
            });

    private final List<SqlCommand> commands;
    private final SortedSet<Integer> parameters;

    private SqlScript(List<SqlCommand> commands) {
        this.commands = List.copyOf(commands);
        SortedSet<Integer> all = new TreeSet<>();
        commands.forEach(command -> all.addAll(command.parameters()));
        this.parameters = Collections.unmodifiableSortedSet(all);
    }

    /**
     * Cuts {@code sql} at its semicolons.
     *
     * @throws IllegalArgumentException if a parameter is {@code $0} or its number is absurdly large
     */
    public static SqlScript parse(String sql) {
        SqlScript known = CACHE.get(sql);
        if (known != null) {
            return known;
        }
        SqlScript script = new SqlScript(split(sql));
        if (sql.length() <= MAX_CACHED_LENGTH) {
            CACHE.put(sql, script);
        }
        return script;
    }

    /** The statements in order; empty if the text holds nothing but blanks and comments. */
    public List<SqlCommand> commands() {
        return commands;
    }

    /** The numbers of all parameters named, ascending. */
    public SortedSet<Integer> parameters() {
        return parameters;
    }

    /** The highest parameter number, which is also the length of a complete list of arguments. */
    public int parameterCount() {
        return parameters.isEmpty() ? 0 : parameters.last();
    }

    private static List<SqlCommand> split(String sql) {
        List<SqlCommand> commands = new ArrayList<>();
        SqlLexer lexer = new SqlLexer(sql);
        Collector collector = new Collector();
        while (true) {
            Token token = lexer.next();
            boolean separator = token == Token.SEMICOLON && !collector.insideTriggerBody();
            if (token == Token.END || separator) {
                SqlCommand command = collector.finish(sql);
                if (command != null) {
                    commands.add(command);
                }
                if (token == Token.END) {
                    return commands;
                }
                collector = new Collector();
            } else {
                collector.add(token, lexer);
            }
        }
    }

    /** Gathers what there is to know about one statement while its tokens pass by. */
    private static final class Collector {

        private static final int HEAD = 12;
        private static final int MAX_PARAMETERS = 65_535;

        private final SortedSet<Integer> parameters = new TreeSet<>();
        private final List<String> head = new ArrayList<>();
        private int start = -1;
        private int end;
        private boolean returning;
        private boolean writes;
        private int blocks;

        void add(Token token, SqlLexer lexer) {
            if (start < 0) {
                start = lexer.start();
            }
            end = lexer.end();
            if (token == Token.PARAMETER) {
                parameters.add(parameter(lexer.text()));
            } else if (token == Token.WORD) {
                word(lexer.text().toUpperCase(Locale.ROOT), lexer.text());
            } else if (head.size() < HEAD) {
                head.add(token == Token.SYMBOL ? String.valueOf(lexer.symbol()) : lexer.text());
            }
        }

        private void word(String word, String asWritten) {
            if (head.size() < HEAD) {
                head.add(asWritten);
            }
            switch (word) {
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

        @Nullable
        SqlCommand finish(String sql) {
            if (start < 0) {
                return null;
            }
            SqlCommand.Kind kind = kind();
            return new SqlCommand(
                    sql.substring(start, end),
                    kind,
                    returning,
                    Collections.unmodifiableSortedSet(parameters),
                    savepoint(kind),
                    kind.transactionControl() && sql.substring(start, end).matches("(?is).*\\bREAD\\s+ONLY\\b.*"));
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
                default -> SqlCommand.Kind.OTHER;
            };
        }

        private @Nullable String savepoint(SqlCommand.Kind kind) {
            boolean named = kind == SqlCommand.Kind.SAVEPOINT
                    || kind == SqlCommand.Kind.RELEASE
                    || kind == SqlCommand.Kind.ROLLBACK_TO;
            return named && head.size() > 1 ? head.get(head.size() - 1) : null;
        }

        private boolean is(int index, String word) {
            return index < head.size() && head.get(index).equalsIgnoreCase(word);
        }

        private static int parameter(String text) {
            String digits = text.substring(1);
            int number = digits.length() > 6 ? Integer.MAX_VALUE : Integer.parseInt(digits);
            if (number < 1 || number > MAX_PARAMETERS) {
                throw new IllegalArgumentException(
                        "Parameter " + text + " is out of range: parameters are $1 to $" + MAX_PARAMETERS);
            }
            return number;
        }
    }
}
