package com.decentdb.r2dbc.embedded;

import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.Spread;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Interrupts;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.LaneCursor;
import com.decentdb.r2dbc.embedded.lane.LaneOutcome;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.embedded.open.Database;
import com.decentdb.r2dbc.embedded.write.GroupedWrite;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/** Runs the statements of one session outside transactions: queries on read lanes, the rest by group commit. */
final class AutoCommit implements Interrupts.Owner {

    /** The answer to a command with one list of arguments. */
    static final Function<List<Cursor>, Cursor> ONLY = outcomes -> outcomes.get(0);

    private final Database database;
    private final SessionLanes lanes;
    private final Executor delivery;
    /** Results read beyond their first rows. */
    private final Set<LaneCursor> cursors = ConcurrentHashMap.newKeySet();
    /** How many of these keep a lane that others wait for. */
    private final AtomicInteger lanesKept = new AtomicInteger();
    /** Queries whose results would keep more lanes than the session may. */
    private final WaitQueue<Read> overShare = new WaitQueue<>(Integer.MAX_VALUE);

    private volatile boolean open = true;

    AutoCommit(Database database, SessionLanes lanes, Executor delivery) {
        this.database = database;
        this.lanes = lanes;
        this.delivery = delivery;
    }

    /** Gives up all results not read to their end, and those to come; what waits does not run any more. Bears repetition. */
    void close() {
        open = false;
        abandonResults(Errors::closed);
        List<Read> refused = overShare.close();
        for (int i = 0; i < refused.size(); i++) {
            refused.get(i).refused(Errors.closed());
        }
        lanes.committer().dropClosed();
    }

    /**
     * Ends what runs, and gives up all results not read to their end; a subscriber that reads one gets an error, so that a cut result
     * cannot pass for a short one.
     */
    void abandonResults(Supplier<? extends Throwable> reason) {
        lanes.end(this);
        if (!cursors.isEmpty()) {
            Throwable error = reason.get();
            cursors.forEach(cursor -> cursor.abandon(error));
        }
    }

    @Override
    public @Nullable R2dbcException refusal() {
        return open ? null : Errors.closed();
    }

    boolean hasOpenResults() {
        return !cursors.isEmpty();
    }

    /** A request for the one cursor of a command; it is closed if it arrives late. */
    static Flux<Cursor> answer(Executor delivery, Consumer<Exchange<Cursor>> submit) {
        return Exchange.flux(delivery, Cursor::close, submit);
    }

    /** A request for the cursors of a command; those that arrive late are closed. */
    static Flux<Cursor> answers(Executor delivery, Consumer<Exchange<List<Cursor>>> submit) {
        return Spread.of(Exchange.mono(delivery, late -> late.forEach(Cursor::close), submit), Cursor::close);
    }

    /** Runs a statement outside any transaction. */
    Flux<Cursor> execute(Command command) {
        ReadLanes readers = lanes.readers();
        if (readers == null || !command.sql().reads()) {
            return command.bindings().size() == 1
                    ? answer(delivery, exchange -> write(List.of(command), exchange, ONLY))
                    : answers(delivery, exchange -> write(List.of(command), exchange, Function.identity()));
        }
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Cursor> subscriber) {
                subscriber.onSubscribe(new Read(subscriber, readers, command));
            }
        };
    }

    /** Runs statements that change rows, in order up to the first that fails, with one commit. */
    Flux<Cursor> executeTogether(List<Command> writes) {
        // The outcomes of writes are in memory, so a cursor that reaches no subscriber holds nothing to be released.
        return Spread.of(Exchange.mono(delivery, exchange -> write(writes, exchange, Function.identity())));
    }

    private <T> void write(List<Command> commands, Exchange<T> exchange, Function<List<Cursor>, T> answer) {
        write(commands, exchange, answer, Deadlines.after(commands.get(0).lockWait()));
    }

    private <T> void write(
            List<Command> commands, Exchange<T> exchange, Function<List<Cursor>, T> answer, long deadline) {
        Command first = commands.get(0);
        exchange.expiresAt(
                deadline,
                () -> database.lease()
                        .timeout("The statement", first.lockWait(), first.sql().source()));
        lanes.committer().submit(new GroupedWrite<>(commands, exchange, this, answer, database.lease()));
    }

    private void submitNext(ReadLanes readers) {
        Read next = overShare.poll();
        if (next != null) {
            try {
                readers.submit(next);
            } catch (Throwable e) {
                next.fail(NativeErrors.ofStatement(e, next.command.sql()));
            }
        }
    }

    /** A query outside any transaction on its way to a read lane. */
    private final class Read extends Exchange<Cursor> implements ReadLanes.Reader {

        private final ReadLanes readers;
        private final Command command;

        Read(CoreSubscriber<? super Cursor> subscriber, ReadLanes readers, Command command) {
            super(subscriber, delivery);
            this.readers = readers;
            this.command = command;
        }

        @Override
        protected void submit() {
            expiresAt(Deadlines.after(command.lockWait()));
            readers.submit(this);
        }

        @Override
        protected void release(Cursor late) {
            late.close();
        }

        @Override
        protected R2dbcException lateness() {
            R2dbcException ofWrite = super.lateness();
            return ofWrite == null
                    ? readers.timeout(
                            "The query", command.lockWait(), command.sql().source())
                    : ofWrite;
        }

        @Override
        protected void withdraw() {
            readers.withdraw(this);
            super.withdraw();
        }

        @Override
        public void run(Lane lane, ReadLanes giver) {
            if (!start()) {
                readers.release(lane);
                return;
            }
            boolean keepsLane = false;
            try {
                LaneOutcome run = lane.interrupts().run(AutoCommit.this, this, () -> outcome(lane));
                if (run == null) {
                    if (putBack()) {
                        write(List.of(command), this, ONLY, deadline());
                    }
                    return;
                }
                if (run.rest() == null) {
                    answer(run);
                    return;
                }
                Cursor cursor = mayKeepLane() ? cursor(lane, run) : null;
                if (cursor == null) {
                    run.abandon(lane);
                    waitForShare();
                    return;
                }
                keepsLane = true;
                readers.rest(lane);
                answer(cursor);
            } catch (Throwable e) {
                fail(NativeErrors.ofStatement(e, command.sql()));
            } finally {
                if (!keepsLane) {
                    readers.release(lane);
                }
            }
        }

        private boolean mayKeepLane() {
            if (lanesKept.incrementAndGet() <= readers.share()) {
                return true;
            }
            lanesKept.decrementAndGet();
            return false;
        }

        /** Waits until another result of the session ends, and runs again then. */
        private void waitForShare() {
            expiresAt(deadline(), this::overShare);
            onCancel(() -> overShare.remove(this));
            if (!putBack()) {
                return;
            }
            if (!overShare.add(this)) {
                refused(Errors.closed());
            } else if (lanesKept.get() < readers.share()) {
                submitNext(readers);
            }
        }

        private R2dbcException overShare() {
            return Errors.of(
                    "53400",
                    "The query waited " + command.lockWait().toMillis()
                            + " ms; none of its rows were delivered. This connection keeps " + readers.share()
                            + " results that are not read to their end, half of what all connections may keep together and the"
                            + " most that one may: read those to their end, cancel them, or use another connection",
                    command.sql().source());
        }

        /** Runs the query; null, and nothing has happened, if it writes. */
        private @Nullable LaneOutcome outcome(Lane lane) {
            database.refresh(lane);
            if (!lane.reads(command.sql())) {
                return null;
            }
            long began = System.nanoTime();
            LaneOutcome run = lane.run(command.sql(), command.bindings().get(0), command.fetchSize());
            database.took(lane, System.nanoTime() - began);
            return run;
        }

        private Cursor cursor(Lane lane, LaneOutcome run) {
            LaneCursor cursor;
            try {
                cursor = new LaneCursor(
                        lane, command.sql(), run, command.fetchSize(), delivery, AutoCommit.this, done -> {
                            try {
                                cursors.remove(done);
                            } finally {
                                lanesKept.decrementAndGet();
                                readers.release(lane);
                                submitNext(readers);
                            }
                        });
                cursors.add(cursor);
            } catch (Throwable e) {
                lanesKept.decrementAndGet();
                run.abandon(lane);
                throw e;
            }
            if (!open) {
                cursor.abandon(Errors.closed());
            }
            return cursor;
        }

        @Override
        public void refused(R2dbcException error) {
            fail(error);
        }
    }
}
