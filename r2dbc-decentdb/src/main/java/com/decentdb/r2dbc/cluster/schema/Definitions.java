package com.decentdb.r2dbc.cluster.schema;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.sql.SqlLexer;
import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The properties of an object that only the statement that made it states. SQLite keeps it from the name on as it was written. */
final class Definitions {

    private static final String NAME =
            "(?:\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\\[[^]]*]|'(?:[^']|'')*'|[^\\s(\"'`\\[]+)";

    private static final int FLAGS = Pattern.CASE_INSENSITIVE | Pattern.DOTALL;

    private static final Pattern VIEW =
            Pattern.compile("CREATE\\s+VIEW\\s+" + NAME + "\\s*(?:\\([^)]*\\)\\s*)?AS\\s+(.*)", FLAGS);

    private static final Pattern TRIGGER = Pattern.compile(
            "CREATE\\s+TRIGGER\\s+" + NAME
                    + "\\s+(?:(BEFORE|AFTER|INSTEAD\\s+OF)\\s+)?(DELETE|INSERT|UPDATE)\\b.*?\\bBEGIN\\b\\s*(.*?)\\s*\\bEND",
            FLAGS);

    private static final Pattern PREDICATE = Pattern.compile(".*\\)\\s*WHERE\\s+(.*)", FLAGS);

    private Definitions() {}

    /** The query of a view; the whole statement if it has comments in unusual places. */
    static String query(String sql) {
        Matcher view = VIEW.matcher(sql.strip());
        return view.matches() ? view.group(1) : sql;
    }

    /** When a trigger fires, upon what, and what it does then. */
    record Trigger(String timing, String event, String action) {}

    static Trigger trigger(String sql) {
        Matcher trigger = TRIGGER.matcher(sql.strip());
        if (!trigger.matches()) {
            return new Trigger("", "", sql);
        }
        @Nullable String timing = trigger.group(1);
        return new Trigger(
                timing == null ? "BEFORE" : timing.toUpperCase(Locale.ROOT).replaceAll("\\s+", "_"),
                trigger.group(2).toUpperCase(Locale.ROOT),
                trigger.group(3));
    }

    /** The condition of a partial index. */
    static @Nullable String predicate(@Nullable String sql) {
        Matcher index = PREDICATE.matcher(sql == null ? "" : sql.strip());
        return index.matches() ? index.group(1) : null;
    }

    /** Those of the names that occur in a query. */
    static List<String> mentioned(String query, Collection<String> names) {
        Set<String> mentioned = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        SqlLexer lexer = new SqlLexer(query);
        for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
            if (token == Token.WORD || token == Token.QUOTED_IDENTIFIER) {
                mentioned.add(lexer.text().replace("\"", ""));
            }
        }
        return names.stream().filter(mentioned::contains).sorted().toList();
    }

    /** The type that values of a declared type usually have: what the server reports, or else SQLite's affinity. */
    static DecentDbType type(String declared) {
        String type = declared.toUpperCase(Locale.ROOT);
        return switch (type) {
            case "BOOLEAN" -> DecentDbType.BOOL;
            case "DATE" -> DecentDbType.DATE;
            case "DATETIME", "TIMESTAMP" -> DecentDbType.TIMESTAMP;
            case "" -> DecentDbType.NULL;
            default -> affinity(type);
        };
    }

    private static DecentDbType affinity(String type) {
        if (type.contains("INT")) {
            return DecentDbType.INT64;
        } else if (type.contains("CHAR") || type.contains("CLOB") || type.contains("TEXT")) {
            return DecentDbType.TEXT;
        } else if (type.contains("BLOB")) {
            return DecentDbType.BLOB;
        } else if (type.contains("REAL") || type.contains("FLOA") || type.contains("DOUB")) {
            return DecentDbType.FLOAT64;
        }
        // A number if it looks like one, or else what it is.
        return DecentDbType.NULL;
    }
}
