package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.result.DefaultResult;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Capability;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.CountCursor;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.List;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/** The results of one statement, which runs with demand: one for each list of arguments. */
final class StatementFlux extends OnDemand<Cursor, Result> {

    private final DefaultConnection connection;
    private final SqlCommand sql;
    private final List<Value[]> arguments;
    private final int fetchSize;

    StatementFlux(DefaultConnection connection, SqlCommand sql, List<Value[]> arguments, int fetchSize) {
        this.connection = connection;
        this.sql = sql;
        this.arguments = arguments;
        this.fetchSize = fetchSize;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Result> subscriber) {
        if (connection.session().isOpen()) {
            super.subscribe(subscriber);
        } else {
            Operators.error(subscriber, Errors.map(Errors.closed(), sql.source()));
        }
    }

    @Override
    protected Flux<Cursor> source() {
        return connection.endings().manyBehind(this::started);
    }

    private Flux<Cursor> started() {
        ConnectionTransactions transactions = connection.transactions();
        Duration timeout = connection.statementTimeout();
        boolean begins = transactions.beginsWithNextStatement();
        if (timeout.isZero() && !begins) {
            return cursors();
        }
        Flux<Cursor> cursors = Flux.defer(this::cursors);
        Flux<Cursor> timely = timeout.isZero() ? cursors : timely(timeout, cursors);
        return begins ? transactions.begin().thenMany(timely) : timely;
    }

    private Flux<Cursor> cursors() {
        ConnectionTransactions transactions = connection.transactions();
        // Several lists of arguments are one atomic unit, which the queue does not know.
        boolean queued = connection.settings().writeQueueEnabled()
                && sql.kind() == SqlCommand.Kind.DML
                && !sql.returning()
                && arguments.size() == 1
                && transactions.autoCommit();
        return queued
                ? connection
                        .session()
                        .executeQueued(
                                sql, arguments.get(0), connection.settings().queueTimeout())
                        .flux()
                        .map(CountCursor::new)
                : connection.session().execute(new Command(sql, arguments, fetchSize, transactions.lockWait()));
    }

    private Flux<Cursor> timely(Duration timeout, Flux<Cursor> cursors) {
        return Timeouts.firstWithin(
                        timeout,
                        connection.session().delivery(),
                        cursors,
                        Cursor::close,
                        () -> Timeouts.late(
                                timeout,
                                connection.session().capabilities().contains(Capability.STOPS_STATEMENTS),
                                sql.source()))
                .doOnDiscard(Cursor.class, Cursor::close);
    }

    @Override
    protected Result map(Cursor cursor) {
        return new DefaultResult(connection, cursor, !sql.reads());
    }

    @Override
    protected void discard(Cursor cursor) {
        cursor.close();
    }
}
