package com.decentdb.r2dbc.cluster.changelog;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.WatchEvent;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.spi.R2dbcException;
import java.math.BigDecimal;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.test.StepVerifier;

/** Watches of tables whose changes a cluster records: they know the rows that other clients change. */
class LoggedWatchTests {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private DecentDbConnectionFactory factory;
    private DecentDbConnectionFactory others;
    private DecentDbConnection other;
    private ClusterAdmin admin;

    @BeforeEach
    void connect() {
        factory = DecentDb.factory(CLUSTER.url("watchInterval=PT0.02S"));
        others = DecentDb.factory(CLUSTER.url());
        other = awaitValue(others.create());
        admin = DecentDb.cluster(CLUSTER.url());
        await(other.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"));
        await(other.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)"));
        await(admin.enableChangeLog("item"));
    }

    @AfterEach
    void close() {
        await(other.close());
        await(factory.close());
        await(others.close());
        await(admin.close());
    }

    @Test
    void aWatchOfATableReportsWhatOthersChangeInItAndNothingElse() {
        StepVerifier.create(factory.watchTable("Item"))
                .assertNext(event -> assertThat(event).isInstanceOf(WatchEvent.Initial.class))
                .then(() -> {
                    await(other.execute("INSERT INTO other VALUES (1)"));
                    await(other.execute("INSERT INTO item VALUES (1, 'one')"));
                })
                .assertNext(event -> {
                    WatchEvent.Invalidate change = (WatchEvent.Invalidate) event;
                    assertThat(change.tables()).containsExactly("item");
                    assertThat(change.rowChangesComplete()).isTrue();
                    assertThat(change.rowChanges())
                            .map(row -> Objects.requireNonNull(row.after()).get("name"))
                            .containsExactly("one");
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aWatchOfARangeReportsRowsThatAreOrWereInIt() {
        StepVerifier.create(factory.watchRange("item", 10, 19).map(LoggedWatchTests::keys))
                .expectNext(List.of())
                .then(() -> {
                    await(other.execute("INSERT INTO item (id) VALUES (9), (20)"));
                    await(other.execute("INSERT INTO item (id) VALUES (1), (10), (30)"));
                })
                .expectNext(List.of(10L))
                .then(() -> {
                    await(other.execute("DELETE FROM item WHERE id = 9"));
                    await(other.execute("UPDATE item SET id = 99 WHERE id = 10"));
                })
                .expectNext(List.of(99L))
                .then(() -> await(other.execute("UPDATE item SET id = 19 WHERE id = 20")))
                .expectNext(List.of(19L))
                .thenCancel()
                .verify(PATIENCE);
    }

    static List<Arguments> ranges() {
        return List.of(
                Arguments.of("TEXT PRIMARY KEY", "'a'), ('b'), ('c'), ('ä'", "b", "c", List.of("b", "c")),
                // Text that is not ordered by its bytes is not compared.
                Arguments.of("TEXT PRIMARY KEY COLLATE NOCASE", "'a'), ('B'", "b", "c", List.of("a", "B")),
                Arguments.of(
                        "REAL PRIMARY KEY",
                        "1.5), (2), (2.5), (9e999",
                        2,
                        new BigDecimal("2.5"),
                        List.of(2.0, 2.5, Double.POSITIVE_INFINITY)),
                Arguments.of("NUMERIC PRIMARY KEY", "1), (2.5), (3", new BigDecimal("2.5"), null, List.of(2.5, 3L)),
                // A value that is no number is not compared with one.
                Arguments.of("INTEGER PRIMARY KEY", "1), (2", "x", null, List.of(1L, 2L)));
    }

    @ParameterizedTest
    @MethodSource
    void ranges(String type, String rows, @Nullable Object from, @Nullable Object to, List<Object> within) {
        await(other.execute("CREATE TABLE keyed (k " + type + ")"));
        await(admin.enableChangeLog("keyed"));

        StepVerifier.create(factory.watchRange("keyed", from, to).map(LoggedWatchTests::keys))
                .expectNext(List.of())
                .then(() -> await(other.execute("INSERT INTO keyed VALUES (" + rows + ")")))
                .expectNext(within)
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aRangeOfAKeyOfSeveralColumnsIsOrderedLikeTheKey() {
        await(other.execute("CREATE TABLE pair (a TEXT, b INTEGER, PRIMARY KEY (a, b))"));
        await(admin.enableChangeLog("pair"));

        StepVerifier.create(factory.watchRange("pair", List.of("m", 3), List.of("n"))
                        .map(event -> event instanceof WatchEvent.Invalidate change
                                ? change.rowChanges().stream()
                                        .map(row -> row.key().get("a") + ""
                                                + row.key().get("b"))
                                        .toList()
                                : List.<String>of()))
                .expectNext(List.of())
                .then(() -> await(
                        other.execute("INSERT INTO pair VALUES ('l', 9), ('m', 2), ('m', 3), ('n', 1000), ('o', 1)")))
                .expectNext(List.of("m3", "n1000"))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aTableWithoutAKeyHasNoRanges() {
        await(other.execute("CREATE TABLE plain (a TEXT)"));
        await(admin.enableChangeLog("plain"));

        StepVerifier.create(factory.watchRange("plain", 1, 2))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcException.class,
                                e -> assertThat(e.getSqlState()).isEqualTo("0A000"))
                        .hasMessageContaining("plain has no primary key"))
                .verify(PATIENCE);
    }

    @Test
    void aLiveQueryOnARangeIsReadWhenTheRangeChanges() {
        StepVerifier.create(factory.liveQuery("SELECT count(*) FROM item")
                        .dependingOn("item", 10, 19)
                        .map(row -> row.get(0, Long.class)))
                .expectNext(List.of(0L))
                // Were it read for this one, it would give 1.
                .then(() -> await(other.execute("INSERT INTO item (id) VALUES (1)")))
                .then(() -> await(other.execute("INSERT INTO item (id) VALUES (10)")))
                .expectNext(List.of(2L))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aLiveQueryOnARangeOfATableThatIsNotLoggedIsReadWhenAnythingChanges() {
        StepVerifier.create(factory.liveQuery("SELECT count(*) FROM other")
                        .dependingOn("other", 10, 19)
                        .map(row -> row.get(0, Long.class)))
                .expectNext(List.of(0L))
                .then(() -> await(other.execute("INSERT INTO other (id) VALUES (10)")))
                .expectNext(List.of(1L))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aWatchGoesOnWithoutRowsWhenItsTableIsNoLongerLogged() {
        StepVerifier.create(factory.watchTable("item"))
                .expectNextCount(1)
                .then(() -> await(other.execute("INSERT INTO item (id) VALUES (1)")))
                .assertNext(event ->
                        assertThat(((WatchEvent.Invalidate) event).rowChanges()).hasSize(1))
                .then(() -> await(admin.disableChangeLog("item")))
                .expectNextMatches(event -> event instanceof WatchEvent.Lagged)
                .assertNext(event -> assertThat(((WatchEvent.Invalidate) event).schemaChanged())
                        .isTrue())
                .then(() -> await(other.execute("INSERT INTO item (id) VALUES (2)")))
                .assertNext(event -> {
                    WatchEvent.Invalidate change = (WatchEvent.Invalidate) event;
                    assertThat(change.source()).isEqualTo("data version");
                    assertThat(change.rowChangesComplete()).isFalse();
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    private static List<@Nullable Object> keys(WatchEvent event) {
        return event instanceof WatchEvent.Invalidate change
                ? change.rowChanges().stream()
                        .<@Nullable Object>map(row -> row.key().get(0))
                        .toList()
                : List.of();
    }
}
