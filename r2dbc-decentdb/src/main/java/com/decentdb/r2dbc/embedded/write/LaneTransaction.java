package com.decentdb.r2dbc.embedded.write;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.api.TransactionState;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.BatchInsert;
import com.decentdb.r2dbc.embedded.lane.Interrupts;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.LaneCursor;
import com.decentdb.r2dbc.embedded.lane.LaneOutcome;
import com.decentdb.r2dbc.embedded.lane.Savepoint;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.BufferedCursor;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A native transaction, which has its lane alone until it ends: the writer lane, with the write lock, or a read lane. Its
 * statements run in the order they were submitted.
 */
public final class LaneTransaction implements Interrupts.Owner {

    private enum State {
        ACTIVE,
        /** The engine gave the transaction up; it only remains to be ended. */
        LOST,
        ENDING,
        ENDED
    }

    private final Lane lane;
    /** The handle on which the transaction was begun; if the lane has another by now, the transaction is lost. */
    private final NativeDatabase handle;

    private final boolean readOnly;
    private final EngineTraits traits;
    private final Executor delivery;
    private final Runnable giveLaneBack;
    private final Runnable whenCommitted;
    /** Results read beyond their first rows; confined to the lane's tasks. */
    private final Set<LaneCursor> cursors = new LinkedHashSet<>();

    private final Runnable abandonment = this::abandonResults;

    /** Whether it may only read although it was begun to write; confined to the lane's tasks. */
    private boolean restricted;

    /** Whether its connection was closed, which what was not begun is to report. */
    private volatile boolean closed;

    /** Whether it is being rolled back. */
    private volatile boolean refusing;

    private final AtomicReference<State> state = new AtomicReference<>(State.ACTIVE);

    private LaneTransaction(
            Lane lane,
            boolean readOnly,
            EngineTraits traits,
            Executor delivery,
            Runnable giveLaneBack,
            Runnable whenCommitted) {
        this.lane = lane;
        this.handle = lane.database();
        this.readOnly = readOnly;
        this.traits = traits;
        this.delivery = delivery;
        this.giveLaneBack = giveLaneBack;
        this.whenCommitted = whenCommitted;
    }

    /**
     * Begins a transaction; in a task of the lane, which the caller gives back if this fails.
     *
     * @param giveLaneBack ends the exclusive use of the lane; called once, in a task of it; needs no memory
     * @param whenCommitted must not throw
     */
    public static LaneTransaction begin(
            Lane lane,
            boolean readOnly,
            EngineTraits traits,
            Executor delivery,
            Runnable giveLaneBack,
            Runnable whenCommitted) {
        if (lane.inTransaction()) {
            throw Errors.of("25001", "Another transaction was begun on this connection meanwhile", null);
        }
        LaneTransaction begun = new LaneTransaction(lane, readOnly, traits, delivery, giveLaneBack, whenCommitted);
        if (readOnly) {
            lane.begin();
        } else {
            lane.beginWriting();
        }
        return begun;
    }

    /** Whether statements still belong to it. */
    public boolean active() {
        State now = state.get();
        return now == State.ACTIVE || now == State.LOST;
    }

    /** Lets no further statement start, since its connection is closed; returns whether the engine is busy with one. */
    public boolean busyAfterLast() {
        closed = true;
        refuse();
        return lane.busy();
    }

    /**
     * Runs a command. The answer is made of one cursor for each list of arguments; of several executions all are kept, or none if
     * one of them fails or their subscriber cancels.
     */
    public <T> void execute(Command command, Exchange<T> exchange, Function<List<Cursor>, T> answer) {
        submit(exchange, command.sql(), () -> answer.apply(run(command, exchange)));
    }

    /** Calls its handle, which sees what the transaction did. */
    public <T> void call(Function<NativeDatabase, @Nullable T> call, Exchange<T> exchange) {
        submit(exchange, null, () -> interruptible(exchange, () -> lane.call(call)));
    }

    /**
     * Work that cancelling its subscriber, or rolling the transaction back, ends. An engine may give the transaction up with it,
     * which {@link #noteLoss} finds out.
     */
    private <T extends @Nullable Object> T interruptible(Exchange<?> exchange, Supplier<T> work) {
        return lane.interrupts().run(this, exchange, work);
    }

    @Override
    public @Nullable R2dbcException refusal() {
        return refusing ? over("The transaction was rolled back before this statement was started", null) : null;
    }

    private <T> void submit(Exchange<T> exchange, @Nullable SqlCommand sql, Supplier<@Nullable T> work) {
        exchange.submitTo(lane, () -> {
            try {
                noteLoss(false);
                State now = state.get();
                if (now == State.ACTIVE) {
                    exchange.answer(work.get());
                } else if (now == State.LOST) {
                    exchange.fail(lost(source(sql)));
                } else {
                    exchange.fail(over("The transaction ended before this statement was started", source(sql)));
                }
            } catch (Throwable e) {
                noteLoss(true);
                exchange.fail(
                        lane.holds(handle)
                                ? NativeErrors.ofStatement(e, sql)
                                : Errors.of(
                                        "40000", "The engine failed and was restarted: " + e.getMessage(), 0, null, e));
            }
        });
    }

    private static @Nullable String source(@Nullable SqlCommand sql) {
        return sql == null ? null : sql.source();
    }

    /** Asks the engine whether it has the transaction. */
    public void askState(Exchange<TransactionState> exchange) {
        exchange.submitTo(lane, () -> {
            noteLoss(true);
            exchange.answer(
                    switch (state.get()) {
                        case ACTIVE -> TransactionState.ACTIVE;
                        case LOST -> TransactionState.LOST;
                        default -> TransactionState.NONE;
                    });
        });
    }

    /** Lets it only read from now on; it cannot be let write again. */
    public void setReadOnly(boolean wanted, Exchange<Void> exchange) {
        exchange.submitTo(lane, () -> {
            if (!wanted && (readOnly || restricted)) {
                exchange.fail(staysReadOnly());
                return;
            }
            restricted |= wanted;
            exchange.answer(null);
        });
    }

    /** The error where a transaction that only reads is to write. */
    public static R2dbcException staysReadOnly() {
        return Errors.of(
                "25001", "The transaction is read-only and cannot be made to write; begin another transaction", null);
    }

    /** Commits; the lane is given back whatever the outcome. */
    public void commit(Exchange<Void> exchange) {
        exchange.submitTo(lane, () -> commitNow(exchange));
    }

    private void commitNow(Exchange<Void> exchange) {
        noteLoss(false);
        if (state.compareAndSet(State.LOST, State.ENDING)) {
            undo();
            exchange.fail(lost(null));
            return;
        }
        // The thread that takes it out of ACTIVE ends it: a rollback may come from any thread at this very moment.
        if (!state.compareAndSet(State.ACTIVE, State.ENDING)) {
            exchange.fail(over("The transaction has ended already", null));
            return;
        }
        try {
            interruptible(exchange, () -> detachResults());
            lane.commit();
        } catch (Throwable e) {
            lane.rollback();
            end();
            exchange.fail(NativeErrors.map(e, null));
            return;
        }
        if (!readOnly) {
            whenCommitted.run();
        }
        end();
        exchange.answer(null);
    }

    private void undo() {
        Persistent.insist(abandonment);
        lane.rollback();
        end();
    }

    /** Rolls it back since its session does not want it; in a task of the lane. Needs no memory. */
    public void drop() {
        refuse();
        undo();
    }

    /** Ends the statement that runs, and rolls back behind it; what waits before it is dropped. Bears repetition. */
    public void rollback(Runnable whenDone) {
        Task task = Task.of(() -> {
            if (state.get() != State.ENDED) {
                undo();
            }
            whenDone.run();
        });
        refuse();
        lane.interrupts().end(this);
        try {
            lane.execute(task);
        } catch (RejectedExecutionException e) {
            // The lane ended with its session, and its handle took the transaction with it.
            if (state.getAndSet(State.ENDED) != State.ENDED) {
                giveLaneBack.run();
            }
            whenDone.run();
        }
    }

    private List<Cursor> run(Command command, Exchange<?> exchange) {
        if (command.bindings().size() == 1) {
            return List.of(interruptible(
                    exchange, () -> run(command, command.bindings().get(0), prepare(command))));
        }
        BatchInsert insert = BatchInsert.of(lane, command.sql(), command.bindings());
        Supplier<List<Cursor>> all = () -> interruptible(exchange, () -> runAll(command, insert));
        boolean undone = insert != null && insert.oneCall() && traits.undoesBatches();
        return undone ? all.get() : Savepoint.around(lane, all);
    }

    private List<Cursor> runAll(Command command, @Nullable BatchInsert insert) {
        boolean reads = prepare(command);
        if (insert != null) {
            return insert.run(lane);
        }
        List<Cursor> result = new ArrayList<>(command.bindings().size());
        for (Value[] arguments : command.bindings()) {
            result.add(run(command, arguments, reads));
        }
        return result;
    }

    /** Makes sure that the command may run now; whether it only reads. */
    private boolean prepare(Command command) {
        SqlCommand sql = command.sql();
        boolean reads = lane.reads(sql);
        if ((readOnly || restricted) && !reads && !sql.kind().transactionControl()) {
            throw Errors.of(
                    "25006", "The transaction is read-only and cannot run a statement that writes", sql.source());
        }
        if (!reads && !cursors.isEmpty()) {
            // A result must not depend on whether a later write of the same transaction came in between.
            detachResults();
        }
        return reads;
    }

    private Cursor run(Command command, Value[] arguments, boolean reads) {
        LaneOutcome run = lane.run(command.sql(), arguments, command.fetchSize());
        return cursor(command.sql(), run, command.fetchSize(), reads);
    }

    private Cursor cursor(SqlCommand sql, LaneOutcome run, int fetchSize, boolean reads) {
        if (run.rest() == null) {
            return run;
        }
        if (!reads) {
            List<RowBatch> rest = LaneCursor.drain(lane, run, fetchSize);
            return new BufferedCursor(run.columns(), run.affectedRows(), run.rows(), rest);
        }
        try {
            LaneCursor cursor = new LaneCursor(lane, sql, run, fetchSize, delivery, this, cursors::remove);
            cursors.add(cursor);
            return cursor;
        } catch (Throwable e) {
            run.abandon(lane);
            throw e;
        }
    }

    private boolean detachResults() {
        List.copyOf(cursors).forEach(LaneCursor::detach);
        return true;
    }

    private void abandonResults() {
        List.copyOf(cursors)
                .forEach(cursor -> cursor.abort(
                        Errors.of("25000", "The transaction was rolled back before all rows were read", null)));
    }

    private R2dbcException over(String message, @Nullable String sql) {
        return closed ? Errors.closed() : Errors.of("25000", message, sql);
    }

    private void refuse() {
        refusing = true;
        if (!state.compareAndSet(State.ACTIVE, State.ENDING)) {
            state.compareAndSet(State.LOST, State.ENDING);
        }
    }

    /**
     * Notes if the engine's transaction is gone, by an error or with its handle; what follows would run outside any.
     *
     * @param ask whether the engine is to say so, as behind an error
     */
    private void noteLoss(boolean ask) {
        boolean gone = !lane.holds(handle);
        if (!gone && ask) {
            try {
                gone = !lane.call(NativeDatabase::inTransaction);
            } catch (Throwable e) {
                gone = true;
            }
        }
        if (gone) {
            state.compareAndSet(State.ACTIVE, State.LOST);
        }
    }

    private static R2dbcException lost(@Nullable String sql) {
        return Errors.of(
                "40000", "The engine rolled the transaction back after an earlier error; end it and try again", sql);
    }

    private void end() {
        state.set(State.ENDED);
        giveLaneBack.run();
    }
}
