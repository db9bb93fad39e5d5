package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.cluster.meter.ClusterMeters.Kind;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters.Outcome;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import io.r2dbc.spi.R2dbcException;
import java.util.Set;

/** A statement on a line, and what takes its outcome. Confined to the loop. */
public abstract class Work {

    private static final String COMMIT = "COMMIT";
    private static final Set<String> CONTROL = Set.of("BEGIN", "BEGIN IMMEDIATE", COMMIT, "ROLLBACK");

    private final String sql;
    private final Tuple arguments;
    private final boolean query;
    private boolean dropped;

    /**
     * Creates a statement.
     *
     * @param query whether it yields rows; the node must be asked otherwise then
     */
    protected Work(String sql, Tuple arguments, boolean query) {
        this.sql = sql;
        this.arguments = arguments;
        this.query = query;
    }

    /**
     * Whether the node may keep it prepared. The columns of a star change with the schema, and a prepared statement keeps the names of
     * those before.
     */
    boolean preparable() {
        return query && sql.indexOf('*') < 0;
    }

    /** Its purpose, for the meters. */
    final Kind kind() {
        return query ? Kind.READ : CONTROL.contains(sql) ? Kind.CONTROL : Kind.WRITE;
    }

    /** The meaning of trouble for the meters; in a transaction all that is lost before its end was certainly rolled back. */
    final Outcome outcome(Trouble trouble, boolean inTransaction) {
        if (trouble.notExecuted()) {
            return Outcome.REROUTED;
        }
        boolean decides = inTransaction ? sql.equals(COMMIT) : kind() == Kind.WRITE;
        return decides && trouble.unknown() ? Outcome.UNKNOWN : Outcome.ERROR;
    }

    /** A statement that yields rows has begun; the cursor is the receiver's to close. */
    protected void rows(LineCursor cursor) {
        throw new IllegalStateException("No query: " + sql);
    }

    /** A statement that yields no rows has ended. */
    protected void result(Reply.Result result) {
        throw new IllegalStateException("A query: " + sql);
    }

    /** It has no outcome. */
    protected abstract void failed(Trouble trouble);

    /** Something happened while the rows were read; the error for the reader of the rows. */
    protected R2dbcException broken(Trouble trouble) {
        throw new IllegalStateException("No query: " + sql);
    }

    /** Its rows are not read on for now. */
    protected void paused() {
        // Most lines belong to nobody else.
    }

    /** Its rows are read on. */
    protected void resumed() {
        // Most lines belong to nobody else.
    }

    final String sql() {
        return sql;
    }

    final Tuple arguments() {
        return arguments;
    }

    final boolean query() {
        return query;
    }

    /** Nobody waits for the outcome any more. */
    final void drop() {
        dropped = true;
    }

    final boolean dropped() {
        return dropped;
    }
}
