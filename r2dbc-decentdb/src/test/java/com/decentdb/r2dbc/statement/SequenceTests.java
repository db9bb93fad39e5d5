package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The parts of PostgreSQL that the bundled engine speaks beyond DecentDB, through the driver: sequences, SET, declared sizes. */
class SequenceTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void createSequence() {
        assumeTrue(database.bundled(), "libdecentdb has none of this");
        connection = database.connect();
        await(connection.execute("CREATE SEQUENCE s"));
    }

    @Test
    void queriesOfManyConnectionsTakeEveryValueOnce() {
        List<DecentDbConnection> many =
                IntStream.range(0, 5).mapToObj(i -> database.connect()).toList();

        assertThat(awaitAll(
                        Flux.range(0, 100).flatMap(i -> many.get(i % 5).fetchValue("SELECT nextval('s')", Long.class))))
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.rangeClosed(1, 100).boxed().toList());
    }

    @Test
    void thePresentValueIsThatOfTheTransaction() {
        await(connection.beginTransaction());
        assertThat(next(connection)).isEqualTo(1);
        assertThat(awaitValue(connection.fetchValue("SELECT currval('s')", Long.class)))
                .isEqualTo(1);
        await(connection.rollbackTransaction());

        assertThat(next(connection)).isEqualTo(1);
        StepVerifier.create(connection.fetchValue("SELECT currval('s')", Long.class))
                .verifyErrorSatisfies(error -> assertThat(error)
                        // Nothing was waited for.
                        .isInstanceOfSatisfying(
                                R2dbcNonTransientResourceException.class,
                                refused -> assertThat(refused.getSqlState()).isEqualTo("55000")));
    }

    @Test
    void aTransactionThatOnlyReadsTakesNone() {
        await(connection.beginTransaction(DecentDbTransactionDefinition.create().readOnly()));

        assertThat(state(connection.fetchValue("SELECT nextval('s')", Long.class)))
                .isEqualTo("25006");
    }

    @Test
    void generatedValuesComeFromTheDefault() {
        await(connection.execute("CREATE TABLE t (name TEXT, id BIGINT DEFAULT nextval('s'))"));

        assertThat(awaitAll(Flux.from(connection
                                .createStatement("INSERT INTO t (name) VALUES ($1)")
                                .bind(0, "a")
                                .add()
                                .bind(0, "b")
                                .returnGeneratedValues("id")
                                .execute())
                        .concatMap(result -> result.map((row, metadata) -> row.get("id", Long.class)))))
                .containsExactly(1L, 2L);
    }

    @Test
    void settingsInForceAreTaken() {
        await(connection.execute("SET timezone TO 'UTC'; SET search_path TO public; SET application_name = 'orders'"));

        assertThat(awaitValue(connection.fetchValue("SHOW application_name", String.class)))
                .isEqualTo("orders");
        assertThat(state(connection.execute("SET timezone TO 'Europe/Paris'"))).isEqualTo("0A000");
    }

    @Test
    void declaredSizesAreEnforcedIfTheOptionSaysSo() {
        DecentDbConnection enforcing = database.keep(DecentDb.connect("r2dbc:decentdb:///"
                + database.directory().resolve("sizes.ddb") + "?enforce_declared_sizes=true&linger=0"));
        await(enforcing.execute("CREATE TABLE t (v VARCHAR(3), s SMALLINT, d DECIMAL(4, 1))"));

        assertThat(state(enforcing.execute("INSERT INTO t VALUES ($1, $2, $3)", "abcd", 1, 1)))
                .isEqualTo("22001");
        assertThat(state(enforcing.execute("INSERT INTO t VALUES ($1, $2, $3)", "abc", 40_000, 1)))
                .isEqualTo("22003");
        await(enforcing.execute("INSERT INTO t VALUES ($1, $2, $3)", "abc", 1, 2.25));
        assertThat(awaitValue(enforcing.fetchValue("SELECT d FROM t", String.class)))
                .isEqualTo("2.3");
    }

    private static long next(DecentDbConnection connection) {
        return awaitValue(connection.fetchValue("SELECT nextval('s')", Long.class));
    }

    private static String state(Publisher<?> failing) {
        String[] state = {""};
        StepVerifier.create(failing)
                .verifyErrorSatisfies(error -> state[0] = String.valueOf(((R2dbcException) error).getSqlState()));
        return state[0];
    }
}
