package com.decentdb.r2dbc.embedded;

import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.BufferedCursor;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.LaneCursor;
import com.decentdb.r2dbc.embedded.lane.LaneOutcome;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
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
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Runs the statements of one session outside transactions: queries on read lanes, the rest by group commit. */
final class AutoCommit {

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

    /** Gives up all results not read to their end, and those to come; what waits does not run any more. */
    void close() {
        open = false;
        abandonResults(Errors::closed);
        overShare.close().forEach(read -> read.refused(Errors.closed()));
        lanes.committer().dropClosed();
    }

    /** Gives up all results not read to their end; a subscriber that reads one gets an error, so that a cut result cannot pass
     * for a short one. */
    void abandonResults(Supplier<? extends Throwable> reason) {
        if (!cursors.isEmpty()) {
            Throwable error = reason.get();
            cursors.forEach(cursor -> cursor.abandon(error));
        }
    }

    boolean hasOpenResults() {
        return !cursors.isEmpty();
    }

    /** A request for the cursors of a command; those that arrive late are closed. */
    static Flux<Cursor> answers(Command command, Executor delivery, Consumer<Exchange<List<Cursor>>> submit) {
        Mono<List<Cursor>> cursors = Exchange.mono(delivery, late -> late.forEach(Cursor::close), submit);
        if (command.bindings().size() == 1) {
            return cursors.map(single -> single.get(0)).flux();
        }
        return cursors.flatMapIterable(Function.identity())
                .doOnDiscard(Cursor.class, Cursor::close)
                .doOnDiscard(List.class, AutoCommit::close);
    }

    private static void close(List<?> dropped) {
        dropped.forEach(each -> {
            if (each instanceof Cursor cursor) {
                cursor.close();
            }
        });
    }

    /** Runs a statement outside any transaction. */
    Flux<Cursor> execute(Command command) {
        ReadLanes readers = lanes.readers();
        if (readers == null || !command.sql().reads()) {
            return answers(command, delivery, exchange -> write(List.of(command), exchange));
        }
        if (command.bindings().size() == 1) {
            return answers(command, delivery, exchange -> read(readers, command, exchange));
        }
        return Flux.fromIterable(command.bindings())
                .concatMap(arguments ->
                        execute(Command.of(command.sql(), command.fetchSize(), command.lockWait(), arguments)));
    }

    /** Runs statements that change rows, in order up to the first that fails, with one commit. */
    Flux<Cursor> executeTogether(List<Command> writes) {
        // The outcomes of writes are in memory, so a cursor that reaches no subscriber holds nothing to be released.
        return Exchange.<List<Cursor>>mono(delivery, exchange -> write(writes, exchange))
                .flatMapIterable(Function.identity());
    }

    private void write(List<Command> commands, Exchange<List<Cursor>> exchange) {
        write(commands, exchange, Deadlines.after(commands.get(0).lockWait()));
    }

    private void write(List<Command> commands, Exchange<List<Cursor>> exchange, long deadline) {
        Command first = commands.get(0);
        exchange.expiresAt(
                deadline,
                () -> database.lease()
                        .timeout("The statement", first.lockWait(), first.sql().source()));
        lanes.committer()
                .submit(new GroupedWrite<>(commands, exchange, Function.identity(), database.lease(), () -> open));
    }

    private void read(ReadLanes readers, Command command, Exchange<List<Cursor>> exchange) {
        exchange.expiresAt(
                Deadlines.after(command.lockWait()),
                () -> readers.timeout(
                        "The query", command.lockWait(), command.sql().source()));
        new Read(command, exchange).submit(readers);
    }

    private void submitNext(ReadLanes readers) {
        Read next = overShare.poll();
        if (next != null) {
            next.submit(readers);
        }
    }

    /** A query outside any transaction on its way to a read lane. */
    private final class Read implements ReadLanes.Reader, WaitQueue.Request {

        private final Command command;
        private final Exchange<List<Cursor>> exchange;

        Read(Command command, Exchange<List<Cursor>> exchange) {
            this.command = command;
            this.exchange = exchange;
        }

        void submit(ReadLanes readers) {
            exchange.onCancel(() -> readers.withdraw(this));
            readers.submit(this);
        }

        @Override
        public void run(Lane lane, ReadLanes readers) {
            if (!exchange.start()) {
                readers.release(lane);
                return;
            }
            if (!open) {
                readers.release(lane);
                exchange.fail(Errors.closed());
                return;
            }
            boolean keepsLane = false;
            try {
                database.refresh(lane);
                if (!lane.reads(command.sql())) {
                    if (exchange.putBack()) {
                        write(List.of(command), exchange, exchange.deadline());
                    }
                    return;
                }
                LaneOutcome run = lane.run(command.sql(), command.bindings().get(0), command.fetchSize());
                keepsLane = run.rest() != null && mayKeepLane(readers);
                if (keepsLane) {
                    readers.rest(lane);
                } else if (run.rest() != null) {
                    run.abandon(lane);
                    waitForShare(readers);
                    return;
                }
                exchange.answer(List.of(cursor(lane, run, readers)));
            } catch (Throwable e) {
                exchange.fail(NativeErrors.map(e, command.sql().source()));
            } finally {
                if (!keepsLane) {
                    readers.release(lane);
                }
            }
        }

        private boolean mayKeepLane(ReadLanes readers) {
            if (lanesKept.incrementAndGet() <= readers.share()) {
                return true;
            }
            lanesKept.decrementAndGet();
            return false;
        }

        /** Waits until another result of the session ends, and runs again then. */
        private void waitForShare(ReadLanes readers) {
            exchange.expiresAt(exchange.deadline(), () -> overShare(readers));
            exchange.onCancel(() -> overShare.remove(this));
            if (!exchange.putBack()) {
                return;
            }
            if (!overShare.add(this)) {
                refused(Errors.closed());
            } else if (lanesKept.get() < readers.share()) {
                submitNext(readers);
            }
        }

        private R2dbcException overShare(ReadLanes readers) {
            return Errors.of(
                    "53400",
                    "The query waited " + command.lockWait().toMillis()
                            + " ms; none of its rows were delivered. This connection keeps " + readers.share()
                            + " results that are not read to their end, half of what all connections may keep together and the"
                            + " most that one may: read those to their end, cancel them, or use another connection",
                    command.sql().source());
        }

        private Cursor cursor(Lane lane, LaneOutcome run, ReadLanes readers) {
            if (run.rest() == null) {
                return new BufferedCursor(run.columns(), run.affectedRows(), run.rows(), List.of());
            }
            LaneCursor cursor = new LaneCursor(lane, command.sql(), run, command.fetchSize(), delivery, done -> {
                cursors.remove(done);
                lanesKept.decrementAndGet();
                readers.release(lane);
                submitNext(readers);
            });
            cursors.add(cursor);
            if (!open) {
                cursor.abandon(Errors.closed());
            }
            return cursor;
        }

        @Override
        public void refused(R2dbcException error) {
            exchange.fail(error);
        }

        @Override
        public Exchange<?> exchange() {
            return exchange;
        }
    }
}
