package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.DriverThreads;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.embedded.write.LaneTransaction;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.TransactionOptions;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A transaction as its session sees it. It begins in the engine, and takes the write lock or a read lane, with its first statement: a
 * transaction that has executed nothing, and may have been forgotten by a cancelled subscriber, holds nobody up. Thread-safe.
 */
final class SessionTransaction {

    private enum State {
        IDLE,
        /** Statements wait for the write lock or a read lane. */
        CLAIMING,
        /** The lock or lane is there, and the transaction is about to begin in the engine. */
        BEGINNING,
        STARTED,
        /** It did nothing for too long and was rolled back; its user has not noticed yet. */
        EXPIRED,
        ENDED
    }

    /** Runs once the transaction has begun in the engine. */
    private record Pending(Exchange<?> exchange, Consumer<LaneTransaction> work) implements WaitQueue.Request {}

    private final Database database;
    private final Supplier<SessionLanes> lanes;
    private final TransactionOptions options;
    private final TransactionErrors errors;
    private final Executor delivery;
    /** Requests that wait for the lock or lane. Only the wait for others counts: one that finds it free cannot expire. */
    private final WaitQueue<Pending> pending = new WaitQueue<>(Integer.MAX_VALUE, () -> this.claimWaits);

    private volatile boolean claimWaits;

    // Guarded by this.
    private State state = State.IDLE;
    /** Requests that run as soon as the transaction has begun. */
    private final List<Pending> ready = new ArrayList<>();

    private boolean restricted;
    private boolean closed;
    private @Nullable LaneTransaction started;

    SessionTransaction(Database database, Supplier<SessionLanes> lanes, TransactionOptions options, Executor delivery) {
        this.database = database;
        this.lanes = lanes;
        this.options = options;
        this.errors = new TransactionErrors(options);
        this.delivery = delivery;
    }

    /** Whether statements still belong to it. */
    synchronized boolean active() {
        LaneTransaction current = started;
        return state != State.ENDED && (state != State.STARTED || current == null || current.active());
    }

    /** Whether it holds a lane, or waits for one. */
    synchronized boolean started() {
        return state == State.CLAIMING || state == State.BEGINNING || state == State.STARTED;
    }

    <T> void execute(Command command, Exchange<T> exchange, Function<List<Cursor>, T> answer) {
        submit(exchange, command.sql().source(), begun -> begun.execute(command, exchange, answer));
    }

    /** Calls the handle, which sees what the transaction did. */
    <T> void call(Function<NativeDatabase, @Nullable T> call, Exchange<T> exchange) {
        submit(exchange, null, begun -> begun.call(call, exchange));
    }

    private void submit(Exchange<?> exchange, @Nullable String sql, Consumer<LaneTransaction> work) {
        R2dbcException refusal;
        boolean first;
        synchronized (this) {
            LaneTransaction current = started;
            if (state == State.STARTED && current != null) {
                work.accept(current);
                return;
            }
            refusal = refusal(sql);
            if (refusal == null) {
                enqueue(new Pending(exchange, work), sql);
            }
            first = state == State.IDLE;
            if (first) {
                state = State.CLAIMING;
            }
        }
        if (refusal != null) {
            exchange.fail(refusal);
        } else if (first) {
            claim();
        }
    }

    /** Puts a request behind those before it. */
    private void enqueue(Pending request, @Nullable String sql) {
        request.exchange()
                .expiresAt(Deadlines.after(options.lockWait()), () -> errors.timeout(database.lease(), readers(), sql));
        if (state == State.BEGINNING) {
            ready.add(request);
        } else {
            // In this order: what runs the request sets an action of its own.
            request.exchange().onCancel(() -> pending.remove(request));
            pending.add(request);
        }
    }

    private @Nullable R2dbcException refusal(@Nullable String sql) {
        return switch (state) {
            case EXPIRED -> errors.expired(sql);
            case ENDED ->
                TransactionErrors.over(closed, "The transaction ended before this statement was started", sql);
            default -> null;
        };
    }

    private @Nullable ReadLanes readers() {
        return readOnly() ? lanes.get().readers() : null;
    }

    private synchronized boolean readOnly() {
        return options.readOnly() || restricted;
    }

    private void claim() {
        ReadLanes readers = readers();
        Claim claim = new Claim(lanes.get().writer());
        if (readers == null) {
            database.lease().acquire(claim);
        } else {
            readers.submit(claim);
        }
        synchronized (this) {
            claimWaits = state == State.CLAIMING;
        }
        if (claimWaits) {
            pending.sweep();
        }
    }

    /** Whether a statement still waits for the lock or lane; if none does, nothing is to be taken for the transaction. */
    private synchronized boolean wanted() {
        if (state != State.CLAIMING) {
            return false;
        }
        claimWaits = false;
        boolean wanted = pending.hasWaiter();
        List<Pending> taken = pending.drain();
        ready.addAll(wanted ? taken : List.of());
        state = wanted ? State.BEGINNING : State.IDLE;
        return wanted;
    }

    /** Begins in the engine, in a task of the lane; a transaction that has ended meanwhile is rolled back. */
    private boolean begin(Lane lane, Runnable giveBack) {
        LaneTransaction begun;
        try {
            begun = LaneTransaction.begin(lane, readOnly(), database.traits(), delivery, giveBack, database::committed);
        } catch (Throwable e) {
            if (lane.lockedElsewhere(e) && waitOn()) {
                database.lease().retry(lane, () -> beginIfWanted(lane));
            } else {
                giveBack.run();
                refuse(NativeErrors.map(e, null));
            }
            return false;
        }
        if (!readOnly()) {
            database.lease().lockedHere();
        }
        synchronized (this) {
            if (state == State.BEGINNING) {
                state = State.STARTED;
                started = begun;
                // In the order of their submission, before any that is submitted from now on.
                ready.forEach(request -> request.work().accept(begun));
                ready.clear();
                watchIdleness(lane, begun, lane.calls());
                return true;
            }
        }
        begun.rollback(() -> {});
        return true;
    }

    /** Lets the statements wait for another process, as long as each may; false if the transaction has ended. */
    private boolean waitOn() {
        synchronized (this) {
            if (state != State.BEGINNING) {
                return false;
            }
            pending.putBack(ready);
            ready.clear();
            state = State.CLAIMING;
            claimWaits = true;
        }
        pending.sweep();
        return true;
    }

    /** Begins under the write lock, which it holds already. */
    private void beginIfWanted(Lane writer) {
        if (wanted()) {
            begin(writer, database.lease()::release);
        } else {
            database.lease().release();
        }
    }

    /** Fails what waits; the transaction may be tried again. */
    private void refuse(R2dbcException error) {
        List<Pending> refused;
        synchronized (this) {
            if (state == State.CLAIMING || state == State.BEGINNING) {
                state = State.IDLE;
            }
            claimWaits = false;
            refused = new ArrayList<>(ready);
            ready.clear();
            refused.addAll(pending.drain());
        }
        refused.forEach(request -> request.exchange().fail(error));
    }

    private void watchIdleness(Lane lane, LaneTransaction begun, long calls) {
        Duration timeout = options.idleTimeout();
        if (!timeout.isZero()) {
            DriverThreads.later(() -> expireIfIdle(lane, begun, calls), timeout.toNanos());
        }
    }

    private void expireIfIdle(Lane lane, LaneTransaction begun, long calls) {
        synchronized (this) {
            if (state != State.STARTED || started != begun || !begun.active()) {
                return;
            }
            if (lane.busy() || lane.calls() != calls) {
                watchIdleness(lane, begun, lane.calls());
                return;
            }
            state = State.EXPIRED;
        }
        begun.rollback(() -> {});
    }

    void setReadOnly(boolean wanted, Exchange<Void> exchange) {
        R2dbcException refusal;
        synchronized (this) {
            LaneTransaction current = started;
            if (state == State.STARTED && current != null) {
                current.setReadOnly(wanted, exchange);
                return;
            }
            if (state == State.CLAIMING || state == State.BEGINNING) {
                enqueue(new Pending(exchange, begun -> begun.setReadOnly(wanted, exchange)), null);
                return;
            }
            refusal = refusal(null);
            if (refusal == null && !wanted && readOnly()) {
                refusal = LaneTransaction.staysReadOnly();
            }
            restricted |= refusal == null && wanted;
        }
        answer(exchange, refusal);
    }

    void commit(Exchange<Void> exchange) {
        R2dbcException refusal;
        synchronized (this) {
            LaneTransaction current = started;
            if (state == State.STARTED && current != null) {
                current.commit(exchange);
                return;
            }
            // A claim alone, whose statements were given up, is no work to commit.
            if (state == State.BEGINNING || (state == State.CLAIMING && pending.hasWaiter())) {
                enqueue(new Pending(exchange, begun -> begun.commit(exchange)), null);
                return;
            }
            refusal = refusal(null);
            state = State.ENDED;
        }
        answer(exchange, refusal);
    }

    private static void answer(Exchange<Void> exchange, @Nullable R2dbcException refusal) {
        if (refusal != null) {
            exchange.fail(refusal);
        } else if (exchange.start()) {
            exchange.answer(null);
        }
    }

    /** Ends the statement that runs, and rolls back behind it; what waits before it is dropped. */
    void rollback(Runnable whenDone) {
        LaneTransaction current;
        List<Pending> dropped;
        R2dbcException over;
        synchronized (this) {
            state = State.ENDED;
            current = started;
            claimWaits = false;
            dropped = new ArrayList<>(ready);
            ready.clear();
            dropped.addAll(pending.close());
            over = TransactionErrors.over(
                    closed, "The transaction was rolled back before this statement was started", null);
        }
        dropped.forEach(request -> request.exchange().fail(over));
        if (current == null) {
            whenDone.run();
        } else {
            current.rollback(whenDone);
        }
    }

    /** Lets no further statement start, since its connection is closed; returns whether the engine is busy with one. */
    boolean busyAfterLast() {
        LaneTransaction current;
        synchronized (this) {
            closed = true;
            current = started;
        }
        return current != null && current.busyAfterLast();
    }

    /** Waits for the write lock or a read lane; the statements that wait for the same have deadlines, this has none. */
    private final class Claim implements WriteLease.Claimant, ReadLanes.Reader, WaitQueue.Lasting {

        private final Lane writer;

        Claim(Lane writer) {
            this.writer = writer;
        }

        @Override
        public boolean granted() {
            if (!wanted()) {
                return false;
            }
            try {
                writer.execute(() -> begin(writer, database.lease()::release));
                return true;
            } catch (Throwable e) {
                refuse(NativeErrors.map(e, null));
                return false;
            }
        }

        @Override
        public void run(Lane lane, ReadLanes giver) {
            if (!wanted()) {
                giver.release(lane);
            } else if (begin(lane, () -> giver.release(lane))) {
                giver.rest(lane);
            }
        }

        @Override
        public String purpose() {
            return options.holder();
        }

        @Override
        public void refused() {
            refuse(Errors.closed());
        }

        @Override
        public void refused(R2dbcException error) {
            refuse(error);
        }
    }
}
