package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatObject;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.assertj.core.api.ObjectAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class ErrorTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect()
                .execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, CHECK (id > 0))"));
    }

    @Test
    void aPathThatCannotBeOpenedIsNamedWithTheReason() throws IOException {
        var missing = database.directory().resolve("no/such/place.ddb");
        failure(DecentDb.connect("r2dbc:decentdb:///" + missing), R2dbcNonTransientResourceException.class)
                .satisfies(error -> assertThat(error)
                        .hasMessageContaining(missing.toString())
                        .hasMessageContaining("does not exist")
                        .hasMessageContaining("createDirectories=true"));

        failure(DecentDb.connect("r2dbc:decentdb:///" + database.directory()), R2dbcNonTransientResourceException.class)
                .satisfies(error -> assertThat(error).hasMessageContaining("is a directory"));

        failure(
                        DecentDb.connect(
                                "r2dbc:decentdb:///" + database.directory().resolve("new.ddb") + "?mode=open"),
                        R2dbcNonTransientResourceException.class)
                .satisfies(error -> assertThat(error).hasMessageContaining("openOrCreate"));

        Path empty = Files.createFile(database.directory().resolve("empty.ddb"));
        failure(DecentDb.connect("r2dbc:decentdb:///" + empty + "?mode=open"), R2dbcNonTransientResourceException.class)
                .satisfies(error ->
                        assertThat(error).hasMessageContaining("is empty").hasMessageContaining("mode=openOrCreate"));
    }

    @Test
    void missingFoldersAreCreatedWhereTheOptionSaysSo() throws IOException {
        Path link = Files.createSymbolicLink(database.directory().resolve("link"), database.directory());
        String file = "r2dbc:decentdb:///" + link.resolve("not/yet/there.ddb") + "?linger=0&createDirectories=true";

        DecentDbConnection first = database.keep(DecentDb.connect(file));
        await(first.execute("CREATE TABLE t (id INTEGER)"));

        assertThat(database.directory().resolve("not/yet/there.ddb")).exists();
        // By whichever path, it is one database, with one lock for its writers.
        holdWriteLock(first);
        DecentDbConnection second = database.keep(DecentDb.connect(
                "r2dbc:decentdb:///" + database.directory().resolve("not/yet/there.ddb") + "?linger=0"));
        await(second.setLockWaitTimeout(Duration.ZERO));
        failure(second.execute("INSERT INTO t VALUES (1)"), R2dbcTimeoutException.class);
        await(first.rollbackTransaction());
    }

    @Test
    void aFolderThatCannotBeCreatedIsNamed() throws IOException {
        Path file = Files.writeString(database.directory().resolve("file"), "no folder");

        failure(
                        DecentDb.connect("r2dbc:decentdb:///" + file.resolve("a/b.ddb") + "?createDirectories=true"),
                        R2dbcNonTransientResourceException.class)
                .satisfies(error -> {
                    assertThat(error.getSqlState()).isEqualTo("58030");
                    assertThat(error).hasMessageContaining("cannot be created").hasMessageContaining(file.toString());
                });
        failure(
                        DecentDb.connect("r2dbc:decentdb:///"
                                + database.directory().resolve("c/d.ddb") + "?createDirectories=true&mode=open"),
                        R2dbcNonTransientResourceException.class)
                .satisfies(error -> assertThat(error).hasMessageContaining("does not exist"));
        assertThat(database.directory().resolve("c")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "profile, huge",
        "cache_size, abc",
        "synchronous, maybe",
    })
    void anOptionTheEngineDoesNotAcceptFailsToConnectToAFileAndToMemory(String option, String value) {
        var file = database.directory().resolve("b.ddb");
        String wrong = "?" + option + "=" + value;
        failure(DecentDb.connect("r2dbc:decentdb:///" + file + wrong), R2dbcNonTransientResourceException.class)
                .satisfies(error -> {
                    assertThat(error.getSqlState()).isEqualTo("08001");
                    assertThat(error).hasMessageContaining(file.toString()).hasMessageContaining(option);
                });
        failure(DecentDb.connect("r2dbc:decentdb:mem:///wrong" + wrong), R2dbcNonTransientResourceException.class)
                .satisfies(error -> {
                    assertThat(error.getSqlState()).isEqualTo("08001");
                    assertThat(error).hasMessageContaining("'wrong'").hasMessageContaining(option);
                });
    }

    @Test
    void anOpenDatabaseIsNotSharedWithOtherEngineOptions() {
        failure(DecentDb.connect(database.url("linger=0&profile=low_memory")), R2dbcNonTransientResourceException.class)
                .satisfies(error -> assertThat(error).hasMessageContaining("profile=low_memory"));
    }

    @RepeatedTest(20)
    void aDatabaseThatOnlyLingersIsOpenedAnewWithOtherEngineOptions() {
        String url = "r2dbc:decentdb:///" + database.directory().resolve("lingering.ddb");
        await(awaitValue(DecentDb.connect(url + "?linger=PT10S")).close());

        DecentDbConnection connection = database.keep(DecentDb.connect(url + "?linger=0&profile=low_memory"));

        assertThat(awaitValue(connection.fetchValue("SELECT 1", Long.class))).isEqualTo(1);
    }

    @Test
    void aSyntaxErrorAndAnUnknownTableAreBadGrammarWithTheSql() {
        failure(database.connect().execute("SELEC 1"), R2dbcBadGrammarException.class)
                .satisfies(error -> {
                    assertThat(error.getSqlState()).isEqualTo("42601");
                    assertThat(error.getSql()).isEqualTo("SELEC 1");
                    assertThat(error).hasMessageContaining("SELEC");
                });
        failure(database.connect().execute("SELECT * FROM nowhere"), R2dbcBadGrammarException.class)
                .satisfies(error -> {
                    assertThat(error.getSqlState()).isEqualTo("42P01");
                    assertThat(error).hasMessageContaining("nowhere");
                });
    }

    @Test
    void violationsOfConstraintsAreDistinguished() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("INSERT INTO t VALUES (1, 'one')"));

        violation(connection.execute("INSERT INTO t VALUES (1, 'again')"), "23505");
        violation(connection.execute("INSERT INTO t VALUES (2, $1)", new Object[] {null}), "23502");
        violation(connection.execute("INSERT INTO t VALUES (-1, 'minus')"), "23514");
    }

    @Test
    void aClosedConnectionSaysSo() {
        DecentDbConnection connection = database.connect();
        await(connection.close());

        failure(connection.execute("SELECT 1"), R2dbcNonTransientResourceException.class)
                .satisfies(error -> assertThat(error).hasMessageContaining("closed"));
        failure(connection.beginTransaction(), R2dbcNonTransientResourceException.class);
        failure(connection.executeQueued("DELETE FROM t"), R2dbcNonTransientResourceException.class);
    }

    @Test
    void aStatementThatGivesNoResponseTimesOut() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection connection = database.connect();
        await(connection.setStatementTimeout(Duration.ofMillis(50)));

        failure(connection.execute("INSERT INTO t VALUES (1, 'late')"), R2dbcTimeoutException.class)
                .satisfies(error -> {
                    assertThat(error.getSqlState()).isEqualTo("57014");
                    assertThat(error.getSql()).isEqualTo("INSERT INTO t VALUES (1, 'late')");
                });

        await(holder.rollbackTransaction());
        await(connection.setStatementTimeout(Duration.ZERO));
        await(connection.execute("INSERT INTO t VALUES (1, 'in time')"));
    }

    @Test
    void aResultIsConsumedOnce() {
        Flux.from(database.connect().createStatement("SELECT 1").execute())
                .flatMap(result ->
                        Flux.from(result.map((row, metadata) -> 1)).concatWith(result.map((row, metadata) -> 2)))
                .as(StepVerifier::create)
                .expectNext(1)
                .verifyError(IllegalStateException.class);
    }

    @Test
    void aMappingFunctionThatFailsFreesItsLane() {
        DecentDbConnection connection = database.connect();
        await(connection.inTransaction(
                tx -> Flux.range(1, 600).concatMap(id -> tx.execute("INSERT INTO t VALUES ($1, 'x')", id))));

        for (int i = 0; i < 20; i++) {
            Flux.from(connection.createStatement("SELECT id FROM t").execute())
                    .flatMap(result -> result.map((row, metadata) -> {
                        throw new IllegalArgumentException("mine");
                    }))
                    .as(StepVerifier::create)
                    .verifyErrorMessage("mine");
        }
    }

    @Test
    void errorsOfTheCatalogueAreDistinguished() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE child (t_id INTEGER REFERENCES t (id))"));
        await(connection.execute("INSERT INTO t VALUES (1, 'one')"));

        violation(connection.execute("INSERT INTO child VALUES (9)"), "23503");
        // DecentDB gives a failed cast no state, so there it is the driver's.
        violation(connection.execute("INSERT INTO t VALUES (CAST('x' AS INT64), 'y')"), "22P02");
        failure(connection.execute("SELECT nowhere FROM t"), R2dbcBadGrammarException.class)
                .satisfies(error -> assertThat(error.getSqlState()).isEqualTo("42703"));
        failure(connection.execute("COMMIT AND CHAIN"), R2dbcBadGrammarException.class)
                .satisfies(error -> assertThat(error.getSql()).isEqualTo("COMMIT AND CHAIN"));
    }

    @Test
    void aKeyTheEngineRefusesIsCalledAsTheUserCalledIt() {
        if (!database.bundled()) {
            return; // Other engines may take the key.
        }
        for (String option : new String[] {"password", "encryption_key", "tde_key"}) {
            ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:decentdb:mem:///secret")
                    .mutate()
                    .option(Option.valueOf(option), "hush")
                    .build();
            failure(DecentDb.connect(options), R2dbcNonTransientResourceException.class)
                    .satisfies(error -> {
                        assertThat(error.getSqlState()).isEqualTo("08001");
                        assertThat(error)
                                .message()
                                .contains("option " + option + ")")
                                .doesNotContain("_hex");
                    });
        }
    }

    @Test
    void aKeyTheEngineRefusesIsNotShown() {
        ConnectionFactoryOptions options = ConnectionFactoryOptions.parse(database.url("linger=0"))
                .mutate()
                .option(ConnectionFactoryOptions.PASSWORD, "hush hush")
                .build();
        if (!database.bundled()) {
            return; // Other engines may take the key.
        }
        failure(
                        DecentDb.connect(ConnectionFactoryOptions.builder()
                                .from(options)
                                .option(
                                        ConnectionFactoryOptions.DATABASE,
                                        database.directory()
                                                .resolve("secret.ddb")
                                                .toString())
                                .build()),
                        R2dbcException.class)
                .satisfies(error -> assertThat(error)
                        .hasMessageContaining("encrypt")
                        .message()
                        .doesNotContain("hush", "68757368"));
        failure(DecentDb.connect(options), R2dbcException.class)
                .satisfies(error -> assertThat(error).message().doesNotContain("hush", "68757368"));
    }

    private static void violation(Publisher<?> publisher, String sqlState) {
        failure(publisher, R2dbcDataIntegrityViolationException.class)
                .satisfies(error -> assertThat(error.getSqlState()).isEqualTo(sqlState));
    }

    private static <E extends R2dbcException> ObjectAssert<E> failure(Publisher<?> publisher, Class<E> type) {
        Throwable error = Flux.from(publisher)
                .ignoreElements()
                .cast(Throwable.class)
                .onErrorResume(Mono::just)
                .block(TestDatabase.PATIENCE);
        assertThat(error).isInstanceOf(type);
        E typed = type.cast(requireNonNull(error));
        assertThat(typed.getSqlState()).isNotNull();
        return assertThatObject(typed);
    }
}
