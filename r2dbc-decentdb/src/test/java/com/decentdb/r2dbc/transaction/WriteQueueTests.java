package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class WriteQueueTests {

    private static final String INSERT = "INSERT INTO t VALUES ($1)";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        DecentDbConnection connection = awaitValue(DecentDb.connect(database.url("linger=0")));
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.close());
    }

    @Test
    void commitsInGroupsWhatManyWaitFor() {
        DecentDbConnection connection = database.connect();

        Flux.range(0, 500)
                .flatMap(id -> connection.executeQueued(INSERT, id), 500)
                .reduce(0L, Long::sum)
                .as(StepVerifier::create)
                .expectNext(500L)
                .verifyComplete();

        assertThat(count(connection)).isEqualTo(500);
        assertThat(awaitValue(connection.writeQueueMetrics())).satisfies(metrics -> {
            assertThat(metrics.committed()).isEqualTo(500);
            assertThat(metrics.syncs()).isLessThan(500);
            assertThat(metrics.waiting()).isZero();
        });
    }

    @Test
    void theViewOfTheEngineShowsTheSameNumbers() {
        DecentDbConnection connection = database.connect();
        assumeTrue(database.bundled(), "DecentDB's view is of its own queue, which the driver does not use");
        DecentDbConnection reader = database.connect();

        for (int round = 0; round < 3; round++) {
            int from = round * 100;
            await(Flux.range(from, 100).flatMap(id -> connection.executeQueued(INSERT, id), 100));
            await(connection.executeQueued(INSERT, from).onErrorComplete());
            Map<String, @Nullable Object> view = awaitValue(reader.fetchOne("SELECT * FROM sys.write_queue_metrics"));
            WriteQueueMetrics metrics = awaitValue(connection.writeQueueMetrics());
            assertThat(view)
                    .containsEntry("capacity", metrics.capacity())
                    .containsEntry("current_depth", metrics.waiting())
                    .containsEntry("executed", metrics.executed())
                    .containsEntry("committed", metrics.committed())
                    .containsEntry("failed", metrics.failed())
                    .containsEntry("group_commit_batches", metrics.batches())
                    .containsEntry("group_commit_syncs", metrics.syncs())
                    .containsEntry("group_commit_max_batch", metrics.largestBatch())
                    .containsEntry("group_commit_commits_covered", metrics.committed())
                    .containsEntry("physical_syncs_saved", metrics.syncsSaved())
                    .containsEntry("total_queue_wait_ns", metrics.waitNanos())
                    .containsEntry("admitted", null)
                    .containsEntry("rejected", null);
            assertThat(metrics.committed()).isEqualTo(from + 100L);
            assertThat(metrics.failed()).isEqualTo(round + 1L);
        }
    }

    @Test
    void theViewShowsTheWritesThatWait() {
        assumeTrue(database.bundled(), "DecentDB's view is of its own queue, which the driver does not use");
        DecentDbConnection holder = database.connect();
        DecentDbConnection connection = database.connect();
        holdWriteLock(holder);
        for (int id = 0; id < 3; id++) {
            connection.executeQueued(INSERT, id).subscribe();
        }
        awaitUntil(
                "three writes wait",
                () -> awaitValue(connection.writeQueueMetrics()).waiting() == 3);

        String depth = "SELECT current_depth FROM sys.write_queue_metrics";
        assertThat(awaitValue(connection.fetchValue(depth, Long.class))).isEqualTo(3);
        assertThat(awaitValue(holder.fetchValue(depth, Long.class)))
                .as("in a transaction, too")
                .isEqualTo(3);
    }

    @Test
    void aStreamOfWritesAsksForNoMoreThanThereIsRoomFor() {
        DecentDbConnection connection = database.connect();
        AtomicLong requested = new AtomicLong();
        AtomicLong answered = new AtomicLong();
        AtomicLong ahead = new AtomicLong();

        Flux<Object[]> source = Flux.range(0, 5_000)
                .map(id -> new Object[] {id})
                .doOnNext(arguments -> {
                    long waiting = requested.incrementAndGet() - answered.get();
                    ahead.accumulateAndGet(waiting, Math::max);
                });
        connection
                .executeQueued(INSERT, source)
                .doOnNext(count -> answered.incrementAndGet())
                .as(StepVerifier::create)
                .expectNextCount(5_000)
                .verifyComplete();

        assertThat(ahead.get()).isLessThan(1_000);
        assertThat(count(connection)).isEqualTo(5_000);
    }

    @Test
    void aStreamIsExecutedInItsOrder() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE seen (place INTEGER PRIMARY KEY, n INTEGER)"));

        await(connection.executeQueued(
                "INSERT INTO seen (n) VALUES ($1)", Flux.range(0, 2_000).map(n -> new Object[] {n})));

        connection
                .fetchValue("SELECT COUNT(*) FROM seen WHERE n <> place - 1", Long.class)
                .as(StepVerifier::create)
                .expectNext(0L)
                .verifyComplete();
    }

    @Test
    void checkpointsWaitForTheWriteLockNoLongerThanAllowedAndSoDoCopiesOfLibdecentdb() {
        DecentDbConnection holder = database.connect();
        DecentDbConnection connection = database.connect();
        await(connection.setLockWaitTimeout(Duration.ofMillis(50)));
        holdWriteLock(holder);

        Mono<Void> copy = connection.saveAs(database.directory().resolve("copy.ddb"));
        // The bundled engine copies what is committed, and waits for nothing.
        if (database.bundled()) {
            await(copy);
        }
        for (Mono<Void> waits :
                database.bundled() ? List.of(connection.checkpoint()) : List.of(connection.checkpoint(), copy)) {
            waits.as(StepVerifier::create)
                    .verifyErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("55P03"));
        }
        await(holder.rollbackTransaction());
    }

    @Test
    void aFullQueueAndATimeoutAreDifferentErrorsAndNeitherExecutes() {
        DecentDbConnection connection = database.keep(
                DecentDb.connect(database.url("linger=0&writeQueueCapacity=2&writeQueueDefaultTimeout=300")));
        await(connection.execute("SELECT 1"));
        DecentDbConnection holder = database.keep(DecentDb.connect(database.url("linger=0&writeQueueCapacity=2")));
        holdWriteLock(holder);

        Mono<Long> first = connection.executeQueued(INSERT, 1).cache();
        Mono<Long> second = connection.executeQueued(INSERT, 2).cache();
        first.subscribe(value -> {}, error -> {});
        second.subscribe(value -> {}, error -> {});
        connection
                .executeQueued(INSERT, 3)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTransientResourceException.class)
                        .hasMessageContaining("not started")
                        .hasMessageContaining("full"));
        first.as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageContaining("not started"));
        second.as(StepVerifier::create).verifyError(R2dbcTimeoutException.class);

        await(holder.commitTransaction());
        await(connection.executeQueued(INSERT, 4));
        assertThat(count(connection)).isEqualTo(1);
    }

    @Test
    void aFailingWriteFailsAlone() {
        DecentDbConnection connection = database.connect();
        await(connection.executeQueued(INSERT, 7));

        Flux.range(0, 50)
                .flatMap(
                        id -> connection
                                .executeQueued(INSERT, id)
                                .onErrorResume(R2dbcDataIntegrityViolationException.class, error -> Mono.just(-1L)),
                        50)
                .reduce(0L, Long::sum)
                .as(StepVerifier::create)
                .expectNext(48L)
                .verifyComplete();
    }

    @Test
    void aFailingWriteOfAStreamIsReportedAndTheOthersGoOn() {
        DecentDbConnection connection = database.connect();
        await(connection.executeQueued(INSERT, 7));
        await(connection.executeQueued(INSERT, 400));

        connection
                .executeQueuedEach(INSERT, Flux.range(0, 500).map(id -> new Object[] {id}))
                .as(StepVerifier::create)
                .recordWith(ArrayList::new)
                .expectNextCount(500)
                .consumeRecordedWith(outcomes -> {
                    assertThat(outcomes).extracting(WriteOutcome::index).isSorted();
                    assertThat(outcomes)
                            .filteredOn(outcome -> outcome.failure() != null)
                            .extracting(WriteOutcome::index)
                            .containsExactly(7L, 400L);
                    assertThat(outcomes)
                            .filteredOn(outcome -> outcome.failure() != null)
                            .extracting(WriteOutcome::failure)
                            .hasOnlyElementsOfType(R2dbcDataIntegrityViolationException.class);
                })
                .verifyComplete();

        assertThat(count(connection)).isEqualTo(500);
    }

    @Test
    void aStreamOfCountsEndsWithTheFirstErrorInOrder() {
        DecentDbConnection connection = database.connect();
        await(connection.executeQueued(INSERT, 7));

        connection
                .executeQueued(INSERT, Flux.range(0, 500).map(id -> new Object[] {id}))
                .as(StepVerifier::create)
                .expectNextCount(7)
                .verifyError(R2dbcDataIntegrityViolationException.class);
    }

    @Test
    void aWriteCancelledWhileItWaitsIsNotExecuted() {
        DecentDbConnection connection = database.connect();
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        await(holder.execute(INSERT, 1));

        Disposable waiting = connection.executeQueued(INSERT, 2).subscribe();
        Disposable stream = connection
                .executeQueued(INSERT, Flux.range(3, 50).map(id -> new Object[] {id}))
                .subscribe();
        waiting.dispose();
        stream.dispose();
        await(holder.commitTransaction());
        await(connection.executeQueued(INSERT, 100));

        assertThat(count(connection)).isEqualTo(2);
    }

    @Test
    void refusesSeveralStatementsBeforeAnythingRuns() {
        DecentDbConnection connection = database.connect();

        connection
                .executeQueued("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")
                .as(StepVerifier::create)
                .verifyError(R2dbcBadGrammarException.class);

        assertThat(count(connection)).isZero();
    }

    @Test
    void takesTurnsWithTransactionsAndPlainWrites() {
        DecentDbConnection connection = database.connect();

        Flux.range(0, 300)
                .flatMap(
                        id -> switch (id % 3) {
                            case 0 -> connection.executeQueued(INSERT, id);
                            case 1 -> connection.execute(INSERT, id);
                            default ->
                                Flux.usingWhen(
                                                database.factory().create(),
                                                each -> each.inTransaction(tx -> tx.execute(INSERT, id)),
                                                DecentDbConnection::close)
                                        .last();
                        },
                        64)
                .as(StepVerifier::create)
                .expectNextCount(300)
                .verifyComplete();

        assertThat(count(connection)).isEqualTo(300);
    }

    @Test
    void theOptionSendsPlainWritesThroughTheQueue() {
        DecentDbConnection connection =
                database.keep(DecentDb.connect(database.url("linger=0&writeQueueEnabled=true")));
        await(connection.execute(INSERT, 1));

        assertThat(awaitValue(connection.fetchValue("INSERT INTO t VALUES (2) RETURNING id", Integer.class)))
                .isEqualTo(2);
        await(connection.inTransaction(tx -> tx.execute(INSERT, 3)));

        assertThat(awaitValue(connection.writeQueueMetrics()).committed()).isEqualTo(1);
        assertThat(count(connection)).isEqualTo(3);
    }

    private static Long count(DecentDbConnection connection) {
        return awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class));
    }
}
