package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import com.decentdb.r2dbc.cluster.nodes.DqliteLibrary;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import com.decentdb.r2dbc.cluster.nodes.RealNode;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Sessions on a real cluster, by the public API. */
class ClusterSessionTests {

    /** The first version that takes more than 255 parameters, as {@link DqliteLibrary#version()} counts. */
    private static final int MANY_PARAMETERS = 11_500;

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private final List<DecentDbConnection> connections = new ArrayList<>();
    private DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:dqlite://127.0.0.1:1/none");

    @BeforeEach
    void open() {
        factory = DecentDb.factory(CLUSTER.url("failoverTimeout=PT30S"));
        await(connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"));
    }

    @AfterEach
    void close() {
        connections.forEach(connection -> await(connection.close()));
        await(factory.close());
    }

    private DecentDbConnection connect() {
        DecentDbConnection connection = awaitValue(factory.create());
        connections.add(connection);
        return connection;
    }

    private static void expect(Publisher<?> call, String sqlState) {
        StepVerifier.create(call)
                .thenConsumeWhile(any -> true)
                .expectErrorSatisfies(error -> assertThat(((R2dbcException) error).getSqlState())
                        .as(String.valueOf(error.getMessage()))
                        .isEqualTo(sqlState))
                .verify(PATIENCE);
    }

    private static long count(DecentDbConnection connection) {
        return awaitValue(connection.fetchValue("SELECT count(*) FROM t", Long.class));
    }

    @Test
    void aWatchedQuerySaysItsRowsInItsRawEventToo() {
        DecentDbConnection connection = connect();
        await(connection.execute("INSERT INTO t VALUES (7, 'seven')"));

        assertThat(awaitValue(connection.watchQuery("SELECT id, name FROM t").next())
                        .json())
                .contains("initial")
                .endsWith(",\"columns\":[\"id\",\"name\"],\"rows\":[[7,\"seven\"]]}");
    }

    @Test
    void whatOneConnectionWroteAnotherReads() {
        DecentDbConnection writer = connect();
        DecentDbConnection reader = connect();

        for (int i = 1; i <= 50; i++) {
            assertThat(awaitValue(writer.execute("INSERT INTO t (name) VALUES ($1)", "row " + i)))
                    .isEqualTo(1);
            assertThat(count(reader)).isEqualTo(i);
        }
    }

    @Test
    void aTransactionIsSeenWhenItIsCommitted() {
        DecentDbConnection writer = connect();
        DecentDbConnection reader = connect();
        await(writer.beginTransaction());
        await(writer.execute("INSERT INTO t VALUES (1, 'a')"));

        assertThat(count(writer)).isEqualTo(1);
        assertThat(count(reader)).isZero();
        await(writer.commitTransaction());
        assertThat(count(reader)).isEqualTo(1);

        await(writer.beginTransaction());
        await(writer.execute("DELETE FROM t"));
        await(writer.rollbackTransaction());
        assertThat(count(reader)).isEqualTo(1);
    }

    @Test
    void savepointsDivideATransaction() {
        DecentDbConnection connection = connect();
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO t VALUES (1, 'a')"));
        await(connection.createSavepoint("my point"));
        await(connection.execute("INSERT INTO t VALUES (2, 'b')"));
        await(connection.rollbackTransactionToSavepoint("my point"));
        await(connection.execute("INSERT INTO t VALUES (3, 'c')"));
        await(connection.releaseSavepoint("my point"));
        await(connection.commitTransaction());

        assertThat(CLUSTER.integers("SELECT id FROM t ORDER BY id")).containsExactly(1L, 3L);
    }

    @Test
    void aStatementThatFailsLeavesItsTransactionOpen() {
        DecentDbConnection connection = connect();
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO t VALUES (1, 'a')"));
        expect(connection.execute("INSERT INTO t VALUES (2, 'a')"), "23505");
        await(connection.execute("INSERT INTO t VALUES (3, 'c')"));
        await(connection.commitTransaction());

        assertThat(CLUSTER.integers("SELECT id FROM t ORDER BY id")).containsExactly(1L, 3L);
    }

    @Test
    void aTransactionThatOnlyReadsKeepsItsSnapshotAndRefusesToWrite() {
        DecentDbConnection reader = connect();
        DecentDbConnection writer = connect();
        await(reader.beginTransaction(DecentDbTransactionDefinition.create().readOnly()));
        assertThat(count(reader)).isZero();

        await(writer.execute("INSERT INTO t VALUES (1, 'a')"));

        assertThat(count(reader)).isZero();
        expect(reader.execute("INSERT INTO t VALUES (2, 'b')"), "25006");
        assertThat(count(reader)).as("the transaction goes on").isZero();
        await(reader.rollbackTransaction());
        assertThat(count(reader)).isEqualTo(1);
        await(reader.execute("INSERT INTO t VALUES (2, 'b')"));
    }

    @Test
    void aConnectionThatIsClosedInATransactionRollsBack() {
        DecentDbConnection first = connect();
        await(first.beginTransaction());
        await(first.execute("INSERT INTO t VALUES (1, 'a')"));

        await(first.close());

        assertThat(awaitValue(connect().execute("INSERT INTO t VALUES (1, 'b')")))
                .isEqualTo(1);
    }

    @Test
    void aTransactionWhoseLeaderIsDeposedIsLost() {
        DecentDbConnection connection = connect();
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO t VALUES (1, 'a')"));

        CLUSTER.transferTo(CLUSTER.follower());

        expect(connection.execute("INSERT INTO t VALUES (2, 'b')"), "40001");
        expect(connection.commitTransaction(), "40001");
        await(connection.rollbackTransaction());
        assertThat(awaitValue(connection.execute("INSERT INTO t VALUES (3, 'c')")))
                .isEqualTo(1);
        assertThat(CLUSTER.integers("SELECT id FROM t")).containsExactly(3L);
    }

    @Test
    void whatIsNotInFlightNoticesNothingOfANewLeader() {
        DecentDbConnection connection = connect();
        for (int i = 0; i < 3; i++) {
            CLUSTER.transferTo(CLUSTER.follower());

            assertThat(awaitValue(connection.execute("INSERT INTO t (name) VALUES ($1)", "row " + i)))
                    .isEqualTo(1);
            assertThat(count(connection)).isEqualTo(i + 1);
        }
        CLUSTER.leader().kill();
        // The end of a process may be known before the end of its connections is.
        CLUSTER.leader();
        assertThat(awaitValue(connection.execute("INSERT INTO t (name) VALUES ('after the kill')")))
                .isEqualTo(1);
        assertThat(awaitValue(connection.validate(ValidationDepth.REMOTE))).isTrue();
    }

    @Test
    void generatedKeysAreTheRowIds() {
        Connection connection = connect();

        List<Long> keys = awaitAll(Flux.range(0, 3)
                .concatMap(i -> Flux.from(connection
                                .createStatement("INSERT INTO t (name) VALUES ($1)")
                                .bind(0, "row " + i)
                                .returnGeneratedValues("id")
                                .execute())
                        .concatMap(result -> result.map(row -> row.get("id", Long.class)))));

        assertThat(keys).containsExactly(1L, 2L, 3L);
    }

    @Test
    void aScriptGivesAResultForEachStatement() {
        Connection connection = connect();

        List<Long> counts = awaitAll(Flux.from(connection
                        .createStatement("INSERT INTO t VALUES (1, 'a;b'), (2, 'c');\n"
                                + "-- a comment; with more\n"
                                + "UPDATE t SET name = name || '!'; CREATE INDEX i ON t (name); DELETE FROM t"
                                + " WHERE id = 1;\n"
                                + "--x")
                        .execute())
                .concatMap(Result::getRowsUpdated));

        assertThat(counts).containsExactly(2L, 2L, 0L, 1L);
    }

    @Test
    void parametersAreThoseThatTheirNumbersSay() {
        assertThat(awaitValue(connect().fetchValue("SELECT $2 || '-' || $1 || '-' || $2", String.class, "a", "b")))
                .isEqualTo("b-a-b");
    }

    @Test
    void manyParametersTakeANewerServer() {
        int count = 300;
        String sql = IntStream.rangeClosed(1, count)
                .mapToObj(i -> "$" + i)
                .collect(Collectors.joining(" + ", "SELECT ", ""));
        Object[] arguments = Collections.nCopies(count, 1).toArray();

        Mono<Long> sum = connect().fetchValue(sql, Long.class, arguments);

        if (DqliteLibrary.version() >= MANY_PARAMETERS) {
            assertThat(awaitValue(sum)).isEqualTo(count);
        } else {
            expect(sum, "54000");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ATTACH 'other.db' AS other",
                "VACUUM INTO 'copy.db'",
                "/* x */ pragma Main . Journal_Mode = DELETE",
                "PRAGMA wal_checkpoint(TRUNCATE)",
                "PRAGMA page_size = 512",
                "PRAGMA synchronous = FULL",
                "EXPLAIN PRAGMA journal_mode = DELETE",
                "SELECT load_extension('x')"
            })
    void whatWouldHarmANodeIsNeverSent(String sql) {
        DecentDbConnection connection = connect();

        expect(connection.fetchLists(sql), "0A000");

        assertThat(awaitValue(connection.execute("INSERT INTO t VALUES (1, 'a')")))
                .isEqualTo(1);
        assertThat(count(connection)).isEqualTo(1);
    }

    @Test
    void rowsThatAreChangedAreReturnedWhereTheServerKeepsThem() {
        Flux<List<Object>> returned = connect()
                .fetchLists("INSERT INTO t VALUES (1, 'a') RETURNING id, name")
                .map(List::copyOf);

        if (DqliteLibrary.version() >= DqliteLibrary.RETURNING) {
            assertThat(awaitAll(returned)).containsExactly(List.of(1L, "a"));
            assertThat(CLUSTER.integers("SELECT id FROM t")).containsExactly(1L);
        } else {
            expect(returned, "0A000");
            assertThat(CLUSTER.integers("SELECT id FROM t")).isEmpty();
        }
    }

    @Test
    void temporaryTablesBelongToTheirConnection() {
        DecentDbConnection owner = connect();
        await(owner.execute("CREATE TEMP TABLE mine (a INTEGER)"));
        await(owner.execute("INSERT INTO mine VALUES (1)"));

        assertThat(awaitValue(owner.fetchValue("SELECT a FROM mine", Long.class)))
                .isEqualTo(1);
        expect(connect().fetchLists("SELECT a FROM mine"), "42P01");
    }

    @Test
    void temporaryTablesAreLostWithTheirLeaderOnce() {
        DecentDbConnection owner = connect();
        await(owner.execute("CREATE TEMP TABLE mine (a INTEGER)"));
        RealNode leader = CLUSTER.leader();

        leader.kill();
        // The end of a process may be known before the end of its connections is.
        CLUSTER.leader();

        StepVerifier.create(owner.fetchLists("SELECT a FROM mine")).verifyErrorSatisfies(error -> {
            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08006");
            assertThat(error).hasMessageContaining("lost with the leader");
        });
        expect(owner.fetchLists("SELECT a FROM mine"), "42P01");
        assertThat(count(owner)).isZero();
    }

    @Test
    void aPoolGivesBackNothingOfTheLastBorrower() {
        ConnectionPool pool = DecentDb.createPool(CLUSTER.url("maxSize=1"));
        await(Mono.usingWhen(
                pool.create(),
                connection -> Flux.from(connection
                                .createStatement("CREATE TEMP TABLE mine (a INTEGER)")
                                .execute())
                        .concatMap(Result::getRowsUpdated)
                        .then(Mono.from(connection.beginTransaction()))
                        .then(Flux.from(connection
                                        .createStatement("INSERT INTO t VALUES (1, 'a')")
                                        .execute())
                                .concatMap(Result::getRowsUpdated)
                                .then()),
                Connection::close));

        Mono<List<Long>> next = Mono.usingWhen(
                pool.create(),
                connection -> Flux.from(connection
                                .createStatement(
                                        "SELECT count(*) FROM sqlite_temp_schema UNION ALL SELECT count(*) FROM t")
                                .execute())
                        .concatMap(result -> result.map(row -> row.get(0, Long.class)))
                        .collectList(),
                Connection::close);
        assertThat(awaitValue(next)).containsExactly(0L, 0L);
        await(pool.disposeLater());
    }

    @Test
    void aLargeResultStreams() {
        String numbers =
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n";

        assertThat(awaitValue(connect()
                        .fetchLists(numbers)
                        .reduce(0L, (sum, row) -> sum + (Long) List.copyOf(row).get(0))))
                .isEqualTo(300_000L * 300_001 / 2);
        assertThat(awaitAll(connect().fetchLists(numbers).take(3))).hasSize(3);
    }

    @Test
    void columnsFollowAChangeOfTheSchema() {
        DecentDbConnection connection = connect();
        await(connection.execute("INSERT INTO t VALUES (1, 'a')"));
        for (int i = 0; i < 3; i++) {
            assertThat(awaitValue(connection.fetchOne("SELECT * FROM t"))).containsOnlyKeys("id", "name");
        }

        await(connect().execute("ALTER TABLE t ADD COLUMN more TEXT DEFAULT 'x'"));

        assertThat(awaitValue(connection.fetchOne("SELECT * FROM t"))).containsOnlyKeys("id", "name", "more");
    }

    @Test
    void aNullInABooleanColumnReadsAsFalseUnlessTheServerSaysNull() {
        DecentDbConnection connection = connect();
        await(connection.execute("CREATE TABLE n (flag BOOLEAN, at DATETIME)"));
        await(connection.execute("INSERT INTO n VALUES (NULL, NULL)"));

        var row =
                awaitValue(connection.fetchOne("SELECT flag, at, typeof(flag) AS storage, flag + 0 AS number FROM n"));

        assertThat(row.get("flag")).isIn(null, false);
        assertThat(row.get("at")).isNull();
        assertThat(row.get("storage")).isEqualTo("null");
        assertThat(row.get("number")).isNull();
    }
}
