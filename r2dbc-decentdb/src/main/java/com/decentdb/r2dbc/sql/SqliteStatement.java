package com.decentdb.r2dbc.sql;

import com.decentdb.r2dbc.sql.SqliteTokens.Kind;
import com.decentdb.r2dbc.sql.SqliteTokens.Token;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A statement as SQLite will run it, cut by SQLite's own rules.
 *
 * @param text the statement from its first token to its last, with {@code ?1}, {@code ?2}, .. for its parameters: to SQLite
 *     {@code $2} would be a name, numbered by its first appearance
 * @param route whether it gives rows, changes them, or does something else
 * @param refusal why it must not be sent to a node, with a remedy; null unless the route is {@link Route#REFUSED}
 * @param insert whether it is an {@code INSERT} or {@code REPLACE}
 * @param returning whether it changes rows and has a {@code RETURNING} clause
 * @param setsState whether it leaves something in the session that runs it: a {@code TEMP} object or a setting
 * @param changesSchema whether columns of statements prepared before may have changed
 * @param altersTable whether it changes the columns, the name or an index of a table that stays
 * @param writtenTables the tables it names as its targets, without quotes and schema; triggers and foreign keys may reach others
 */
public record SqliteStatement(
        String text,
        Route route,
        @Nullable String refusal,
        boolean insert,
        boolean returning,
        boolean setsState,
        boolean changesSchema,
        boolean altersTable,
        List<String> writtenTables) {

    /** How a statement is to be sent. */
    public enum Route {
        /** SELECT, VALUES, EXPLAIN and a PRAGMA that answers: it gives rows, and only a setting may change. */
        READ,
        /** INSERT, REPLACE, UPDATE and DELETE. */
        DML,
        /** Everything else; it gives no rows. */
        OTHER,
        /** It must not be sent. */
        REFUSED
    }

    private static final int CACHE_SIZE = 512;
    private static final int MAX_CACHED_LENGTH = 16 * 1024;
    private static final Map<String, SqliteStatement> CACHE = new ConcurrentHashMap<>();

    /** More tokens than are needed to see whether a statement leaves something in its session. */
    private static final int HEAD = 16;

    private static final Set<String> DML = Set.of("INSERT", "REPLACE", "UPDATE", "DELETE");
    private static final Set<String> CONTROL = Set.of("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE");
    private static final Set<String> SCHEMA_CHANGES = Set.of("CREATE", "DROP", "ALTER", "VACUUM");

    /** The settings that answer with their new value. */
    private static final Set<String> ANSWERING_SETTINGS =
            Set.of("JOURNAL_SIZE_LIMIT", "THREADS", "SECURE_DELETE", "MAX_PAGE_COUNT", "ANALYSIS_LIMIT");

    /** The statement of a script, whose parameters are {@code $1}, {@code $2}, .. without gaps. Recently used ones are kept. */
    public static SqliteStatement of(SqlCommand command) {
        String sql = command.text();
        SqliteStatement known = CACHE.get(sql);
        if (known != null) {
            return known;
        }
        SqliteStatement statement = read(sql, command.parameters().size(), command.control() != null);
        if (sql.length() <= MAX_CACHED_LENGTH) {
            if (CACHE.size() >= CACHE_SIZE) {
                // Programs that never repeat a text gain nothing from a better choice.
                CACHE.clear();
            }
            CACHE.put(sql, statement);
        }
        return statement;
    }

    private static SqliteStatement read(String sql, int parameters, boolean controls) {
        List<Token> tokens = SqliteTokens.of(sql);
        SqliteHead head = SqliteHead.of(tokens);
        String verb = head.verb();
        String refusal = refusal(sql, tokens, parameters);
        if (refusal == null && !controls && CONTROL.contains(verb)) {
            refusal = "a text that is transaction control to SQLite alone: mind that comments do not nest there";
        }
        List<String> words = tokens.stream().limit(HEAD).map(Token::text).toList();
        boolean setsState = SessionState.changedBy(words);
        return new SqliteStatement(
                numbered(sql, tokens),
                refusal == null ? route(verb, words) : Route.REFUSED,
                refusal == null ? null : "A dqlite cluster does not take " + refusal,
                verb.equals("INSERT") || verb.equals("REPLACE"),
                DML.contains(verb) && tokens.stream().anyMatch(token -> token.is("RETURNING")),
                setsState,
                SCHEMA_CHANGES.contains(verb),
                verb.equals("ALTER") || (SCHEMA_CHANGES.contains(verb) && isOfIndex(words)),
                head.targets());
    }

    private static @Nullable String refusal(String sql, List<Token> tokens, int parameters) {
        return sql.indexOf('\0') >= 0
                ? "a text with the character U+0000, at which it would end"
                : SqliteRefusals.of(tokens, parameters);
    }

    /** CREATE INDEX, CREATE UNIQUE INDEX or DROP INDEX. */
    private static boolean isOfIndex(List<String> words) {
        return words.stream().skip(1).limit(2).anyMatch("INDEX"::equalsIgnoreCase);
    }

    private static Route route(String verb, List<String> words) {
        return switch (verb) {
            case "SELECT", "VALUES", "EXPLAIN", "(" -> Route.READ;
            case "INSERT", "REPLACE", "UPDATE", "DELETE" -> Route.DML;
            case "PRAGMA" ->
                SessionState.asks(words) || ANSWERING_SETTINGS.contains(SessionState.pragma(words))
                        ? Route.READ
                        : Route.OTHER;
            default -> Route.OTHER;
        };
    }

    private static String numbered(String sql, List<Token> tokens) {
        if (tokens.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder(sql.length());
        int copied = tokens.get(0).start();
        for (Token token : tokens) {
            if (token.kind() == Kind.VARIABLE && token.isParameter()) {
                text.append(sql, copied, token.start()).append('?');
                copied = token.start() + 1;
            }
        }
        return text.append(sql, copied, tokens.get(tokens.size() - 1).end()).toString();
    }
}
