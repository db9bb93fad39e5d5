package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.write.Attempts;
import com.decentdb.r2dbc.cluster.write.LineSource;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.TransactionOptions;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
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

    private final ClusterDatabase database;
    private final TransactionOptions options;
    private final WaitingStatements waiting;
    private volatile @Nullable PinnedLine pinned;
    private Attempts attempts;
    private volatile State state = State.IDLE;
    private boolean readOnly;
    private @Nullable Line line;
    private @Nullable R2dbcException lostBy;
    private Runnable giveBack = () -> {};
    private final List<WriteStep> written = new ArrayList<>();
    private boolean restricted;
    private final TransactionLimits limits;

    ClusterTransaction(ClusterDatabase database, TransactionOptions options, @Nullable PinnedLine pinned) {
        this.database = database;
        this.options = options;
        this.pinned = pinned;
        this.readOnly = options.readOnly();
        this.waiting = new WaitingStatements(database, options);
        this.attempts = database.attempts();
        this.limits = new TransactionLimits(database.loop(), options, this::exceeded);
    }

    /** Whether statements belong to it; any thread. */
    boolean active() {
        return state != State.ENDED;
    }

    /** Whether it holds a line or waits for one; any thread. */
    boolean started() {
        return state != State.IDLE && state != State.ENDED;
    }

    /** Lets it run on the line of its session, which was made before the first statement. */
    void pin(PinnedLine own) {
        pinned = own;
    }

    /** Notes a write, whose tables are told of the commit. */
    void wrote(WriteStep step) {
        written.add(step);
    }

    /** Runs work on its line, behind what was submitted before; it begins with the first. */
    void submit(Exchange<?> exchange, @Nullable String sql, Consumer<Line> work) {
        limits.used();
        Line open = line;
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
        TransactionClaim claim = new TransactionClaim(this, options.holder());
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
        state = waiting.any() ? State.BEGINNING : State.IDLE;
        return state == State.BEGINNING;
    }

    private void open() {
        if (state != State.BEGINNING) {
            end();
        } else if (!waiting.any()) {
            state = State.IDLE;
            end();
        } else {
            LineSource lines = pinned == null ? database.writer() : pinned;
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
        limits.begin(on);
        waiting.run(on, readOnly);
    }

    private void lost(Line on) {
        if (state == State.OPEN && line == on) {
            lose(Failures.rolledBack("the connection to the leader was lost", 0, null));
        }
    }

    /** A statement met trouble; the error for its user. Afterwards the transaction may be lost. */
    R2dbcException statementFailed(Line on, Trouble trouble, @Nullable String sql, boolean writes) {
        if (state == State.LOST) {
            return refusal(sql);
        }
        if (!trouble.readOnly() || !(readOnly || restricted)) {
            attempts.note(on, trouble);
        }
        R2dbcException error = Failures.inTransaction(trouble, sql);
        if (state == State.OPEN && line == on) {
            if (trouble.endsTransaction()) {
                on.close();
                lose(Failures.rolledBack(
                        "a statement of it failed: " + error.getMessage(), error.getErrorCode(), null));
            } else if (writes && trouble.constraint()) {
                TransactionCalls.ifNotOpen(on, () -> rolledBackByConflict(on));
            }
        }
        return error;
    }

    private void rolledBackByConflict(Line on) {
        on.whenLost(null);
        on.close();
        lose(Failures.rolledBack("a constraint of one of its statements says ROLLBACK", 0, null));
    }

    private void lose(R2dbcException why) {
        if (state == State.OPEN || state == State.BEGINNING || state == State.CLAIMING) {
            lostBy = why;
            state = State.LOST;
            waiting.fail(why);
            end();
        }
    }

    /** There will be no lease or line. */
    void refuse(R2dbcException error) {
        if (state == State.BEGINNING || state == State.CLAIMING) {
            state = State.IDLE;
        }
        end();
        waiting.fail(error);
    }

    /** Gives the lease or the line back. */
    private void end() {
        Line on = line;
        line = null;
        if (on != null) {
            on.whenLost(null);
            on.keep(false);
        }
        limits.end();
        Runnable back = giveBack;
        giveBack = () -> {};
        back.run();
    }

    /** A limit was exceeded: it ends at once, whatever runs. */
    private void exceeded(R2dbcException why) {
        Line on = line;
        if (state == State.OPEN && on != null) {
            lostBy = why;
            state = State.LOST;
            on.endAll();
            rollBackOn(on, () -> {});
        }
    }

    /** Lets it only read from now on. */
    void setReadOnly(boolean wanted, Exchange<Void> exchange) {
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

    void commit(Exchange<Void> exchange) {
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
        state = State.ENDING;
        Runnable done = () -> {
            state = State.ENDED;
            database.committed(written);
            afterEnd(on, () -> exchange.answer(null));
        };
        TransactionCalls.commit(on, attempts, Deadlines.after(options.lockWait()), done, trouble -> {
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
        });
    }

    /** Ends what runs, and rolls back. */
    void rollback(Runnable whenDone) {
        if (state == State.ENDING) {
            // A commit is on its way: it decides.
            whenDone.run();
            return;
        }
        State before = state;
        Line on = line;
        state = State.ENDED;
        if (before == State.LOST && on != null) {
            // It is rolled back already, and what comes next on this line is to find it so.
            Runnable back = giveBack;
            giveBack = () -> {
                back.run();
                whenDone.run();
            };
        } else if (before == State.OPEN && on != null) {
            on.endAll();
            rollBackOn(on, whenDone);
        } else {
            whenDone.run();
        }
        waiting.fail(Errors.of("25000", "The transaction was rolled back before this statement was started", null));
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

    /** The lease is there; false if no statement waits for it any more. What gave it back comes to an end first. */
    boolean leased() {
        if (!wanted()) {
            return false;
        }
        Runnable release = database.lease()::release;
        database.loop().execute(this::open);
        giveBack = release;
        return true;
    }

    /** A line to read on is there, which is given back if no statement waits for it any more. */
    void lent(Line granted) {
        if (wanted()) {
            giveBack = () -> database.readers().release(granted);
            opened(granted);
        } else {
            database.readers().release(granted);
        }
    }
}
