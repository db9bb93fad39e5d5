package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/** TEMP objects, settings and the audit context belong to one connection until it is closed or given back. */
class SessionStateTests {

    private static final String AUDIT = "SELECT current_audit_context('who')";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private final String numbers =
            IntStream.range(0, 1000).mapToObj(n -> "(" + n + ")").collect(Collectors.joining(","));

    @Test
    void aTemporaryTableIsSeenByItsConnectionAlone() {
        DecentDbConnection own = database.connect();
        DecentDbConnection other = database.connect();
        await(own.execute("CREATE TABLE t (n INTEGER)"));
        await(own.execute("CREATE TEMP TABLE scratch (n INTEGER)"));
        await(own.execute("INSERT INTO scratch VALUES (1), (2)"));
        await(own.execute("INSERT INTO t SELECT n FROM scratch"));

        assertThat(awaitValue(own.fetchValue("SELECT SUM(n) FROM scratch", Long.class)))
                .isEqualTo(3);
        assertThat(awaitValue(other.fetchValue("SELECT SUM(n) FROM t", Long.class)))
                .isEqualTo(3);
        assertThat(state(other.fetchValue("SELECT COUNT(*) FROM scratch", Long.class)))
                .isEqualTo("42P01");
        assertThat(awaitValue(own.schema()).toString()).contains("scratch");
        assertThat(awaitValue(other.schema()).toString()).doesNotContain("scratch");
    }

    @Test
    void aSettingAndTheAuditContextStayWithTheConnection() {
        DecentDbConnection own = database.connect();
        DecentDbConnection other = database.connect();
        await(own.execute("PRAGMA busy_timeout = 1234"));
        await(own.setAuditContext("who", "me"));

        assertThat(awaitValue(own.fetchValue("PRAGMA busy_timeout", Long.class)))
                .isEqualTo(1234);
        assertThat(awaitValue(own.fetchValue(AUDIT, String.class))).isEqualTo("me");
        assertThat(awaitValue(other.fetchValue("PRAGMA busy_timeout", Long.class)))
                .isZero();
        assertThat(awaitAll(other.fetchValue(AUDIT, String.class))).isEmpty();

        await(own.execute("SET AUDIT CONTEXT who = 'them'"));
        assertThat(awaitValue(own.fetchValue(AUDIT, String.class))).isEqualTo("them");
        await(own.setAuditContext("who", null));
        assertThat(awaitAll(own.fetchValue(AUDIT, String.class))).isEmpty();
    }

    @Test
    void nothingOfItReachesTheNextBorrowerOfAPool() {
        ConnectionPool pool = DecentDb.createPool(database.url("linger=0&maxSize=1&maxPinnedConnections=1"));
        try {
            for (int i = 0; i < 20; i++) {
                use(
                        pool,
                        connection -> Flux.concat(
                                connection.setAuditContext("who", "me").cast(Object.class),
                                connection.execute("CREATE TEMP TABLE scratch (n INTEGER)"),
                                connection.execute("INSERT INTO scratch VALUES (1)"),
                                connection.fetchAll("SELECT * FROM scratch")));
                use(
                        pool,
                        connection -> Flux.concat(
                                connection
                                        .fetchValue(AUDIT, String.class)
                                        .hasElement()
                                        .doOnNext(found -> assertThat(found).isFalse()),
                                Mono.fromSupplier(() -> state(connection.execute("INSERT INTO scratch VALUES (2)")))
                                        .subscribeOn(Schedulers.boundedElastic())
                                        .doOnNext(state -> assertThat(state).isEqualTo("42P01"))));
            }
        } finally {
            pool.dispose();
        }
    }

    @Test
    void writesTakeTheWriteLockAndAreDurableOnTheirOwn() {
        DecentDbConnection own = database.connect();
        DecentDbConnection other = database.connect();
        await(own.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)"));
        await(own.execute("CREATE TEMP TABLE scratch (n INTEGER)"));
        holdWriteLock(other);
        await(own.setLockWaitTimeout(Duration.ZERO));

        assertThat(state(own.execute("INSERT INTO t VALUES (1)"))).isEqualTo("55P03");
        await(own.beginTransaction());
        assertThat(state(own.execute("INSERT INTO t VALUES (1)"))).isEqualTo("55P03");
        await(own.rollbackTransaction());
        // On DecentDB a connection with state of its own reads under the write lock, too, which keeps its audit
        // context.
        if (database.bundled()) {
            assertThat(awaitValue(own.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                    .isZero();
        } else {
            assertThat(state(own.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                    .isEqualTo("55P03");
        }
        await(other.commitTransaction());

        await(own.setLockWaitTimeout(PATIENCE));
        Flux.merge(
                        Flux.range(0, 200).flatMap(n -> own.execute("INSERT INTO t VALUES ($1)", n), 32),
                        Flux.range(200, 200).flatMap(n -> other.execute("INSERT INTO t VALUES ($1)", n), 32),
                        Flux.range(400, 200).flatMap(n -> own.executeQueued("INSERT INTO t VALUES ($1)", n), 32))
                .reduce(0L, Long::sum)
                .as(StepVerifier::create)
                .expectNext(600L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(awaitValue(other.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(600);
    }

    @Test
    void aTransactionRollsTemporaryTablesBack() {
        DecentDbConnection own = database.connect();
        await(own.execute("CREATE TEMP TABLE kept (n INTEGER)"));
        await(own.beginTransaction());
        await(own.execute("CREATE TEMP TABLE dropped (n INTEGER)"));
        await(own.execute("INSERT INTO dropped VALUES (1)"));
        await(own.execute("INSERT INTO kept VALUES (1)"));
        assertThat(awaitValue(own.fetchValue("SELECT COUNT(*) FROM dropped", Long.class)))
                .isEqualTo(1);
        await(own.rollbackTransaction());

        assertThat(awaitValue(own.fetchValue("SELECT COUNT(*) FROM kept", Long.class)))
                .isZero();
        assertThat(state(own.fetchValue("SELECT COUNT(*) FROM dropped", Long.class)))
                .isEqualTo("42P01");
        await(own.execute("CREATE TEMP TABLE dropped (t TEXT)"));
        await(own.execute("INSERT INTO dropped VALUES ('x')"));
        assertThat(awaitValue(own.fetchValue("SELECT t FROM dropped", String.class)))
                .isEqualTo("x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"CREATE/**/TEMP TABLE s (n INT)", "PRAGMA busy_timeout(5)", "SET AUDIT CONTEXT a = 1"})
    void withinATransactionOfSharedHandlesItComesTooLate(String sql) {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (n INTEGER)"));
        holdWriteLock(connection);

        StepVerifier.create(connection.execute(sql))
                .expectErrorSatisfies(e -> assertThat(e).hasMessageContaining("before the transaction"))
                .verify(PATIENCE);
        await(connection.execute("INSERT INTO t VALUES (1)"));
        await(connection.commitTransaction());
        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(1);
    }

    @Test
    void aReadOnlyTransactionNeedsNoWriteLockAndTakesNoWrites() {
        assumeTrue(
                database.bundled(),
                "a handle of DecentDB with an audit context forgets it unless it reads under the write lock");
        DecentDbConnection own = database.connect();
        DecentDbConnection other = database.connect();
        await(own.execute("CREATE TABLE t (n INTEGER)"));
        await(own.execute("CREATE TEMP TABLE scratch (n INTEGER)"));
        await(other.beginTransaction());
        await(Flux.from(own.createStatement("BEGIN READ ONLY").execute()));
        await(own.execute("SELECT 1"));
        await(other.execute("INSERT INTO t VALUES (1)"));
        await(other.commitTransaction());

        assertThat(awaitValue(own.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isZero();
        assertThat(state(own.execute("INSERT INTO scratch VALUES (1)"))).isEqualTo("25006");
        await(own.rollbackTransaction());
        assertThat(awaitValue(own.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(1);
    }

    @Test
    void aDatabaseInMemoryRefusesIt() {
        DecentDbConnection memory = database.keep(DecentDb.connect("r2dbc:decentdb:mem:///" + UUID.randomUUID()));
        StepVerifier.create(memory.execute("CREATE TEMP TABLE s (n INTEGER)"))
                .expectErrorSatisfies(e -> assertThat(e).hasMessageContaining("one native handle"))
                .verify(PATIENCE);
        assertThat(state(memory.setAuditContext("who", "me"))).isEqualTo("0A000");
        assertThat(state(memory.executeQueued("CREATE TEMP TABLE s (n INTEGER)")))
                .isEqualTo("0A000");
    }

    @Test
    void theErrorOfOneConnectionTooManyNamesTheOption() {
        DecentDbConnection first = database.keep(DecentDb.connect(database.url("linger=0&maxPinnedConnections=2")));
        DecentDbConnection second = database.connect();
        DecentDbConnection third = database.connect();
        await(first.execute("CREATE TEMP TABLE s (n INTEGER)"));
        await(second.executeQueued("CREATE TEMP TABLE s (n INTEGER)"));

        StepVerifier.create(third.execute("CREATE TEMP TABLE s (n INTEGER)"))
                .expectErrorSatisfies(e -> assertThat(e).hasMessageContaining("maxPinnedConnections"))
                .verify(PATIENCE);
        assertThat(awaitValue(third.fetchValue("SELECT 1", Long.class))).isEqualTo(1);
        await(first.close());
        third.execute("CREATE TEMP TABLE s (n INTEGER)")
                .retryWhen(Retry.fixedDelay(1000, Duration.ofMillis(5)))
                .as(StepVerifier::create)
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void closingItWhileBusyEndsBusinessAndFreesTheTurn() {
        // Another engine cannot stop a statement, so each takes its time.
        int rounds = database.bundled() ? 200 : 20;
        for (int i = 0; i < rounds; i++) {
            DecentDbConnection own = awaitValue(database.factory().create());
            await(own.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)"));
            await(own.execute("CREATE TEMP TABLE s (n INTEGER)"));
            await(own.execute("INSERT INTO s VALUES " + numbers));
            boolean transaction = i % 2 == 0;
            if (transaction) {
                await(own.beginTransaction());
            }
            Mono<String> outcome = own.execute("INSERT INTO t SELECT a.n FROM s a, s b WHERE b.n < 5")
                    .map(String::valueOf)
                    .onErrorResume(R2dbcException.class, e -> Mono.just(String.valueOf(e.getSqlState())))
                    .cache();
            outcome.subscribe();
            if (i % 3 == 0) {
                Thread.onSpinWait();
            }
            await(own.close());
            assertThat(awaitValue(outcome)).isIn("5000", "08003", "25000", "57014");
            DecentDbConnection next = awaitValue(database.factory().create());
            await(next.execute("INSERT INTO t VALUES (1)"));
            await(next.close());
        }
    }

    @Test
    void aCancelledResultLeavesTheHandleUsable() {
        DecentDbConnection own = database.connect();
        await(own.execute("CREATE TEMP TABLE s (n INTEGER)"));
        await(own.execute("INSERT INTO s VALUES " + numbers));
        for (int i = 0; i < 200; i++) {
            StepVerifier.create(own.fetchAll("SELECT n FROM s"), 1)
                    .expectNextCount(1)
                    .thenCancel()
                    .verify(PATIENCE);
            own.execute("INSERT INTO s VALUES (0)").subscribe().dispose();
        }
        // Reading within reading needs no second handle.
        own.fetchAll("SELECT n FROM s WHERE n < 600")
                .concatMap(row -> own.fetchValue("SELECT COUNT(*) FROM s WHERE n = $1", Long.class, row.get(0)))
                .count()
                .as(StepVerifier::create)
                .assertNext(count -> assertThat(count).isGreaterThanOrEqualTo(600))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void askingNeedsNoHandleOfItsOwn() {
        DecentDbConnection connection =
                database.keep(DecentDb.connect(database.url("linger=0&maxPinnedConnections=0")));
        await(connection.execute("CREATE TABLE t (n INTEGER)"));
        assertThat(awaitValue(connection.fetchValue("PRAGMA page_size", Long.class)))
                .isPositive();
        assertThat(awaitAll(connection.fetchAll("PRAGMA table_info(t)"))).hasSize(1);
        await(connection.execute("PRAGMA user_version = 7"));
        assertThat(awaitValue(connection.fetchValue("PRAGMA user_version", Long.class)))
                .isEqualTo(7);
        assertThat(awaitAll(connection.fetchAll("PRAGMA wal_checkpoint"))).hasSize(1);
        assertThat(state(connection.execute("PRAGMA busy_timeout = 1"))).isEqualTo("53300");
    }

    private static String state(Publisher<?> publisher) {
        return String.valueOf(Flux.from(publisher)
                .then(Mono.<String>empty())
                .onErrorResume(R2dbcException.class, e -> Mono.just(String.valueOf(e.getSqlState())))
                .block(PATIENCE));
    }

    private static void use(ConnectionPool pool, Function<DecentDbConnection, Publisher<?>> work) {
        await(Flux.usingWhen(
                pool.create(),
                borrowed -> work.apply((DecentDbConnection) ((Wrapped<?>) borrowed).unwrap()),
                Connection::close));
    }
}
