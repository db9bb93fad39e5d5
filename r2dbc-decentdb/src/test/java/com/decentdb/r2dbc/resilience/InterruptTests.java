package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Statements that would run for ever are stopped, and nothing else is. On an engine that can stop none they are given up. */
class InterruptTests {

    private static final String ENDLESS_ROWS =
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT ";
    private static final String ENDLESS_READ = ENDLESS_ROWS + "count(*) FROM c";
    private static final String ENDLESS_WRITE = "UPDATE t SET v = (" + ENDLESS_ROWS + "count(*) FROM c) WHERE id = 1";
    private static final Duration SOON = Duration.ofMillis(100);
    private static final int RACES = Integer.getInteger("interrupt.races", 3_000);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void fillTable() {
        connection = database.connect();
        assumeTrue(connection.getMetadata().engine().bundled(), "other engines cannot stop statements");
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)"));
        await(connection.execute("INSERT INTO t VALUES (1, 1), (2, 2)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {ENDLESS_READ, ENDLESS_WRITE})
    void theStatementTimeoutStopsAStatement(String endless) {
        await(connection.setStatementTimeout(SOON));

        assertThat(failure(connection.execute(endless))).isInstanceOfSatisfying(R2dbcTimeoutException.class, error -> {
            assertThat(error.getSqlState()).isEqualTo("57014");
            assertThat(error.getSql()).isEqualTo(endless);
        });

        assertDatabaseIsFree();
    }

    @ParameterizedTest
    @ValueSource(strings = {ENDLESS_READ, ENDLESS_WRITE})
    void cancellingStopsAStatementInSilence(String endless) {
        Disposable running = connection.execute(endless).subscribe();
        untilItRuns();
        running.dispose();

        assertDatabaseIsFree();
    }

    @ParameterizedTest
    @ValueSource(strings = {ENDLESS_READ, ENDLESS_WRITE})
    void closingTheConnectionStopsAStatement(String endless) {
        DecentDbConnection other = database.connect();
        AtomicReference<Throwable> error = new AtomicReference<>();
        Mono<Long> statement =
                other.execute(endless).doOnError(error::set).onErrorComplete().cache();
        statement.subscribe();
        untilItRuns();
        await(other.close());

        await(statement);
        assertThat(state(requireNonNull(error.get()))).isEqualTo("57014");
        assertDatabaseIsFree();
    }

    @ParameterizedTest
    @ValueSource(strings = {ENDLESS_READ, ENDLESS_WRITE})
    void closingTheConnectionStopsAStatementOfItsTransaction(String endless) {
        DecentDbConnection other = database.connect();
        await(other.beginTransaction());
        await(other.execute("INSERT INTO t VALUES (3, 3)"));
        other.execute(endless).subscribe(value -> {}, error -> {});
        untilItRuns();
        await(other.close());

        assertDatabaseIsFree();
    }

    @ParameterizedTest
    @ValueSource(strings = {ENDLESS_READ, ENDLESS_WRITE})
    void rollingBackStopsAStatementOfTheTransaction(String endless) {
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO t VALUES (3, 3)"));
        connection.execute(endless).subscribe(value -> {}, error -> {});
        untilItRuns();
        await(connection.rollbackTransaction());

        assertDatabaseIsFree();
    }

    @Test
    void aTransactionWhoseReadWasStoppedGoesOn() {
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO t VALUES (3, 3)"));
        await(connection.setStatementTimeout(SOON));
        failure(connection.execute(ENDLESS_READ));
        await(connection.setStatementTimeout(Duration.ZERO));
        await(connection.execute("INSERT INTO t VALUES (4, 4)"));
        await(connection.commitTransaction());

        assertThat(rows("t")).isEqualTo(4);
    }

    @Test
    void aTransactionWhoseWriteWasStoppedIsLostUntilItIsRolledBack() {
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO t VALUES (3, 3)"));
        await(connection.setStatementTimeout(SOON));
        failure(connection.execute(ENDLESS_WRITE));
        await(connection.setStatementTimeout(Duration.ZERO));

        assertThat(state(failure(connection.execute("INSERT INTO t VALUES (4, 4)"))))
                .isEqualTo("40000");
        assertThat(state(failure(connection.execute("SELECT 1")))).isEqualTo("40000");
        assertThat(connection.isAutoCommit()).isFalse();
        assertThat(state(failure(connection.commitTransaction()))).isEqualTo("40000");
        assertDatabaseIsFree();
    }

    @Test
    void aBatchStopsBetweenItsStatements() {
        var batch = connection.createStatement("INSERT INTO t (v) SELECT $1 RETURNING id");
        for (int i = 0; i < 200_000; i++) {
            batch.bind(0, i).add();
        }
        Disposable running = Flux.from(batch.bind(0, -1).execute()).subscribe();
        untilItRuns();
        running.dispose();

        assertDatabaseIsFree();
    }

    @Test
    void aBatchThatIsStoppedWithinATransactionLeavesNoneOfItsRows() {
        await(connection.beginTransaction());
        var batch = connection.createStatement("INSERT INTO t (v) SELECT $1 RETURNING id");
        for (int i = 0; i < 200_000; i++) {
            batch.bind(0, i).add();
        }
        Disposable running = Flux.from(batch.bind(0, -1).execute()).subscribe();
        untilItRuns();
        running.dispose();

        // Stopped between two executions they are undone; within one the engine gives up the transaction.
        Mono<String> left = connection
                .fetchValue("SELECT COUNT(*) FROM t", Long.class)
                .map(String::valueOf)
                .onErrorResume(R2dbcException.class, error -> Mono.just(String.valueOf(error.getSqlState())));
        assertThat(awaitValue(left)).isIn("2", "40000");
        await(connection.rollbackTransaction());
        assertDatabaseIsFree();
    }

    @Test
    void fetchingRowsIsStopped() {
        DecentDbConnection other = database.connect();
        Disposable reading =
                other.fetch(ENDLESS_ROWS + "x FROM c WHERE x < 1000 OR x < 0").subscribe();
        untilItRuns();
        reading.dispose();

        assertDatabaseIsFree();
    }

    @Test
    void closingTheFactoryIsNotHeldUpByAStatementOfAClosedConnection() {
        DecentDbConnectionFactory factory = DecentDb.factory(database.url("linger=0"));
        await(connection.close());
        DecentDbConnection last = awaitValue(factory.create());
        last.execute(ENDLESS_WRITE).subscribe(value -> {}, error -> {});
        last.executeQueued(ENDLESS_WRITE).subscribe(value -> {}, error -> {});
        untilItRuns();
        await(last.close());
        await(((Closeable) factory).close());

        assertThat(rows("t")).isEqualTo(2);
    }

    @Test
    void aStatementThatWaitsWhileItsConnectionIsClosedIsNotRun() {
        DecentDbConnection other = database.connect();
        holdWriteLock(connection);
        Mono<Long> waiting = other.execute(ENDLESS_WRITE).cache();
        waiting.subscribe(value -> {}, error -> {});
        await(other.close());
        await(connection.commitTransaction());

        assertThat(state(failure(waiting))).isEqualTo("08003");
        assertDatabaseIsFree();
    }

    @Test
    void theOthersOfAGroupAreCommittedWithoutTheOneThatIsStopped() {
        DecentDbConnection other = database.connect();
        for (int round = 0; round < 5; round++) {
            holdWriteLock(connection);
            int first = 100 * (round + 1);
            List<Mono<Long>> writes = new ArrayList<>();
            List<Disposable> endless = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Mono<Long> write =
                        other.execute("INSERT INTO t VALUES ($1, 0)", first + i).cache();
                write.subscribe();
                writes.add(write);
                if (i % 5 == 2) {
                    endless.add(other.execute(ENDLESS_WRITE).subscribe());
                }
            }
            await(connection.commitTransaction());
            for (Disposable each : endless) {
                untilItRuns();
                each.dispose();
            }
            assertThat(awaitValue(Flux.concat(writes).reduce(Long::sum))).isEqualTo(20);
            assertThat(rows("t WHERE v = 0")).isEqualTo(20L * (round + 1));
        }
        assertThat(rows("t WHERE id = 1 AND v = 1")).isEqualTo(1);
    }

    /** Each statement is cancelled about when it ends and the next one of the same lane begins, which must not be met. */
    @Test
    void aRequestNeverMeetsAnotherStatement() {
        List<DecentDbConnection> connections = List.of(connection, database.connect(), database.connect());
        Flux<Long> innocent = Flux.range(0, RACES)
                .concatMap(i -> connections.get(1).fetchValue("SELECT count(*) FROM t WHERE id < 3", Long.class))
                .doOnNext(count -> assertThat(count).isEqualTo(2));
        Flux<Long> writes = Flux.range(0, RACES / 4)
                .concatMap(i -> connections.get(2).execute("UPDATE t SET v = v + 1 WHERE id = 2"));
        Mono<List<Long>> others = Flux.merge(innocent, writes).collectList().cache();
        others.subscribe(done -> {}, error -> {});
        for (int i = 0; i < RACES; i++) {
            Disposable cancelled = (i % 3 == 0
                            ? connection.execute("UPDATE t SET v = v + 1 WHERE id = 1")
                            : connection.fetchValue("SELECT sum(v) FROM t WHERE id > 5", Long.class))
                    .subscribe();
            LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(100_000));
            cancelled.dispose();
            if (i % 3 == 1) {
                assertThat(rows("t")).isEqualTo(2);
            }
        }

        assertThat(awaitValue(others)).hasSize(RACES + RACES / 4);
        assertThat(rows("t WHERE id = 2 AND v = " + (2 + RACES / 4))).isEqualTo(1);
    }

    /** Rollbacks race with statements of the transaction; the next transaction of the lane is never met. */
    @Test
    void aRollbackNeverMeetsTheNextTransaction() {
        DecentDbConnection other = database.connect();
        Mono<List<Long>> transactions = Flux.range(0, RACES / 4)
                .concatMap(i -> other.inTransaction(tx -> tx.execute("UPDATE t SET v = v + 1 WHERE id = 2")))
                .collectList()
                .cache();
        transactions.subscribe(done -> {}, error -> {});
        for (int i = 0; i < RACES / 4; i++) {
            await(connection.beginTransaction());
            connection.execute("UPDATE t SET v = v + 1 WHERE id = 1").subscribe(value -> {}, error -> {});
            LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(100_000));
            await(connection.rollbackTransaction());
        }

        assertThat(awaitValue(transactions)).hasSize(RACES / 4);
        assertThat(rows("t WHERE (id = 1 AND v = 1) OR (id = 2 AND v = " + (2 + RACES / 4) + ")"))
                .isEqualTo(2);
    }

    private void untilItRuns() {
        // Long enough for nearly every run; the outcome is the same if the statement has not begun.
        LockSupport.parkNanos(SOON.toNanos() / 2);
    }

    /** All lanes serve other statements, and nothing of the stopped ones stayed. */
    private void assertDatabaseIsFree() {
        DecentDbConnection fresh = database.connect();
        await(fresh.execute("INSERT INTO t VALUES (50, 50)"));
        await(fresh.execute("DELETE FROM t WHERE id = 50"));
        Flux.range(0, 8)
                .flatMap(i -> database.factory()
                        .create()
                        .flatMap(each -> each.fetchValue("SELECT count(*) FROM t WHERE v < 3", Long.class)
                                .doOnNext(count -> assertThat(count).isEqualTo(2))
                                .then(each.close())))
                .blockLast(PATIENCE);
        await(fresh.close());
        assertThat(rows("t")).isEqualTo(2);
    }

    private long rows(String table) {
        return awaitValue(Flux.usingWhen(
                database.factory().create(),
                each -> each.fetchValue("SELECT count(*) FROM " + table, Long.class),
                DecentDbConnection::close));
    }

    private static Throwable failure(Publisher<?> publisher) {
        return requireNonNull(Flux.from(publisher)
                .ignoreElements()
                .cast(Throwable.class)
                .onErrorResume(Mono::just)
                .block(PATIENCE));
    }

    private static String state(Throwable error) {
        return String.valueOf(((R2dbcException) error).getSqlState());
    }
}
