package com.decentdb.r2dbc.runtime;

import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.watch.EngineEvent;
import com.decentdb.r2dbc.watch.WatchRequest;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A session on a database in this process. Cheap: it owns no native handle, only its place in the queues. */
final class EmbeddedSession implements Session {

    /** Writes of one stream that wait at a time. */
    private static final int STREAM_WINDOW = 128;

    private static final Pattern NEEDS_OWN_HANDLE = Pattern.compile(
            "(?is)^\\s*(CREATE\\s+(OR\\s+REPLACE\\s+)?(TEMP|TEMPORARY)\\b|PRAGMA\\s+\\w+\\s*=|SET\\s).*");

    private final Databases.Reference reference;
    private final Database database;
    private final Executor delivery;
    private final AutoCommit autoCommit;
    private final WriterTasks tasks;
    private final Sinks.Empty<Void> end = Sinks.empty();
    private volatile @Nullable Transaction transaction;
    private volatile boolean open = true;

    EmbeddedSession(Databases.Reference reference, Executor delivery) {
        this.reference = reference;
        this.database = reference.database();
        this.delivery = delivery;
        this.autoCommit = new AutoCommit(database, delivery);
        this.tasks = new WriterTasks(database, delivery);
    }

    @Override
    public Flux<Cursor> execute(Command command) {
        return Flux.defer(() -> {
            if (!open) {
                return Flux.error(Errors.map(Errors.closed(), command.sql().source()));
            }
            if (NEEDS_OWN_HANDLE.matcher(command.sql().text()).matches()) {
                return Flux.error(Errors.of(
                        "0A000",
                        "Statements that change the session, such as TEMP objects and PRAGMA or SET assignments, are not"
                                + " supported: connections share their native handles",
                        command.sql().source()));
            }
            Transaction current = transaction;
            if (current != null && current.active()) {
                return inTransaction(current, command);
            }
            return autoCommit.execute(command);
        });
    }

    private Flux<Cursor> inTransaction(Transaction current, Command command) {
        return AutoCommit.answers(delivery, exchange -> current.execute(command, exchange));
    }

    @Override
    public Mono<Void> begin(TransactionOptions options) {
        return Mono.defer(() -> {
            if (!open) {
                return Mono.error(Errors.closed());
            }
            if (inTransaction()) {
                return Mono.error(Errors.of("25001", "A transaction is open already on this connection", null));
            }
            ReaderLanes readers = options.readOnly() ? database.readers() : null;
            return Exchange.<Transaction>mono(
                            delivery, late -> late.rollback(() -> {}), exchange -> begin(options, readers, exchange))
                    .doOnNext(this::begun)
                    .then();
        });
    }

    private void begin(TransactionOptions options, @Nullable ReaderLanes readers, Exchange<Transaction> exchange) {
        if (readers != null) {
            exchange.expiresAt(
                    Deadlines.after(options.lockWait()),
                    () -> readers.timeout("The read-only " + options, options.lockWait(), null));
            TransactionStart start = new TransactionStart(readers, exchange);
            exchange.onCancel(() -> readers.withdraw(start));
            readers.submit(start);
            return;
        }
        WriteLease lease = database.lease();
        exchange.expiresAt(
                Deadlines.after(options.lockWait()), () -> lease.timeout("The " + options, options.lockWait(), null));
        WriteLease.Claimant claim = WriteLease.claim(
                "the " + options,
                exchange,
                () -> database.writer()
                        .execute(() -> begin(database.writer(), options.readOnly(), lease::release, exchange)));
        exchange.onCancel(() -> lease.withdraw(claim));
        lease.acquire(claim);
    }

    private void begin(Lane lane, boolean readOnly, Runnable giveLaneBack, Exchange<Transaction> exchange) {
        try {
            exchange.answer(
                    Transaction.begin(lane, readOnly, database.shapes(), delivery, giveLaneBack, database::committed));
        } catch (Throwable e) {
            exchange.fail(Errors.map(e, null));
        }
    }

    private synchronized void begun(Transaction begun) {
        Transaction current = transaction;
        if (open && (current == null || !current.active())) {
            transaction = begun;
            return;
        }
        begun.rollback(() -> {});
        throw open
                ? Errors.of("25001", "Another transaction was begun on this connection meanwhile", null)
                : Errors.closed();
    }

    /** A read-only transaction on its way to a reading lane. */
    private final class TransactionStart implements ReaderLanes.Reader {

        private final ReaderLanes readers;
        private final Exchange<Transaction> exchange;

        TransactionStart(ReaderLanes readers, Exchange<Transaction> exchange) {
            this.readers = readers;
            this.exchange = exchange;
        }

        @Override
        public void run(Lane lane) {
            if (exchange.start()) {
                begin(lane, true, () -> readers.release(lane), exchange);
            } else {
                readers.release(lane);
            }
        }

        @Override
        public Exchange<?> exchange() {
            return exchange;
        }
    }

    @Override
    public Mono<Void> commit() {
        return Mono.defer(() -> {
            Transaction current = transaction;
            if (current == null) {
                return open ? Mono.empty() : Mono.error(Errors.closed());
            }
            return Exchange.<Void>mono(delivery, current::commit).doOnTerminate(() -> ended(current));
        });
    }

    @Override
    public Mono<Void> rollback() {
        return Mono.defer(() -> {
            Transaction current = transaction;
            return current == null ? Mono.empty() : rollback(current);
        });
    }

    private Mono<Void> rollback(Transaction current) {
        return Exchange.<Void>mono(delivery, exchange -> {
                    exchange.start();
                    current.rollback(() -> exchange.answer(null));
                })
                .doFinally(signal -> ended(current));
    }

    @Override
    public Mono<Void> setReadOnly(boolean readOnly) {
        return Mono.defer(() -> {
            Transaction current = transaction;
            return current == null || !current.active()
                    ? Mono.error(Errors.of("25P01", "No transaction is open", null))
                    : Exchange.mono(delivery, exchange -> current.setReadOnly(readOnly, exchange));
        });
    }

    private synchronized void ended(Transaction over) {
        if (transaction == over) {
            transaction = null;
        }
    }

    @Override
    public void abandonResults() {
        autoCommit.abandonResults(
                Errors.of("24000", "The connection was given back before all rows of the result were read", null));
    }

    @Override
    public boolean hasOpenResults() {
        return autoCommit.hasOpenResults();
    }

    @Override
    public boolean inTransaction() {
        Transaction current = transaction;
        return current != null && current.active();
    }

    @Override
    public Mono<Long> executeQueued(SqlCommand sql, Value[] arguments, Duration timeout) {
        return outsideTransaction("A queued write", tasks.queued(sql, arguments, timeout, database.queue()::submit));
    }

    @Override
    public Flux<Long> executeQueued(SqlCommand sql, Publisher<Value[]> arguments, Duration timeout) {
        return Flux.from(arguments)
                .flatMapSequential(
                        each -> outsideTransaction(
                                "A queued write",
                                tasks.queued(sql, each, timeout, database.queue()::submitBeyondCapacity)),
                        STREAM_WINDOW,
                        1);
    }

    @Override
    public Flux<EngineEvent> watch(WatchRequest request) {
        return Flux.defer(() -> open
                ? database.hub().watch(request, delivery).takeUntilOther(end.asMono())
                : Flux.<EngineEvent>error(Errors.closed()));
    }

    @Override
    public Mono<Session> sibling() {
        return Mono.defer(() -> {
            if (!open) {
                return Mono.error(Errors.closed());
            }
            if (database.readers() == null && inTransaction()) {
                return Mono.error(waitsForItself("Anything else on a database in memory"));
            }
            return EmbeddedRuntime.connect(database.config());
        });
    }

    @Override
    public Mono<WriteQueueMetrics> writeQueueMetrics() {
        return outsideTransaction("Reading the metrics", tasks.metrics());
    }

    @Override
    public Mono<Void> checkpoint() {
        return outsideTransaction("A checkpoint", tasks.checkpoint());
    }

    @Override
    public Mono<Void> saveAs(Path path) {
        return outsideTransaction("A copy", tasks.saveAs(path));
    }

    @Override
    public Mono<String> schema() {
        return outsideTransaction("Reading the schema", tasks.schema());
    }

    /** These wait for the right to write, which the session's own transaction may hold. */
    private <T> Mono<T> outsideTransaction(String what, Mono<T> task) {
        return Mono.defer(() -> {
            if (!open) {
                return Mono.error(Errors.closed());
            }
            if (inTransaction()) {
                return Mono.error(waitsForItself(what));
            }
            return task;
        });
    }

    private static R2dbcException waitsForItself(String what) {
        return Errors.of("25001", what + " waits for the open transaction of this connection; end it first", null);
    }

    @Override
    public Mono<Boolean> ping() {
        Value[] none = {};
        Command probe = new Command(SqlCommand.of("SELECT 1"), List.<Value[]>of(none), 1, Duration.ofSeconds(10));
        return Mono.defer(() -> open ? execute(probe).doOnNext(Cursor::close).then(Mono.just(true)) : Mono.just(false))
                .onErrorReturn(false);
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public Mono<Void> close() {
        return Exchange.mono(delivery, exchange -> {
            exchange.start();
            close(() -> exchange.answer(null));
        });
    }

    private void close(Runnable whenDone) {
        Transaction current;
        synchronized (this) {
            if (!open) {
                whenDone.run();
                return;
            }
            open = false;
            current = transaction;
            transaction = null;
        }
        end.tryEmitEmpty();
        autoCommit.close();
        if (current == null) {
            reference.release();
            whenDone.run();
        } else if (current.busyAfterLast()) {
            // A native call cannot be interrupted, but the caller need not wait for it: the lane is freed behind it.
            current.rollback(reference::release);
            whenDone.run();
        } else {
            current.rollback(() -> {
                reference.release();
                whenDone.run();
            });
        }
    }

    @Override
    public Executor delivery() {
        return delivery;
    }

    @Override
    public EngineInfo engine() {
        return database.engine();
    }
}
