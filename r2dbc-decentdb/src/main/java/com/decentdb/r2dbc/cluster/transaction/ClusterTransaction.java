package com.decentdb.r2dbc.cluster.transaction;

import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.cluster.database.PinnedLine;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.write.Attempts;
import com.decentdb.r2dbc.cluster.write.LineSource;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.TransactionOptions;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The way of a transaction from its first statement, with which it takes the lease or a reader line, to its end. Confined to the
 * loop; {@link #active} may be asked by any thread.
 */
public final class ClusterTransaction implements LineOpener.Opened {

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

    private final ClusterDatabase database;
    private final TransactionOptions options;
    private final WaitingStatements waiting;
    private volatile @Nullable PinnedLine pinned;
    private Attempts attempts;
    private volatile State state = State.IDLE;
    private boolean readOnly;
    private final Holding holding;
    private @Nullable R2dbcException lostBy;
    private final List<WriteStep> written = new ArrayList<>();
    private boolean restricted;
    private final TransactionLimits limits;

    public ClusterTransaction(ClusterDatabase database, TransactionOptions options, @Nullable PinnedLine pinned) {
        this.database = database;
        this.options = options;
        this.pinned = pinned;
        this.readOnly = options.readOnly();
        this.waiting = new WaitingStatements(database, options);
        this.attempts = database.attempts();
        this.limits = new TransactionLimits(database.loop(), options, this::exceeded);
        this.holding = new Holding(limits, database.config().times().rollback());
    }

    /** Whether statements belong to it; any thread. */
    public boolean active() {
        return state != State.ENDED;
    }

    /** Whether it holds a line or waits for one; any thread. */
    public boolean started() {
        return state != State.IDLE && state != State.ENDED;
    }

    /** Lets it run on the line of its session, which was made before the first statement. */
    public void pin(PinnedLine own) {
        pinned = own;
    }

    /** Notes a write, whose tables are told of the commit. */
    public void wrote(WriteStep step) {
        written.add(step);
    }

    /** Runs work on its line, behind what was submitted before; it begins with the first. */
    public void submit(Exchange<?> exchange, @Nullable String sql, Consumer<Line> work) {
        limits.used();
        Line open = holding.line();
        switch (state) {
            case OPEN -> {
                if (open != null && exchange.start()) {
                    work.accept(open);
                }
            }
            case IDLE -> {
                waiting.add(exchange, sql, readOnly, work);
                claim();
            }
            case CLAIMING, BEGINNING -> waiting.add(exchange, sql, readOnly, work);
            default -> exchange.fail(refusal(sql));
        }
    }

    private R2dbcException refusal(@Nullable String sql) {
        return lostBy == null ? Errors.of("25000", "The transaction has ended", sql) : Errors.map(lostBy, sql);
    }

    private void claim() {
        state = State.CLAIMING;
        orRefuse(() -> {
            TransactionClaim claim = new TransactionClaim(this, options.holder());
            PinnedLine own = pinned;
            if (!readOnly) {
                database.lease().acquire(claim);
            } else if (own == null) {
                database.readers().acquire(claim);
            } else {
                state = State.BEGINNING;
                own.line(this);
            }
        });
    }

    /** Takes a step towards its begin; those that wait for that learn of whatever the step throws. */
    private void orRefuse(Runnable step) {
        try {
            step.run();
        } catch (Throwable e) {
            failed(Errors.map(e, null));
        }
    }

    /** Whether a statement still waits. */
    private boolean wanted() {
        if (state != State.CLAIMING) {
            return false;
        }
        state = waiting.any() ? State.BEGINNING : State.IDLE;
        return state == State.BEGINNING;
    }

    private void open() {
        LineSource lines = pinned == null ? database.writer() : pinned;
        if (state == State.BEGINNING && waiting.any()) {
            lines.line(this);
        } else {
            state = state == State.BEGINNING ? State.IDLE : state;
            holding.giveBack();
        }
    }

    @Override
    public void opened(Line opened) {
        if (state == State.BEGINNING) {
            holding.take(opened);
            Duration timeout = database.config().times().statement();
            TransactionCalls.begin(opened, timeout, readOnly, () -> begun(opened), this::notBegun);
        } else {
            holding.giveBack();
        }
    }

    private void notBegun(Trouble trouble) {
        Line on = holding.line();
        if (on == null) {
            return;
        }
        attempts.note(on, trouble);
        if (state == State.OPEN) {
            // It had begun when the driver failed.
            lose(Failures.inTransaction(trouble, null));
            return;
        }
        holding.forget();
        boolean lost = trouble instanceof Trouble.Loss || trouble.notBegun() || trouble.unknown();
        if (readOnly || lost || trouble.withinAnother()) {
            on.close();
        }
        if (lost && attempts.onNewLeader(readOnly ? this::claimAgain : this::open, this::failed)) {
            return;
        }
        if (trouble.busy()) {
            database.lease().lockedElsewhere();
            attempts.afterOthers(readOnly ? this::claimAgain : this::open, this::failed);
            return;
        }
        failed(lost ? Failures.ofRead(trouble, null) : Failures.inTransaction(trouble, null));
    }

    private void claimAgain() {
        boolean wanted = state == State.BEGINNING;
        holding.giveBack();
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
        on.whenLost(() -> {
            if (state == State.OPEN && holding.line() == on) {
                lose(Failures.rolledBack("the connection to the leader was lost", 0, null));
            }
        });
        limits.begin(on);
        waiting.run(on, readOnly);
    }

    /** A statement met trouble; the error for its user. Afterwards the transaction may be lost. */
    R2dbcException statementFailed(Line on, Trouble trouble, @Nullable SqlCommand sql, boolean writes) {
        if (state == State.LOST) {
            return refusal(sql == null ? null : sql.source());
        }
        attempts.note(on, trouble);
        R2dbcException error = Failures.inTransaction(trouble, sql);
        if (state == State.OPEN && holding.line() == on) {
            if (trouble.endsTransaction()) {
                on.close();
                lose(Failures.rolledBack(
                        "a statement of it failed: " + error.getMessage(), error.getErrorCode(), null));
            } else if (writes && trouble.constraint()) {
                TransactionCalls.ifNotOpen(on, () -> {
                    on.whenLost(null);
                    on.close();
                    lose(Failures.rolledBack("a constraint of one of its statements says ROLLBACK", 0, null));
                });
            }
        }
        return error;
    }

    private void lose(R2dbcException why) {
        if (state == State.OPEN || state == State.BEGINNING || state == State.CLAIMING) {
            lostBy = why;
            state = State.LOST;
            waiting.fail(why);
            holding.giveBack();
        }
    }

    /** There will be no lease or line. */
    @Override
    public void failed(R2dbcException error) {
        if (state == State.BEGINNING || state == State.CLAIMING) {
            state = State.IDLE;
        }
        holding.giveBack();
        waiting.fail(error);
    }

    /** A limit was exceeded: it ends at once, whatever runs. */
    private void exceeded(R2dbcException why) {
        Line on = holding.line();
        if (state == State.OPEN && on != null) {
            lostBy = why;
            state = State.LOST;
            stop(on, () -> {});
        }
    }

    /** Lets it only read from now on. */
    public void setReadOnly(boolean wanted, Exchange<Void> exchange) {
        if (readOnly && !wanted) {
            exchange.fail(Errors.of("25001", "A transaction that only reads stays so to its end", null));
        } else if (readOnly == wanted || state == State.IDLE) {
            readOnly |= wanted;
            answer(exchange);
        } else {
            submit(exchange, null, on -> {
                // Restored even if that fails halfway.
                restricted = true;
                TransactionCalls.onlyRead(
                        on,
                        () -> exchange.answer(null),
                        trouble -> exchange.fail(statementFailed(on, trouble, null, false)));
            });
        }
    }

    public void commit(Exchange<Void> exchange) {
        boolean claims = state == State.CLAIMING || state == State.BEGINNING;
        if (state == State.IDLE || (claims && !waiting.any())) {
            // There is nothing to commit: the statements for which it claimed, if any, were given up.
            state = State.ENDED;
            answer(exchange);
        } else {
            submit(exchange, "COMMIT", on -> commitOn(on, exchange));
        }
    }

    private static void answer(Exchange<Void> exchange) {
        if (exchange.start()) {
            exchange.answer(null);
        }
    }

    private void commitOn(Line on, Exchange<Void> exchange) {
        Runnable done = () -> {
            state = State.ENDED;
            try {
                database.committed(written);
            } finally {
                afterEnd(on, () -> exchange.answer(null));
            }
        };
        Consumer<Trouble> failed = trouble -> {
            state = State.ENDED;
            Runnable fail = () -> exchange.fail(Failures.ofCommit(trouble));
            if (trouble.endsTransaction()) {
                on.close();
                afterEnd(on, fail);
            } else if (trouble.noTransaction()) {
                afterEnd(on, fail);
            } else {
                rollBackOn(on, fail);
            }
        };
        state = State.ENDING;
        TransactionCalls.commit(on, attempts, Deadlines.after(options.lockWait()), done, failed);
    }

    /** Ends what runs, and rolls back. */
    public void rollback(Runnable whenDone) {
        if (state == State.ENDING) {
            // A commit is on its way: it decides.
            whenDone.run();
            return;
        }
        State before = state;
        Line on = holding.line();
        state = State.ENDED;
        if (before == State.LOST && on != null) {
            // It is rolled back already, and what comes next on this line is to find it so.
            holding.whenGivenBack(whenDone);
        } else if (before == State.OPEN && on != null) {
            stop(on, whenDone);
        } else {
            whenDone.run();
        }
        waiting.fail(Errors.of("25000", "The transaction was rolled back before this statement was started", null));
    }

    /** Ends what runs, and rolls back. */
    private void stop(Line on, Runnable whenDone) {
        on.endAll();
        rollBackOn(on, whenDone);
    }

    private void rollBackOn(Line on, Runnable whenDone) {
        holding.rollBack(on, readOnly || restricted, whenDone);
    }

    private void afterEnd(Line on, Runnable whenDone) {
        holding.restore(on, readOnly || restricted, whenDone);
    }

    /** The lease is there; false if no statement waits for it any more. */
    boolean leased() {
        if (!wanted()) {
            return false;
        }
        try {
            holding.giveBackBy(database.lease()::release);
            // The one that gave the lease back is to come to an end first.
            database.loop().execute(() -> orRefuse(this::open));
            return true;
        } catch (Throwable e) {
            holding.giveBackBy(() -> {});
            failed(Errors.map(e, null));
            return false;
        }
    }

    /** A line to read on is there, which is given back if no statement waits for it any more. */
    void lent(Line granted) {
        if (wanted()) {
            holding.giveBackBy(() -> database.readers().release(granted));
            opened(granted);
        } else {
            database.readers().release(granted);
        }
    }
}
