package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.BatchInsert;
import com.decentdb.r2dbc.embedded.lane.BufferedCursor;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Waits;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A statement outside any transaction on its way to the writer lane.
 *
 * @param <T> the answer to its subscriber
 */
public final class GroupedWrite<T> implements WaitQueue.Request {

    private final Command command;
    private final Exchange<T> exchange;
    private final Function<List<Cursor>, T> answer;
    private final WriteLease lease;
    private final BooleanSupplier open;
    private final long submitted = System.nanoTime();
    private long waited;
    private @Nullable List<Cursor> outcome;

    /**
     * A write not submitted yet.
     *
     * @param answer makes the answer of one outcome for each list of arguments
     * @param lease the write lock that it waits for
     * @param open whether its connection is open; if not, it does not run any more
     */
    public GroupedWrite(
            Command command,
            Exchange<T> exchange,
            Function<List<Cursor>, T> answer,
            WriteLease lease,
            BooleanSupplier open) {
        this.command = command;
        this.exchange = exchange;
        this.answer = answer;
        this.lease = lease;
        this.open = open;
    }

    /** Whether it may share a transaction with others: it changes rows and nothing else. */
    boolean groupable() {
        return command.sql().kind() == SqlCommand.Kind.DML;
    }

    /**
     * Whether the engine may commit it by itself: it is one execution, and either changes no rows or returns none. Several
     * succeed or fail together, and returned rows must be of the schema that is known within the transaction.
     */
    boolean plain() {
        return command.bindings().size() == 1 && !(groupable() && command.sql().returning());
    }

    String sql() {
        return command.sql().source();
    }

    /** How long it waited until it was started. */
    long waitedNanos() {
        return waited;
    }

    boolean start() {
        waited = System.nanoTime() - submitted;
        return exchange.start();
    }

    boolean closed() {
        return !open.getAsBoolean();
    }

    /** Fails it if its connection was closed before it ran; whether that is so. */
    boolean tooLate() {
        boolean late = closed();
        if (late) {
            fail(Errors.closed());
        }
        return late;
    }

    /** Lets it wait again, if it was started and has done nothing. */
    void putBack() {
        exchange.putBack();
    }

    /** One that may wait for other writes without limit waits for another process no longer than the others do. */
    @Override
    public long deadline() {
        long own = exchange.deadline();
        long since = lease.lockedElsewhereSince();
        if (own != NEVER || since == NEVER || command.lockWait().compareTo(Waits.UNLIMITED) >= 0) {
            return own;
        }
        long from = since - submitted < 0 ? submitted : since;
        return from + command.lockWait().toNanos();
    }

    /** Runs every execution and keeps the outcome; in a task of the lane. */
    void run(Lane lane) {
        outcome = BatchInsert.run(lane, command.sql(), command.bindings());
        if (outcome != null) {
            return;
        }
        List<Cursor> cursors = new ArrayList<>(command.bindings().size());
        for (Value[] arguments : command.bindings()) {
            cursors.add(BufferedCursor.run(lane, command.sql(), arguments, command.fetchSize()));
        }
        outcome = cursors;
    }

    /** Answers with the outcome of {@link #run}, now that it is durable. */
    void acknowledge() {
        List<Cursor> cursors = outcome;
        exchange.answer(cursors == null ? null : answer.apply(cursors));
    }

    void fail(Throwable error) {
        exchange.fail(NativeErrors.map(error, sql()));
    }

    @Override
    public Exchange<T> exchange() {
        return exchange;
    }
}
