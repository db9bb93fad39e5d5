package com.decentdb.r2dbc.sql;

import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * One statement of a script.
 *
 * @param text the statement without the separating semicolon and without surrounding blanks or comments
 * @param kind what the first words say about it
 * @param returning whether it has a {@code RETURNING} clause
 * @param parameters the numbers of the parameters it names
 * @param savepoint the savepoint named by {@code SAVEPOINT}, {@code RELEASE} and {@code ROLLBACK TO}
 * @param readOnly whether {@code BEGIN}, {@code START TRANSACTION} or {@code SET TRANSACTION} says {@code READ ONLY}
 */
public record SqlCommand(
        String text,
        Kind kind,
        boolean returning,
        SortedSet<Integer> parameters,
        @Nullable String savepoint,
        boolean readOnly) {

    /** What a statement is, as far as its words tell. */
    public enum Kind {
        /** Reads, unless the engine says otherwise. */
        QUERY,
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

    /** A statement of the driver's own making, without parameters. */
    public static SqlCommand of(String text) {
        return SqlScript.parse(text).commands().get(0);
    }
}
