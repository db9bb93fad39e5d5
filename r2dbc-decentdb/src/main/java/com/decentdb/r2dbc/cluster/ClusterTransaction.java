package com.decentdb.r2dbc.cluster;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.line.ReaderLines;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.write.Attempts;
import com.decentdb.r2dbc.cluster.write.LineSource;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.TransactionOptions;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The way of a transaction from its first statement, with which it takes the lease or a reader line, to its end. Confined to the
 * loop; {@link #active} may be asked by any thread.
 */
final class ClusterTransaction implements LineOpener.Opened {

    private enum State {
        /** Nothing was executed, and nothing is held. */
        IDLE,
        /** Statements wait for the lease or a line. */
        CLAIMING,
        /** It is about to begin on a line. */
        BEGINNING,
        OPEN,
        /** COMMIT or ROLLBACK is on its way. */
        ENDING,
        /** It was lost, and its user is to roll back. */
        LOST,
        ENDED
    }

    /** Runs on the line once the transaction is open. */
    private record Pending(Exchange<?> exchange, Consumer<Line> work) implements WaitQueue.Request {}

    private final ClusterDatabase database;
    private final TransactionOptions options;
    private volatile @Nullable PinnedLine pinned;
    private final WaitQueue<Pending> pending = new WaitQueue<>(Integer.MAX_VALUE);
    private Attempts attempts;
    private volatile State state = State.IDLE;
    private boolean readOnly;
    private @Nullable Line line;
    private @Nullable R2dbcException lostBy;
    private Runnable giveBack = () -> {};
    private final List<WriteStep> written = new ArrayList<>();
    private boolean restricted;
    private long lastUse = System.nanoTime();
    private @Nullable ScheduledFuture<?> idleTimer;

    ClusterTransaction(ClusterDatabase database, TransactionOptions options, @Nullable PinnedLine pinned) {
        this.database = database;
        this.options = options;
        this.pinned = pinned;
        this.readOnly = options.readOnly();
        this.attempts = database.attempts();
    }

    /** Whether statements belong to it; any thread. */
    boolean active() {
        return state != State.ENDED;
    }

    /** Whether it holds a line or waits for one; any thread. */
    boolean started() {
        return state != State.IDLE && state != State.ENDED;
    }

    /** Lets it run on the line of its session, which got one before the first statement. */
    void pin(PinnedLine own) {
        pinned = own;
    }

    /** Notes a write, whose tables are told of the commit. */
    void wrote(WriteStep step) {
        written.add(step);
    }

    /** Runs work on its line, behind what was submitted before; it begins with the first. */
    void submit(Exchange<?> exchange, @Nullable String sql, Consumer<Line> work) {
        lastUse = System.nanoTime();
        Line open = line;
        switch (state) {
            case OPEN -> {
                if (open != null && exchange.start()) {
                    work.accept(open);
                }
            }
            case IDLE -> {
                enqueue(exchange, sql, work);
                claim();
            }
            case CLAIMING, BEGINNING -> enqueue(exchange, sql, work);
            default -> exchange.fail(refusal(sql));
        }
    }

    private void enqueue(Exchange<?> exchange, @Nullable String sql, Consumer<Line> work) {
        Pending request = new Pending(exchange, work);
        exchange.expiresAt(
                Deadlines.after(options.lockWait()), () -> lateness(sql));
        exchange.onCancel(() -> pending.remove(request));
        pending.add(request);
    }

    private R2dbcException lateness(@Nullable String sql) {
        String who = "The first statement of " + (options.name() == null ? "the transaction" : "the " + options);
        return readOnly
                ? ReaderLines.timeout(options.lockWait(), database.config().maxReaders(), sql)
                : database.lease().timeout(who, options.lockWait(), sql);
    }

    private R2dbcException refusal(@Nullable String sql) {
        R2dbcException error = lostBy;
        return error == null ? Errors.of("25000", "The transaction has ended", sql) : Errors.map(error, sql);
    }

    private void claim() {
        state = State.CLAIMING;
        Claim claim = new Claim();
        if (!readOnly) {
            database.lease().acquire(claim);
            return;
        }
        PinnedLine own = pinned;
        if (own == null) {
            database.readers().acquire(claim);
        } else {
            state = State.BEGINNING;
            own.line(this);
        }
    }

    /** Whether a statement still waits. */
    private boolean wanted() {
        if (state != State.CLAIMING) {
            return false;
        }
        boolean wanted = pending.hasWaiter();
        state = wanted ? State.BEGINNING : State.IDLE;
        return wanted;
    }

    private void open() {
        if (state != State.BEGINNING) {
            end();
        } else if (!pending.hasWaiter()) {
            state = State.IDLE;
            end();
        } else {
            PinnedLine own = pinned;
            LineSource lines = own == null ? database.writer() : own;
            lines.line(this);
        }
    }

    @Override
    public void opened(Line opened) {
        if (state != State.BEGINNING) {
            end();
            return;
        }
        line = opened;
        opened.keep(true);
        TransactionCalls.begin(opened, readOnly, () -> begun(opened), this::notBegun);
    }

    @Override
    public void failed(R2dbcException error) {
        refuse(error);
    }

    private void notBegun(Trouble trouble) {
        Line on = line;
        line = null;
        if (on == null) {
            return;
        }
        attempts.note(on, trouble);
        boolean lost = trouble instanceof Trouble.Loss || trouble.notBegun() || trouble.unknown();
        if (readOnly || lost) {
            on.close();
        }
        if (lost && attempts.onNewLeader(readOnly ? this::claimAgain : this::open)) {
            return;
        }
        if (trouble.busy()) {
            database.lease().lockedElsewhere();
            attempts.afterOthers(readOnly ? this::claimAgain : this::open);
            return;
        }
        refuse(lost ? Failures.ofRead(trouble, null) : Failures.inTransaction(trouble, null));
    }

    private void claimAgain() {
        boolean wanted = state == State.BEGINNING;
        end();
        if (wanted) {
            claim();
        }
    }

    private void begun(Line on) {
        if (state != State.BEGINNING) {
            rollBackOn(on, () -> {});
            return;
        }
        state = State.OPEN;
        attempts = database.attempts();
        if (!readOnly) {
            database.lease().lockedHere();
        }
        on.whenLost(() -> lost(on));
        watchIdleness();
        for (Pending request : pending.drain()) {
            if (request.exchange().start()) {
                request.work().accept(on);
            }
        }
    }

    private void lost(Line on) {
        if (state == State.OPEN && line == on) {
            lose(Failures.rolledBack("the connection to the leader was lost", 0, null));
        }
    }

    /** A statement met trouble; the error for its user. Afterwards the transaction may be lost. */
    R2dbcException statementFailed(Line on, Trouble trouble, @Nullable String sql, boolean writes) {
        attempts.note(on, trouble);
        R2dbcException error = Failures.inTransaction(trouble, sql);
        if (state == State.OPEN && line == on) {
            if (trouble.endsTransaction()) {
                on.close();
                lose(Failures.rolledBack("a statement of it failed: " + error.getMessage(), error.getErrorCode(), null));
            } else if (writes && trouble.constraint()) {
                TransactionCalls.ifNotOpen(on, () -> rolledBackByConflict(on));
            }
        }
        return error;
    }

    private void rolledBackByConflict(Line on) {
        lose(Failures.rolledBack("a constraint of one of its statements says ROLLBACK", 0, null));
        on.close();
    }

    private void lose(R2dbcException why) {
        if (state == State.OPEN || state == State.BEGINNING || state == State.CLAIMING) {
            lostBy = why;
            state = State.LOST;
            pending.drain().forEach(request -> request.exchange().fail(why));
            end();
        }
    }

    private void refuse(R2dbcException error) {
        if (state == State.BEGINNING || state == State.CLAIMING) {
            state = State.IDLE;
        }
        end();
        pending.drain().forEach(request -> request.exchange().fail(error));
    }

    /** Gives the lease or the line back. */
    private void end() {
        Line on = line;
        line = null;
        if (on != null) {
            on.whenLost(null);
            on.keep(false);
        }
        ScheduledFuture<?> timer = idleTimer;
        if (timer != null) {
            timer.cancel(false);
        }
        Runnable back = giveBack;
        giveBack = () -> {};
        back.run();
    }

    private void watchIdleness() {
        long timeout = options.idleTimeout().toNanos();
        if (timeout > 0) {
            long left = lastUse + timeout - System.nanoTime();
            idleTimer = database.loop().schedule(this::expireIfIdle, Math.max(0, left), TimeUnit.NANOSECONDS);
        }
    }

    private void expireIfIdle() {
        Line on = line;
        if (state != State.OPEN || on == null) {
            return;
        }
        if (!on.isFree()) {
            lastUse = System.nanoTime();
        }
        if (System.nanoTime() - lastUse < options.idleTimeout().toNanos()) {
            watchIdleness();
            return;
        }
        lostBy = Errors.of(
                "25P03",
                "The transaction was rolled back because it did nothing for longer than idleTransactionTimeout, which is "
                        + options.idleTimeout().toMillis() + " ms; begin another one",
                null);
        state = State.LOST;
        rollBackOn(on, () -> {});
    }

    /** Lets it only read from now on. */
    void setReadOnly(boolean wanted, Exchange<Void> exchange) {
        if (readOnly && !wanted) {
            exchange.fail(Errors.of("25001", "A transaction that only reads stays so to its end", null));
        } else if (readOnly == wanted || state == State.IDLE) {
            readOnly |= wanted;
            if (exchange.start()) {
                exchange.answer(null);
            }
        } else {
            submit(exchange, null, on -> TransactionCalls.call(
                    on,
                    TransactionCalls.ONLY_READ,
                    () -> {
                        restricted = true;
                        exchange.answer(null);
                    },
                    trouble -> exchange.fail(statementFailed(on, trouble, null, false))));
        }
    }

    void commit(Exchange<Void> exchange) {
        switch (state) {
            case IDLE -> {
                state = State.ENDED;
                if (exchange.start()) {
                    exchange.answer(null);
                }
            }
            case CLAIMING, BEGINNING -> {
                if (pending.hasWaiter()) {
                    enqueue(exchange, null, on -> commitOn(on, exchange));
                } else {
                    // The statements for which it claimed were given up: there is nothing to commit.
                    state = State.ENDED;
                    if (exchange.start()) {
                        exchange.answer(null);
                    }
                }
            }
            case OPEN -> {
                Line on = line;
                if (on != null && exchange.start()) {
                    commitOn(on, exchange);
                }
            }
            default -> exchange.fail(refusal("COMMIT"));
        }
    }

    private void commitOn(Line on, Exchange<Void> exchange) {
        state = State.ENDING;
        long busyUntil = Deadlines.after(options.lockWait());
        sendCommit(on, exchange, busyUntil);
    }

    private void sendCommit(Line on, Exchange<Void> exchange, long busyUntil) {
        TransactionCalls.call(on, "COMMIT", () -> {
            state = State.ENDED;
            database.committed(written);
            afterEnd(on, () -> exchange.answer(null));
        }, trouble -> {
            attempts.note(on, trouble);
            if (trouble.busy() && System.nanoTime() - busyUntil < 0) {
                attempts.afterOthers(() -> sendCommit(on, exchange, busyUntil));
                return;
            }
            R2dbcException error = Failures.ofCommit(trouble);
            state = State.ENDED;
            if (trouble.endsTransaction() || trouble.noTransaction()) {
                if (trouble.endsTransaction()) {
                    on.close();
                }
                afterEnd(on, () -> exchange.fail(error));
            } else {
                rollBackOn(on, () -> exchange.fail(error));
            }
        });
    }

    /** Ends what runs, and rolls back. */
    void rollback(Runnable whenDone) {
        State before = state;
        Line on = line;
        if (before == State.ENDING) {
            // A commit is on its way: it decides.
            whenDone.run();
            return;
        }
        state = State.ENDED;
        R2dbcException over = Errors.of(
                "25000", "The transaction was rolled back before this statement was started", null);
        List<Pending> dropped = pending.close();
        if (before == State.OPEN && on != null) {
            on.endAll();
            rollBackOn(on, whenDone);
        } else {
            whenDone.run();
        }
        dropped.forEach(request -> request.exchange().fail(over));
    }

    private void rollBackOn(Line on, Runnable whenDone) {
        TransactionCalls.rollback(on, () -> afterEnd(on, whenDone));
    }

    /** A line that may only read is made as it was, or closed. */
    private void afterEnd(Line on, Runnable whenDone) {
        TransactionCalls.restore(on, readOnly || restricted, () -> {
            end();
            whenDone.run();
        });
    }

    /** Waits for the lease or a reader line. The statements that wait for the same have deadlines, this has none. */
    private final class Claim implements WriteLease.Claimant, ReaderLines.Reader, WaitQueue.Lasting {

        @Override
        public boolean granted() {
            if (!wanted()) {
                return false;
            }
            giveBack = database.lease()::release;
            // Whoever gave the lease back is to come to an end first.
            database.loop().execute(ClusterTransaction.this::open);
            return true;
        }

        @Override
        public void granted(Line granted) {
            if (wanted()) {
                giveBack = () -> database.readers().release(granted);
                opened(granted);
            } else {
                database.readers().release(granted);
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
