package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.LiveChanges;
import com.decentdb.r2dbc.api.LiveQuery;
import com.decentdb.r2dbc.api.LiveResult;
import com.decentdb.r2dbc.api.LiveResult.Reason;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Row;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

class LiveQueryTests {

    private static final String BELOW = "SELECT id, name, price FROM item WHERE price < $1 ORDER BY id";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    record Item(int id, String name) {
        static Item of(Readable row) {
            return new Item(row.get("id", int.class), row.get("name", String.class));
        }
    }

    @BeforeEach
    void createTables() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(8,2))"));
        await(connection.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)"));
        await(connection.execute("INSERT INTO item VALUES (1, 'cup', '9.98'), (2, 'kettle', '39.00')"));
    }

    @Test
    void givesTheResultAndThenTheResultAfterEveryChange() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .liveQuery(BELOW, row -> row.get("name", String.class), BigDecimal.TEN)
                .as(StepVerifier::create)
                .expectNext(List.of("cup"))
                .then(() -> await(writer.execute("INSERT INTO item VALUES (3, 'tea', '4.20')")))
                .expectNext(List.of("cup", "tea"))
                .then(() -> await(writer.inTransaction(tx -> tx.execute("DELETE FROM item WHERE id = 1")
                        .then(tx.execute("UPDATE item SET price = 3 WHERE id = 2")))))
                .expectNext(List.of("kettle", "tea"))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void readsItsOwnSnapshotWhateverTheTransactionOfItsConnection() {
        DecentDbConnection connection = database.connect();
        await(connection.beginTransaction());
        await(connection.execute("DELETE FROM item"));

        connection
                .liveQuery("SELECT id FROM item ORDER BY id", row -> row.get(0, Integer.class))
                .as(StepVerifier::create)
                .expectNext(List.of(1, 2))
                .then(() -> await(connection.commitTransaction()))
                .expectNext(List.of())
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void conflatesABurstAndEndsWithTheLatestState() {
        DecentDbConnection writer = database.connect();
        int writes = 500;
        Flux<Long> counts = database.factory()
                .liveQuery("SELECT COUNT(*) FROM other")
                .minInterval(Duration.ofMillis(200))
                .map(row -> row.get(0, Long.class))
                .map(rows -> rows.get(0));
        ConcurrentLinkedQueue<Long> seen = new ConcurrentLinkedQueue<>();

        counts.doOnNext(seen::add)
                .doOnNext(count -> {
                    if (count == 0) {
                        Flux.range(0, writes)
                                .concatMap(id -> writer.execute("INSERT INTO other VALUES ($1)", id))
                                .subscribe();
                    }
                })
                .takeUntil(count -> count == writes)
                .as(StepVerifier::create)
                .thenConsumeWhile(count -> true)
                .expectComplete()
                .verify(PATIENCE);

        assertThat(List.copyOf(seen)).isSorted().hasSizeLessThan(writes);
    }

    @Test
    void aSlowSubscriberGetsTheLatestStateWhenItAsks() {
        DecentDbConnection writer = database.connect();

        StepVerifier.create(
                        database.connect()
                                .liveQuery("SELECT COUNT(*) FROM other")
                                .minInterval(Duration.ZERO)
                                .map(row -> row.get(0, Long.class)),
                        1)
                .expectNext(List.of(0L))
                .then(() ->
                        await(Flux.range(0, 50).concatMap(id -> writer.execute("INSERT INTO other VALUES ($1)", id))))
                .thenRequest(1)
                .expectNext(List.of(50L))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void tellsTheReason() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .liveQuery("SELECT i.id FROM item i LEFT JOIN other o ON o.id = i.id ORDER BY i.id")
                .results(row -> row.get(0, Integer.class))
                .as(StepVerifier::create)
                .assertNext(first -> assertThat(first.reason()).isEqualTo(Reason.INITIAL))
                .then(() -> await(writer.execute("INSERT INTO other VALUES (1)")))
                .assertNext(next -> {
                    assertThat(next.reason()).isEqualTo(Reason.CHANGED);
                    assertThat(next.tables()).containsExactly("other");
                    assertThat(next.rows()).containsExactly(1, 2);
                })
                .then(() -> await(writer.execute("ALTER TABLE item ADD COLUMN size INTEGER")))
                .assertNext(next -> assertThat(next.reason()).isEqualTo(Reason.SCHEMA_CHANGED))
                .then(() -> await(writer.execute("INSERT INTO item (id) VALUES (3)")))
                .assertNext(next -> {
                    assertThat(next.reason()).isEqualTo(Reason.CHANGED);
                    assertThat(next.rows()).containsExactly(1, 2, 3);
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void leavesOutWhatEqualsTheResultBefore() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .liveQuery(BELOW, 10)
                .distinctUntilChanged()
                .minInterval(Duration.ZERO)
                .map(Item::of)
                .as(StepVerifier::create)
                .expectNext(List.of(new Item(1, "cup")))
                .then(() -> await(writer.execute("UPDATE item SET name = 'pot' WHERE id = 2")))
                .then(() -> await(writer.execute("UPDATE item SET price = 9 WHERE id = 1")))
                .then(() -> await(writer.execute("UPDATE item SET name = 'mug' WHERE id = 1")))
                .expectNext(List.of(new Item(1, "mug")))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void tellsWhichRowsWereAddedChangedAndRemoved() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .liveQuery("SELECT id, name FROM item ORDER BY id")
                .changes(Item::of, Item::id)
                .as(StepVerifier::create)
                .expectNextMatches(first -> first.added().equals(List.of(new Item(1, "cup"), new Item(2, "kettle"))))
                .then(() -> await(writer.inTransaction(tx -> tx.execute("DELETE FROM item WHERE id = 1")
                        .then(tx.execute("UPDATE item SET name = 'pot' WHERE id = 2"))
                        .then(tx.execute("INSERT INTO item VALUES (3, 'tea', 4)")))))
                .assertNext(next -> assertThat(next)
                        .isEqualTo(new LiveChanges<>(
                                List.of(new Item(3, "tea")),
                                List.of(new Item(2, "pot")),
                                List.of(new Item(1, "cup")),
                                Reason.CHANGED,
                                next.tables())))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void refusesToTellRowsOfTheSameKeyApart() {
        database.connect()
                .liveQuery("SELECT 1 AS id, name FROM item")
                .changes(Item::of, Item::id)
                .as(StepVerifier::create)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("key 1"))
                .verify(PATIENCE);
    }

    @Test
    void isNotReadForChangesOutsideTheRowsItDependsOn() {
        DecentDbConnection writer = database.connect();
        LiveQuery one = database.connect()
                .liveQuery("SELECT id, name FROM item WHERE id = $1", 2)
                .dependingOn("item", 2, 2);

        one.minInterval(Duration.ZERO)
                .map(Item::of)
                .as(StepVerifier::create)
                .expectNext(List.of(new Item(2, "kettle")))
                .then(() -> await(writer.execute("UPDATE item SET name = 'mug' WHERE id = 1")))
                .then(() -> await(writer.execute("UPDATE item SET name = 'pot' WHERE id = 2")))
                // DecentDB does not know all rows of a commit, so the query may be read after the first update, too.
                .thenConsumeWhile(rows -> !database.bundled() && rows.equals(List.of(new Item(2, "kettle"))))
                .expectNext(List.of(new Item(2, "pot")))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void endsWithTheErrorOfItsQueryAndBeginsAnewWhenRetried() {
        DecentDbConnection writer = database.connect();
        Flux<List<Integer>> ids =
                database.factory().liveQuery("SELECT id FROM other ORDER BY id").map(row -> row.get(0, Integer.class));

        ids.as(StepVerifier::create)
                .expectNext(List.of())
                .then(() -> await(writer.execute("DROP TABLE other")))
                .expectErrorSatisfies(error ->
                        assertThat(error).isInstanceOf(R2dbcException.class).hasMessageContaining("other"))
                .verify(PATIENCE);
        ids.retryWhen(Retry.fixedDelay(1_000, Duration.ofMillis(10)))
                .as(StepVerifier::create)
                .then(() -> await(writer.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")))
                .expectNext(List.of())
                .then(() -> await(writer.execute("INSERT INTO other VALUES (4)")))
                .expectNext(List.of(4))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void anErrorOfTheMappingEndsIt() {
        database.connect()
                .liveQuery("SELECT id FROM item", (Row row) -> {
                    throw new IllegalStateException("no such thing");
                })
                .as(StepVerifier::create)
                .expectErrorMessage("no such thing")
                .verify(PATIENCE);
    }

    @Test
    void aMappingThatBlocksStopsNobodyElse() {
        DecentDbConnection connection = database.connect();
        Flux<List<Long>> blocking = connection.liveQuery(
                "SELECT id FROM item", row -> Mono.delay(Duration.ofMillis(50)).block());

        blocking.take(1)
                .zipWith(connection
                        .fetchValue("SELECT COUNT(*) FROM item", Long.class)
                        .repeat(100)
                        .takeLast(1))
                .as(StepVerifier::create)
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void refusesWhatIsNoQueryOrLacksArguments() {
        DecentDbConnection connection = database.connect();

        connection
                .liveQuery("DELETE FROM item", row -> 1)
                .as(StepVerifier::create)
                .verifyError(R2dbcException.class);
        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM item", Long.class)))
                .isEqualTo(2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connection.liveQuery(BELOW, row -> 1))
                .withMessageContaining("1 parameter, but 0 arguments");
    }

    @Test
    void worksInMemoryWhereEverythingTakesTurns() {
        DecentDbConnectionFactory memory = DecentDb.factory("r2dbc:decentdb:mem:///live-query");
        DecentDbConnection writer = database.keep(memory.create());
        await(writer.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));

        memory.liveQuery("SELECT COUNT(*) FROM t", row -> row.get(0, Long.class))
                .as(StepVerifier::create)
                .expectNext(List.of(0L))
                .then(() -> await(writer.execute("INSERT INTO t VALUES (1)")))
                .expectNext(List.of(1L))
                .then(() -> await(memory.close()))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void completesWhenItsConnectionIsClosedOrGivenBack() {
        DecentDbConnection connection = database.connect();
        Flux<LiveResult<Integer>> live =
                connection.liveQuery("SELECT id FROM item").results(row -> row.get(0, Integer.class));

        live.as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(connection.preRelease()))
                .expectComplete()
                .verify(PATIENCE);
        live.as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(connection.close()))
                .expectComplete()
                .verify(PATIENCE);
        live.as(StepVerifier::create).verifyError(R2dbcException.class);
    }
}
