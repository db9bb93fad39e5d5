package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class ConcurrencyTests {

    private static final int SUBSCRIBERS = 64;
    private static final Duration LONG = Duration.ofMinutes(10);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL)"));
    }

    @Test
    void everyAcknowledgedRowIsThereOnce() {
        // Another engine may need minutes for the whole.
        int rowsEach = Integer.getInteger("decentdb.test.rows", database.bundled() ? 10_000 : 1_000);
        Set<Integer> acknowledged = ConcurrentHashMap.newKeySet();

        Flux.range(0, SUBSCRIBERS)
                .flatMap(
                        owner -> Flux.usingWhen(
                                database.factory().create(),
                                connection -> Flux.range(owner * rowsEach, rowsEach)
                                        .concatMap(id -> connection
                                                .execute("INSERT INTO t VALUES ($1, $2)", id, owner)
                                                .doOnNext(count -> acknowledged.add(id))),
                                DecentDbConnection::close),
                        SUBSCRIBERS)
                .as(StepVerifier::create)
                .expectNextCount((long) SUBSCRIBERS * rowsEach)
                .expectComplete()
                .verify(LONG);

        assertThat(acknowledged).hasSize(SUBSCRIBERS * rowsEach);
        assertThat(awaitValue(database.connect().fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo((long) SUBSCRIBERS * rowsEach);
        assertThat(awaitAll(database.connect().fetchAll("SELECT id FROM t").map(row -> ((Long) row.get(0)).intValue())))
                .doesNotHaveDuplicates()
                .allMatch(acknowledged::contains);
    }

    @Test
    void aFailureInAGroupIsItsOwn() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("INSERT INTO t VALUES (13, 0)"));

        Flux.range(0, 200)
                .flatMap(
                        id -> connection
                                .execute("INSERT INTO t VALUES ($1, 1)", id)
                                .map(count -> "ok")
                                .onErrorResume(
                                        R2dbcDataIntegrityViolationException.class,
                                        error -> Mono.just(id == 13 ? "duplicate" : "wrongly refused " + id)),
                        200)
                .collectMultimap(outcome -> outcome)
                .as(StepVerifier::create)
                .assertNext(outcomes -> {
                    assertThat(outcomes).containsOnlyKeys("ok", "duplicate");
                    assertThat(outcomes.get("ok")).hasSize(199);
                })
                .verifyComplete();

        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(200);
    }

    @Test
    void severalBindingsSucceedOrFailTogether() {
        DecentDbConnection connection = database.connect();
        var statement = connection.createStatement("INSERT INTO t VALUES ($1, 7)");
        for (int id : new int[] {1, 2, 3, 2}) {
            if (id != 1) {
                statement.add();
            }
            statement.bind(0, id);
        }

        Flux.from(statement.execute()).as(StepVerifier::create).verifyError(R2dbcDataIntegrityViolationException.class);

        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isZero();
    }

    @Test
    void aMappingFunctionThatBlocksStopsNobodyElse() throws InterruptedException {
        await(database.connect().execute("INSERT INTO t VALUES (1, 0), (2, 0)"));
        CountDownLatch blocking = new CountDownLatch(8);
        CountDownLatch release = new CountDownLatch(1);
        var blocked = Flux.range(0, 8)
                .flatMap(i -> Flux.from(database.connect()
                                .createStatement("SELECT id FROM t")
                                .execute())
                        .concatMap(result -> result.map((row, metadata) -> {
                            blocking.countDown();
                            awaitUninterruptibly(release);
                            return 1;
                        })))
                .subscribe();
        try {
            assertThat(blocking.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

            DecentDbConnection other = database.connect();
            await(other.execute("INSERT INTO t VALUES (3, 0)"));
            assertThat(awaitValue(other.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                    .isEqualTo(3);
        } finally {
            release.countDown();
            blocked.dispose();
        }
    }

    @Test
    void aSlowReaderOfALargeResultHoldsUpNoWriter() {
        DecentDbConnection connection = database.connect();
        await(connection.inTransaction(
                tx -> Flux.range(0, 2_000).concatMap(id -> tx.execute("INSERT INTO t VALUES ($1, 0)", id))));

        StepVerifier.create(database.connect().fetchAll("SELECT id FROM t ORDER BY id"), 1)
                .expectNextCount(1)
                .then(() -> await(connection.execute("INSERT INTO t VALUES (5000, 0)")))
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(1_999)
                .verifyComplete();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
