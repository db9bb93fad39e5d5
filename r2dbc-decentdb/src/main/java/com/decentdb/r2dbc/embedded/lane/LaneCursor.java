package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeStatement;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.Cursor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An outcome whose rows beyond the first batch stay in the engine until they are asked for. All fields but the immutable
 * and volatile ones are confined to the lane's thread.
 */
public final class LaneCursor implements Cursor {

    private final Lane lane;
    private final SqlCommand sql;
    private final LaneOutcome run;
    private final int fetchSize;
    private final Executor delivery;
    private final Consumer<LaneCursor> whenDone;
    private final Queue<RowBatch> buffered = new ArrayDeque<>();
    private @Nullable NativeStatement statement;
    private @Nullable Throwable failure;
    private boolean done;
    private volatile boolean exhausted;

    /**
     * Takes over what a run left; on the lane's thread.
     *
     * @param whenDone called once on the lane's thread, when the cursor needs the lane no more
     */
    public LaneCursor(
            Lane lane,
            SqlCommand sql,
            LaneOutcome run,
            int fetchSize,
            Executor delivery,
            Consumer<LaneCursor> whenDone) {
        this.lane = lane;
        this.sql = sql;
        this.run = run;
        this.fetchSize = fetchSize;
        this.delivery = delivery;
        this.whenDone = whenDone;
        this.statement = run.rest();
    }

    /** Takes all rows that are left after a run; on the lane's thread. */
    public static List<RowBatch> drain(Lane lane, SqlCommand sql, LaneOutcome run, int fetchSize) {
        NativeStatement statement = run.rest();
        List<RowBatch> rest = new ArrayList<>();
        if (statement == null) {
            return rest;
        }
        try {
            RowBatch rows;
            do {
                rows = lane.fetch(run, statement, fetchSize);
                if (rows.rows() > 0) {
                    rest.add(rows);
                }
            } while (rows.rows() == fetchSize);
        } catch (RuntimeException e) {
            lane.drop(statement);
            throw e;
        }
        lane.finish(sql, statement);
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
        return exhausted;
    }

    @Override
    public Mono<RowBatch> next() {
        return Exchange.mono(
                delivery,
                exchange -> lane.execute(() -> {
                    if (exchange.start()) {
                        read(exchange);
                    }
                }));
    }

    @Override
    public void close() {
        if (exhausted) {
            return;
        }
        try {
            lane.execute(() -> {
                buffered.clear();
                exhausted = true;
                finish();
            });
        } catch (RejectedExecutionException e) {
            // The lane has ended, and with it all its statements.
            exhausted = true;
        }
    }

    /** Reads what is left into memory, so that the transaction may end; on the lane's thread. */
    public void detach() {
        NativeStatement open = statement;
        if (open != null) {
            try {
                LaneOutcome rest = new LaneOutcome(run.columns(), 0, null, open, run.shape());
                statement = null;
                buffered.addAll(drain(lane, sql, rest, fetchSize));
            } catch (RuntimeException e) {
                failure = e;
            }
            finish();
        }
    }

    /** Gives up what is left with an error for the reader; any thread, does not wait. */
    public void abandon(Throwable reason) {
        try {
            lane.execute(() -> abort(reason));
        } catch (RejectedExecutionException e) {
            // The lane has ended, and with it all its statements; who reads on is told so.
            return;
        }
    }

    /** Gives up what is left with an error for the reader; on the lane's thread. */
    public void abort(Throwable reason) {
        if (statement != null) {
            failure = reason;
            finish();
        }
    }

    private void read(Exchange<RowBatch> exchange) {
        RowBatch rows = buffered.poll();
        NativeStatement open = statement;
        try {
            if (rows == null && open != null) {
                rows = lane.fetch(run, open, fetchSize);
                if (rows.rows() < fetchSize) {
                    finish();
                }
            }
        } catch (RuntimeException e) {
            failure = e;
            statement = null;
            if (open != null) {
                lane.drop(open);
            }
            finish();
        }
        Throwable error = failure;
        if (rows == null && error != null) {
            exhausted = true;
            exchange.fail(NativeErrors.map(error, sql.source()));
            return;
        }
        exhausted = statement == null && buffered.isEmpty() && error == null;
        exchange.answer(rows == null || rows.rows() == 0 ? null : rows);
    }

    private void finish() {
        NativeStatement open = statement;
        statement = null;
        if (open != null) {
            lane.finish(sql, open);
        }
        if (!done) {
            done = true;
            whenDone.accept(this);
        }
    }
}
