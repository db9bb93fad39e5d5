package com.decentdb.r2dbc.cluster.changelog;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.api.cluster.ChangeLogLimits;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Change streams over a log: where they begin and go on, what they do when it is trimmed, altered or not there. */
class LoggedStreamTests extends LoggedTables {

    @Test
    void aStreamOfNoTableInParticularFollowsAllThatAreLogged() {
        await(admin.enableChangeLog("item"));
        await(admin.enableChangeLog("other"));

        StepVerifier.create(commits().flatMapIterable(Change.Commit::rows).map(RowChange::table))
                .then(() -> await(connection.execute("INSERT INTO other VALUES (1)")))
                .expectNext("other")
                .then(() -> await(connection.execute("INSERT INTO item VALUES (1, 'one')")))
                .expectNext("item")
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aStreamGoesOnBehindAnEventOfAnEarlierOne() {
        await(admin.enableChangeLog("item"));
        long start = awaitValue(factory.changeStream("item")
                        .ofType(Change.Initial.class)
                        .next())
                .commitPosition();
        await(connection.execute("INSERT INTO item VALUES (1, 'one')"));
        Change.Commit first = awaitValue(
                factory.changeStreamAfter(start, "item").as(Change::lossless).next());
        await(connection.execute("INSERT INTO item VALUES (2, 'two')"));
        await(connection.execute("INSERT INTO item VALUES (3, 'three')"));

        // Another program, later.
        DecentDbConnectionFactory later = DecentDb.factory(CLUSTER.url());
        StepVerifier.create(later.changeStreamAfter(first.eventId(), "item"))
                .assertNext(change ->
                        assertThat(((Change.Initial) change).commitPosition()).isEqualTo(first.eventId()))
                .assertNext(change -> assertThat(texts((Change.Commit) change))
                        .containsExactly(
                                "INSERT item {id=2} - {id=2, name=two}", "INSERT item {id=3} - {id=3, name=three}"))
                .thenCancel()
                .verify(PATIENCE);
        await(later.close());
    }

    @Test
    void aStreamOutlastsTheLeader() {
        await(admin.enableChangeLog("item"));

        StepVerifier.create(commits("item")
                        .flatMapIterable(Change.Commit::rows)
                        .map(row -> row.key().get("id", Long.class)))
                .then(() -> await(connection.execute("INSERT INTO item VALUES (1, 'one')")))
                .expectNext(1L)
                .then(() -> CLUSTER.transferTo(CLUSTER.follower()))
                .then(() -> await(connection.execute("INSERT INTO item VALUES (2, 'two')")))
                .expectNext(2L)
                .thenCancel()
                .verify(Duration.ofSeconds(60));
    }

    @Test
    void anEventThatTheLogHasNotGotIsRefused() {
        await(admin.enableChangeLog("item"));

        expectError(factory.changeStreamAfter(1_000, "item"), "22023", "no change 1000", "another database");
    }

    @Test
    void aStreamThatBeginsInWhatWasTrimmedSaysSo() {
        await(admin.enableChangeLog("item", new ChangeLogLimits(10, Duration.ofDays(1))));
        await(connection.inTransaction(
                tx -> Flux.range(1, 50).concatMap(id -> tx.execute("INSERT INTO item (id) VALUES ($1)", id))));

        StepVerifier.create(factory.changeStreamAfter(3, "item"))
                .assertNext(change ->
                        assertThat(((Change.Initial) change).commitPosition()).isEqualTo(3))
                .assertNext(change -> {
                    Change.Lagged lagged = (Change.Lagged) change;
                    assertThat(lagged.reason()).isEqualTo("trimmed");
                    assertThat(lagged.lastSeenEventId()).isEqualTo(3);
                    // The log has a note of its beginning, and 50 changes; 10 of these 51 are left.
                    assertThat(lagged.latestEventId()).isEqualTo(41);
                })
                .assertNext(
                        change -> assertThat(((Change.Commit) change).rows()).hasSize(10))
                .thenCancel()
                .verify(PATIENCE);
        StepVerifier.create(factory.changeStreamAfter(3, "item").as(Change::lossless))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTransientResourceException.class)
                        .hasMessageContaining("4 to 41"))
                .verify(PATIENCE);
        assertThat(CLUSTER.integers("SELECT count(*) FROM decentdb_change_log")).containsExactly(10L);
    }

    @Test
    void changesOfAnAgeAreTrimmed() {
        await(admin.enableChangeLog("item", new ChangeLogLimits(1_000, Duration.ofHours(1))));
        await(connection.execute("INSERT INTO item (id) VALUES (1), (2), (3), (4), (5)"));
        await(connection.execute("UPDATE decentdb_change_log SET at = at - 7200"));

        await(connection.execute("INSERT INTO item (id) VALUES (6), (7)"));

        assertThat(CLUSTER.integers("SELECT seq FROM decentdb_change_log")).containsExactly(7L, 8L);
    }

    @Test
    void theLimitsOfALogStayUntilOthersAreGiven() {
        await(admin.enableChangeLog("item", new ChangeLogLimits(3, Duration.ofDays(1))));
        await(admin.enableChangeLog("other"));
        await(connection.execute("INSERT INTO other VALUES (1), (2), (3), (4), (5), (6)"));
        assertThat(CLUSTER.integers("SELECT count(*) FROM decentdb_change_log")).containsExactly(3L);

        await(admin.enableChangeLog("other", new ChangeLogLimits(1, Duration.ofDays(1))));
        assertThat(CLUSTER.integers("SELECT count(*) FROM decentdb_change_log")).containsExactly(1L);
    }

    @Test
    void aCommitOfMoreRowsThanFitComesInPieces() {
        await(admin.enableChangeLog("item"));

        StepVerifier.create(commits("item").map(commit -> commit.rows().size()), 1)
                .then(() -> await(connection.execute(
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
                                + " INSERT INTO item (id) SELECT i FROM n")))
                .expectNext(4_096)
                .thenRequest(1)
                .expectNext(904)
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aPieceOfTheLogTakesABoundedAmountOfMemory() {
        await(admin.enableChangeLog("item"));
        String large = "x".repeat(1_500_000);

        StepVerifier.create(commits("item").map(commit -> commit.rows().size()))
                .then(() -> await(connection.inTransaction(tx -> Flux.range(1, 5)
                        .concatMap(id -> tx.execute("INSERT INTO item VALUES ($1, $2)", id, id + large)))))
                // As soon as four million characters are reached the piece ends.
                .expectNext(3, 2)
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void loggingTwiceIsLoggingOnce() {
        await(admin.enableChangeLog("item"));
        List<Long> version = CLUSTER.integers("PRAGMA schema_version");

        await(admin.enableChangeLog("ITEM"));

        assertThat(CLUSTER.integers("PRAGMA schema_version")).isEqualTo(version);
        assertThat(CLUSTER.integers("SELECT count(*) FROM decentdb_change_log")).containsExactly(1L);
    }

    @Test
    void aTableIsNoLongerLogged() {
        await(admin.enableChangeLog("item"));

        StepVerifier.create(factory.changeStream("item"))
                .expectNextCount(1)
                .then(() -> {
                    await(connection.execute("INSERT INTO item (id) VALUES (1)"));
                    await(admin.disableChangeLog("item"));
                })
                .thenConsumeWhile(change -> change instanceof Change.Commit)
                .assertNext(change ->
                        assertThat(((Change.Lagged) change).reason()).isEqualTo("change log of item disabled"))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("enableChangeLog(\"item\")"))
                .verify(PATIENCE);
        await(admin.disableChangeLog("item"));
        assertThat(CLUSTER.integers("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'item'"))
                .containsExactly(0L);
    }

    @Test
    void whatIsNotLoggedIsRefusedWithTheRemedy() {
        expectError(factory.changeStream("item"), "0A000", "enableChangeLog(\"item\")");
        expectError(factory.changeStream(), "0A000", "enableChangeLog(table)");
        expectError(factory.changeStream("missing"), "0A000", "enableChangeLog(\"missing\")");
        expectError(factory.watchRange("item", 1, 2), "0A000", "enableChangeLog(\"item\")");
    }

    @Test
    void tablesThatCannotBeLoggedAreRefused() {
        await(connection.execute("CREATE VIEW seen AS SELECT * FROM item"));
        await(connection.execute("CREATE TABLE expressed (id INTEGER PRIMARY KEY, name TEXT)"));
        await(connection.execute("CREATE UNIQUE INDEX lowered ON expressed (lower(name))"));
        await(connection.execute("CREATE TABLE hidden (rowid TEXT, oid TEXT, _rowid_ TEXT)"));
        await(admin.enableChangeLog("item"));

        expectError(admin.enableChangeLog("missing"), "42P01", "missing");
        expectError(admin.disableChangeLog("missing"), "42P01", "missing");
        expectError(admin.enableChangeLog("seen"), "0A000", "seen", "a view");
        expectError(admin.enableChangeLog("expressed"), "0A000", "lowered", "generated column");
        expectError(admin.enableChangeLog("hidden"), "0A000", "hidden", "row ids");
        expectError(admin.enableChangeLog("decentdb_change_log"), "0A000", "a table of the system");
        await(admin.close());
        expectError(admin.enableChangeLog("item"), "08003", "closed");
    }

    @Test
    void aTableOfManyColumnsIsLogged() {
        StringBuilder columns = new StringBuilder("id INTEGER PRIMARY KEY");
        for (int i = 0; i < 120; i++) {
            columns.append(", c").append(i).append(" INTEGER DEFAULT ").append(i);
        }
        await(connection.execute("CREATE TABLE wide (" + columns + ")"));
        await(admin.enableChangeLog("wide"));

        StepVerifier.create(commits("wide").flatMapIterable(Change.Commit::rows))
                .then(() -> await(connection.execute("INSERT INTO wide (id) VALUES (1)")))
                .assertNext(row -> assertThat(requireNonNull(row.after()).get("c119", Integer.class))
                        .isEqualTo(119))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void anOwnCommitIsReportedBeforeTheNextPoll() {
        await(admin.enableChangeLog("item"));
        DecentDbConnectionFactory seldomLooking = DecentDb.factory(CLUSTER.url("watchInterval=PT1H"));
        DecentDbConnection writer = awaitValue(seldomLooking.create());

        StepVerifier.create(seldomLooking.changeStreamAfter(last(), "item").as(Change::lossless))
                .then(() -> awaitAll(
                        Flux.range(1, 3).concatMap(id -> writer.execute("INSERT INTO item (id) VALUES ($1)", id))))
                .thenConsumeWhile(commit -> commit.rows().stream()
                        .noneMatch(row -> Long.valueOf(3).equals(row.key().get(0))))
                .thenCancel()
                .verify(PATIENCE);
        await(writer.close());
        await(seldomLooking.close());
    }
}
