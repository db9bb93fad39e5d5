package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.connection.DefaultStatement;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** One statement with many lists of arguments: writes are one unit, and results come one after the other, in every mode. */
class BindingsTests {

    private static final int REPETITIONS = 20;
    private static final String INSERT = "INSERT INTO t VALUES ($1, $2)";

    /** Where the statement runs. */
    enum Mode {
        AUTO_COMMIT,
        TRANSACTION,
        IN_MEMORY,
        TRANSACTION_IN_MEMORY,
        /** On a native handle that the connection has alone. */
        PINNED,
        TRANSACTION_PINNED;

        boolean transaction() {
            return name().startsWith("TRANSACTION");
        }
    }

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    /** A connection in this mode over a table with the names a, a, b, c, c. */
    private DecentDbConnection connect(Mode mode) {
        DecentDbConnection connection = mode.name().endsWith("MEMORY")
                ? database.keep(DecentDb.connect("r2dbc:decentdb:mem:///" + UUID.randomUUID() + "?linger=0"))
                : database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"));
        await(connection.execute("INSERT INTO t VALUES (101, 'a'), (102, 'a'), (103, 'b'), (104, 'c'), (105, 'c')"));
        if (mode.name().endsWith("PINNED")) {
            await(connection.execute("CREATE TEMP TABLE own (id INTEGER)"));
        }
        if (mode.transaction()) {
            await(connection.beginTransaction());
        }
        return connection;
    }

    static Stream<Object[]> failingWrites() {
        return Stream.of(Mode.values())
                .flatMap(mode -> Stream.of(
                        new Object[] {mode, INSERT, 4, false},
                        // Larger than one call of the engine.
                        new Object[] {mode, INSERT, 2_500, false},
                        new Object[] {mode, INSERT, 4, true},
                        new Object[] {mode, "INSERT INTO t SELECT $1, $2", 4, false},
                        new Object[] {mode, "INSERT INTO t VALUES ($1, $2), ($1 + 5000, $2)", 4, false}));
    }

    @ParameterizedTest
    @MethodSource("failingWrites")
    void ofAWriteAllListsAreKeptOrNone(Mode mode, String sql, int lists, boolean returning) {
        DecentDbConnection connection = connect(mode);
        await(connection.execute("INSERT INTO t VALUES (200, 'before')"));
        DefaultStatement statement = (DefaultStatement) connection.createStatement(sql);
        for (int i = 0; i < lists; i++) {
            // The last but one is a duplicate.
            (i == 0 ? statement : statement.add())
                    .bind(0, i == lists - 2 ? 10_000 : 10_000 + i)
                    .bind(1, "row");
        }
        if (returning) {
            statement.returnGeneratedValues("id");
        }

        StepVerifier.create(statement.execute()).verifyErrorSatisfies(error -> {
            assertThat(error).isInstanceOf(R2dbcDataIntegrityViolationException.class);
            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("23505");
        });

        assertThat(connection.isAutoCommit()).isEqualTo(!mode.transaction());
        await(connection.execute("INSERT INTO t VALUES (201, 'after')"));
        await(connection.commitTransaction());
        assertThat(awaitAll(connection.fetchLists("SELECT name FROM t WHERE id > 105 ORDER BY id")))
                .containsExactly(List.of("before"), List.of("after"));
    }

    @ParameterizedTest
    @EnumSource
    void aSavepointOfTheUserOutlivesAFailedWrite(Mode mode) {
        if (!mode.transaction()) {
            return;
        }
        DecentDbConnection connection = connect(mode);
        await(connection.createSavepoint("mine"));
        await(connection.execute("INSERT INTO t VALUES (200, 'undone')"));
        StepVerifier.create(connection
                        .createStatement("INSERT INTO t SELECT $1, 'x'")
                        .bind(0, 300)
                        .add()
                        .bind(0, 300)
                        .execute())
                .verifyError(R2dbcDataIntegrityViolationException.class);
        await(connection.rollbackTransactionToSavepoint("mine"));
        await(connection.releaseSavepoint("mine"));
        await(connection.commitTransaction());

        assertThat(awaitValue(connection.fetchValue("SELECT MAX(id) FROM t", Long.class)))
                .isEqualTo(105);
    }

    static Stream<Object[]> readers() {
        Function<Flux<Result>, Flux<String>> flatMap = results -> results.flatMap(BindingsTests::names);
        Function<Flux<Result>, Flux<String>> concatMap = results -> results.concatMap(BindingsTests::names);
        Function<Flux<Result>, Flux<String>> slow =
                results -> results.concatMap(BindingsTests::names, 1).limitRate(1);
        Function<Flux<Result>, Flux<String>> segments =
                results -> results.flatMap(result -> result.flatMap(segment -> segment instanceof Result.RowSegment row
                        ? Flux.just(String.valueOf(row.row().get("name")))
                        : Flux.empty()));
        return Stream.of(Mode.values())
                .flatMap(mode -> Stream.of(1, 2, 256)
                        .flatMap(fetchSize -> Stream.of(flatMap, concatMap, slow, segments)
                                .map(reader -> new Object[] {mode, fetchSize, reader})));
    }

    @ParameterizedTest
    @MethodSource("readers")
    void rowsOfTwoResultsNeverMix(Mode mode, int fetchSize, Function<Flux<Result>, Flux<String>> reader) {
        DecentDbConnection connection = connect(mode);
        DefaultStatement query = query(connection, "SELECT * FROM t WHERE name = $1", "a", "b", "c");
        query.fetchSize(fetchSize);
        DefaultStatement update =
                query(connection, "UPDATE t SET name = name WHERE name = $1 RETURNING name", "a", "b", "c");
        update.fetchSize(fetchSize);
        for (int i = 0; i < REPETITIONS; i++) {
            assertThat(awaitAll(reader.apply(query.execute()))).containsExactly("a", "a", "b", "c", "c");
            assertThat(awaitAll(reader.apply(update.execute()))).containsExactly("a", "a", "b", "c", "c");
        }
    }

    @ParameterizedTest
    @MethodSource("readers")
    void anErrorComesBehindTheRowsOfTheResultsBeforeIt(
            Mode mode, int fetchSize, Function<Flux<Result>, Flux<String>> reader) {
        DecentDbConnection connection = connect(mode);
        DefaultStatement query =
                query(connection, "SELECT name FROM t WHERE id <= 100 + CAST($1 AS INT64)", "2", "x", "3");
        query.fetchSize(fetchSize);
        for (int i = 0; i < REPETITIONS; i++) {
            List<String> seen = new ArrayList<>();
            StepVerifier.create(reader.apply(query.execute()).doOnNext(seen::add))
                    .thenConsumeWhile(name -> true)
                    .verifyError(R2dbcException.class);
            assertThat(seen).containsExactly("a", "a");
        }
        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(5);
    }

    @ParameterizedTest
    @EnumSource
    void aListRunsWhenTheResultBeforeItWasConsumed(Mode mode) {
        DecentDbConnection connection = connect(mode);
        DefaultStatement query = query(connection, "SELECT name FROM t WHERE id >= CAST($1 AS INT64)", "103", "200");
        query.fetchSize(1);

        StepVerifier.create(query.execute().concatMap(BindingsTests::names), 0)
                .thenRequest(1)
                .expectNext("b")
                .then(() -> await(connection.execute("INSERT INTO t VALUES (200, 'new')")))
                .thenRequest(2)
                .expectNext("c", "c")
                .thenRequest(2)
                .expectNext("new")
                .verifyComplete();
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledResultCountsAsConsumed(Mode mode) {
        DecentDbConnection connection = connect(mode);
        DefaultStatement query = query(connection, "SELECT name FROM t WHERE name >= $1 ORDER BY id", "a", "b", "c");
        query.fetchSize(1);

        assertThat(awaitAll(query.execute().concatMap(result -> names(result).take(1))))
                .containsExactly("a", "b", "c");
        assertThat(awaitAll(query.execute().take(1).concatMap(BindingsTests::names)))
                .containsExactly("a", "a", "b", "c", "c");
        assertThat(awaitAll(query.execute().concatMap(Result::getRowsUpdated))).isEmpty();
        assertThat(awaitValue(connection.execute("UPDATE t SET name = 'd'"))).isEqualTo(5);
    }

    @ParameterizedTest
    @EnumSource
    void aSubscriberThatAskedForAllResultsMayLeaveThemAlone(Mode mode) {
        DecentDbConnection connection = connect(mode);
        DefaultStatement query = query(connection, "SELECT name FROM t WHERE name = $1", "a", "b", "c");

        await(query.execute().then());
        assertThat(awaitValue(query.execute()
                        .collectList()
                        .flatMapMany(all -> Flux.fromIterable(all).concatMap(BindingsTests::names))
                        .collectList()))
                .containsExactly("a", "a", "b", "c", "c");
        assertThat(awaitAll(query(connection, "DELETE FROM t WHERE name = $1", "a", "b")
                        .execute()))
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 256})
    void aResultLeftAloneHoldsUpNothing(int fetchSize) {
        DecentDbConnection connection = connect(Mode.AUTO_COMMIT);
        DefaultStatement query = query(connection, "SELECT name FROM t WHERE name = $1", "a", "b");
        query.fetchSize(fetchSize);
        List<Result> left = new ArrayList<>();

        StepVerifier.create(query.execute(), 2)
                .consumeNextWith(left::add)
                .then(() -> await(connection.execute("INSERT INTO t VALUES (300, 'b')")))
                .then(() -> await(database.connect().execute("INSERT INTO t VALUES (301, 'b')")))
                .consumeNextWith(left::add)
                .verifyComplete();
        assertThat(awaitAll(names(left.get(0)))).containsExactly("a", "a");
        assertThat(awaitAll(names(left.get(1)))).contains("b");
    }

    @Test
    void aResultCanBeConsumedOnceAndTheSecondAttemptDoesNotCount() {
        DecentDbConnection connection = connect(Mode.AUTO_COMMIT);
        DefaultStatement query = query(connection, "SELECT name FROM t WHERE name = $1", "a", "b");
        query.fetchSize(1);

        assertThat(awaitAll(query.execute()
                        .flatMap(result -> Flux.merge(
                                names(result),
                                names(result)
                                        .onErrorResume(IllegalStateException.class, again -> Flux.just("again"))))))
                .filteredOn(name -> !name.equals("again"))
                .containsExactly("a", "a", "b");
    }

    @ParameterizedTest
    @EnumSource
    void theStatementsOfATextAreNoUnit(Mode mode) {
        DecentDbConnection connection = connect(mode);
        DefaultStatement script = query(
                connection,
                "INSERT INTO t (name) VALUES ($1); SELECT name FROM t WHERE name >= $1 ORDER BY id",
                "c",
                "d",
                "e");
        script.fetchSize(1);

        assertThat(awaitAll(script.execute().flatMap(BindingsTests::names))).containsExactly("c", "c", "c", "d", "e");
    }

    private static DefaultStatement query(DecentDbConnection connection, String sql, String... arguments) {
        DefaultStatement statement = (DefaultStatement) connection.createStatement(sql);
        for (int i = 0; i < arguments.length; i++) {
            (i == 0 ? statement : statement.add()).bind(0, arguments[i]);
        }
        return statement;
    }

    private static Flux<String> names(Result result) {
        Publisher<String> names = result.map((row, metadata) -> String.valueOf(row.get("name")));
        return Flux.from(names);
    }
}
