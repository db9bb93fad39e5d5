package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.api.WatchEvent;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Wrapped;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

class WatchTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTables() {
        Items.create(database);
    }

    @Test
    void aWatchedQueryReportsItsRowsAndThenCommitsOfOtherConnections() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .watchQuery("SELECT id, name FROM item WHERE id >= $1 ORDER BY id", 1)
                .as(StepVerifier::create)
                .assertNext(event -> {
                    WatchEvent.Initial initial = (WatchEvent.Initial) event;
                    assertThat(initial.snapshot()).singleElement().satisfies(row -> {
                        assertThat(row.get("id", Integer.class)).isEqualTo(1);
                        assertThat(row.get("name")).isEqualTo("one");
                    });
                })
                .then(() -> await(writer.execute("INSERT INTO item VALUES (2, 'two')")))
                .assertNext(event -> {
                    WatchEvent.Invalidate change = (WatchEvent.Invalidate) event;
                    assertThat(change.tables()).containsExactly("item");
                    assertThat(change.json()).contains("invalidate");
                    assertThat(change.commitPosition()).isPositive();
                    if (database.bundled()) { // DecentDB leaves row images out.
                        RowChange row = change.rowChanges().get(0);
                        assertThat(row.operation()).isEqualTo(RowChange.Operation.INSERT);
                        assertThat(row.key().get("id", Integer.class)).isEqualTo(2);
                        assertThat(requireNonNull(row.after()).get("name", String.class))
                                .isEqualTo("two");
                        assertThat(row.before()).isNull();
                    }
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aWatchedTableReportsOneEventPerCommitAndNothingOfRollbacks() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .watchTable("item")
                .as(StepVerifier::create)
                .expectNextMatches(event -> event instanceof WatchEvent.Initial)
                .then(() -> {
                    await(writer.beginTransaction());
                    await(writer.execute("INSERT INTO item VALUES (2, 'two')"));
                    await(writer.rollbackTransaction());
                    await(writer.execute("INSERT INTO other VALUES (1)"));
                    await(writer.inTransaction(tx -> tx.execute("INSERT INTO item VALUES (3, 'three')")
                            .then(tx.execute("INSERT INTO item VALUES (4, 'four')"))));
                    await(writer.executeQueued("INSERT INTO item VALUES (5, 'five')"));
                })
                .expectNextMatches(event -> event instanceof WatchEvent.Invalidate change
                        && change.tables().equals(List.of("item")))
                .expectNextMatches(event -> event instanceof WatchEvent.Invalidate change
                        && change.tables().equals(List.of("item"))
                        && !change.source().isEmpty())
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aWatchedRangeReportsOnlyCommitsThatTouchItsKeys() {
        DecentDbConnection writer = database.connect();
        assumeTrue(database.bundled(), "DecentDB does not know all rows of a commit and then reports more");

        database.connect()
                .watchRange("item", 10, 19)
                .as(StepVerifier::create)
                .expectNextMatches(event -> event instanceof WatchEvent.Initial)
                .then(() -> {
                    await(writer.execute("INSERT INTO item VALUES (9, 'below'), (20, 'above')"));
                    await(writer.execute("INSERT INTO item VALUES (10, 'first'), (30, 'above')"));
                    await(writer.execute("UPDATE item SET id = 40 WHERE id = 10"));
                })
                .assertNext(event -> assertThat(((WatchEvent.Invalidate) event).rowChanges())
                        .singleElement()
                        .satisfies(row -> assertThat(row.key().get(0)).isEqualTo(10L)))
                .assertNext(event -> assertThat(((WatchEvent.Invalidate) event).rowChanges())
                        .singleElement()
                        .satisfies(
                                row -> assertThat(requireNonNull(row.before()).get("id"))
                                        .isEqualTo(10L)))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aRangeMayBeOpenAndItsBoundsOfManyTypesAndColumns() {
        assumeTrue(database.bundled(), "DecentDB compares only keys that are one integer or text");
        DecentDbConnection writer = database.connect();
        await(writer.execute("CREATE TABLE priced (price DECIMAL(10,2) PRIMARY KEY)"));
        await(writer.execute("CREATE TABLE pair (a TEXT, b INTEGER, PRIMARY KEY (a, b))"));

        database.connect()
                .watchRange("priced", new BigDecimal("9.50"), null)
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.execute("INSERT INTO priced VALUES ('9.49')")))
                .then(() -> await(writer.execute("INSERT INTO priced VALUES ('10.00')")))
                .assertNext(event -> assertThat(((WatchEvent.Invalidate) event)
                                .rowChanges()
                                .get(0)
                                .key()
                                .get(0, BigDecimal.class))
                        .isEqualByComparingTo("10"))
                .thenCancel()
                .verify(PATIENCE);
        database.connect()
                .watchRange("pair", List.of("m", 3), List.of("m", 4))
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.execute("INSERT INTO pair VALUES ('m', 5)")))
                .then(() -> await(writer.execute("INSERT INTO pair VALUES ('m', 4)")))
                .assertNext(event -> assertThat(((WatchEvent.Invalidate) event)
                                .rowChanges()
                                .get(0)
                                .key()
                                .get("b"))
                        .isEqualTo(4L))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void watchesOfTheFactoryNeedNoConnectionAndKeepTheDatabaseOpen() {
        DecentDbConnection writer = database.connect();

        database.factory()
                .watchTable("item")
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.close()))
                .then(() -> await(database.connect().execute("INSERT INTO item VALUES (2, 'two')")))
                .expectNextMatches(event -> event instanceof WatchEvent.Invalidate)
                .then(() -> await(database.factory().close()))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aConnectionGivenBackToItsPoolLeavesItsWatchesBehindNotThoseOfTheFactory() {
        DecentDbConnection writer = database.connect();
        ConnectionPool pool = DecentDb.createPool(database.url("linger=0&maxSize=1"));
        Connection pooled = awaitValue(pool.create());
        DecentDbConnection connection = requireNonNull(((Wrapped<?>) pooled).unwrap(DecentDbConnection.class));
        Sinks.Empty<Void> givenBack = Sinks.empty();

        Flux<WatchEvent> own = connection.watchTable("item").doOnComplete(givenBack::tryEmitEmpty);
        database.factory()
                .watchTable("item")
                .mergeWith(own)
                .as(StepVerifier::create)
                .expectNextCount(2)
                .then(() -> await(pooled.close()))
                .then(() -> await(givenBack.asMono()))
                .then(() -> await(writer.execute("INSERT INTO item VALUES (2, 'two')")))
                .expectNextCount(1)
                .thenCancel()
                .verify(PATIENCE);
        Connection again = awaitValue(pool.create());
        requireNonNull(((Wrapped<?>) again).unwrap(DecentDbConnection.class))
                .watchTable("item")
                .as(StepVerifier::create)
                .expectNextCount(1)
                .thenCancel()
                .verify(PATIENCE);
        await(again.close());
        await(pool.disposeLater());
    }

    @Test
    void equalWatchesHearTheSame() {
        DecentDbConnection writer = database.connect();
        int count = 200;
        Flux<WatchEvent> all = Flux.range(0, count)
                .flatMap(i -> database.factory().watchQuery("SELECT id FROM item WHERE id > $1", i), count);

        StepVerifier.create(all)
                .expectNextCount(count)
                .then(() -> await(writer.execute("INSERT INTO item VALUES (7, 'seven')")))
                .thenConsumeWhile(event -> event instanceof WatchEvent.Initial)
                .expectNextCount(count)
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aViewThatIsReplacedIsWatchedThroughItsNewTables() {
        DecentDbConnection writer = database.connect();
        await(writer.execute("CREATE VIEW seen AS SELECT id FROM item"));

        database.connect()
                .watchQuery("SELECT id FROM seen")
                .as(StepVerifier::create)
                .expectNextMatches(event -> event instanceof WatchEvent.Initial)
                .then(() -> await(writer.execute("CREATE OR REPLACE VIEW seen AS SELECT id FROM other")))
                .expectNextMatches(event -> event instanceof WatchEvent.Invalidate change && change.schemaChanged())
                .assertNext(event ->
                        assertThat(((WatchEvent.Initial) event).snapshot()).isEmpty())
                .then(() -> await(writer.execute("INSERT INTO other VALUES (5)")))
                .assertNext(event ->
                        assertThat(((WatchEvent.Invalidate) event).tables()).containsExactly("other"))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void completesWhenTheConnectionCloses() {
        DecentDbConnection connection = database.connect();

        connection
                .watchTable("item")
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(connection.close()))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void refusesWhatCannotBeWatched() {
        database.connect().watchTable("nowhere").as(StepVerifier::create).verifyError(R2dbcException.class);
        database.connect()
                .watchQuery("DELETE FROM item")
                .as(StepVerifier::create)
                .verifyError(R2dbcException.class);
    }

    @Test
    void aSubscriberThatAsksForNothingSlowsNobodyAndThenHearsThatItLagged() {
        DecentDbConnection writer = database.connect();

        StepVerifier.create(database.connect().watchTable("other"), 1)
                .expectNextCount(1)
                .then(() -> await(
                        Flux.range(10, 1_500).concatMap(id -> writer.execute("INSERT INTO other VALUES ($1)", id))))
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(event -> event instanceof WatchEvent.Invalidate)
                .expectNextMatches(event -> event instanceof WatchEvent.Lagged)
                .thenCancel()
                .verify(PATIENCE);
    }
}
