package com.decentdb.r2dbc.sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The parameters of a script, numbered while they are found. */
final class ScriptParameters {

    private static final int MAX = 65_535;

    private final ParameterStyle style;
    private final TreeSet<Integer> numbers = new TreeSet<>();
    /** Those that stand in the list of an IN. */
    private final TreeSet<Integer> listed = new TreeSet<>();
    /** The numbers of names; only with {@link ParameterStyle#NAMED}. */
    private final Map<String, Integer> names = new LinkedHashMap<>();

    /** A style whose parameters the text seems to have, although another one was chosen. */
    private @Nullable ParameterStyle foreign;

    private boolean styled;
    private boolean numbered;

    ScriptParameters(ParameterStyle style) {
        this.style = style;
    }

    ParameterStyle style() {
        return style;
    }

    /** The number of a parameter as it is found in the text: {@code $n}, {@code ?} or {@code :name}. */
    int add(String text) {
        boolean byNumber = text.startsWith("$");
        styled |= !byNumber;
        numbered |= byNumber;
        if (styled && numbered) {
            throw new IllegalArgumentException("The SQL text mixes $n with "
                    + (style == ParameterStyle.JDBC ? "?" : ":name") + " as names of parameters; use one of them");
        }
        int number = byNumber ? parse(text) : style == ParameterStyle.NAMED ? named(text) : numbers.size() + 1;
        if (number > MAX) {
            throw outOfRange(text);
        }
        numbers.add(number);
        return number;
    }

    /** Notes what would be a parameter in another style. */
    void noteOther(SqlLexer.Token token, SqlLexer lexer) {
        if (foreign != null) {
            return;
        }
        if (token == SqlLexer.Token.COLON_NAME) {
            foreign = ParameterStyle.NAMED;
        } else if (token == SqlLexer.Token.SYMBOL && lexer.symbol() == '?') {
            foreign = ParameterStyle.JDBC;
        }
    }

    /** The remedy where the text has parameters of a style that was not chosen; null if it has none. */
    @Nullable
    String styleHint() {
        ParameterStyle other = foreign;
        if (other == null) {
            return null;
        }
        String chosen = style == ParameterStyle.NATIVE
                ? "without it parameters are $1, $2, .."
                : "the option says " + style.option();
        return (other == ParameterStyle.JDBC ? "? is a parameter" : ":name is a parameter")
                + " with the option parameterStyle=" + other.option() + "; " + chosen;
    }

    /** Notes that a parameter stands in the list of an IN. */
    void listed(int number) {
        listed.add(number);
    }

    boolean isListed(int number) {
        return !listed.isEmpty() && listed.contains(number);
    }

    int count() {
        return numbers.isEmpty() ? 0 : numbers.last();
    }

    List<Integer> numbers() {
        return List.copyOf(numbers);
    }

    int number(String name) {
        if (numbered) {
            boolean wellFormed = name.length() > 1
                    && name.length() < 7
                    && name.charAt(0) == '$'
                    && name.chars().skip(1).allMatch(c -> c >= '0' && c <= '9');
            int number = wellFormed ? Integer.parseInt(name.substring(1)) : 0;
            return numbers.contains(number) ? number : 0;
        }
        return names.getOrDefault(name.startsWith(":") ? name.substring(1) : name, 0);
    }

    String name(int number) {
        if (!styled) {
            return "$" + number;
        }
        return style == ParameterStyle.JDBC
                ? "? number " + number
                : ":" + new ArrayList<>(names.keySet()).get(number - 1);
    }

    private int named(String text) {
        return names.computeIfAbsent(text.substring(1), name -> names.size() + 1);
    }

    private static int parse(String text) {
        int number = text.length() > 6 ? MAX + 1 : Integer.parseInt(text.substring(1));
        if (number < 1) {
            throw outOfRange(text);
        }
        return number;
    }

    private static IllegalArgumentException outOfRange(String text) {
        return new IllegalArgumentException("Parameter " + text + " is out of range: parameters are $1 to $" + MAX);
    }
}
