package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** SQL text cut into statements, with the parameters they name. Immutable; recently used texts are kept. */
public final class SqlScript {

    private static final int CACHE_SIZE = 512;
    private static final int MAX_CACHED_LENGTH = 16 * 1024;
    private static final Map<ParameterStyle, Map<String, SqlScript>> CACHE = caches();

    private final List<SqlCommand> commands;
    private final ScriptParameters parameters;
    private final List<Integer> numbers;
    private final int count;

    private SqlScript(List<SqlCommand> commands, ScriptParameters parameters) {
        this.commands = List.copyOf(commands);
        this.parameters = parameters;
        this.numbers = parameters.numbers();
        this.count = parameters.count();
    }

    /** Cuts {@code sql}, whose parameters are {@code $1}, {@code $2}, .., at its semicolons. */
    public static SqlScript parse(String sql) {
        return parse(sql, ParameterStyle.NATIVE);
    }

    /**
     * Cuts {@code sql} at its semicolons.
     *
     * @throws IllegalArgumentException if a parameter is {@code $0}, if its number is absurdly large, if the text mixes
     *     {@code $n} with parameters of the other style, or if it has half a character
     */
    public static SqlScript parse(String sql, ParameterStyle style) {
        Map<String, SqlScript> cache = Objects.requireNonNull(CACHE.get(style));
        SqlScript known = cache.get(sql);
        if (known != null) {
            return known;
        }
        refuseHalves(sql);
        ScriptParameters parameters = new ScriptParameters(style);
        SqlScript script = new SqlScript(split(sql, parameters), parameters);
        if (sql.length() <= MAX_CACHED_LENGTH) {
            if (cache.size() >= CACHE_SIZE) {
                // Programs that never repeat a text gain nothing from a better choice.
                cache.clear();
            }
            cache.put(sql, script);
        }
        return script;
    }

    /** Encoders write a question mark for half a character, and a literal would not be stored as it is written. */
    private static void refuseHalves(String sql) {
        int point;
        for (int i = 0; i < sql.length(); i += Character.charCount(point)) {
            point = sql.codePointAt(i);
            if (Character.isBmpCodePoint(point) && Character.isSurrogate((char) point)) {
                throw new IllegalArgumentException("The SQL text has half a character, an unpaired surrogate, at index "
                        + i + ", which UTF-8 cannot hold");
            }
        }
    }

    /** The statements in order; empty if the text holds nothing but blanks and comments. */
    public List<SqlCommand> commands() {
        return commands;
    }

    /** The length of a complete list of arguments: the highest number of a parameter. */
    public int parameterCount() {
        return count;
    }

    /** The numbers of all parameters that occur, counted from 1, ascending. */
    public List<Integer> parameters() {
        return numbers;
    }

    /** The number of the parameter of that name, 0 if there is none; {@code :name} is also found as {@code name}. */
    public int parameter(String name) {
        return parameters.number(name);
    }

    /** Whether a parameter stands for one of the values of an {@code IN (..)}. */
    public boolean isListed(int number) {
        return parameters.isListed(number);
    }

    /** The user's name of a parameter: {@code $2}, {@code :name}, or {@code ?} and which one. */
    public String parameterName(int number) {
        return parameters.name(number);
    }

    /** The remedy where the text has parameters of a style that was not chosen; null if it has none. */
    public @Nullable String styleHint() {
        return parameters.styleHint();
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

    private static Map<ParameterStyle, Map<String, SqlScript>> caches() {
        Map<ParameterStyle, Map<String, SqlScript>> all = new EnumMap<>(ParameterStyle.class);
        for (ParameterStyle style : ParameterStyle.values()) {
            all.put(style, new ConcurrentHashMap<>());
        }
        return all;
    }
}
