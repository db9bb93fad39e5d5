package com.decentdb.r2dbc.cluster.transaction;

import com.decentdb.r2dbc.cluster.line.RowsCursor;
import com.decentdb.r2dbc.cluster.line.ServerFeatures;
import com.decentdb.r2dbc.cluster.wire.RowsFrame;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.cluster.write.WriteResult;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqliteStatement;
import com.decentdb.r2dbc.sql.SqliteStatement.Route;
import com.decentdb.r2dbc.transport.BufferedCursor;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.CountCursor;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a command is run: what is sent, and what its answers become.
 *
 * @param reads whether it only gives rows
 * @param setsState whether it leaves something in its session
 * @param steps one for each list of arguments
 * @param keyColumn the column in which the last row id is returned, null for a statement that returns what the node returns
 */
public record Plan(
        boolean reads,
        boolean setsState,
        List<WriteStep> steps,
        @Nullable String keyColumn) {

    /** Whether it takes features that not every server has. */
    public static boolean dependsOnServer(Command command) {
        SqlCommand sql = command.sql();
        return sql.generated() != null
                || command.bindings().stream().anyMatch(arguments -> arguments.length > Tuple.MOST_OF_SCHEMA_0)
                || SqliteStatement.of(sql).returning();
    }

    /**
     * Plans a command for a server.
     *
     * @throws R2dbcException if it must not be sent, or the server cannot do it
     */
    public static Plan of(Command command, ServerFeatures features) {
        SqlCommand sql = command.sql();
        SqlCommand.Generated generated = sql.generated();
        if (generated != null && !features.returning()) {
            return withKey(generated, command.bindings());
        }
        SqliteStatement statement = accepted(sql);
        if (statement.returning() && !features.returning()) {
            throw Errors.of(
                    "0A000",
                    "This dqlite server (" + features.dqlite()
                            + ") loses rows that are changed with RETURNING; it takes one of version 1.18.4 or newer, or"
                            + " returnGeneratedValues with one column for an INSERT",
                    sql.source());
        }
        return new Plan(
                statement.route() == Route.READ,
                statement.setsState(),
                steps(statement, sql, command.bindings()),
                null);
    }

    private static SqliteStatement accepted(SqlCommand sql) {
        SqliteStatement statement = SqliteStatement.of(sql);
        String refusal = statement.refusal();
        if (refusal != null) {
            throw Errors.of("0A000", refusal, sql.source());
        }
        return statement;
    }

    /** A server that executes no RETURNING still reports the id of the last row inserted. */
    private static Plan withKey(SqlCommand.Generated generated, List<Value[]> bindings) {
        SqlCommand sql = generated.statement();
        SqliteStatement statement = accepted(sql);
        if (!statement.insert() || generated.columns().size() > 1) {
            throw Errors.of(
                    "0A000",
                    "This dqlite server reports one generated value, the id of the row that an INSERT inserted last; for more it"
                            + " takes one of version 1.18.4 or newer",
                    sql.source());
        }
        String column =
                generated.columns().isEmpty() ? "rowid" : generated.columns().get(0);
        return new Plan(false, false, steps(statement, sql, bindings), column);
    }

    private static List<WriteStep> steps(SqliteStatement statement, SqlCommand sql, List<Value[]> bindings) {
        boolean counts = statement.route() == Route.DML;
        boolean rows = statement.route() == Route.READ || statement.returning();
        List<WriteStep> steps = new ArrayList<>(bindings.size());
        for (Value[] arguments : bindings) {
            steps.add(new WriteStep(
                    statement.text(),
                    sql,
                    arguments,
                    counts,
                    rows,
                    statement.changesSchema(),
                    statement.altersTable(),
                    statement.writtenTables()));
        }
        return steps;
    }

    public WriteStep only() {
        return steps.get(0);
    }

    /** The outcome of a write for its user. */
    public Cursor cursor(WriteResult result) {
        String key = keyColumn;
        if (key != null) {
            RowsFrame frame = RowsFrame.of(key, result.lastRowId());
            return result.changed() == 0
                    ? new CountCursor(0)
                    : new BufferedCursor(RowsCursor.columns(frame), result.changed(), frame, List.of());
        }
        List<RowsFrame> frames = result.rows();
        if (frames.isEmpty() || frames.get(0).columns() == 0) {
            return new CountCursor(result.changed());
        }
        RowsFrame first = frames.get(0);
        List<RowBatch> rest = new ArrayList<>(frames.subList(1, frames.size()));
        return new BufferedCursor(RowsCursor.columns(first), result.changed(), first, rest);
    }
}
