package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** SQL text cut into statements, with the parameters they name. Immutable; recently used texts are kept. */
public final class SqlScript {

    private static final int CACHE_SIZE = 512;
    private static final int MAX_CACHED_LENGTH = 16 * 1024;
    private static final Map<Key, SqlScript> CACHE =
            Collections.synchronizedMap(new LinkedHashMap<>(CACHE_SIZE * 2, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Key, SqlScript> eldest) {
                    return size() > CACHE_SIZE;
                }
            });

    private final List<SqlCommand> commands;
    private final ScriptParameters parameters;

    private SqlScript(List<SqlCommand> commands, ScriptParameters parameters) {
        this.commands = List.copyOf(commands);
        this.parameters = parameters;
    }

    /** Cuts {@code sql}, whose parameters are {@code $1}, {@code $2}, .., at its semicolons. */
    public static SqlScript parse(String sql) {
        return parse(sql, ParameterStyle.NATIVE);
    }

    /**
     * Cuts {@code sql} at its semicolons.
     *
     * @throws IllegalArgumentException if a parameter is {@code $0}, if its number is absurdly large, or if the text mixes
     *     {@code $n} with parameters of the other style
     */
    public static SqlScript parse(String sql, ParameterStyle style) {
        Key key = new Key(sql, style);
        SqlScript known = CACHE.get(key);
        if (known != null) {
            return known;
        }
        ScriptParameters parameters = new ScriptParameters(style);
        SqlScript script = new SqlScript(split(sql, parameters), parameters);
        if (sql.length() <= MAX_CACHED_LENGTH) {
            CACHE.put(key, script);
        }
        return script;
    }

    /** The statements in order; empty if the text holds nothing but blanks and comments. */
    public List<SqlCommand> commands() {
        return commands;
    }

    /** The length of a complete list of arguments: the highest number of a parameter. */
    public int parameterCount() {
        return parameters.count();
    }

    /** The numbers of all parameters that occur, counted from 1, ascending. */
    public List<Integer> parameters() {
        return parameters.numbers();
    }

    /** The number of the parameter of that name, 0 if there is none; {@code :name} is also found as {@code name}. */
    public int parameter(String name) {
        return parameters.number(name);
    }

    /** The user's name of a parameter: {@code $2}, {@code :name}, or {@code ?} and which one. */
    public String parameterName(int number) {
        return parameters.name(number);
    }

    private static List<SqlCommand> split(String sql, ScriptParameters parameters) {
        List<SqlCommand> commands = new ArrayList<>();
        SqlLexer lexer = new SqlLexer(sql);
        CommandReader reader = new CommandReader(sql, parameters);
        while (true) {
            Token token = lexer.next();
            boolean separator = token == Token.SEMICOLON && !reader.insideTriggerBody();
            if (token == Token.END || separator) {
                SqlCommand command = reader.finish();
                if (command != null) {
                    commands.add(command);
                }
                if (token == Token.END) {
                    return commands;
                }
                reader = new CommandReader(sql, parameters);
            } else {
                reader.add(token, lexer);
            }
        }
    }

    /** Compares in plain code: the methods a record has by itself are linked at their first call, which a new JVM feels. */
    private record Key(String sql, ParameterStyle style) {

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && style == key.style && sql.equals(key.sql);
        }

        @Override
        public int hashCode() {
            return 31 * sql.hashCode() + style.hashCode();
        }
    }
}
