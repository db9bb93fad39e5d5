package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Many statements without parameters in one batch. */
class LiteralBatchTests {

    private static final String DUPLICATE = "INSERT INTO t VALUES (1, 'again')";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void createTable() {
        connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"));
    }

    @Test
    void everyStatementHasAResultOfItsOwnInOrder() {
        Batch batch = connection
                .createBatch()
                .add("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
                .add("UPDATE t SET name = 'many'; DELETE FROM t WHERE id = 7")
                .add("DELETE FROM t WHERE id = 1");

        assertThat(awaitAll(counts(batch))).containsExactly(2L, 2L, 0L, 1L);
    }

    @Test
    void writesThatFollowEachOtherShareACommit() {
        await(connection.execute("CREATE TABLE another (id INTEGER PRIMARY KEY)"));
        Batch batch = inserts(0, 100);

        StepVerifier.create(connection.changeStream("t", "another"))
                .expectNextMatches(Change.Initial.class::isInstance)
                .then(() -> await(counts(batch)))
                .then(() -> await(database.connect().execute("INSERT INTO another VALUES (1)")))
                .assertNext(change -> assertThat(tables(change)).containsExactly("t"))
                .assertNext(change -> assertThat(tables(change)).containsExactly("another"))
                .thenCancel()
                .verify(TestDatabase.PATIENCE);
    }

    private static List<String> tables(Change change) {
        return ((Change.Commit) change).tables();
    }

    @Test
    void aThousandWritesAreAllThere() {
        assertThat(awaitAll(counts(inserts(0, 1_000)))).hasSize(1_000).containsOnly(1L);
        assertThat(rows()).isEqualTo(1_000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {DUPLICATE, "INSERT INTO nowhere VALUES (1)", "INSERT INTO t VALUES (9, 'nine'), (1, 'again')"})
    void anErrorKeepsWhatCameBeforeAndRunsNothingBehindIt(String wrong) {
        Batch batch = connection
                .createBatch()
                .add(insert(1))
                .add(insert(2))
                .add(wrong)
                .add(insert(3));

        StepVerifier.create(counts(batch))
                .expectNext(1L, 1L)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfAny(R2dbcDataIntegrityViolationException.class, R2dbcBadGrammarException.class)
                        .extracting(failure -> ((R2dbcException) failure).getSql())
                        .isEqualTo(wrong))
                .verify();
        assertThat(ids()).containsExactly(1L, 2L);
    }

    @Test
    void anErrorOfTheFirstStatementLeavesNothing() {
        await(connection.execute(insert(1)));

        StepVerifier.create(counts(connection.createBatch().add(DUPLICATE).add(insert(2))))
                .verifyError(R2dbcDataIntegrityViolationException.class);
        assertThat(ids()).containsExactly(1L);
    }

    @Test
    void aStatementOfAnotherKindSeesTheWritesBeforeIt() {
        Batch batch = connection
                .createBatch()
                .add(insert(1))
                .add(insert(2))
                .add("ALTER TABLE t ADD COLUMN size INTEGER")
                .add("UPDATE t SET size = id * 10")
                .add("INSERT INTO t VALUES (3, 'three', 30) RETURNING id")
                .add("SELECT SUM(size) FROM t")
                .add("DELETE FROM t");

        assertThat(awaitAll(Flux.from(batch.execute())
                        .concatMap(result -> result.flatMap(segment -> Mono.just(
                                segment instanceof Result.RowSegment row
                                        ? "row " + row.row().get(0, Long.class)
                                        : "count " + ((Result.UpdateCount) segment).value())))))
                .containsExactly("count 1", "count 1", "count 0", "count 2", "row 3", "count 1", "row 60", "count 3");
    }

    @Test
    void transactionControlDividesABatch() {
        Batch batch = connection
                .createBatch()
                .add(insert(1))
                .add("BEGIN")
                .add(insert(2))
                .add(insert(3))
                .add("ROLLBACK")
                .add(insert(4))
                .add(insert(5));

        await(counts(batch));

        assertThat(ids()).containsExactly(1L, 4L, 5L);
    }

    @Test
    void inATransactionAnErrorRunsNothingBehindItAndTheRestIsDecidedByTheEnd() {
        await(connection.beginTransaction());
        StepVerifier.create(counts(
                        connection.createBatch().add(insert(1)).add(DUPLICATE).add(insert(2))))
                .expectNext(1L)
                .verifyError(R2dbcDataIntegrityViolationException.class);
        await(connection.commitTransaction());

        assertThat(ids()).containsExactly(1L);
    }

    @Test
    void nothingStartsBehindAResultThatIsNotAskedFor() {
        Batch batch = connection
                .createBatch()
                .add(insert(1))
                .add(insert(2))
                .add("SELECT 1")
                .add(insert(3));
        StepVerifier.create(batch.execute(), 1).expectNextCount(1).thenCancel().verify();

        assertThat(ids()).containsExactly(1L, 2L);
    }

    @Test
    void withAStatementTimeoutEachWriteIsCommittedOnItsOwn() {
        await(connection.setStatementTimeout(Duration.ofMinutes(1)));
        StepVerifier.create(inserts(0, 10).execute(), 1)
                .expectNextCount(1)
                .thenCancel()
                .verify();

        assertThat(ids()).containsExactly(0L);
    }

    @Test
    void cancellingABatchThatWaitsPreventsAllOfIt() {
        DecentDbConnection holder = database.connect();
        TestDatabase.holdWriteLock(holder);
        StepVerifier.create(inserts(0, 10).execute())
                .expectSubscription()
                .thenCancel()
                .verify();
        await(holder.commitTransaction());
        await(connection.execute(insert(100)));

        assertThat(ids()).containsExactly(100L);
    }

    @Test
    void aBatchThatWaitsTooLongFailsAndRunsNothing() {
        DecentDbConnection holder = database.connect();
        TestDatabase.holdWriteLock(holder);
        await(connection.setLockWaitTimeout(Duration.ofMillis(10)));

        StepVerifier.create(counts(inserts(0, 10)))
                .expectErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("55P03"))
                .verify();
        await(holder.commitTransaction());
        assertThat(ids()).isEmpty();
    }

    /** They meet in one group, which is replayed because some statement fails. */
    @Test
    void batchesThatFailBesideOthersKeepToThemselves() {
        await(connection.execute(insert(1)));
        Flux<Long> outcomes = Flux.range(1, 50)
                .flatMap(
                        i -> {
                            Batch batch = database.connect().createBatch();
                            batch.add(insert(i * 10)).add(insert(i * 10 + 1));
                            if (i % 3 == 0) {
                                batch.add(DUPLICATE);
                            }
                            batch.add(insert(i * 10 + 2));
                            return counts(batch).onErrorComplete(R2dbcDataIntegrityViolationException.class);
                        },
                        50);

        assertThat(awaitAll(outcomes)).hasSize(50 * 3 - 16).containsOnly(1L);
        assertThat(rows()).isEqualTo(1 + 50 * 3 - 16);
    }

    private Batch inserts(int from, int count) {
        Batch batch = connection.createBatch();
        IntStream.range(from, from + count).forEach(id -> batch.add(insert(id)));
        return batch;
    }

    private static String insert(int id) {
        return "INSERT INTO t VALUES (" + id + ", 'number " + id + "')";
    }

    private static Flux<Long> counts(Batch batch) {
        return Flux.from((Publisher<? extends Result>) batch.execute()).concatMap(Result::getRowsUpdated);
    }

    private List<Long> ids() {
        return awaitAll(connection.fetchLists("SELECT id FROM t ORDER BY id")).stream()
                .map(row -> (Long) row.get(0))
                .toList();
    }

    private long rows() {
        return awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class));
    }
}
