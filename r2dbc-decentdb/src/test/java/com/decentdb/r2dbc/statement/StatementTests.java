package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.connection.DefaultStatement;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Statements, scripts and batches: how arguments find their parameters, and what runs when. */
class StatementTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"));
    }

    @Test
    void bindsByIndexAndByName() {
        DefaultStatement statement = statement("SELECT $2, $1");

        assertThat(rows(statement.bind(0, "one").bind("$2", "two"))).containsExactly(List.of("two", "one"));
    }

    @Test
    void aNumberMayBeMissing() {
        assertThat(rows(statement("SELECT CAST($3 AS TEXT), CAST($1 AS TEXT)")
                        .bind("$3", "c")
                        .bind(0, "a")))
                .containsExactly(List.of("c", "a"));
    }

    @Test
    void bindsParametersOfTheSpi() {
        DefaultStatement statement = statement("SELECT CAST($1 AS TEXT), CAST($2 AS TEXT)")
                .bind(0, Parameters.in(R2dbcType.VARCHAR, "typed"))
                .bind(1, Parameters.in(R2dbcType.VARCHAR));

        assertThat(rows(statement)).containsExactly(List.of("typed", "null"));
    }

    @Test
    void bindsNullOfAnyClass() {
        for (Class<?> type : List.of(String.class, Object.class, int.class, UUID.class, Runnable.class)) {
            assertThat(rows(statement("SELECT CAST($1 AS TEXT)").bindNull(0, type)))
                    .containsExactly(List.of("null"));
            assertThat(rows(statement("SELECT CAST($1 AS TEXT)").bindNull("$1", type)))
                    .containsExactly(List.of("null"));
        }
    }

    @Test
    void refusesWhatCannotBeBoundAtOnce() {
        DefaultStatement statement = statement("SELECT $1");

        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> statement.bind(1, "x"));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> statement.bind(-1, "x"));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> statement.bindNull(9, Long.class));
        for (String name : List.of("$2", "$0", "$", "1", "name", ":name", "?", "", "$1$", "$99999999999", "$０")) {
            assertThatExceptionOfType(NoSuchElementException.class)
                    .isThrownBy(() -> statement.bind(name, "x"))
                    .withMessageContaining("[$1]");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement.bind(0, nothing()))
                .withMessageContaining("bindNull");
        assertThatIllegalArgumentException().isThrownBy(() -> statement.bind(TestDatabase.<String>nothing(), "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> statement.bindNull(0, nothing()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement.bind(0, Parameters.out(R2dbcType.VARCHAR)))
                .withMessageContaining("out parameters");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement.bind(0, Parameters.inOut("x")))
                .withMessageContaining("out parameters");
        assertThatIllegalArgumentException().isThrownBy(() -> statement.fetchSize(-1));
    }

    @Test
    void refusesToRunWithoutAllArguments() {
        assertThatIllegalStateException()
                .isThrownBy(() -> statement("SELECT $1, $2").bind(1, "x").execute())
                .withMessageContaining("$1 is not bound");
        assertThatIllegalStateException()
                .isThrownBy(() -> statement("SELECT $1").add())
                .withMessageContaining("$1");
        assertThatIllegalStateException()
                .isThrownBy(() -> statement("SELECT $1").bind(0, 1).add().execute())
                .withMessageContaining("$1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n", ";", "-- nothing", "/* ; */ ;"})
    void refusesTextWithoutAStatement(String sql) {
        DecentDbConnection connection = database.connect();

        assertThatIllegalArgumentException().isThrownBy(() -> connection.createStatement(sql));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connection.createBatch().add(sql));
    }

    @Test
    void refusesABatchThatCannotRun() {
        DecentDbConnection connection = database.connect();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> connection.createBatch().add(nothing()));
        assertThatIllegalArgumentException().isThrownBy(() -> connection.createStatement(nothing()));
        assertThatIllegalStateException()
                .isThrownBy(() -> connection.createBatch().execute())
                .withMessageContaining("empty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connection.createBatch().add("DELETE FROM t WHERE id = $1"))
                .withMessageContaining("createStatement");
    }

    @Test
    void aBatchEndsWithItsFirstError() {
        DecentDbConnection connection = database.connect();
        Flux.from(connection
                        .createBatch()
                        .add("INSERT INTO t VALUES (1, 'a')")
                        .add("INSERT INTO t VALUES (1, 'b')")
                        .add("INSERT INTO t VALUES (2, 'c')")
                        .execute())
                .concatMap(Result::getRowsUpdated)
                .as(StepVerifier::create)
                .expectNext(1L)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                        .extracting(e -> ((R2dbcException) e).getSql())
                        .isEqualTo("INSERT INTO t VALUES (1, 'b')"));

        assertThat(names()).containsExactly("a");
    }

    @Test
    void runsAgainWithTheSameAndWithOtherArguments() {
        DefaultStatement statement =
                statement("INSERT INTO t (name) VALUES ($1)").bind(0, "a");
        Flux<Result> first = statement.execute();
        await(first.concatMap(Result::getRowsUpdated));
        await(first.concatMap(Result::getRowsUpdated));
        await(statement.execute().concatMap(Result::getRowsUpdated));
        await(statement.bind(0, "b").execute().concatMap(Result::getRowsUpdated));
        await(first.concatMap(Result::getRowsUpdated));

        assertThat(names()).containsExactly("a", "a", "a", "b", "a");
    }

    @Test
    void givesOneResultPerListOfArguments() {
        DefaultStatement statement = statement("INSERT INTO t VALUES ($1, $2)")
                .bind(0, 1)
                .bind(1, "a")
                .add()
                .bind(0, 2)
                .bindNull(1, String.class)
                .add()
                .bind("$1", 3)
                .bind("$2", "c");

        assertThat(awaitAll(statement.execute().concatMap(Result::getRowsUpdated)))
                .containsExactly(1L, 1L, 1L);
        assertThat(names()).containsExactly("a", "null", "c");
    }

    @Test
    void givesEachStatementOfAScriptItsOwnArguments() {
        DefaultStatement script = statement("INSERT INTO t VALUES ($1, $2); UPDATE t SET name = $3 WHERE id = $1;"
                        + " SELECT name FROM t WHERE name = $3")
                .bind(0, 1)
                .bind(1, "a")
                .bind(2, "b");

        assertThat(rows(script)).containsExactly(List.of("b"));
        assertThat(names()).containsExactly("b");
    }

    @Test
    void runsTheWholeScriptForEachListOfArguments() {
        DefaultStatement script = statement("INSERT INTO t VALUES ($1, 'x'); UPDATE t SET name = $2 WHERE id < $1")
                .bind(0, 1)
                .bind(1, "a")
                .add()
                .bind(0, 2)
                .bind(1, "b");

        assertThat(awaitAll(script.execute().concatMap(Result::getRowsUpdated))).containsExactly(1L, 0L, 1L, 1L);
        assertThat(names()).containsExactly("b", "x");
    }

    @Test
    void aScriptEndsWithItsFirstErrorAndNamesTheStatementAsWritten() {
        DecentDbConnection connection = database.connect();
        connection
                .execute("INSERT INTO t VALUES (1, $1); INSERT INTO t VALUES (1, $2); DELETE FROM t", "a", "b")
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSql()).isEqualTo("INSERT INTO t VALUES (1, $2)"));

        assertThat(names()).containsExactly("a");
    }

    @Test
    void understandsQuestionMarksIfAskedTo() {
        DecentDbConnection connection = connect("parameterStyle=jdbc");
        await(connection.execute(
                "INSERT INTO t VALUES (?, '?' || ?::text); UPDATE t SET name = name || ? /* ? */", 7, "a", "b"));

        assertThat(awaitValue(connection.fetchValue("SELECT name FROM t WHERE id = ?", String.class, 7)))
                .isEqualTo("?ab");
        assertThat(awaitValue(connection.fetchValue("SELECT name FROM t WHERE id = $1", String.class, 7)))
                .isEqualTo("?ab");
        assertThat(awaitValue(connection.executeQueued("DELETE FROM t WHERE id = ?", 7)))
                .isOne();
        assertThatExceptionOfType(NoSuchElementException.class)
                .isThrownBy(() -> connection.createStatement("SELECT ?").bind("?", 1))
                .withMessageContaining("by index");
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        connection.createStatement("SELECT ?, ?").bind(0, 1).execute())
                .withMessageContaining("? number 2");
    }

    @Test
    void understandsNamesIfAskedTo() {
        DecentDbConnection connection = connect("parameterStyle=named");
        await(Flux.from(connection
                        .createStatement(
                                "INSERT INTO t VALUES (:id, :name); UPDATE t SET name = name || :name WHERE id = :id")
                        .bind("id", 1)
                        .bind(":name", "a:")
                        .execute())
                .concatMap(Result::getRowsUpdated));

        assertThat(awaitValue(connection.fetchValue("SELECT name FROM t WHERE id = :id::INT64", String.class, 1)))
                .isEqualTo("a:a:");
        assertThatExceptionOfType(NoSuchElementException.class)
                .isThrownBy(() -> connection.createStatement("SELECT :a, :b").bind("c", 1))
                .withMessageContaining("[:a, :b]");
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        connection.createStatement("SELECT :a, :b").bind("a", 1).execute())
                .withMessageContaining(":b is not bound");
    }

    @Test
    void errorsShowTheTextAsItWasWrittenWhateverTheStyle() {
        DecentDbConnection connection = connect("parameterStyle=named");
        // DecentDB looks a column up only once it has a row.
        await(connection.execute("INSERT INTO t VALUES (1, 'a')"));
        connection
                .execute("SELECT nowhere FROM t WHERE id = :id", 1)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcBadGrammarException.class);
                    assertThat(((R2dbcException) error).getSql()).isEqualTo("SELECT nowhere FROM t WHERE id = :id");
                });
    }

    @Test
    void otherStylesAreNotUnderstoodUnasked() {
        for (String sql : List.of("SELECT ?", "SELECT :a")) {
            database.connect()
                    .execute(sql)
                    .as(StepVerifier::create)
                    .verifyErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).startsWith("42"));
        }
    }

    @Test
    void returnsGeneratedValuesOfEveryStatement() {
        DefaultStatement statement =
                statement("INSERT INTO t (name) VALUES ($1) -- done").returnGeneratedValues("id", "name");

        assertThat(rows(statement.bind(0, "a").add().bind(0, "b")))
                .extracting(row -> row.get(1))
                .containsExactly("a", "b");
        assertThat(rows(statement("INSERT INTO t (name) VALUES ('c'); DELETE FROM t WHERE name = $1")
                        .bind(0, "a")
                        .returnGeneratedValues()))
                .extracting(row -> row.get(1))
                .containsExactly("c", "a");
    }

    @Test
    void refusesGeneratedValuesWhereThereAreNone() {
        assertThatIllegalStateException()
                .isThrownBy(() -> statement("DELETE FROM t RETURNING id").returnGeneratedValues("id"))
                .withMessageContaining("RETURNING");
        assertThatIllegalStateException()
                .isThrownBy(() -> statement("SELECT 1").returnGeneratedValues())
                .withMessageContaining("SELECT 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement("DELETE FROM t").returnGeneratedValues(TestDatabase.<String[]>nothing()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement("DELETE FROM t").returnGeneratedValues("id", ""));
    }

    @Test
    void namesMayHaveAnyCharacters() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE \"Straße ; $1 \"\"x\"\"\" (\"größe?\" INTEGER, \"名前\" TEXT)"));
        await(connection.execute("INSERT INTO \"Straße ; $1 \"\"x\"\"\" VALUES ($1, $2)", 1, "名"));

        assertThat(awaitValue(connection.fetchOne("SELECT \"größe?\", 名前 FROM \"Straße ; $1 \"\"x\"\"\"")))
                .containsEntry("größe?", 1L)
                .containsEntry("名前", "名");
    }

    @Test
    void theTextMayBeLong() {
        String list = IntStream.range(0, 20_000).mapToObj(String::valueOf).collect(Collectors.joining(", "));
        String padding = "-- " + "x".repeat(1_000_000) + "\n";

        assertThat(awaitValue(database.connect()
                        .fetchValue("SELECT " + padding + "COUNT(*) FROM t WHERE id IN (" + list + ")", Long.class)))
                .isZero();
        assertThat(awaitValue(
                        database.connect().fetchValue("SELECT length('" + "y".repeat(1_000_000) + "')", Long.class)))
                .isEqualTo(1_000_000);
    }

    private DecentDbConnection connect(String options) {
        return database.keep(DecentDb.connect(database.url("linger=0&" + options)));
    }

    private DefaultStatement statement(String sql) {
        return (DefaultStatement) database.connect().createStatement(sql);
    }

    private List<String> names() {
        return awaitAll(
                database.connect().fetchAll("SELECT name FROM t ORDER BY id").map(row -> String.valueOf(row.get(0))));
    }

    private static List<List<String>> rows(DefaultStatement statement) {
        return awaitAll(statement.execute().concatMap(result -> result.map((row, metadata) -> texts(row))));
    }

    private static List<String> texts(Row row) {
        return IntStream.range(0, row.getMetadata().getColumnMetadatas().size())
                .mapToObj(i -> String.valueOf(row.get(i)))
                .toList();
    }
}
