package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class CancellationTests {

    private static final int REPETITIONS = 300;

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void fillTable() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.inTransaction(
                tx -> Flux.range(0, 1_000).concatMap(id -> tx.execute("INSERT INTO t VALUES ($1)", id))));
    }

    @Test
    void aWriteCancelledWhileItWaitsIsNeverExecuted() {
        DecentDbConnection holder = database.connect();
        DecentDbConnection other = database.connect();
        for (int i = 0; i < 20; i++) {
            holdWriteLock(holder);
            Disposable waiting =
                    other.execute("INSERT INTO t VALUES ($1)", 10_000 + i).subscribe();
            Disposable queued =
                    other.executeQueued("INSERT INTO t VALUES ($1)", 20_000 + i).subscribe();
            waiting.dispose();
            queued.dispose();
            await(holder.commitTransaction());
        }

        await(other.execute("DELETE FROM t WHERE id = 0"));
        assertThat(awaitValue(other.fetchValue("SELECT COUNT(*) FROM t WHERE id >= 10000", Long.class)))
                .isZero();
    }

    @Test
    void aFirstStatementCancelledWhileItWaitsHoldsNothing() {
        DecentDbConnection holder = database.connect();
        DecentDbConnection other = database.connect();
        holdWriteLock(holder);
        await(other.beginTransaction());
        Disposable waiting = other.execute("INSERT INTO t VALUES (9999)").subscribe();
        waiting.dispose();
        await(holder.commitTransaction());

        await(database.connect().execute("INSERT INTO t VALUES (10000)"));
        await(other.rollbackTransaction());
        assertThat(other.isAutoCommit()).isTrue();
    }

    @RepeatedTest(3)
    void randomCancellationsLeaveEverythingUsable() {
        AtomicInteger next = new AtomicInteger(100_000);
        for (int i = 0; i < REPETITIONS; i++) {
            Disposable work = work(i % 6, next).subscribe(value -> {}, error -> {});
            LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(500_000));
            work.dispose();
        }

        DecentDbConnection connection = database.connect();
        await(connection.execute("INSERT INTO t VALUES ($1)", next.incrementAndGet()));
        await(connection.inTransaction(tx -> tx.execute("INSERT INTO t VALUES ($1)", next.incrementAndGet())));
        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t WHERE id < 1000", Long.class)))
                .isEqualTo(1_000);
        Flux.range(0, 16)
                .flatMap(i -> database.connect().fetchAll("SELECT id FROM t"), 16)
                .blockLast(PATIENCE);
    }

    private Flux<?> work(int kind, AtomicInteger next) {
        Mono<DecentDbConnection> connection = database.factory().create();
        String insert = "INSERT INTO t VALUES ($1)";
        return switch (kind) {
            case 0 -> Flux.usingWhen(connection, c -> c.fetch("SELECT * FROM t"), DecentDbConnection::close);
            case 1 ->
                Flux.usingWhen(connection, c -> c.execute(insert, next.incrementAndGet()), DecentDbConnection::close);
            case 2 ->
                Flux.usingWhen(
                        connection,
                        c -> c.inTransaction(
                                tx -> tx.execute(insert, next.incrementAndGet()).thenMany(tx.fetch("SELECT * FROM t"))),
                        DecentDbConnection::close);
            case 3 ->
                Flux.usingWhen(
                        connection,
                        c -> Flux.range(0, 10).flatMap(i -> c.executeQueued(insert, next.incrementAndGet())),
                        DecentDbConnection::close);
            case 4 -> Flux.usingWhen(connection, c -> c.watchTable("t").take(1), DecentDbConnection::close);
            default ->
                Flux.usingWhen(connection, c -> c.fetch("SELECT * FROM t").take(3), DecentDbConnection::close);
        };
    }

    @Test
    void closeIsPromptWhileOthersHoldTheRightToWrite() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection other = database.connect();
        other.execute("INSERT INTO t VALUES (9999)").subscribe(value -> {}, error -> {});

        other.close().block(Duration.ofSeconds(5));

        await(holder.rollbackTransaction());
    }
}
