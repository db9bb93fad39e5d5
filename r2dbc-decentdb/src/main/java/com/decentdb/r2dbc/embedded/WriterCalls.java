package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.api.TransactionState;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Interrupts;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.embedded.meter.WriteCounters;
import com.decentdb.r2dbc.embedded.open.Database;
import com.decentdb.r2dbc.embedded.write.GroupCommitter;
import com.decentdb.r2dbc.embedded.write.GroupedWrite;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Everything that a session asks of the writer lane besides statements: queued writes, checkpoints, copies, metadata. */
final class WriterCalls implements Interrupts.Owner {

    /** Writers wait meanwhile, so a checkpoint does not wait for readers as long as for the write lock. */
    private static final Duration CHECKPOINT_WAIT = Duration.ofSeconds(2);

    private final Database database;
    private final BooleanSupplier open;
    private final Executor delivery;

    /**
     * The calls of one session.
     *
     * @param open whether the session is open; what has not begun when it is closed does not run
     */
    WriterCalls(Database database, BooleanSupplier open, Executor delivery) {
        this.database = database;
        this.open = open;
        this.delivery = delivery;
    }

    @Override
    public @Nullable R2dbcException refusal() {
        return open.getAsBoolean() ? null : Errors.closed();
    }

    /** Ends what runs. */
    void end(SessionLanes lanes) {
        lanes.end(this);
        database.shared().end(this);
    }

    /**
     * A write through the write queue.
     *
     * @param timeout how long it may wait until it is started; zero for as long as writes of this process take
     * @param lockWait how long it may wait for another process, if it has no timeout
     */
    Mono<Long> queued(
            SqlCommand sql,
            Value[] arguments,
            Duration timeout,
            Duration lockWait,
            Consumer<GroupedWrite<Long>> submit) {
        return Exchange.mono(delivery, exchange -> {
            if (timeout.isZero()) {
                exchange.expiresAt(
                        WaitQueue.Waiter.NEVER,
                        () -> database.lease().timeout("The queued write", lockWait, sql.source()));
            } else {
                exchange.expiresAt(
                        Deadlines.after(timeout),
                        () -> Errors.of(
                                "HYT00",
                                "The queued write waited " + timeout.toMillis() + " ms and was not started",
                                sql.source()));
            }
            submit.accept(new GroupedWrite<>(
                    List.of(Command.of(sql, 1, lockWait, arguments)),
                    exchange,
                    this,
                    WriterCalls::affectedRows,
                    database.lease()));
        });
    }

    private static long affectedRows(List<Cursor> outcomes) {
        return outcomes.stream().mapToLong(Cursor::affectedRows).sum();
    }

    /** The counters. */
    Mono<WriteQueueMetrics> metrics() {
        return onLane(database.shared().writer(), handle -> metrics(database.queue()));
    }

    /**
     * Gives the engine the counters for its view of them, which else shows a queue that the driver does not use. An engine that
     * cannot take them goes on showing that.
     */
    private Mono<Void> reportQueue() {
        return onLane(database.shared().writer(), handle -> {
            WriteQueueMetrics now = metrics(database.queue());
            long unknown = com.decentdb.ffi.WriteQueueMetrics.NOT_COUNTED;
            boolean unused = handle.reportWriteQueue(new com.decentdb.ffi.WriteQueueMetrics(
                    now.capacity(),
                    now.waiting(),
                    unknown,
                    unknown,
                    unknown,
                    unknown,
                    now.executed(),
                    now.committed(),
                    now.failed(),
                    now.batches(),
                    now.syncs(),
                    now.largestBatch(),
                    now.committed(),
                    now.syncsSaved(),
                    now.waitNanos()));
            return null;
        });
    }

    /** The run of a command, behind the report of the queue if it reads that. */
    Flux<Cursor> reported(Command command, Flux<Cursor> run) {
        return command.sql().readsWriteQueue() ? reportQueue().thenMany(run) : run;
    }

    /** Asks the engine for the transaction of a session. Without a lane of its own, a session that began none has none. */
    Mono<TransactionState> transactionState(@Nullable SessionTransaction current, SessionPlace place) {
        if (current != null) {
            return Exchange.mono(delivery, current::askState);
        }
        return place.isPinned()
                ? onLane(
                        place.lanes().writer(),
                        handle -> handle.inTransaction() ? TransactionState.ACTIVE : TransactionState.NONE)
                : Mono.just(TransactionState.NONE);
    }

    /** Calls a lane's handle, in order with the statements of its session there. */
    <T> Mono<T> onLane(Lane lane, Function<NativeDatabase, @Nullable T> call) {
        return Exchange.mono(
                delivery,
                exchange -> exchange.submitTo(
                        lane, () -> outcome(exchange, lane, call).run()));
    }

    private static WriteQueueMetrics metrics(GroupCommitter queue) {
        WriteCounters done = queue.counters();
        return new WriteQueueMetrics(
                queue.capacity(),
                queue.waiting(),
                done.executed(),
                done.committed(),
                done.failed(),
                done.commits(),
                done.largestGroup(),
                done.commits(),
                done.committed() - done.commits(),
                done.waitNanos());
    }

    Mono<Void> checkpoint(Duration lockWait) {
        return underLease("The checkpoint", lockWait, database.shared().writer(), handle -> {
            boolean done = false;
            try {
                handle.checkpoint();
                done = true;
            } finally {
                database.counters().checkpointed(done);
            }
            return null;
        });
    }

    /** Copies the database beside the one that writes where the engine can. */
    Mono<Void> saveAs(Path path, Duration lockWait) {
        SessionLanes lanes = database.shared();
        ReadLanes readers = database.traits().copiesAtAnyTime() ? lanes.readers() : null;
        Function<NativeDatabase, @Nullable Void> copy = handle -> {
            try {
                handle.saveAs(path.toAbsolutePath().toString());
            } catch (NativeException e) {
                if (EngineTraits.breaksHandle(e) || e.status() == Status.CANCELED) {
                    throw e;
                }
                throw Errors.of("58030", "Cannot copy the database to " + path + ": " + e.getMessage(), 0, null, e);
            }
            return null;
        };
        return readers == null
                ? underLease("The copy", lockWait, lanes.writer(), copy)
                : reading("The copy", readers, lockWait, copy);
    }

    /** Reads what the handles of a session see, outside transactions. */
    <T> Mono<T> reading(SessionLanes lanes, Duration lockWait, Function<NativeDatabase, @Nullable T> call) {
        ReadLanes readers = lanes.readers();
        return readers == null
                ? underLease("Reading the schema", lockWait, lanes.writer(), call)
                : reading("Reading the schema", readers, lockWait, call);
    }

    private <T> Mono<T> reading(
            String what, ReadLanes readers, Duration lockWait, Function<NativeDatabase, @Nullable T> call) {
        return Exchange.mono(delivery, exchange -> {
            exchange.expiresAt(Deadlines.after(lockWait), () -> readers.timeout(what, lockWait, null));
            ReadCall<T> read = new ReadCall<>(exchange, call);
            exchange.onCancel(() -> readers.withdraw(read));
            readers.submit(read);
        });
    }

    private final class ReadCall<T> implements ReadLanes.Reader, WaitQueue.Request {

        private final Exchange<T> exchange;
        private final Function<NativeDatabase, @Nullable T> call;

        ReadCall(Exchange<T> exchange, Function<NativeDatabase, @Nullable T> call) {
            this.exchange = exchange;
            this.call = call;
        }

        @Override
        public Exchange<?> exchange() {
            return exchange;
        }

        @Override
        public void refused(R2dbcException error) {
            exchange.fail(error);
        }

        @Override
        public void run(Lane lane, ReadLanes giver) {
            Runnable outcome = () -> {};
            try {
                if (exchange.start()) {
                    outcome = outcome(exchange, lane, handle -> {
                        database.refresh(lane);
                        return call.apply(handle);
                    });
                }
            } catch (Throwable e) {
                exchange.fail(NativeErrors.map(e, null));
            } finally {
                giver.release(lane);
                outcome.run();
            }
        }
    }

    /**
     * Calls the handle of a session's lane, in order with its statements.
     *
     * @param started whether a transaction of the session has the lane; else the write lock is taken if the lane needs it to read
     */
    Mono<Void> onLane(
            SessionLanes lanes, boolean started, String what, Duration lockWait, Consumer<NativeDatabase> call) {
        Function<NativeDatabase, @Nullable Void> task = handle -> {
            call.accept(handle);
            return null;
        };
        return started || lanes.readers() != null
                ? onLane(lanes.writer(), task)
                : underLease(what, lockWait, lanes.writer(), task);
    }

    /** Calls a handle under the write lock. */
    private <T> Mono<T> underLease(
            String what, Duration lockWait, Lane lane, Function<NativeDatabase, @Nullable T> call) {
        return Exchange.mono(delivery, exchange -> {
            WriteLease lease = database.lease();
            exchange.expiresAt(Deadlines.after(lockWait), () -> lease.timeout(what, lockWait, null));
            claimLease(exchange, lane, handle -> lane.alone(() -> call.apply(handle)));
        });
    }

    private <T> void claimLease(Exchange<T> exchange, Lane lane, Function<NativeDatabase, @Nullable T> call) {
        WriteLease lease = database.lease();
        WriteLease.Claimant claim = WriteLease.claim("a task of the database", exchange, lane, () -> {
            Runnable outcome = () -> {};
            try {
                outcome = outcome(exchange, lane, call);
            } catch (Throwable e) {
                exchange.fail(NativeErrors.map(e, null));
            } finally {
                lease.release();
                outcome.run();
            }
        });
        exchange.onCancel(() -> lease.withdraw(claim));
        lease.acquire(claim);
    }

    /** Makes the call and returns the signal to its subscriber, or the next attempt if the file is in use elsewhere. */
    private <T> Runnable outcome(Exchange<T> exchange, Lane lane, Function<NativeDatabase, @Nullable T> call) {
        try {
            T value = lane.interrupts().run(this, exchange, () -> lane.call(call));
            return () -> exchange.answer(value);
        } catch (Throwable e) {
            return lane.lockedElsewhere(e)
                    ? () -> retry(exchange, lane, call, e)
                    : () -> exchange.fail(NativeErrors.map(e, null));
        }
    }

    /** Lets others write, and tries again; those in use of the file may be this process's own readers. */
    private <T> void retry(
            Exchange<T> exchange, Lane lane, Function<NativeDatabase, @Nullable T> call, Throwable refusal) {
        try {
            long bound = Deadlines.after(CHECKPOINT_WAIT);
            long deadline = exchange.deadline();
            exchange.expiresAt(
                    deadline == WaitQueue.Waiter.NEVER || bound - deadline < 0 ? bound : deadline,
                    () -> NativeErrors.map(refusal, null));
            if (exchange.putBack()) {
                WriteLease.soon(() -> again(exchange, lane, call));
            }
        } catch (Throwable e) {
            exchange.fail(NativeErrors.map(e, null));
        }
    }

    private <T> void again(Exchange<T> exchange, Lane lane, Function<NativeDatabase, @Nullable T> call) {
        try {
            if (exchange.deadline() - System.nanoTime() <= 0) {
                exchange.expire();
            } else {
                claimLease(exchange, lane, call);
            }
        } catch (Throwable e) {
            exchange.fail(NativeErrors.map(e, null));
        }
    }
}
