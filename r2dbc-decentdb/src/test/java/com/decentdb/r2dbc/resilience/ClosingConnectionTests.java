package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Once {@code close()} was subscribed to, nothing of the connection runs that had not begun. */
class ClosingConnectionTests {

    private static final String SLOW = "INSERT INTO t SELECT value FROM generate_series(1, 2000000) AS s(value)";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (n INTEGER)"));
    }

    /** The end of each write: its rows, or the SQLSTATE of its error. */
    private static Flux<Object> outcomes(List<Mono<Long>> writes) {
        return Flux.fromIterable(writes)
                .flatMap(
                        write -> write.cast(Object.class)
                                .onErrorResume(R2dbcException.class, e -> Mono.just(String.valueOf(e.getSqlState()))),
                        writes.size());
    }

    private static List<Mono<Long>> writes(DecentDbConnection connection) {
        return Stream.of(1, 2, 3, 4)
                .flatMap(n -> Stream.of(
                        connection.execute("INSERT INTO t VALUES ($1)", n),
                        connection.executeQueued("INSERT INTO t VALUES ($1)", -n)))
                .toList();
    }

    private long rows() {
        return awaitValue(database.connect().fetchValue("SELECT count(*) FROM t", Long.class));
    }

    @Test
    void writesThatWaitForTheLockEndWithTheErrorOfAClosedConnection() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection closing = database.connect();

        StepVerifier.create(outcomes(writes(closing)).collectList())
                .then(() -> await(closing.close()))
                .assertNext(outcomes -> assertThat(outcomes).hasSize(8).containsOnly("08003"))
                .expectComplete()
                .verify(PATIENCE);

        await(holder.rollbackTransaction());
        await(holder.execute("DELETE FROM t WHERE FALSE"));
        assertThat(rows()).isZero();
    }

    @Test
    void statementsBehindARunningOneOfTheirTransactionEndLikewise() {
        DecentDbConnection closing = database.connect();
        await(closing.beginTransaction());
        await(closing.execute("SELECT 1"));
        Flux<Object> outcomes = outcomes(List.of(closing.execute(SLOW), closing.execute("INSERT INTO t VALUES (1)")));

        StepVerifier.create(outcomes.collectList())
                .then(() -> await(closing.close()))
                .assertNext(each -> assertThat(each).contains("08003"))
                .expectComplete()
                .verify(PATIENCE);
        assertThat(rows()).isZero();
    }

    @RepeatedTest(100)
    void inARaceEveryWriteIsEitherAcknowledgedOrNeverRuns() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection closing = awaitValue(database.factory().create());
        Mono<List<Object>> writes = outcomes(writes(closing)).collectList().cache();
        writes.subscribe();
        Mono.when(
                        closing.close().subscribeOn(Schedulers.parallel()),
                        holder.rollbackTransaction().subscribeOn(Schedulers.parallel()))
                .block(PATIENCE);

        List<Object> outcomes = awaitValue(writes);
        long written = outcomes.stream().filter(Long.valueOf(1)::equals).count();
        assertThat(outcomes).hasSize(8).allSatisfy(each -> assertThat(each).isIn(1L, "08003"));
        await(holder.execute("DELETE FROM t WHERE FALSE"));
        assertThat(rows()).isEqualTo(written);
    }
}
