package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.r2dbc.sql.SqlLexer;
import com.decentdb.r2dbc.sql.SqlLexer.Token;
import com.decentdb.r2dbc.transport.Column.Digits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Finds those properties of column types that engines report nowhere but in the text of {@code CREATE TABLE}. */
public final class ColumnTypes {

    private static final Set<String> DECIMAL = Set.of("DECIMAL", "NUMERIC", "DEC");

    private ColumnTypes() {}

    /** The labels of each ENUM column that is declared in {@code createTable}, by its name. */
    public static Map<String, List<String>> labels(String createTable) {
        return arguments(createTable, Set.of("ENUM"), Token.LITERAL);
    }

    /** The digits of each DECIMAL column that is declared with some in {@code createTable}, by its name. */
    public static Map<String, Digits> digits(String createTable) {
        Map<String, Digits> columns = new LinkedHashMap<>();
        arguments(createTable, DECIMAL, Token.NUMBER).forEach((column, digits) -> {
            int scale = digits.size() > 1 ? Integer.parseInt(digits.get(1)) : 0;
            columns.put(column, new Digits(Integer.parseInt(digits.get(0)), scale));
        });
        return columns;
    }

    /** The arguments in brackets behind the type, for each column that has one of these types. */
    private static Map<String, List<String>> arguments(String createTable, Set<String> types, Token kind) {
        Map<String, List<String>> columns = new LinkedHashMap<>();
        SqlLexer lexer = new SqlLexer(createTable);
        String name = "";
        for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
            boolean type = token == Token.WORD && types.contains(lexer.text().toUpperCase(Locale.ROOT));
            if (type && !name.isEmpty()) {
                List<String> arguments = arguments(lexer, kind);
                if (!arguments.isEmpty()) {
                    columns.put(name, arguments);
                }
                name = "";
            } else {
                name = switch (token) {
                    case WORD -> lexer.text();
                    case QUOTED_IDENTIFIER -> unquote(lexer.text());
                    default -> "";
                };
            }
        }
        return columns;
    }

    private static List<String> arguments(SqlLexer lexer, Token kind) {
        List<String> arguments = new ArrayList<>();
        for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
            if (token == kind) {
                arguments.add(kind == Token.LITERAL ? unquote(lexer.text()) : lexer.text());
            } else if (token != Token.SYMBOL
                    || lexer.symbol() == ')'
                    || (lexer.symbol() == ',' && arguments.isEmpty())) {
                break;
            }
        }
        return List.copyOf(arguments);
    }

    private static String unquote(String quoted) {
        String quote = quoted.substring(0, 1);
        return quoted.substring(1, quoted.length() - 1).replace(quote + quote, quote);
    }
}
