package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.api.TransactionState;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.embedded.open.Database;
import com.decentdb.r2dbc.embedded.write.LaneTransaction;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
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
    private List<Pending> ready = new ArrayList<>();

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
        try {
            ReadLanes readers = readers();
            TransactionClaim claim =
                    new TransactionClaim(this, database.lease(), lanes.get().writer(), options.holder());
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
        } catch (Throwable e) {
            refuse(NativeErrors.map(e, null));
        }
    }

    /** Whether a statement still waits for the lock or lane; if none does, nothing is to be taken for the transaction. */
    synchronized boolean wanted() {
        if (state != State.CLAIMING) {
            return false;
        }
        claimWaits = false;
        ready = pending.poll(Integer.MAX_VALUE);
        boolean wanted = !ready.isEmpty();
        state = wanted ? State.BEGINNING : State.IDLE;
        return wanted;
    }

    /**
     * Begins in the engine, in a task of the lane; a transaction that has ended meanwhile is rolled back.
     *
     * @param again the next attempt while another process has the file; null if none can
     */
    boolean begin(Lane lane, Runnable giveBack, @Nullable Task again) {
        LaneTransaction begun;
        try {
            begun = LaneTransaction.begin(lane, readOnly(), database.traits(), delivery, giveBack, database::committed);
        } catch (Throwable e) {
            if (again != null && lane.lockedElsewhere(e) && waitOn()) {
                database.lease().retry(lane, again);
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
                for (int i = 0; i < ready.size(); i++) {
                    pass(ready.get(i), begun);
                }
                ready.clear();
                watchIdleness(lane, begun, lane.calls());
                return true;
            }
        }
        begun.drop();
        return false;
    }

    private static void pass(Pending request, LaneTransaction begun) {
        try {
            request.work().accept(begun);
        } catch (Throwable e) {
            request.exchange().fail(NativeErrors.map(e, null));
        }
    }

    /** Lets the statements wait for another process, as long as each may; false if the transaction has ended. */
    private boolean waitOn() {
        try {
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
        } catch (Throwable e) {
            return false;
        }
    }

    /** Fails what waits; the transaction may be tried again. */
    void refuse(R2dbcException error) {
        synchronized (this) {
            if (state == State.CLAIMING || state == State.BEGINNING) {
                state = State.IDLE;
            }
            failAll(error);
        }
    }

    /** Fails what waits; needs no memory. */
    private void failAll(R2dbcException error) {
        claimWaits = false;
        for (int i = 0; i < ready.size(); i++) {
            ready.get(i).exchange().fail(error);
        }
        ready.clear();
        for (Pending next = pending.poll(); next != null; next = pending.poll()) {
            next.exchange().fail(error);
        }
    }

    private void watchIdleness(Lane lane, LaneTransaction begun, long calls) {
        Duration timeout = options.idleTimeout();
        if (!timeout.isZero()) {
            try {
                DriverThreads.later(() -> expireIfIdle(lane, begun, calls), timeout.toNanos());
            } catch (Throwable e) {
                // There is no memory for the timer now, and this transaction does without.
                return;
            }
        }
    }

    private void expireIfIdle(Lane lane, LaneTransaction begun, long calls) {
        Persistent end = Persistent.of(() -> begun.rollback(() -> {}));
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
        end.begin();
    }

    /** Asks the engine about a transaction that it has begun. */
    void askState(Exchange<TransactionState> exchange) {
        TransactionState known;
        synchronized (this) {
            LaneTransaction current = started;
            if (state == State.STARTED && current != null) {
                current.askState(exchange);
                return;
            }
            known = switch (state) {
                case EXPIRED -> TransactionState.LOST;
                case ENDED -> TransactionState.NONE;
                default -> TransactionState.BEGUN;
            };
        }
        if (exchange.start()) {
            exchange.answer(known);
        }
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

    /** Ends the statement that runs, and rolls back behind it; what waits before it is dropped. Bears repetition. */
    void rollback(Runnable whenDone) {
        LaneTransaction current;
        synchronized (this) {
            state = State.ENDED;
            current = started;
            failAll(TransactionErrors.over(
                    closed, "The transaction was rolled back before this statement was started", null));
        }
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
}
