package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.BufferedCursor;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.Cursor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An outcome whose rows beyond the first block stay in the engine until the subscriber asks for them. The mutable fields are
 * written in tasks of the lane alone, but for the end of a cursor whose lane has ended. Its own task of the lane gives it up.
 */
public final class LaneCursor extends Task implements Cursor {

    private enum State {
        /** The statement has rows left and keeps the lane. */
        STREAMING,
        /** The rows left are in memory. */
        BUFFERED,
        /** Nothing is left but an error to report. */
        FAILED,
        /** Nothing is left. */
        OVER
    }

    private final Lane lane;
    private final SqlCommand sql;
    private final LaneOutcome run;
    private final StatementCache.Kept rest;
    private final int fetchSize;
    private final Executor delivery;
    private final Interrupts.Owner owner;
    private final Consumer<LaneCursor> whenDone;
    private final Queue<RowBatch> buffered = new ArrayDeque<>();
    private @Nullable Throwable failure;
    private volatile State state = State.STREAMING;

    private final AtomicBoolean givenUp = new AtomicBoolean();
    /** Why it is given up, for the reader; null if that closed it. */
    private volatile @Nullable Throwable reason;

    /**
     * Takes over the rows that a run left in the engine; in a task of the lane.
     *
     * @param run an outcome with rows left
     * @param owner ends the reading of rows through {@link Interrupts#end}
     * @param whenDone called once in a task of the lane, when the cursor needs the lane no more
     */
    public LaneCursor(
            Lane lane,
            SqlCommand sql,
            LaneOutcome run,
            int fetchSize,
            Executor delivery,
            Interrupts.Owner owner,
            Consumer<LaneCursor> whenDone) {
        this.lane = lane;
        this.sql = sql;
        this.run = run;
        this.rest = Objects.requireNonNull(run.rest());
        this.fetchSize = fetchSize;
        this.delivery = delivery;
        this.owner = owner;
        this.whenDone = whenDone;
    }

    /** Runs a statement and takes all of its rows; in a task of the lane. */
    public static Cursor inMemory(Lane lane, SqlCommand sql, Value[] arguments, int fetchSize) {
        LaneOutcome run = lane.run(sql, arguments, fetchSize);
        return run.rest() == null
                ? run
                : new BufferedCursor(run.columns(), run.affectedRows(), run.rows(), drain(lane, run, fetchSize));
    }

    /** Takes all rows that are left after a run; in a task of the lane. */
    public static List<RowBatch> drain(Lane lane, LaneOutcome run, int fetchSize) {
        StatementCache.Kept statement = run.rest();
        if (statement == null) {
            return List.of();
        }
        List<RowBatch> rest = new ArrayList<>();
        try {
            RowBatch rows;
            do {
                rows = lane.fetch(run, statement, fetchSize);
                if (rows.rows() > 0) {
                    rest.add(rows);
                }
            } while (rows.rows() == fetchSize);
        } catch (Throwable e) {
            lane.drop(statement);
            throw e;
        }
        lane.finish(statement);
        return rest;
    }

    @Override
    public List<Column> columns() {
        return run.columns();
    }

    @Override
    public long affectedRows() {
        return run.affectedRows();
    }

    @Override
    public @Nullable RowBatch first() {
        return run.rows();
    }

    @Override
    public boolean exhausted() {
        return state == State.OVER;
    }

    @Override
    public Mono<RowBatch> next() {
        return Exchange.mono(delivery, exchange -> exchange.submitTo(lane, () -> read(exchange)));
    }

    /** Gives the rows up; needs no memory. */
    @Override
    public void close() {
        reason = null;
        giveUp();
    }

    private void giveUp() {
        if (exhausted() || !givenUp.compareAndSet(false, true)) {
            return;
        }
        try {
            lane.execute(this);
        } catch (RejectedExecutionException e) {
            // The lane has ended, and with it all its statements; a subscriber that reads on gets that error.
            state = reason == null ? State.OVER : state;
        }
    }

    /** Gives up what is left; for the lane alone. */
    @Override
    public void run() {
        givenUp.set(false);
        Throwable error = reason;
        if (error != null) {
            abort(error);
            return;
        }
        buffered.clear();
        try {
            if (state == State.STREAMING) {
                lane.finish(rest);
            }
        } finally {
            become(State.OVER);
        }
    }

    /** Reads what is left into memory, so that the transaction may end; in a task of the lane. */
    public void detach() {
        if (state == State.STREAMING) {
            try {
                buffered.addAll(drain(lane, run, fetchSize));
                become(buffered.isEmpty() ? State.OVER : State.BUFFERED);
            } catch (Throwable e) {
                fail(e);
            }
        }
    }

    /** Gives up what is left with an error for the reader; any thread, does not wait, needs no memory. */
    public void abandon(Throwable error) {
        reason = error;
        giveUp();
    }

    /** Gives up what is left with an error for the reader; in a task of the lane. */
    public void abort(Throwable error) {
        if (state == State.STREAMING) {
            try {
                lane.finish(rest);
            } finally {
                fail(error);
            }
        }
    }

    private void read(Exchange<RowBatch> exchange) {
        RowBatch rows = switch (state) {
            case STREAMING -> fetch(exchange);
            case BUFFERED -> take();
            case FAILED, OVER -> null;
        };
        Throwable error = failure;
        if (state == State.FAILED && error != null) {
            become(State.OVER);
            exchange.fail(NativeErrors.ofStatement(error, sql));
        } else {
            exchange.answer(rows == null || rows.rows() == 0 ? null : rows);
        }
    }

    private @Nullable RowBatch fetch(Exchange<RowBatch> exchange) {
        try {
            RowBatch rows = lane.interrupts().run(owner, exchange, () -> lane.fetch(run, rest, fetchSize));
            if (rows.rows() < fetchSize) {
                lane.finish(rest);
                become(State.OVER);
            }
            return rows;
        } catch (Throwable e) {
            try {
                lane.drop(rest);
            } finally {
                fail(e);
            }
            return null;
        }
    }

    private @Nullable RowBatch take() {
        RowBatch rows = buffered.poll();
        if (buffered.isEmpty()) {
            become(State.OVER);
        }
        return rows;
    }

    private void fail(Throwable error) {
        failure = error;
        become(State.FAILED);
    }

    /** The one place where the state changes on the lane; leaving the statement gives the lane back. */
    private void become(State next) {
        State before = state;
        state = next;
        if (before == State.STREAMING) {
            whenDone.accept(this);
        }
    }
}
