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
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Native handles and threads are few, and no user keeps them from others. */
class LanesTests {

    private static final String ROWS =
            IntStream.range(0, 2000).mapToObj(n -> "(" + n + ")").collect(Collectors.joining(","));

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection withRows(String options) {
        DecentDbConnection connection = database.keep(DecentDb.connect(database.url("linger=0&" + options)));
        await(connection.execute("CREATE TABLE t (n INTEGER)"));
        await(connection.execute("INSERT INTO t VALUES " + ROWS));
        return connection;
    }

    @Test
    void manySleepingConsumersOfLargeResultsStopNobody() throws InterruptedException {
        withRows("maxReaders=1&fetchSize=10");
        int sleepers = 20;
        CountDownLatch asleep = new CountDownLatch(sleepers);
        CountDownLatch morning = new CountDownLatch(1);
        List<Disposable> all = new ArrayList<>();
        DecentDbConnectionFactory factory = DecentDb.factory(database.url("linger=0&fetchSize=10"));
        for (int i = 0; i < sleepers; i++) {
            DecentDbConnection sleeper = database.keep(factory.create());
            all.add(sleeper.fetchAll("SELECT n FROM t")
                    .doOnNext(row -> {
                        asleep.countDown();
                        sleepUntil(morning);
                    })
                    .subscribe());
        }
        try {
            assertThat(asleep.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            DecentDbConnection other = database.connect();
            await(other.setLockWaitTimeout(Duration.ofSeconds(10)));
            await(other.execute("INSERT INTO t VALUES (7)"));
            assertThat(awaitValue(other.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                    .isEqualTo(2001);
        } finally {
            morning.countDown();
            all.forEach(Disposable::dispose);
        }
    }

    @Test
    void aConnectionWithManyRestingResultsLeavesLanesToOthers() {
        withRows("fetchSize=10");
        DecentDbConnection greedy = database.keep(DecentDb.connect(database.url("linger=0&fetchSize=10")));
        await(greedy.setLockWaitTimeout(Duration.ofSeconds(1)));
        List<String> refused = new CopyOnWriteArrayList<>();
        CountDownLatch refusals = new CountDownLatch(100 - 16);
        List<Disposable> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            BaseSubscriber<Integer> resting = new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    subscription.request(1);
                }

                @Override
                protected void hookOnError(Throwable error) {
                    refused.add(((R2dbcException) error).getSqlState() + " " + error.getMessage());
                    refusals.countDown();
                }
            };
            all.add(resting);
            Flux.from(greedy.createStatement("SELECT n FROM t").execute())
                    .concatMap(result -> result.map(row -> 1), 1)
                    .subscribe(resting);
        }
        DecentDbConnection other = database.connect();
        assertThat(awaitAll(other.fetchAll("SELECT n FROM t"))).hasSize(2000);
        assertThat(awaitValue(greedy.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .as("a result that keeps no lane")
                .isEqualTo(2000);
        assertThat(reached(refusals)).isTrue();
        assertThat(refused)
                .allSatisfy(error -> assertThat(error)
                        .startsWith("53400")
                        .contains("keeps 16 results")
                        .contains("use another connection"));

        all.forEach(Disposable::dispose);
        assertThat(awaitAll(greedy.fetchAll("SELECT n FROM t"))).hasSize(2000);
    }

    @Test
    void aConnectionMayReadMoreLargeResultsAtOnceThanItMayKeepLanes() {
        DecentDbConnection connection = withRows("fetchSize=10");
        assertThat(awaitValue(Flux.range(0, 200)
                        .flatMap(i -> connection.fetchAll("SELECT n FROM t"), 100)
                        .count()))
                .isEqualTo(200 * 2000);
    }

    private static boolean reached(CountDownLatch latch) {
        try {
            return latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void sleepUntil(CountDownLatch latch) {
        try {
            latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whenNoLaneIsLeftTheTimeoutNamesTheOption() {
        withRows("maxReaders=1");
        List<DecentDbConnection> holders = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            DecentDbConnection holder = database.connect();
            holders.add(holder);
            await(Flux.from(holder.createStatement("BEGIN READ ONLY; SELECT 1").execute())
                    .flatMap(result -> result.map(row -> 1)));
        }
        DecentDbConnection late = database.connect();
        await(late.setLockWaitTimeout(Duration.ofMillis(50)));
        StepVerifier.create(late.fetchValue("SELECT 1", Long.class))
                .expectErrorSatisfies(e -> assertThat(e).hasMessageContaining("maxReaders"))
                .verify(PATIENCE);

        await(holders.get(0).rollbackTransaction());
        assertThat(awaitValue(late.fetchValue("SELECT 1", Long.class))).isEqualTo(1);
        holders.forEach(holder -> await(holder.close()));
        assertThat(awaitValue(Mono.fromSupplier(() -> 1)
                        .repeat(200)
                        .flatMap(n -> late.fetchValue("SELECT 1", Long.class), 8)
                        .count()))
                .isEqualTo(201);
    }

    @Test
    void aSubscriberThatGoesOnAfterItsOwnWriteFindsTheWriteLockFree() {
        DecentDbConnection connection = withRows("");
        await(connection.setLockWaitTimeout(Duration.ZERO));
        for (int i = 0; i < 500; i++) {
            String sql = "INSERT INTO t VALUES (" + i + ")";
            await(
                    switch (i % 4) {
                        case 0 -> connection.execute(sql);
                        case 1 -> connection.executeQueued(sql);
                        case 2 -> connection.checkpoint();
                        default ->
                            connection.execute("INSERT INTO nowhere VALUES (1)").onErrorResume(e -> Mono.just(0L));
                    });
            await(connection.beginTransaction());
            await(connection.execute(sql));
            await(i % 2 == 0 ? connection.commitTransaction() : connection.rollbackTransaction());
        }
    }

    @Test
    void theWriteLockIsFreeAtTheEndWhateverEndsATransactionFirst() {
        withRows("");
        for (int i = 0; i < 400; i++) {
            DecentDbConnection connection = awaitValue(database.factory().create());
            if (i % 4 == 0) {
                await(connection.execute("CREATE TEMP TABLE s (n INTEGER)"));
            }
            List<Mono<?>> racing = List.of(
                    connection.beginTransaction(),
                    connection.beginTransaction(),
                    connection.execute("INSERT INTO t VALUES (1)"),
                    connection.commitTransaction(),
                    connection.rollbackTransaction(),
                    connection.close());
            Flux.fromIterable(racing)
                    .flatMap(
                            each -> each.then()
                                    .onErrorComplete(R2dbcException.class)
                                    .subscribeOn(Schedulers.parallel()),
                            6)
                    .blockLast(PATIENCE);
            await(connection.close());
        }
        DecentDbConnection next = database.connect();
        await(next.setLockWaitTimeout(PATIENCE));
        await(next.beginTransaction());
        await(next.commitTransaction());
    }

    @Test
    void aSubscriberThatCancelsInTheMiddleOfASignalKeepsNothing() {
        DecentDbConnection connection = withRows("maxReaders=1&fetchSize=10");
        for (int i = 0; i < 300; i++) {
            await(database.factory().create().flux().take(1).flatMap(DecentDbConnection::close));
            await(Flux.from(connection.createStatement("SELECT n FROM t").execute())
                    .take(1));
            await(connection.preRelease());
            await(connection.fetchAll("SELECT n FROM t").take(1));
            await(connection.beginTransaction().then(Mono.just(1)).flux().take(1));
            await(connection.rollbackTransaction());
        }
        await(connection.setLockWaitTimeout(Duration.ofSeconds(10)));
        assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(2000);
        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isZero();
    }

    @Test
    void tenThousandConnectionsNeedNoMoreThreadsThanOne() {
        DecentDbConnection first = withRows("maxReaders=2");
        await(Flux.range(0, 64).flatMap(n -> first.fetchValue("SELECT COUNT(*) FROM t", Long.class), 64));
        int connections = 10_000;
        long handlesBefore = ProcessResources.descriptors(database.directory());
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        long before = runtime.totalMemory() - runtime.freeMemory();
        List<DecentDbConnection> open = new ArrayList<>();
        Flux.range(0, connections)
                .flatMap(n -> database.factory().create(), 64)
                .doOnNext(open::add)
                .blockLast(PATIENCE.multipliedBy(4));
        assertThat(open).hasSize(connections);
        System.gc();
        long bytes = (runtime.totalMemory() - runtime.freeMemory() - before) / connections;

        Flux.fromIterable(open.subList(0, 64))
                .flatMap(
                        c -> c.inTransaction(tx -> tx.execute("INSERT INTO t VALUES (1)")
                                .then(tx.fetchValue("SELECT COUNT(*) FROM t", Long.class))
                                .flux()),
                        64)
                .as(StepVerifier::create)
                .expectNextCount(64)
                .expectComplete()
                .verify(PATIENCE);

        assertThat(ProcessResources.descriptors(database.directory()))
                .as("files that native handles keep open")
                .isLessThanOrEqualTo(handlesBefore);
        assertThat(ProcessResources.threads("decentdb-.*"))
                .as("threads of the driver")
                .isLessThan(64);
        assertThat(bytes).as("bytes per connection").isLessThan(2_000);
        await(Flux.fromIterable(open).flatMap(DecentDbConnection::close, 64));
    }
}
