package com.decentdb.r2dbc;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static com.decentdb.r2dbc.TestDatabase.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Connections themselves: opening, validating, timing out, closing. */
class ConnectionTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    static Stream<Named<Function<DecentDbConnection, Publisher<?>>>> work() {
        return Stream.of(
                Named.of("a query", c -> c.createStatement("SELECT 1").execute()),
                Named.of("a write", c -> c.createStatement("DELETE FROM t").execute()),
                Named.of("BEGIN", c -> c.createStatement("BEGIN").execute()),
                Named.of("COMMIT", c -> c.createStatement("COMMIT").execute()),
                Named.of(
                        "SET TRANSACTION",
                        c -> c.createStatement("SET TRANSACTION READ ONLY").execute()),
                Named.of("a batch", c -> c.createBatch().add("SELECT 1").execute()),
                Named.of("begin", DecentDbConnection::beginTransaction),
                Named.of("begin with a definition", c -> c.beginTransaction(IsolationLevel.SERIALIZABLE)),
                Named.of("commit", DecentDbConnection::commitTransaction),
                Named.of("rollback", DecentDbConnection::rollbackTransaction),
                Named.of("a savepoint", c -> c.createSavepoint("a")),
                Named.of("the release of a savepoint", c -> c.releaseSavepoint("a")),
                Named.of("the rollback to a savepoint", c -> c.rollbackTransactionToSavepoint("a")),
                Named.of("auto-commit", c -> c.setAutoCommit(false)),
                Named.of("the isolation level", c -> c.setTransactionIsolationLevel(IsolationLevel.SERIALIZABLE)),
                Named.of("the lock-wait timeout", c -> c.setLockWaitTimeout(Duration.ZERO)),
                Named.of("the statement timeout", c -> c.setStatementTimeout(Duration.ZERO)),
                Named.of("fetch", c -> c.fetch("SELECT 1")),
                Named.of("inTransaction", c -> c.inTransaction(Mono::just)),
                Named.of("executeMany", c -> c.executeMany("DELETE FROM t", Mono.just(new Object[0]))),
                Named.of("the state of the transaction", DecentDbConnection::transactionState),
                Named.of("executeQueued", c -> c.executeQueued("DELETE FROM t")),
                Named.of("a stream of queued writes", c -> c.executeQueued("DELETE FROM t", Mono.just(new Object[0]))),
                Named.of("watchQuery", c -> c.watchQuery("SELECT * FROM t")),
                Named.of("watchTable", c -> c.watchTable("t")),
                Named.of("changeStream", c -> c.changeStream("t")),
                Named.of("metrics", DecentDbConnection::writeQueueMetrics),
                Named.of("checkpoint", DecentDbConnection::checkpoint),
                Named.of("saveAs", c -> c.saveAs(Path.of("target/never.ddb"))),
                Named.of("schema", DecentDbConnection::schema));
    }

    @ParameterizedTest
    @MethodSource("work")
    void aClosedConnectionRefusesEverythingWithTheSameState(Function<DecentDbConnection, Publisher<?>> work) {
        DecentDbConnection connection = database.connect();
        await(connection.close());

        StepVerifier.create(work.apply(connection))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcNonTransientResourceException.class,
                                closed -> assertThat(closed.getSqlState()).isEqualTo("08003"))
                        .hasMessageContaining("closed"))
                .verify(PATIENCE);
        assertThat(Path.of("target/never.ddb")).doesNotExist();
    }

    @Test
    void whatAClosedConnectionRefusesNamesTheStatement() {
        DecentDbConnection connection = database.connect();
        await(connection.close());

        connection
                .execute("SELECT 1")
                .as(StepVerifier::create)
                .verifyErrorSatisfies(
                        error -> assertThat(((R2dbcException) error).getSql()).isEqualTo("SELECT 1"));
    }

    @Test
    void aClosedConnectionStillDescribesItself() {
        DecentDbConnection connection = database.connect();
        await(connection.close());
        await(connection.close());

        assertThat(connection.getMetadata().getDatabaseProductName()).isEqualTo("DecentDB");
        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(DecentDbConnection.SNAPSHOT);
        for (ValidationDepth depth : ValidationDepth.values()) {
            assertThat(awaitValue(connection.validate(depth))).isFalse();
        }
        await(connection.preRelease());
    }

    @Test
    void validationHasABoundWhateverTheDatabaseIsBusyWith() {
        DecentDbConnection holder = database.keep(DecentDb.connect("r2dbc:decentdb:mem:///busy"));
        DecentDbConnection other = database.keep(DecentDb.connect("r2dbc:decentdb:mem:///busy"));
        holdWriteLock(holder);
        await(other.setStatementTimeout(Duration.ofMillis(50)));

        assertThat(awaitValue(holder.validate(ValidationDepth.REMOTE))).isTrue();
        assertThat(awaitValue(other.validate(ValidationDepth.REMOTE)))
                .as("one lane, which another's transaction holds")
                .isFalse();
        await(holder.rollbackTransaction());
        await(other.setStatementTimeout(Duration.ZERO));
        assertThat(awaitValue(other.validate(ValidationDepth.LOCAL))).isTrue();
        assertThat(awaitValue(other.validate(ValidationDepth.REMOTE))).isTrue();
    }

    @Test
    void aTimeoutIsReportedOnAThreadThatMayBlock() {
        DecentDbConnection holder = database.connect();
        await(holder.execute("CREATE TABLE t (n INTEGER)"));
        holdWriteLock(holder);
        DecentDbConnection connection = database.connect();
        await(connection.setStatementTimeout(Duration.ofMillis(20)));

        connection
                .execute("DELETE FROM t")
                .onErrorResume(
                        R2dbcTimeoutException.class,
                        error -> Schedulers.isInNonBlockingThread() ? Mono.error(error) : Mono.just(-1L))
                .as(StepVerifier::create)
                .expectNext(-1L)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void theTimeoutsAreOptionsToo() {
        DecentDbConnection holder = database.connect();
        await(holder.execute("CREATE TABLE t (n INTEGER)"));
        holdWriteLock(holder);
        String url = database.url("linger=0&");

        database.keep(DecentDb.connect(url + "lockWaitTimeout=PT0.02S"))
                .execute("DELETE FROM t")
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("55P03"));
        database.keep(DecentDb.connect(url + "statementTimeout=20"))
                .execute("DELETE FROM t")
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("57014"));
        await(holder.rollbackTransaction());
    }

    @Test
    void connectingTakesNoLongerThanAllowed() {
        assertThat(awaitValue(database.keep(DecentDb.connect(database.url("linger=0&connectTimeout=PT30S")))
                        .validate(ValidationDepth.REMOTE)))
                .isTrue();
        DecentDbConnection holder = database.connect();
        for (int i = 0; i < 200; i++) {
            // Too short or just enough: one connection or one error, and nothing stays open behind either.
            Duration timeout = Duration.ofNanos(1_000L + 5_000L * i);
            Flux.usingWhen(
                            DecentDb.connect(database.url("linger=0&connectTimeout=" + timeout)),
                            connection -> Mono.just("open"),
                            DecentDbConnection::close)
                    .onErrorResume(R2dbcTimeoutException.class, error -> Mono.just(String.valueOf(error.getSqlState())))
                    .as(StepVerifier::create)
                    .expectNextMatches(answer -> answer.equals("open") || answer.equals("HYT01"))
                    .expectComplete()
                    .verify(PATIENCE);
        }
        assertThat(awaitValue(holder.validate(ValidationDepth.REMOTE))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem://named", "mem:///named", "file:///%s/forms.ddb?linger=0", "///%s/forms.ddb?linger=0"})
    void everyFormOfTheUrlConnects(String form) throws IOException {
        Path relative = Files.createTempDirectory(Path.of("target"), "forms");
        try {
            Flux.usingWhen(
                            ConnectionFactories.get("r2dbc:decentdb:" + form.formatted(relative))
                                    .create(),
                            connection -> connection.validate(ValidationDepth.REMOTE),
                            Connection::close)
                    .as(StepVerifier::create)
                    .expectNext(true)
                    .verifyComplete();
            assertThat(relative.resolve("forms.ddb").toFile().exists()).isEqualTo(form.contains("forms.ddb"));
        } finally {
            TestDatabase.delete(relative);
        }
    }

    @Test
    void misuseIsRefusedAtOnce() {
        DecentDbConnection connection = database.connect();

        assertThatIllegalArgumentException().isThrownBy(() -> connection.validate(nothing()));
        assertThatIllegalArgumentException().isThrownBy(() -> connection.setTransactionIsolationLevel(nothing()));
        assertThatIllegalArgumentException().isThrownBy(() -> connection.setLockWaitTimeout(nothing()));
        assertThatIllegalArgumentException().isThrownBy(() -> connection.setLockWaitTimeout(Duration.ofNanos(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> connection.setStatementTimeout(Duration.ofNanos(-1)));
        for (String name : new String[] {nothing(), ""}) {
            assertThatIllegalArgumentException().isThrownBy(() -> connection.createSavepoint(name));
            assertThatIllegalArgumentException().isThrownBy(() -> connection.releaseSavepoint(name));
            assertThatIllegalArgumentException().isThrownBy(() -> connection.rollbackTransactionToSavepoint(name));
        }
        connection
                .setTransactionIsolationLevel(IsolationLevel.valueOf("CHAOS"))
                .as(StepVerifier::create)
                .verifyErrorMatches(error -> "0A000".equals(((R2dbcException) error).getSqlState()));
    }

    @Test
    void givesItselfAwayButNoExecutor() {
        Wrapped<?> connection = database.connect();

        assertThat(connection.unwrap()).isSameAs(connection);
        assertThat(connection.unwrap(DecentDbConnection.class)).isSameAs(connection);
        assertThat(connection.unwrap(Executor.class)).isNull();
        assertThat(connection.unwrap(Scheduler.class)).isNull();
    }

    @Test
    void factoriesSayWhatTheyAre() {
        DecentDbConnectionFactory factory = database.factory();
        assertThat(factory.getMetadata().getName()).isEqualTo("DecentDB");
        await(factory.close());

        factory.create()
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08003"));
    }
}
