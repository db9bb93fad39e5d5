package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.ChangeStreamOption;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.LiveData;
import com.decentdb.r2dbc.api.WatchEvent;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/** Live data of a connection sees what the connection sees, or refuses. */
class LiveSessionTests {

    private static final String SEEN = "SELECT current_audit_context('who') AS who, COUNT(*) AS n FROM t";
    private static final String NO_RULES = "the bundled engine has neither policies nor masks";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
    }

    private static String seen(Readable row) {
        return row.get("who", String.class) + " " + row.get("n", Long.class);
    }

    private static Flux<String> live(LiveData source) {
        return source.liveQuery(SEEN, LiveSessionTests::seen).map(rows -> rows.get(0));
    }

    @Test
    void aLiveQueryHasTheAuditContextOfItsConnection() {
        DecentDbConnection writer = database.connect();
        DecentDbConnection connection = database.connect();
        await(connection.setAuditContext("who", "me"));

        StepVerifier.create(live(connection))
                .expectNext("me 0")
                .then(() -> await(writer.execute("INSERT INTO t VALUES (1)")))
                .expectNext("me 1")
                .then(() -> await(writer.execute("INSERT INTO t VALUES (2)")))
                .expectNext("me 2")
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void theContextOfEveryStatementOutlivesCommitsOfOthers() {
        DecentDbConnection writer = database.connect();
        DecentDbConnection connection = database.connect();
        await(connection.execute("SET AUDIT CONTEXT who = 'me'"));

        for (int i = 1; i <= 20; i++) {
            await(writer.execute("INSERT INTO t VALUES ($1)", i));
            assertThat(awaitAll(connection.fetch(SEEN))).singleElement().hasToString("{who=me, n=" + i + "}");
            assertThat(awaitAll(connection.inTransaction(tx -> tx.fetch(SEEN))))
                    .singleElement()
                    .hasToString("{who=me, n=" + i + "}");
        }
    }

    @Test
    void aSubscriptionKeepsTheContextOfItsBeginning() {
        DecentDbConnection writer = database.connect();
        DecentDbConnection connection = database.connect();
        await(connection.execute("PRAGMA busy_timeout = 5"));
        await(connection.execute("SET AUDIT CONTEXT who = 'first'"));

        StepVerifier.create(live(connection))
                .expectNext("first 0")
                .then(() -> await(connection.setAuditContext("who", "second")))
                .then(() -> await(writer.execute("INSERT INTO t VALUES (1)")))
                .expectNext("first 1")
                .thenCancel()
                .verify(PATIENCE);
        StepVerifier.create(live(connection).take(1))
                .expectNext("second 1")
                .expectComplete()
                .verify(PATIENCE);
        await(connection.execute("SET AUDIT CONTEXT who = NULL"));
        StepVerifier.create(live(connection).take(1))
                .expectNext("null 1")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void theNextBorrowerAndTheFactoryHaveNone() {
        DecentDbConnection connection = database.connect();
        await(connection.setAuditContext("who", "me"));
        await(connection.preRelease());
        await(connection.execute("PRAGMA busy_timeout = 5"));

        for (LiveData source : List.of(connection, database.factory())) {
            StepVerifier.create(live(source).take(1))
                    .expectNext("null 0")
                    .expectComplete()
                    .verify(PATIENCE);
        }
    }

    @Test
    void whatNamesATemporaryObjectIsRefused() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TEMP TABLE Scratch (id INTEGER PRIMARY KEY)"));
        await(connection.execute("CREATE TEMP VIEW seen AS SELECT id FROM t"));

        for (Flux<?> live : List.of(
                connection.watchTable("t", "scratch"),
                connection.watchRange("scratch", 1, 2),
                connection.changeStream("SCRATCH"),
                connection.watchQuery("SELECT id FROM \"scratch\""),
                connection.liveQuery("SELECT t.id FROM t JOIN scratch ON scratch.id = t.id", row -> row.get(0)),
                connection.liveQuery("SELECT id FROM seen", row -> row.get(0)),
                connection
                        .liveQuery("SELECT id FROM seen")
                        .dependingOn("t", 1, 2)
                        .map(row -> row.get(0)))) {
            StepVerifier.create(live)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOfSatisfying(
                                    R2dbcException.class,
                                    refusal -> assertThat(refusal.getSqlState()).isEqualTo("0A000"))
                            .hasMessageContaining("TEMP object"))
                    .verify(PATIENCE);
        }
        StepVerifier.create(live(connection).take(1))
                .expectNext("null 0")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(connection.watchTable("t").take(1))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void subscriptionsGiveTheirHandlesBack() {
        String url =
                "r2dbc:decentdb:///" + database.directory().resolve("few.ddb") + "?linger=0&maxPinnedConnections=2";
        DecentDbConnection connection = database.keep(DecentDb.connect(url));
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.setAuditContext("who", "me"));

        for (int i = 0; i < 10; i++) {
            live(connection).subscribe().dispose();
            // A handle is given back behind the cancellation.
            live(connection)
                    .retryWhen(Retry.fixedDelay(1000, Duration.ofMillis(5)))
                    .as(StepVerifier::create)
                    .expectNext("me 0")
                    .thenCancel()
                    .verify(PATIENCE);
        }
        Flux<String> second = live(connection);
        StepVerifier.create(live(connection).flatMap(first -> second))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("maxPinnedConnections"))
                .verify(PATIENCE);
    }

    @Test
    void policiesAndMasksHoldForLiveQueriesAsForStatements() {
        assumeFalse(database.bundled(), NO_RULES);
        DecentDbConnection writer = guarded();
        DecentDbConnection tenant = database.connect();
        await(tenant.setAuditContext("tenant_id", "a"));
        String all = "SELECT id, ssn FROM invoice ORDER BY id";
        assertThat(awaitAll(tenant.fetchLists(all))).hasToString("[[1, ***45]]");

        tenant.liveQuery(all, row -> row.get("id", Long.class) + row.get("ssn", String.class))
                .as(StepVerifier::create)
                .expectNext(List.of("1***45"))
                .then(() -> await(writer.execute("INSERT INTO invoice VALUES (3, 'b', '333-33'), (4, 'a', '444-44')")))
                .expectNext(List.of("1***45", "4***44"))
                .thenCancel()
                .verify(PATIENCE);
        database.factory()
                .liveQuery(all, row -> 1)
                .as(StepVerifier::create)
                .expectNext(List.of())
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void watchesLeaveOutTheRowsOfTablesWithRules() {
        assumeFalse(database.bundled(), NO_RULES);
        DecentDbConnection writer = guarded();

        for (Flux<WatchEvent> watch : List.of(
                database.factory().watchTable("invoice"),
                database.factory().watchRange("invoice", 1, 1_000_000),
                database.factory().watchQuery("SELECT id FROM invoice"))) {
            watch.as(StepVerifier::create)
                    .assertNext(event -> assertThat(event.json()).doesNotContain("123-45"))
                    .then(() -> await(writer.execute("INSERT INTO invoice (tenant, ssn) VALUES ('b', '333-33')")))
                    .assertNext(event -> {
                        assertThat(((WatchEvent.Invalidate) event).rowChanges()).isEmpty();
                        assertThat(((WatchEvent.Invalidate) event).rowChangesComplete())
                                .isFalse();
                        assertThat(event.json()).contains("invoice").doesNotContain("333-33");
                    })
                    .thenCancel()
                    .verify(PATIENCE);
        }
    }

    @Test
    void changeStreamsRefuseTablesWithRulesUnlessAskedByName() {
        assumeFalse(database.bundled(), NO_RULES);
        DecentDbConnection writer = guarded();

        for (Flux<Change> stream : List.of(
                database.factory().changeStream(),
                database.factory().changeStream("t", "Invoice"),
                writer.changeStream("invoice"))) {
            stream.as(StepVerifier::create)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .message()
                            .containsIgnoringCase("table invoice")
                            .contains("ChangeStreamOption.UNMASKED"))
                    .verify(PATIENCE);
        }
        database.factory()
                .changeStream("t")
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.execute("INSERT INTO t VALUES (1)")))
                .expectNextMatches(change -> ((Change.Commit) change).tables().equals(List.of("t")))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void anUnmaskedChangeStreamIsAllowedOnEveryEngine() {
        DecentDbConnection writer = database.bundled() ? database.connect() : guarded();

        database.factory()
                .changeStream(ChangeStreamOption.UNMASKED)
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.execute("INSERT INTO t VALUES (1)")))
                .expectNextMatches(change -> change instanceof Change.Commit)
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aChangeStreamEndsWithTheFirstChangeAfterItsTableGotAPolicy() {
        assumeFalse(database.bundled(), NO_RULES);
        DecentDbConnection writer = database.connect();

        database.factory()
                .changeStream("t")
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.execute("INSERT INTO t VALUES (1)")))
                .expectNextCount(1)
                .then(() -> await(writer.execute("CREATE POLICY none ON t USING FALSE")))
                .then(() -> await(writer.execute("INSERT INTO t VALUES (2)")))
                .thenConsumeWhile(change -> !(change instanceof Change.Commit commit
                        && commit.tables().contains("t")))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("policies or masks"))
                .verify(PATIENCE);
    }

    /** A connection that wrote a table with a policy and a mask. */
    private DecentDbConnection guarded() {
        DecentDbConnection writer = database.connect();
        await(writer.execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY, tenant TEXT, ssn TEXT)"));
        await(writer.execute("INSERT INTO invoice VALUES (1, 'a', '123-45'), (2, 'b', '999-77')"));
        await(writer.execute("CREATE POLICY own ON invoice USING tenant = current_tenant()"));
        await(writer.execute("CREATE MASK short ON invoice(ssn) USING '***' || right(ssn, 2)"));
        return writer;
    }
}
