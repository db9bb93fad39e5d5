package com.decentdb.r2dbc.soak;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.loaders.Deployment;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The things that happen to a database on a bad day, each as a step that is repeated. */
final class Actors {

    private static final String INSERT = "INSERT INTO entry (id, partner) VALUES ($1, $2)";
    private static final String WITHOUT_END =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final String url;
    private final DecentDbConnectionFactory factory;
    private final ConnectionPool pool;
    private final Ledger ledger;

    Actors(String url, DecentDbConnectionFactory factory, ConnectionPool pool, Ledger ledger) {
        this.url = url;
        this.factory = factory;
        this.pool = pool;
        this.ledger = ledger;
    }

    /** A step of an actor. */
    @FunctionalInterface
    interface Step {

        void run() throws Exception;
    }

    /** All actors by name. */
    Map<String, Step> all() {
        Map<String, Step> all = new LinkedHashMap<>();
        all.put("write", this::write);
        all.put("write-queued", this::writeQueued);
        all.put("pair", this::pair);
        all.put("pair-cancelled", this::pairCancelled);
        all.put("pooled", this::pooled);
        all.put("read-cancelled", this::readCancelled);
        all.put("duplicate", this::duplicate);
        all.put("timeout", this::timeout);
        all.put("runaway-cancelled", this::runawayCancelled);
        all.put("runaway-closed", this::runawayClosed);
        all.put("lock-wait", this::lockWait);
        all.put("watch", this::watch);
        all.put("memory", this::memory);
        all.put("fatal", this::fatal);
        all.put("pool-churn", this::poolChurn);
        all.put("redeploy", this::redeploy);
        all.put("second-process", this::secondProcess);
        return all;
    }

    private void write() {
        int id = ledger.next(1);
        acknowledge(id, 1, use(connection -> connection.execute(INSERT, id, null)));
        rest(2);
    }

    private void writeQueued() {
        int id = ledger.next(32);
        Long rows = use(connection -> connection
                .executeQueued(INSERT, Flux.range(id, 32).map(each -> new Object[] {each, each}))
                .reduce(0L, Long::sum));
        acknowledge(id, 32, rows);
        rest(5);
    }

    private void pair() {
        int id = ledger.next(2);
        acknowledge(id, 2, use(connection -> insertPair(connection, id)));
        rest(5);
    }

    private void pairCancelled() {
        int id = ledger.next(2);
        Disposable work = Mono.usingWhen(
                        factory.create(), connection -> insertPair(connection, id), DecentDbConnection::close)
                .subscribe(rows -> ledger.acknowledge(id, 2), error -> {});
        pause(3_000);
        work.dispose();
    }

    private void pooled() {
        int id = ledger.next(1);
        Mono<Long> insert = Mono.usingWhen(
                pool.create(),
                connection -> Flux.from(connection
                                .createStatement(INSERT)
                                .bind(0, id)
                                .bindNull(1, Long.class)
                                .execute())
                        .concatMap(Result::getRowsUpdated)
                        .single(),
                Connection::close);
        if (chance(3)) {
            Disposable work = insert.subscribe(rows -> ledger.acknowledge(id, 1), error -> {});
            pause(1_500);
            work.dispose();
        } else {
            acknowledge(id, 1, insert.block(PATIENCE));
        }
    }

    private void readCancelled() {
        Disposable work = Flux.usingWhen(
                        factory.create(),
                        connection -> connection.fetchLists("SELECT id, partner FROM entry LIMIT 5000"),
                        DecentDbConnection::close)
                .subscribe(row -> {}, error -> {});
        pause(5_000);
        work.dispose();
    }

    private void duplicate() {
        int id = ledger.next(1);
        acknowledge(id, 1, use(connection -> connection.execute(INSERT, id, null)));
        expect("23505", use(connection -> failure(connection.execute(INSERT, id, null))));
        rest(20);
    }

    private void timeout() {
        use(connection -> connection
                .setStatementTimeout(Duration.ofMillis(50))
                .then(failure(connection.fetchValue(WITHOUT_END, Long.class)))
                .doOnNext(error -> expect("57014", error))
                .then(connection.setStatementTimeout(PATIENCE))
                .then(connection.fetchValue("SELECT 1", Long.class)));
        rest(200);
    }

    private void runawayCancelled() {
        Disposable work = Mono.usingWhen(
                        factory.create(),
                        connection -> connection.fetchValue(WITHOUT_END, Long.class),
                        DecentDbConnection::close)
                .subscribe(row -> {}, error -> {});
        pause(30_000);
        work.dispose();
        rest(100);
    }

    private void runawayClosed() {
        DecentDbConnection connection = factory.create().blockOptional(PATIENCE).orElseThrow();
        connection.fetchValue(WITHOUT_END, Long.class).subscribe(row -> {}, error -> {});
        pause(30_000);
        connection.close().block(PATIENCE);
        rest(100);
    }

    /** A transaction rests with the write lock; a write that does not want to wait is refused and did not happen. */
    private void lockWait() {
        int id = ledger.next(1);
        use(holder -> holder.beginTransaction()
                .then(holder.execute("DELETE FROM entry WHERE id = -1"))
                .then(Mono.usingWhen(
                        factory.create(),
                        connection -> connection
                                .setLockWaitTimeout(Duration.ofMillis(10))
                                .then(failure(connection.execute(INSERT, id, null)))
                                .doOnNext(error -> {
                                    expect("55P03", error);
                                    ledger.refuse(id);
                                }),
                        DecentDbConnection::close))
                .then(holder.rollbackTransaction()));
        rest(300);
    }

    private void watch() {
        int id = ledger.next(1);
        Long event = Flux.usingWhen(
                        factory.create(),
                        connection -> factory.watchTable("entry")
                                .take(2)
                                .index()
                                .concatMap(each ->
                                        each.getT1() == 0 ? connection.execute(INSERT, id, null) : Mono.just(1L)),
                        DecentDbConnection::close)
                .blockLast(PATIENCE);
        acknowledge(id, 1, event);
        rest(50);
    }

    /** The mapping of a row takes all memory there is, as a result that is too large does. */
    private void memory() {
        Throwable error = use(connection ->
                failure(Flux.from(connection.createStatement("SELECT 1").execute())
                        .concatMap(result -> result.map(row -> allocateAll()))
                        .then()));
        if (!(error instanceof R2dbcException) && !(error instanceof OutOfMemoryError)) {
            throw new AssertionError("Memory ran out and the subscriber heard", error);
        }
        rest(5_000);
    }

    /** The list becomes garbage with the error. */
    private static int allocateAll() {
        List<byte[]> all = new ArrayList<>();
        while (all.size() < Integer.MAX_VALUE) {
            all.add(new byte[4 << 20]);
        }
        return all.size();
    }

    private void fatal() {
        List<Error> errors = List.of(
                new StackOverflowError("thrown"), new NoClassDefFoundError("thrown"), new AssertionError("thrown"));
        Error thrown = errors.get(ThreadLocalRandom.current().nextInt(errors.size()));
        Throwable error = use(connection ->
                failure(Flux.from(connection.createStatement("SELECT 1").execute())
                        .concatMap(result -> result.map(row -> {
                            throw thrown;
                        }))
                        .then()));
        if (error == null) {
            throw new AssertionError("No error after " + thrown);
        }
        rest(50);
    }

    private void poolChurn() {
        ConnectionPool shortLived = DecentDb.createPool(url + "&maxSize=3");
        try {
            Flux.range(0, 10)
                    .flatMap(i -> Mono.usingWhen(
                            shortLived.create(),
                            connection -> Flux.from(connection
                                            .createStatement("SELECT COUNT(*) FROM beside WHERE id < 100")
                                            .execute())
                                    .concatMap(result -> result.map(row -> 1))
                                    .then(),
                            Connection::close))
                    .blockLast(PATIENCE);
        } finally {
            shortLived.disposeLater().block(PATIENCE);
        }
        rest(500);
    }

    private void redeploy() throws Exception {
        try (URLClassLoader loader = Deployment.loader()) {
            loader.loadClass(Deployment.class.getName())
                    .getMethod("run", String.class)
                    .invoke(null, url);
        }
        rest(10_000);
    }

    private void secondProcess() throws Exception {
        SecondProcess.writeAndKill(url, 1 + new Random().nextInt(300), ledger);
        rest(1_000);
    }

    private static Mono<Long> insertPair(DecentDbConnection connection, int id) {
        return connection
                .inTransaction(transaction ->
                        transaction.execute(INSERT, id, id + 1).then(transaction.execute(INSERT, id + 1, id)))
                .single();
    }

    private void acknowledge(int first, int count, @Nullable Long done) {
        if (done != null) {
            ledger.acknowledge(first, count);
        }
    }

    private <T> @Nullable T use(Function<DecentDbConnection, Mono<T>> work) {
        return Mono.usingWhen(factory.create(), work, DecentDbConnection::close).block(PATIENCE);
    }

    /** Emits the error of the work; fails where it has none. */
    private static Mono<Throwable> failure(Mono<?> work) {
        return work.materialize().map(signal -> {
            Throwable error = signal.getThrowable();
            if (error == null) {
                throw new AssertionError("No error");
            }
            return error;
        });
    }

    private static void expect(String state, @Nullable Throwable error) {
        if (!(error instanceof R2dbcException known) || !state.equals(known.getSqlState())) {
            throw new AssertionError("Expected " + state, error);
        }
        if ("57014".equals(state) && !(error instanceof R2dbcTimeoutException)) {
            throw new AssertionError("Expected a timeout", error);
        }
    }

    private static boolean chance(int of) {
        return ThreadLocalRandom.current().nextInt(of) == 0;
    }

    private static void pause(int microseconds) {
        LockSupport.parkNanos(
                TimeUnit.MICROSECONDS.toNanos(ThreadLocalRandom.current().nextInt(microseconds)));
    }

    private static void rest(int milliseconds) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(milliseconds));
    }
}
