package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Nothing that the driver remembers of a statement outlives the schema it belongs to, whichever handle changes that. */
class SchemaChangeTests {

    private static final String QUERY = "SELECT * FROM t";
    private static final String RETURNING = "INSERT INTO t VALUES (NULL) RETURNING *";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    /** Ways to change the schema while other connections remember it. */
    enum Way {
        OWN_CONNECTION,
        OTHER_CONNECTION,
        QUEUE,
        TRANSACTION,
        PINNED_CONNECTION,
        OTHER_HANDLE
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void namesAndTypesAreThoseOfTheSchemaAtThatTime(Way way) {
        assumeTrue(
                way != Way.OTHER_HANDLE || database.bundled(),
                "the schema version of DecentDB may stand still while another handle changes the schema, see EngineFaultTests");
        DecentDbConnection reader = database.connect();
        DecentDbConnection changer = way == Way.OWN_CONNECTION ? reader : database.connect();
        if (way == Way.PINNED_CONNECTION) {
            await(changer.execute("CREATE TEMP TABLE own (n INTEGER)"));
        }
        change(Way.OTHER_CONNECTION, changer, "CREATE TABLE t (a INTEGER)");
        for (int i = 0; i < 60; i++) {
            String type = List.of("INTEGER", "TEXT", "BOOLEAN", "UUID").get(i % 4);
            String java = List.of("Long", "String", "Boolean", "UUID").get(i % 4);
            String name = "c" + i % 3;
            // Where one transaction replaces a table with rows, DecentDB refuses the next one as a duplicate.
            change(Way.OTHER_CONNECTION, changer, "DELETE FROM t");
            change(way, changer, "DROP TABLE t", "CREATE TABLE t (" + name + " " + type + ")");

            String expected = name + " " + java;
            assertThat(awaitValue(shape(reader, RETURNING)))
                    .as("%s, change %d", way, i)
                    .isEqualTo(expected);
            // Through several lanes at once, and more than once.
            List<String> seen = awaitAll(Flux.range(0, 6).flatMap(n -> shape(reader, QUERY), 6));
            assertThat(seen).as("%s, change %d", way, i).containsOnly(expected);
            String within = awaitValue(reader.inTransaction(c -> shape(c, QUERY)));
            assertThat(within).isEqualTo(expected);
        }
    }

    @Test
    void aTransactionThatIsRolledBackLeavesNothingBehind() {
        DecentDbConnection own = database.connect();
        DecentDbConnection other = database.connect();
        await(own.execute("CREATE TABLE t (a INTEGER)"));
        await(own.execute("INSERT INTO t VALUES (NULL)"));
        for (int i = 0; i < 50; i++) {
            await(own.beginTransaction());
            await(own.execute("SAVEPOINT s"));
            await(own.execute("ALTER TABLE t RENAME COLUMN a TO b"));
            assertThat(awaitValue(shape(own, QUERY))).isEqualTo("b Long");
            assertThat(awaitValue(shape(other, QUERY))).isEqualTo("a Long");
            if (i % 2 == 0) {
                await(own.execute("ROLLBACK TO SAVEPOINT s"));
                assertThat(awaitValue(shape(own, QUERY))).isEqualTo("a Long");
            }
            await(own.rollbackTransaction());
            assertThat(awaitValue(shape(own, QUERY))).isEqualTo("a Long");
            assertThat(awaitValue(shape(own, RETURNING))).isEqualTo("a Long");
        }
    }

    @Test
    void aDatabaseInMemoryAndOneWithoutCacheForgetTheSame() {
        for (String url :
                List.of("r2dbc:decentdb:mem:///" + UUID.randomUUID(), database.url("linger=0&statementCacheSize=0"))) {
            DecentDbConnection connection = database.keep(DecentDb.connect(url));
            await(connection.execute("CREATE TABLE t (a INTEGER)"));
            await(connection.execute("INSERT INTO t VALUES (NULL)"));
            assertThat(awaitValue(shape(connection, QUERY))).isEqualTo("a Long");
            await(connection.execute("ALTER TABLE t RENAME COLUMN a TO b"));
            assertThat(awaitValue(shape(connection, QUERY))).isEqualTo("b Long");
            await(connection.close());
        }
    }

    @Test
    void aResultBeingReadKeepsItsColumns() {
        DecentDbConnection reader = database.connect();
        DecentDbConnection other = database.connect();
        await(other.execute("CREATE TABLE t (a INTEGER)"));
        await(other.execute("INSERT INTO t VALUES "
                + String.join(
                        ",",
                        IntStream.range(0, 1000).mapToObj(n -> "(" + n + ")").toList())));
        List<Long> rows =
                awaitAll(Flux.from(reader.createStatement(QUERY).fetchSize(10).execute())
                        .concatMap(result -> result.map((row, metadata) -> row.get("a", Long.class)))
                        .concatMap(
                                n -> n == 5
                                        ? other.execute("ALTER TABLE t RENAME COLUMN a TO b")
                                                .thenReturn(n)
                                        : Mono.just(n),
                                1));
        assertThat(rows).hasSize(1000).doesNotHaveDuplicates();
        assertThat(awaitValue(shape(reader, QUERY))).isEqualTo("b Long");
    }

    private void change(Way way, DecentDbConnection connection, String... statements) {
        switch (way) {
            case QUEUE -> {
                for (String sql : statements) {
                    await(connection.executeQueued(sql));
                }
            }
            case TRANSACTION ->
                await(connection.inTransaction(c -> Flux.fromArray(statements).concatMap(sql -> c.execute(sql))));
            case OTHER_HANDLE -> {
                NativeLibrary library = NativeLibrary.load(null);
                try (NativeDatabase handle = library.open(database.file().toString(), OpenMode.OPEN, "")) {
                    for (String sql : statements) {
                        handle.execute(sql, Parameters.of(0)).close();
                    }
                }
            }
            default -> {
                for (String sql : statements) {
                    await(connection.execute(sql));
                }
            }
        }
    }

    /** Name and Java type of the only column; its values are NULL and show no type. */
    private static Mono<String> shape(DecentDbConnection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map(
                        (row, metadata) -> metadata.getColumnMetadata(0).getName() + " "
                                + metadata.getColumnMetadata(0).getJavaType().getSimpleName()))
                .last();
    }
}
