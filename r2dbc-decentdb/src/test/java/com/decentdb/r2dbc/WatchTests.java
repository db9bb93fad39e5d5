package com.decentdb.r2dbc;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

class WatchTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTables() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"));
        await(connection.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)"));
        await(connection.execute("INSERT INTO item VALUES (1, 'one')"));
    }

    @Test
    void aWatchedQueryTellsItsRowsAndThenCommitsOfOtherConnections() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .watchQuery("SELECT id, name FROM item WHERE id >= $1 ORDER BY id", 1)
                .as(StepVerifier::create)
                .assertNext(event -> {
                    WatchEvent.Initial initial = (WatchEvent.Initial) event;
                    assertThat(initial.columns()).containsExactly("id", "name");
                    assertThat(initial.rows()).hasSize(1);
                    assertThat(initial.rows().get(0)).hasToString("[1, one]");
                })
                .then(() -> await(writer.execute("INSERT INTO item VALUES (2, 'two')")))
                .assertNext(event -> {
                    WatchEvent.Invalidate change = (WatchEvent.Invalidate) event;
                    assertThat(change.tables()).containsExactly("item");
                    assertThat(change.json()).contains("invalidate");
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aWatchedTableTellsOneEventPerCommitAndNothingOfRollbacks() {
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
                        && change.source().equals("queued"))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aChangeStreamTellsWhichTablesACommitTouched() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .changeStream()
                .filter(event -> event instanceof WatchEvent.Change)
                .cast(WatchEvent.Change.class)
                .map(WatchEvent.Change::tables)
                .as(StepVerifier::create)
                .thenAwait(Duration.ofMillis(200))
                .then(() -> await(writer.execute("INSERT INTO other VALUES (1)")))
                .expectNext(List.of("other"))
                .then(() -> await(writer.execute("DELETE FROM item")))
                .expectNext(List.of("item"))
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
                .expectNextMatches(event -> event instanceof WatchEvent.Lagged)
                .thenCancel()
                .verify(PATIENCE);
    }
}
