package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/**
 * A transaction that no code owns any more, because its subscriber cancelled or forgot it, stops nobody.
 * {@code -Dforgotten.cancellations} sets how often a transaction is cancelled.
 */
class ForgottenTransactionTests {

    private static final int CANCELLATIONS = Integer.getInteger("forgotten.cancellations", 1_000);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"));
    }

    @Test
    void aTransactionThatExecutedNothingHoldsNobodyUp() {
        await(database.connect().beginTransaction());
        DecentDbConnection other = database.connect();
        await(other.setLockWaitTimeout(Duration.ZERO));

        await(other.execute("INSERT INTO t (v) VALUES ('written')"));
        await(other.beginTransaction());
        await(other.execute("INSERT INTO t (v) VALUES ('also')"));
        await(other.commitTransaction());
    }

    @Test
    void itsFirstStatementSeesEverythingCommittedBeforeItAndNoConflictArises() {
        DecentDbConnection early = database.connect();
        await(early.beginTransaction());
        await(database.connect().execute("INSERT INTO t (v) VALUES ('meanwhile')"));

        assertThat(awaitValue(early.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(1);
        await(early.execute("INSERT INTO t (v) VALUES ('after')"));
        await(early.commitTransaction());
        assertThat(count("after")).isEqualTo(1);
    }

    @Test
    void afterItsFirstStatementWaitedInVainItCanBeTriedAgain() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection waiting = database.connect();
        await(waiting.setLockWaitTimeout(Duration.ofMillis(20)));
        await(waiting.beginTransaction());

        expectState(waiting.execute("INSERT INTO t (v) VALUES ('early')"), "55P03");
        await(holder.rollbackTransaction());
        await(waiting.execute("INSERT INTO t (v) VALUES ('late')"));
        await(waiting.commitTransaction());

        assertThat(count("early")).isZero();
        assertThat(count("late")).isEqualTo(1);
    }

    @Test
    void statementsSubmittedTogetherRunInOrderOnceTheLockIsFree() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection waiting = database.connect();
        await(waiting.beginTransaction());
        Mono<Long> all = Flux.range(0, 20)
                .flatMapSequential(n -> waiting.execute("INSERT INTO t VALUES ($1, 'n')", n), 20)
                .reduce(0L, Long::sum)
                .flatMap(rows -> waiting.commitTransaction().thenReturn(rows))
                .cache();
        all.subscribe(rows -> {}, error -> {});

        await(holder.rollbackTransaction());

        assertThat(awaitValue(all)).isEqualTo(20);
        assertThat(count("n")).isEqualTo(20);
    }

    @Test
    void aCommitThatIsCancelledWhileItWaitsRollsBack() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection waiting = database.connect();
        await(waiting.beginTransaction());
        Mono<Long> insert =
                waiting.execute("INSERT INTO t (v) VALUES ('given up')").cache();
        insert.subscribe(rows -> {}, error -> {});

        waiting.commitTransaction().subscribe().dispose();

        expectState(insert, "25000");
        assertThat(waiting.isAutoCommit()).isTrue();
        await(holder.rollbackTransaction());
        await(waiting.execute("INSERT INTO t (v) VALUES ('afterwards')"));
        assertThat(count("given up")).isZero();
        assertThat(count("afterwards")).isEqualTo(1);
    }

    @Test
    void aTransactionThatDoesNothingForTooLongIsRolledBack() {
        DecentDbConnection idle =
                database.keep(DecentDb.connect(database.url("linger=0&idleTransactionTimeout=PT0.05S")));
        await(idle.beginTransaction());
        await(idle.execute("INSERT INTO t (v) VALUES ('forgotten')"));

        DecentDbConnection other = database.connect();
        await(other.setLockWaitTimeout(PATIENCE));
        await(other.execute("INSERT INTO t (v) VALUES ('written')"));

        assertThat(idle.isAutoCommit()).isFalse();
        expectState(idle.execute("INSERT INTO t (v) VALUES ('more')"), "25P03");
        expectState(idle.commitTransaction(), "25P03");
        assertThat(idle.isAutoCommit()).isTrue();
        await(idle.execute("INSERT INTO t (v) VALUES ('later')"));
        assertThat(count("forgotten") + count("more")).isZero();
        assertThat(count("later")).isEqualTo(1);
    }

    @Test
    void aTransactionThatIsUsedOutlastsTheTimeout() {
        DecentDbConnection busy =
                database.keep(DecentDb.connect(database.url("linger=0&idleTransactionTimeout=PT0.4S")));

        Long rows = busy.inTransaction(tx -> Flux.interval(Duration.ofMillis(20))
                        .onBackpressureDrop()
                        .take(50)
                        .concatMap(n -> tx.execute("INSERT INTO t (v) VALUES ('busy')"))
                        .reduce(0L, Long::sum))
                .blockLast(PATIENCE);

        assertThat(rows).isEqualTo(50);
    }

    @Test
    void aPoolThatReleasesAConnectionRawHandsItOutAsNew() {
        DecentDbConnection pooled = database.connect();
        await(pooled.postAllocate());
        await(pooled.beginTransaction());
        await(pooled.execute("INSERT INTO t (v) VALUES ('first borrower')"));

        await(pooled.postAllocate());
        assertThat(pooled.isAutoCommit()).isTrue();
        await(pooled.execute("INSERT INTO t (v) VALUES ('second borrower')"));
        await(pooled.preRelease());

        assertThat(count("first borrower")).isZero();
        assertThat(count("second borrower")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cancelledAtAnyPointSpringsTransactionsLeaveTheWriteLockFree(boolean pooled) {
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(database.factory())
                .maxSize(5)
                .build());
        ConnectionFactory factory = pooled ? pool : database.factory();
        DatabaseClient client = DatabaseClient.create(factory);
        TransactionalOperator transaction = TransactionalOperator.create(new R2dbcTransactionManager(factory));
        AtomicLong acknowledged = new AtomicLong();

        for (int i = 0; i < CANCELLATIONS; i++) {
            Disposable work = client.sql("INSERT INTO t (v) VALUES ('spring')")
                    .then()
                    .then(client.sql("SELECT * FROM t LIMIT 10").fetch().all().count())
                    .as(transaction::transactional)
                    .subscribe(rows -> acknowledged.incrementAndGet(), error -> {});
            pause(i);
            work.dispose();
        }

        try {
            expectTheLockFree(factory);
            assertThat(count("spring")).isGreaterThanOrEqualTo(acknowledged.get());
        } finally {
            pool.dispose();
        }
    }

    @Test
    void cancelledAtAnyPointABlockInATransactionLeavesTheWriteLockFree() {
        AtomicLong acknowledged = new AtomicLong();
        DecentDbConnection connection = database.connect();
        for (int i = 0; i < CANCELLATIONS; i++) {
            Disposable work = connection
                    .inTransaction(tx -> tx.execute("INSERT INTO t (v) VALUES ('block')"))
                    .subscribe(rows -> {}, error -> {}, acknowledged::incrementAndGet);
            pause(i);
            work.dispose();
            await(connection.rollbackTransaction());
        }

        expectTheLockFree(database.factory());
        assertThat(count("block")).isGreaterThanOrEqualTo(acknowledged.get());
    }

    private static void pause(int round) {
        if (round % 3 != 0) {
            LockSupport.parkNanos(
                    TimeUnit.MICROSECONDS.toNanos(ThreadLocalRandom.current().nextInt(1_500)));
        }
    }

    /** A cancelled transaction may still be about to roll back, but it does so without help. */
    private static void expectTheLockFree(ConnectionFactory factory) {
        for (int i = 0; i < 10; i++) {
            Mono.usingWhen(
                            factory.create(),
                            connection -> Flux.from(connection
                                            .createStatement("INSERT INTO t (v) VALUES ('probe')")
                                            .execute())
                                    .concatMap(Result::getRowsUpdated)
                                    .then(),
                            Connection::close)
                    .block(PATIENCE);
        }
        Long probes = Mono.usingWhen(
                        factory.create(),
                        connection -> Flux.from(connection
                                        .createStatement("SELECT COUNT(*) FROM t WHERE v = 'probe'")
                                        .execute())
                                .concatMap(result -> result.map(row -> row.get(0, Long.class)))
                                .next(),
                        Connection::close)
                .block(PATIENCE);
        assertThat(probes).isEqualTo(10);
    }

    private long count(String value) {
        return awaitValue(database.connect().fetchValue("SELECT COUNT(*) FROM t WHERE v = $1", Long.class, value));
    }

    private static void expectState(Mono<?> work, String state) {
        work.as(StepVerifier::create)
                .expectErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo(state))
                .verify(PATIENCE);
    }
}
