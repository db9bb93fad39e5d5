package com.decentdb.r2dbc.faults;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** With the driver the faults of an engine are not seen. */
class RemedyTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    /** Ways to write one row after the other. */
    enum Way {
        AUTO_COMMIT,
        QUEUE,
        TRANSACTION,
        PINNED_CONNECTION
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void anInsertAfterADeleteAndARefusedOneLeaveTheOtherRowsAlone(Way way) {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"));
        if (way == Way.PINNED_CONNECTION) {
            await(connection.execute("CREATE TEMP TABLE own (n INTEGER)"));
        }
        for (String sql : List.of(
                "INSERT INTO t VALUES (4, 'x2'), (5, 'x2')",
                "DELETE FROM t WHERE id = 4",
                "INSERT INTO t VALUES (4, 'x0')")) {
            await(write(way, connection, sql));
        }
        StepVerifier.create(write(way, connection, "INSERT INTO t VALUES ($1, $2)", 5, "x3"))
                .expectError(R2dbcDataIntegrityViolationException.class)
                .verify(PATIENCE);

        assertThat(awaitAll(database.connect().fetchLists("SELECT * FROM t ORDER BY id")))
                .hasToString("[[4, x0], [5, x2]]");
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aStatementIsThatOfTheTableThatIsThereNow(Way way) {
        DecentDbConnection connection = database.connect();
        if (way == Way.PINNED_CONNECTION) {
            await(connection.execute("CREATE TEMP TABLE own (n INTEGER)"));
        }
        for (String type : List.of("INT64", "TEXT", "FLOAT64", "TEXT", "INT64")) {
            await(connection.execute("DROP TABLE IF EXISTS t"));
            await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v " + type + ")"));
            Object value = type.equals("TEXT") ? "x" : type.equals("INT64") ? (Object) 7L : (Object) 1.5;
            Object other = type.equals("TEXT") ? "y" : type.equals("INT64") ? (Object) 8L : (Object) 2.5;

            await(write(way, connection, "INSERT INTO t (v) VALUES ($1)", value));
            assertThat(awaitValue(connection.fetchValue("SELECT v FROM t WHERE id = 1", Object.class)))
                    .isEqualTo(value);
            await(write(way, connection, "UPDATE t SET v = $1 WHERE id = $2", other, 1));
            assertThat(awaitValue(connection.fetchValue("SELECT v FROM t WHERE id = 1", Object.class)))
                    .isEqualTo(other);
        }
    }

    private static Flux<Long> write(Way way, DecentDbConnection connection, String sql, Object... arguments) {
        return switch (way) {
            case QUEUE -> connection.executeQueued(sql, arguments).flux();
            case TRANSACTION -> connection.inTransaction(tx -> tx.execute(sql, arguments));
            default -> connection.execute(sql, arguments).flux();
        };
    }

    @Test
    void aReaderSeesWhatWasCommittedAndCheckpointedWhileItDidNothing() {
        DecentDbConnection connection = database.connect();
        for (int i = 1; i <= 5; i++) {
            await(connection.execute("CREATE TABLE t" + i + " (id INTEGER PRIMARY KEY)"));
            await(connection.execute("INSERT INTO t" + i + " VALUES (1)"));
            await(connection.checkpoint());
            String sql = "SELECT COUNT(*) FROM t" + i;
            Flux<Long> reads = Flux.range(0, 8).flatMap(n -> connection.fetchValue(sql, Long.class), 8);
            assertThat(awaitAll(reads)).containsOnly(1L);
        }
    }

    @Test
    void slowReadsBecomeFastWithoutBeingSeen() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"));
        await(connection.inTransaction(tx -> Flux.range(0, 20_000)
                .buffer(1_000)
                .concatMap(ids -> tx.execute("INSERT INTO t VALUES "
                        + String.join(
                                ", ",
                                ids.stream().map(id -> "(" + id + ", 'v')").toList())))));

        // Enough for an engine that reads the whole table each time.
        for (int i = 0; i < 100; i++) {
            assertThat(awaitAll(connection.fetchLists(
                            "SELECT id FROM t WHERE id >= $1 AND id < $2 ORDER BY id", 500 + i, 600 + i)))
                    .hasSize(100)
                    .startsWith(List.of(500L + i));
            if (i % 10 == 0) {
                await(connection.execute("UPDATE t SET v = $1 WHERE id = $2", "w", i));
            }
        }
        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t WHERE v = 'w'", Long.class)))
                .isEqualTo(10);
    }

    @Test
    void aWrongKeyIsCalledAWrongKey() {
        assumeFalse(database.bundled(), "the bundled engine has no encryption");
        String url = "r2dbc:decentdb:///" + database.directory().resolve("secret.ddb");
        await(DecentDb.connect(url + "?linger=0&encryption_key=right").flatMap(DecentDbConnection::close));

        refused(DecentDb.connect(url + "?linger=0&encryption_key=wrong"), "28P01", "its key is another one");
        refused(DecentDb.connect(url + "?linger=0"), "28000", "it is encrypted");
        String plain = "r2dbc:decentdb:///" + database.directory().resolve("plain.ddb");
        await(DecentDb.connect(plain + "?linger=0").flatMap(DecentDbConnection::close));
        refused(DecentDb.connect(plain + "?linger=0&encryption_key=wrong"), "28000", "it is not encrypted");
    }

    private static void refused(Mono<DecentDbConnection> connect, String sqlState, String reason) {
        StepVerifier.create(connect)
                .expectErrorSatisfies(error -> {
                    assertThat(error).hasMessageContaining(reason).message().doesNotContain("wrong");
                    assertThat(error)
                            .isInstanceOfSatisfying(
                                    R2dbcPermissionDeniedException.class,
                                    denied -> assertThat(denied.getSqlState()).isEqualTo(sqlState));
                })
                .verify(PATIENCE);
    }
}
