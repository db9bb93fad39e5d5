package com.decentdb.r2dbc.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One statement of a script.
 *
 * @param text what the engine runs: the statement without the separating semicolon and without surrounding blanks or
 *     comments, its parameters numbered {@code $1}, {@code $2}, .. without gaps
 * @param source the same as the user wrote it, for errors
 * @param origin where it stands in the text that the user wrote
 * @param kind its kind by the first words
 * @param returning whether it has a {@code RETURNING} clause
 * @param parameters for each parameter of the text, which one of the script it is, counted from 1
 * @param control what transaction control says, null for other statements
 * @param sessionState whether it leaves something in the session that runs it: a {@code TEMP} object or a setting
 * @param insertsOneRow whether it is an {@code INSERT} of one row of values that neither ignores nor replaces anything
 * @param systemView whether it names something in the schema {@code sys}, or the view of the write queue by its other name
 * @param generated what the driver added to it, null for a statement as it was written
 */
public record SqlCommand(
        String text,
        String source,
        SqlOrigin origin,
        Kind kind,
        boolean returning,
        List<Integer> parameters,
        @Nullable TransactionControl control,
        boolean sessionState,
        boolean insertsOneRow,
        boolean systemView,
        @Nullable Generated generated) {

    /**
     * A {@code RETURNING} clause of the driver, for generated values.
     *
     * @param statement the statement without it
     * @param columns the columns of the clause, none for all
     */
    public record Generated(SqlCommand statement, List<String> columns) {}

    /** The kinds of statements, as far as their words show. */
    public enum Kind {
        /** Reads, unless the engine says otherwise. */
        QUERY,
        /** A {@code PRAGMA} that asks and changes nothing. */
        PRAGMA,
        /** Inserts, updates or deletes rows. */
        DML,
        /** Changes the schema or the session, or is unknown to the lexer. */
        OTHER,
        BEGIN,
        COMMIT,
        ROLLBACK,
        SAVEPOINT,
        RELEASE,
        ROLLBACK_TO,
        SET_TRANSACTION;

        /** Whether the statement begins, ends or divides a transaction. */
        public boolean transactionControl() {
            return compareTo(BEGIN) >= 0;
        }
    }

    /** Whether it reads, unless the engine says otherwise. */
    public boolean reads() {
        return kind == Kind.QUERY || kind == Kind.PRAGMA;
    }

    /** Whether it reads the engine's view of the write queue. */
    public boolean readsWriteQueue() {
        return systemView
                && names().stream()
                        .anyMatch(name -> name.toLowerCase(Locale.ROOT).endsWith(CommandReader.WRITE_QUEUE_VIEW));
    }

    /** A statement of the driver's own making, without parameters. */
    public static SqlCommand of(String text) {
        return SqlScript.parse(text).commands().get(0);
    }

    /**
     * The same statement with a {@code RETURNING} clause after it.
     *
     * @param columns the columns of the clause, none for all
     */
    public SqlCommand returning(String clause, List<String> columns) {
        return new SqlCommand(
                text + clause,
                source,
                origin,
                kind,
                true,
                parameters,
                control,
                sessionState,
                insertsOneRow,
                systemView,
                new Generated(this, columns));
    }

    /** The name of what it sets in its session, equal for statements of which the later replaces the earlier; null if it sets nothing. */
    public @Nullable String setting() {
        return sessionState ? SessionState.setting(new SqlLexer(text)) : null;
    }

    /** The {@link #setting} of a value of the audit context. */
    public static String auditSetting(String key) {
        return SessionState.AUDIT_CONTEXT + key;
    }

    /** All names in the statement, without quotes: words of the language, too, but nothing of its literals. */
    public List<String> names() {
        List<String> names = new ArrayList<>();
        SqlLexer lexer = new SqlLexer(text);
        for (SqlLexer.Token token = lexer.next(); token != SqlLexer.Token.END; token = lexer.next()) {
            if (token == SqlLexer.Token.WORD) {
                names.add(lexer.text());
            } else if (token == SqlLexer.Token.QUOTED_IDENTIFIER) {
                String quoted = lexer.text();
                names.add(quoted.substring(1, Math.max(1, quoted.length() - 1)).replace("\"\"", "\""));
            }
        }
        return names;
    }
}
