package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.ProcessResources;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/**
 * A cancellation, at any point and by any thread, leaves nothing behind: no handle, lane, write lock, connection, thread or
 * memory; and the database agrees with every acknowledgement.
 */
class CancelStormTests {

    private static final int CANCELLATIONS = Integer.getInteger("storm.cancellations", 3_000);

    /** Allowance for the JVM itself and the allocator; a leak of a kilobyte each would show in the full storm. */
    private static final long MEMORY_TOLERANCE = 48L << 20;

    private static final int IN_FLIGHT = 48;
    private static final int ACCOUNTS = 20;
    private static final long BALANCE = 1_000;
    private static final int ROWS = 2_000;
    private static final int READERS = 3;

    private static final String INSERT = "INSERT INTO entry (id) VALUES ($1)";

    private static final TransactionDefinition READ_ONLY =
            DecentDbTransactionDefinition.create().readOnly();

    private volatile boolean bundled;

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private final ScheduledExecutorService cancellers = Executors.newScheduledThreadPool(4);
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final AtomicLong ids = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final Set<Long> refused = ConcurrentHashMap.newKeySet();
    private final AtomicLong completed = new AtomicLong();
    private final AtomicLong cancelled = new AtomicLong();
    private final AtomicLong open = new AtomicLong();

    @BeforeEach
    void noticeWhatIsDropped() {
        Hooks.onErrorDropped(error -> {
            if (!expected(error) && !closed(error)) {
                failures.add(error);
            }
        });
    }

    @AfterEach
    void restore() {
        Hooks.resetOnErrorDropped();
        cancellers.shutdownNow();
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void onAFile() {
        storm("r2dbc:decentdb:///" + database.directory().resolve("file-storm.ddb"), READERS);
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void inMemory() {
        storm("r2dbc:decentdb:mem:///memory-storm", 1);
    }

    private void storm(String url, int lanes) {
        DecentDbConnectionFactory factory =
                DecentDb.factory(url + "?linger=0&maxReaders=" + READERS + "&checkpointIdle=PT0.05S");
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(factory)
                .initialSize(0)
                .maxSize(4)
                .maxAcquireTime(Duration.ofMillis(20))
                .build());
        DecentDbConnection witness = awaitValue(factory.create());
        bundled = witness.getMetadata().engine().bundled();
        createTables(witness);

        DecentDbConnection shared = awaitValue(factory.create());
        run(factory, pool, shared, Math.max(1_000, CANCELLATIONS / 10));
        quiet(factory, witness, lanes);
        long memoryBefore = ProcessResources.nativeBytes();
        long residentBefore = ProcessResources.residentBytes();
        run(factory, pool, shared, CANCELLATIONS);
        quiet(factory, witness, lanes);
        long memoryAfter = ProcessResources.nativeBytes();
        long residentAfter = ProcessResources.residentBytes();

        assertThat(failures).isEmpty();
        assertThat(cancelled).as("works that were cancelled").hasPositiveValue();
        assertThat(completed).as("works that were quicker").hasPositiveValue();
        checkTruth(witness);
        String name = url.contains("mem:") ? "memory-storm" : "file-storm";
        until("borrowed", () -> pool.getMetrics().orElseThrow().acquiredSize() == 0);
        assertThat(memoryAfter - memoryBefore).as("native memory").isLessThan(MEMORY_TOLERANCE);

        await(pool.disposeLater());
        await(shared.close());
        await(witness.close());
        await(factory.close());
        until("threads", () -> ProcessResources.threads(".*" + name + ".*") == 0);
        until("native handles", () -> ProcessResources.descriptors(database.directory()) == 0);
        System.out.printf(
                "storm on %s: %d cancelled, %d completed, %d refused; native memory %d to %d MiB, resident %d to %d MiB%n",
                url.contains("mem:") ? "memory" : "a file",
                cancelled.get(),
                completed.get(),
                refused.size(),
                ProcessResources.mebibytes(memoryBefore),
                ProcessResources.mebibytes(memoryAfter),
                ProcessResources.mebibytes(residentBefore),
                ProcessResources.mebibytes(residentAfter));
    }

    private static void createTables(DecentDbConnection connection) {
        await(connection.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)"));
        await(connection.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, source INTEGER, target INTEGER)"));
        await(connection.execute("CREATE TABLE wide (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"));
        await(connection.inTransaction(tx -> Flux.concat(
                Flux.range(0, ACCOUNTS).concatMap(id -> tx.execute("INSERT INTO account VALUES ($1, $2)", id, BALANCE)),
                Flux.range(0, ROWS)
                        .concatMap(id -> tx.execute("INSERT INTO wide VALUES ($1, $2)", id, "x".repeat(200))))));
    }

    private void run(DecentDbConnectionFactory factory, ConnectionPool pool, DecentDbConnection shared, int times) {
        Semaphore permits = new Semaphore(IN_FLIGHT);
        Random random = new Random();
        for (int i = 0; i < times; i++) {
            permits.acquireUninterruptibly();
            Disposable work = work(random.nextInt(15), factory, pool, shared)
                    .doOnError(error -> {
                        if (!expected(error)) {
                            failures.add(error);
                        }
                    })
                    .doOnComplete(completed::incrementAndGet)
                    .doOnCancel(cancelled::incrementAndGet)
                    .doFinally(end -> permits.release())
                    .subscribe(value -> {}, error -> {});
            // Short delays find what is on its way, long ones what runs.
            long micros = (long) Math.pow(10, 4.3 * random.nextDouble());
            var unused = cancellers.schedule(work::dispose, micros, TimeUnit.MICROSECONDS);
        }
        permits.acquireUninterruptibly(IN_FLIGHT);
    }

    private Flux<?> work(int kind, DecentDbConnectionFactory factory, ConnectionPool pool, DecentDbConnection shared) {
        return switch (kind) {
            case 0 -> with(factory, connection -> Mono.empty());
            case 1 -> Flux.usingWhen(pool.create(), connection -> insertPlainly(connection), Connection::close);
            case 2 ->
                with(
                        factory,
                        connection -> connection
                                .setLockWaitTimeout(Duration.ofMillis(5))
                                .then(connection.beginTransaction())
                                .then(pause())
                                .then(connection.commitTransaction()));
            case 3 -> with(factory, connection -> insert(id -> connection.execute(INSERT, id)));
            case 4 ->
                with(
                        factory,
                        connection -> connection
                                .setLockWaitTimeout(Duration.ofMillis(2))
                                .then(insert(id -> connection.execute(INSERT, id))));
            case 5 -> with(factory, connection -> insert(id -> connection.executeQueued(INSERT, id)));
            case 6 ->
                with(
                        factory,
                        connection -> connection.executeQueued(
                                INSERT, Flux.range(0, 20).map(i -> new Object[] {ids.incrementAndGet()})));
            case 7 ->
                with(
                        factory,
                        connection -> connection.fetch("SELECT * FROM wide").limitRate(10));
            case 8 -> with(factory, connection -> transfer(connection));
            case 9 -> with(factory, this::sum);
            case 10 ->
                with(
                        factory,
                        connection -> connection
                                .watchTable("entry", "account")
                                .take(ThreadLocalRandom.current().nextInt(3) + 1));
            case 11 -> shared.fetch("SELECT * FROM wide");
            case 12 -> insert(id -> shared.execute(INSERT, id)).flux();
            case 13 -> shared.fetchValue("SELECT text FROM wide", String.class).flux();
            default ->
                with(
                        factory,
                        connection -> Flux.usingWhen(
                                connection.beginTransaction(READ_ONLY).thenReturn(connection),
                                tx -> tx.fetch("SELECT * FROM wide").skip(300).thenMany(sum(tx)),
                                DecentDbConnection::rollbackTransaction));
        };
    }

    private <T> Flux<T> with(DecentDbConnectionFactory factory, Function<DecentDbConnection, Publisher<T>> work) {
        return Flux.usingWhen(
                factory.create().doOnNext(connection -> open.incrementAndGet()),
                work,
                connection -> connection.close().doFinally(end -> open.decrementAndGet()));
    }

    private Mono<Long> insert(LongFunction<Mono<Long>> statement) {
        return Mono.defer(() -> {
            long id = ids.incrementAndGet();
            return statement.apply(id).doOnNext(count -> acknowledged.add(id)).doOnError(error -> refused.add(id));
        });
    }

    private Mono<Long> insertPlainly(Connection connection) {
        return insert(id -> Flux.from(
                        connection.createStatement(INSERT).bind("$1", id).execute())
                .concatMap(Result::getRowsUpdated)
                .reduce(0L, Long::sum));
    }

    /** Each transfer writes an entry in the same transaction. */
    private Flux<Long> transfer(DecentDbConnection connection) {
        Random random = ThreadLocalRandom.current();
        int source = random.nextInt(ACCOUNTS);
        int target = random.nextInt(ACCOUNTS);
        long id = ids.incrementAndGet();
        return connection
                .inTransaction(tx -> Flux.concat(
                        tx.execute("UPDATE account SET balance = balance - 1 WHERE id = $1", source),
                        random.nextInt(4) == 0 ? pause() : Mono.empty(),
                        tx.execute("UPDATE account SET balance = balance + 1 WHERE id = $1", target),
                        tx.execute("INSERT INTO entry VALUES ($1, $2, $3)", id, source, target)))
                .doOnComplete(() -> acknowledged.add(id))
                .doOnError(error -> refused.add(id));
    }

    private Flux<Long> sum(DecentDbConnection connection) {
        return connection
                .fetchValue("SELECT sum(balance) FROM account", Long.class)
                .doOnNext(sum -> {
                    if (sum != ACCOUNTS * BALANCE) {
                        failures.add(new AssertionError("Half a transaction was visible: " + sum));
                    }
                })
                .flux();
    }

    private static Mono<Long> pause() {
        return Mono.delay(Duration.ofMillis(1)).then(Mono.empty());
    }

    /** Cancelling closes the connection also under a commit on its way, and Reactor's workers under their tasks. */
    private static boolean closed(Throwable error) {
        return error instanceof R2dbcException e
                ? Set.of("08003", "25000").contains(String.valueOf(e.getSqlState()))
                : error instanceof RejectedExecutionException && "Scheduler unavailable".equals(error.getMessage());
    }

    /** DecentDB fails a commit with a conflict when another handle was opened since the write began. */
    private boolean expected(Throwable error) {
        return error instanceof R2dbcTimeoutException || (!bundled && error instanceof R2dbcRollbackException);
    }

    /** Everything is given back: connections, all lanes at once, and the write lock. */
    private void quiet(DecentDbConnectionFactory factory, DecentDbConnection witness, int lanes) {
        until("connections", () -> open.get() == 0);
        await(witness.inTransaction(tx -> Flux.concat(
                tx.execute("DELETE FROM entry WHERE id = -1"), witness.fetchValue("SELECT 1", Long.class))));
        awaitAll(Flux.range(0, lanes)
                .flatMap(i -> factory.create())
                .collectList()
                .flatMapMany(connections -> Flux.fromIterable(connections)
                        .concatMap(connection -> connection.beginTransaction(READ_ONLY))
                        .thenMany(Flux.fromIterable(connections).concatMap(DecentDbConnection::close))));
        await(witness.executeQueued("DELETE FROM entry WHERE id = -1"));
        await(witness.checkpoint());
        System.gc();
    }

    private void checkTruth(DecentDbConnection witness) {
        Map<Long, Long> balances = new HashMap<>();
        Set<Long> found = new HashSet<>();
        for (List<Object> entry : awaitAll(witness.fetchAll("SELECT id, source, target FROM entry"))) {
            found.add((Long) entry.get(0));
            if (entry.get(1) != null) {
                balances.merge((Long) entry.get(1), -1L, Long::sum);
                balances.merge((Long) entry.get(2), 1L, Long::sum);
            }
        }
        assertThat(found).as("what was acknowledged").containsAll(acknowledged);
        found.retainAll(refused);
        assertThat(found).as("what was done although it was refused").isEmpty();
        for (List<Object> account : awaitAll(witness.fetchAll("SELECT id, balance FROM account"))) {
            assertThat(account.get(1))
                    .as("balance of account %s", account.get(0))
                    .isEqualTo(BALANCE + balances.getOrDefault((Long) account.get(0), 0L));
        }
    }

    private static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("still waiting for " + what).isLessThan(end);
            LockSupport.parkNanos(1_000_000);
        }
    }
}
