package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.api.schema.SchemaInspection;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.cluster.line.ServerFeatures;
import com.decentdb.r2dbc.cluster.schema.ClusterInspection;
import com.decentdb.r2dbc.cluster.transaction.ClusterTransaction;
import com.decentdb.r2dbc.cluster.transaction.Plan;
import com.decentdb.r2dbc.cluster.transaction.TransactionStatement;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.Lifetime;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Capability;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.TransactionOptions;
import com.decentdb.r2dbc.transport.Waits;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A session on a cluster. Cheap: it owns no connection, unless it has temporary objects or settings. */
public final class ClusterSession implements Session {

    /** The name of the database for programs. */
    public static final String PRODUCT = "dqlite";

    private static final Set<Capability> CAPABILITIES = EnumSet.complementOf(EnumSet.of(Capability.NAMES_TABLES));
    private static final Duration PING_PATIENCE = Duration.ofSeconds(10);

    private final ClusterDatabase database;
    private final Runnable release;
    private final Executor delivery;
    private final SessionReads reads;
    private final SessionWrites writes;
    private final SessionQueue queue = new SessionQueue(this);
    private final Lifetime lifetime = new Lifetime();
    private volatile @Nullable ClusterTransaction transaction;
    private final SessionPin pin;
    private volatile Duration lockWait = Waits.UNLIMITED;
    private volatile Duration statementTimeout;
    private volatile boolean open = true;
    /** The transaction that closing has to roll back. */
    private volatile @Nullable ClusterTransaction unfinished;

    private volatile boolean closed;

    /**
     * Creates a session.
     *
     * @param release ends its use of the database; idempotent
     */
    public ClusterSession(ClusterDatabase database, Runnable release, Executor delivery) {
        this.database = database;
        this.release = release;
        this.delivery = delivery;
        this.statementTimeout = database.config().times().statement();
        this.pin = new SessionPin(database);
        this.reads = new SessionReads(database, delivery, pin::line, () -> statementTimeout);
        this.writes = new SessionWrites(database, delivery, pin::line, () -> statementTimeout, () -> open);
    }

    @Override
    public Flux<Cursor> execute(Command command) {
        return Flux.defer(() -> {
            if (!open) {
                return Flux.error(Errors.map(Errors.closed(), command.sql().source()));
            }
            return Plan.dependsOnServer(command)
                    ? database.learnFeatures(delivery).flatMapMany(features -> run(command, features))
                    : run(command, database.features());
        });
    }

    private Flux<Cursor> run(Command command, ServerFeatures features) {
        Plan plan = Plan.of(command, features);
        ClusterTransaction current = transaction;
        if (plan.setsState()) {
            pin.set(command.sql().source(), current);
        }
        if (current != null && current.active()) {
            return inTransaction(current, plan);
        }
        if (command.sql().control() != null) {
            // It was meant for a transaction that has ended meanwhile, and would begin one on the line of all writers.
            return Flux.error(Errors.noTransaction());
        }
        if (!plan.reads()) {
            return writes.run(plan, command.lockWait());
        }
        return plan.steps().size() == 1
                ? reads.read(plan.only(), command.lockWait())
                : Flux.fromIterable(plan.steps()).concatMap(step -> reads.read(step, command.lockWait()));
    }

    @Override
    public Flux<Cursor> executeTogether(List<Command> commands) {
        return Flux.defer(() -> {
            if (commands.size() == 1 || !open || inTransaction()) {
                return execute(commands.get(0));
            }
            return commands.stream().anyMatch(Plan::dependsOnServer)
                    ? database.learnFeatures(delivery).flatMapMany(features -> writes.together(commands, features))
                    : writes.together(commands, database.features());
        });
    }

    private Flux<Cursor> inTransaction(ClusterTransaction current, Plan plan) {
        if (plan.steps().size() == 1) {
            return Exchange.flux(
                    delivery, Cursor::close, exchange -> inTransaction(current, plan, exchange, all -> all.get(0)));
        }
        if (plan.reads()) {
            return Flux.fromIterable(plan.steps())
                    .concatMap(step ->
                            inTransaction(current, new Plan(true, plan.setsState(), List.of(step), plan.keyColumn())));
        }
        return writes.several(exchange -> inTransaction(current, plan, exchange, Function.identity()));
    }

    private <T> void inTransaction(
            ClusterTransaction current, Plan plan, Exchange<T> exchange, Function<List<Cursor>, T> answer) {
        Executor loop = database.loop();
        TransactionStatement<T> statement =
                new TransactionStatement<>(current, plan, exchange, answer, loop, delivery, current::wrote);
        EventLoops.forRequest(
                loop,
                exchange,
                () -> current.submit(exchange, plan.only().source(), line -> {
                    line.statementTimeout(statementTimeout);
                    statement.run(line);
                }));
    }

    @Override
    public Mono<Void> begin(TransactionOptions options) {
        return Mono.defer(() -> {
            synchronized (this) {
                if (!open) {
                    return Mono.error(Errors.closed());
                }
                if (inTransaction()) {
                    return Mono.error(Errors.transactionOpen());
                }
                transaction = new ClusterTransaction(database, options, pin.line());
                return Mono.empty();
            }
        });
    }

    @Override
    public Mono<Void> commit() {
        return Mono.defer(() -> {
            ClusterTransaction current = transaction;
            if (current == null) {
                return open ? Mono.empty() : Mono.error(Errors.closed());
            }
            return Exchange.<Void>mono(delivery, exchange -> onLoop(exchange, () -> current.commit(exchange)))
                    .doOnTerminate(() -> ended(current));
        });
    }

    @Override
    public Mono<Void> rollback() {
        return Mono.defer(() -> {
            ClusterTransaction current = transaction;
            return current == null ? Mono.empty() : rollback(current);
        });
    }

    private Mono<Void> rollback(ClusterTransaction current) {
        return Exchange.<Void>mono(delivery, exchange -> {
                    exchange.start();
                    onLoop(exchange, () -> current.rollback(() -> exchange.answer(null)));
                })
                .doOnError(error -> ended(current))
                .doOnCancel(() -> dropped(current))
                .doOnSuccess(done -> dropped(current));
    }

    /** A lost transaction is still to be rolled back by its user. */
    private void ended(ClusterTransaction over) {
        if (!over.active()) {
            dropped(over);
        }
    }

    private synchronized void dropped(ClusterTransaction over) {
        if (transaction == over) {
            transaction = null;
        }
    }

    private void onLoop(Exchange<?> exchange, Runnable task) {
        EventLoops.forRequest(database.loop(), exchange, task);
    }

    @Override
    public Mono<Void> setReadOnly(boolean readOnly) {
        return Mono.defer(() -> {
            ClusterTransaction current = transaction;
            return current == null || !current.active()
                    ? Mono.error(Errors.noTransaction())
                    : Exchange.mono(
                            delivery, exchange -> onLoop(exchange, () -> current.setReadOnly(readOnly, exchange)));
        });
    }

    @Override
    public Mono<Void> reset() {
        return Mono.defer(() -> {
            reads.abandon(Errors::givenBack);
            statementTimeout = database.config().times().statement();
            ClusterTransaction current = transaction;
            Mono<Void> ended = current == null ? Mono.empty() : rollback(current);
            return ended.then(Mono.fromRunnable(pin::drop));
        });
    }

    @Override
    public void setLockWait(Duration bound) {
        lockWait = bound;
    }

    @Override
    public boolean boundsStatements(Duration timeout) {
        statementTimeout = timeout.isZero() ? Waits.UNLIMITED : timeout;
        return true;
    }

    @Override
    public boolean hasOpenResults() {
        return reads.hasOpenResults();
    }

    @Override
    public boolean inTransaction() {
        ClusterTransaction current = transaction;
        return current != null && current.active();
    }

    @Override
    public Mono<Long> executeQueued(SqlCommand sql, Value[] arguments, Duration timeout) {
        return queue.one(sql, arguments, timeout.isZero() ? lockWait : timeout);
    }

    @Override
    public Flux<WriteOutcome> executeQueued(SqlCommand sql, Publisher<Value[]> arguments, Duration timeout) {
        return queue.each(sql, arguments, timeout.isZero() ? lockWait : timeout);
    }

    @Override
    public Mono<WriteQueueMetrics> writeQueueMetrics() {
        return queue.metrics(database);
    }

    @Override
    public Mono<Void> saveAs(Path path) {
        return Mono.defer(() -> inTransaction()
                ? Mono.error(Errors.waitsForTransaction("A copy"))
                : open ? database.dumps().saveAs(path, lifetime, delivery) : Mono.error(Errors.closed()));
    }

    @Override
    public Flux<WatchedEvent> watch(WatchRequest request) {
        return OnDemand.flux(() -> open
                ? lifetime.bound(database.watches().watch(request, delivery))
                : Flux.<WatchedEvent>error(Errors.closed()));
    }

    @Override
    public Mono<Session> sibling() {
        return Mono.defer(() -> open ? database.sessions() : Mono.error(Errors.closed()));
    }

    @Override
    public Mono<Boolean> ping() {
        return Mono.defer(() -> open
                        ? Exchange.<Boolean>mono(delivery, exchange -> database.ping(PING_PATIENCE, exchange))
                        : Mono.just(false))
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
            synchronized (this) {
                open = false;
                if (transaction != null) {
                    unfinished = transaction;
                    transaction = null;
                }
            }
            if (closed) {
                exchange.answer(null);
                return;
            }
            lifetime.end();
            reads.abandon(Errors::closed);
            onLoop(exchange, () -> close(() -> exchange.answer(null)));
        });
    }

    /** On the loop. One that fails, for want of memory, leaves to the next one what it has not done. */
    private void close(Runnable whenDone) {
        ClusterTransaction current = unfinished;
        Runnable ended = () -> {
            unfinished = null;
            pin.drop();
            release.run();
            if (!closed) {
                closed = true;
                database.sessionClosed();
            }
            whenDone.run();
        };
        if (current == null) {
            ended.run();
        } else {
            current.rollback(ended);
        }
    }

    @Override
    public Executor delivery() {
        return delivery;
    }

    @Override
    public Set<Capability> capabilities() {
        return CAPABILITIES;
    }

    @Override
    public SchemaInspection inspection() {
        return new ClusterInspection(
                sql -> execute(Command.of(sql, 1, lockWait)),
                () -> open
                        ? database.learnFeatures(delivery).map(ServerFeatures::toString)
                        : Mono.error(Errors.closed()));
    }

    @Override
    public EngineInfo engine() {
        String leader = database.leader();
        String source = leader == null ? "a dqlite cluster" : "a dqlite cluster led by " + leader;
        return new EngineInfo(database.features().toString(), 1, database.name(), source, false);
    }

    @Override
    public String product() {
        return PRODUCT;
    }

    @Override
    public String name() {
        return database.name();
    }
}
