package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds the labels of ENUM columns, which engines tell nowhere but in the text of {@code CREATE TABLE}. */
public final class EnumColumns {

    private EnumColumns() {}

    /** The labels of each ENUM column that is declared in {@code createTable}, by its name. */
    public static Map<String, List<String>> of(String createTable) {
        Map<String, List<String>> columns = new LinkedHashMap<>();
        SqlLexer lexer = new SqlLexer(createTable);
        String name = "";
        for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
            if (token == Token.WORD && !name.isEmpty() && lexer.text().equalsIgnoreCase("ENUM")) {
                List<String> labels = labels(lexer);
                if (!labels.isEmpty()) {
                    columns.put(name, labels);
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

    private static List<String> labels(SqlLexer lexer) {
        List<String> labels = new ArrayList<>();
        for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
            if (token == Token.LITERAL) {
                labels.add(unquote(lexer.text()));
            } else if (token != Token.SYMBOL || lexer.symbol() == ')') {
                break;
            }
        }
        return List.copyOf(labels);
    }

    private static String unquote(String quoted) {
        String quote = quoted.substring(0, 1);
        return quoted.substring(1, quoted.length() - 1).replace(quote + quote, quote);
    }
}
