package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A mistake, a close or a remainder of one user reaches no other user and loses nothing. */
class RobustnessTests {

    private static final Duration SOON = Duration.ofSeconds(3);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection withNumbers(String options, int rows) {
        DecentDbConnection connection =
                database.keep(DecentDb.factory(database.url(options)).create());
        await(connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY, t TEXT)"));
        await(connection.inTransaction(c -> Flux.range(0, rows)
                .concatMap(n -> c.execute("INSERT INTO numbers VALUES ($1, NULL)", n))
                .then()
                .cast(Object.class)));
        return connection;
    }

    @Test
    void aWriteThatCannotBeEncodedFailsAlone() {
        DecentDbConnection holder = withNumbers("", 0);
        DecentDbConnection writer = database.connect();
        holdWriteLock(holder);
        List<Mono<String>> outcomes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String text = i == 1 ? "\uD800" : "fine";
            outcomes.add(writer.execute("INSERT INTO numbers VALUES ($1, $2)", i, text)
                    .map(String::valueOf)
                    .onErrorResume(IllegalArgumentException.class, e -> Mono.just("refused"))
                    .cache());
        }
        Mono<List<String>> all = Flux.concat(outcomes).collectList();
        outcomes.forEach(Mono::subscribe);
        await(holder.rollbackTransaction());

        assertThat(awaitValue(all)).containsExactly("1", "refused", "1");
        assertThat(awaitValue(writer.fetchValue("SELECT COUNT(*) FROM numbers", Long.class)))
                .isEqualTo(2);
    }

    @Test
    void closingAConnectionFailsTheResultsStillBeingRead() {
        DecentDbConnection other = withNumbers("", 1000);
        DecentDbConnection reader = database.connect();
        Flux.from(reader.createStatement("SELECT n FROM numbers").fetchSize(10).execute())
                .concatMap(result -> result.map((row, metadata) -> row.get("n")))
                .as(publisher -> StepVerifier.create(publisher, 5))
                .expectNextCount(5)
                .then(() -> await(reader.close()))
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(n -> true)
                .expectError(R2dbcNonTransientResourceException.class)
                .verify(PATIENCE);
        assertThat(awaitValue(other.fetchValue("SELECT COUNT(*) FROM numbers", Long.class)))
                .isEqualTo(1000);
    }

    @Test
    void aConnectionGivenBackToAPoolKeepsNoReadingLane() {
        DecentDbConnection borrower = withNumbers("maxReaders=1", 1000);
        Result forgotten = awaitValue(
                Flux.from(borrower.createStatement("SELECT n FROM numbers").execute()));
        assertThat(forgotten).isNotNull();
        await(borrower.preRelease());

        borrower.fetchValue("SELECT COUNT(*) FROM numbers", Long.class)
                .as(StepVerifier::create)
                .expectNext(1000L)
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void ofTwoTransactionsBegunAtOnceOneIsRefused() {
        DecentDbConnection connection = withNumbers("maxReaders=1", 1);
        await(connection.beginTransaction(DecentDbTransactionDefinition.create().readOnly()));

        StepVerifier.create(connection.beginTransaction())
                .expectErrorSatisfies(
                        e -> assertThat(((R2dbcException) e).getSqlState()).isEqualTo("25001"))
                .verify(PATIENCE);
        await(connection.rollbackTransaction());
        StepVerifier.create(connection.fetchValue("SELECT COUNT(*) FROM numbers", Long.class))
                .expectNext(1L)
                .expectComplete()
                .verify(SOON);
        StepVerifier.create(connection.execute("DELETE FROM numbers"))
                .expectNext(1L)
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void aDatabaseFileThatWasDeletedIsCreatedAnew() throws IOException {
        String url = database.url("linger=PT10S");
        DecentDbConnection first = awaitValue(DecentDb.connect(url));
        await(first.execute("CREATE TABLE old (n INTEGER)"));
        await(first.close());
        deleteFiles();

        DecentDbConnection second = awaitValue(DecentDb.connect(url));
        await(second.execute("CREATE TABLE fresh (n INTEGER)"));
        assertThat(database.file()).exists();
        StepVerifier.create(second.execute("INSERT INTO old VALUES (1)"))
                .expectError()
                .verify(PATIENCE);
        await(second.close());
    }

    @Test
    void aDatabaseFileDeletedUnderItsUsersIsRefused() throws IOException {
        String url = database.url("");
        DecentDbConnection first = awaitValue(DecentDb.connect(url));
        await(first.execute("CREATE TABLE old (n INTEGER)"));
        deleteFiles();

        StepVerifier.create(DecentDb.connect(url))
                .expectErrorSatisfies(e -> assertThat(e).hasMessageContaining("deleted"))
                .verify(PATIENCE);
        await(first.close());
    }

    private void deleteFiles() throws IOException {
        try (Stream<Path> all = Files.list(database.directory())) {
            for (Path path : all.toList()) {
                Files.delete(path);
            }
        }
    }

    @Test
    void aDurationMayMeanForEver() {
        String forEver = Duration.ofSeconds(Long.MAX_VALUE).toString();
        DecentDbConnection connection = withNumbers(
                Stream.of("checkpointIdle", "linger", "lockWaitTimeout", "statementTimeout", "writeQueueDefaultTimeout")
                        .map(option -> option + "=" + forEver)
                        .collect(Collectors.joining("&")),
                1);
        await(connection.setLockWaitTimeout(Duration.ofSeconds(Long.MAX_VALUE)));
        await(connection.setStatementTimeout(Duration.ofSeconds(Long.MAX_VALUE)));

        assertThat(awaitValue(connection.execute("INSERT INTO numbers VALUES (7, 'x')")))
                .isEqualTo(1);
        assertThat(awaitValue(connection.executeQueued("INSERT INTO numbers VALUES (8, 'x')")))
                .isEqualTo(1);
        await(connection.close());
    }

    @RepeatedTest(10)
    void withoutAnybodyElseAWriteNeedsNoWaitingTime() {
        DecentDbConnection connection = withNumbers("", 0);
        await(connection.setLockWaitTimeout(Duration.ZERO));
        Flux.range(0, 200)
                .concatMap(n -> connection.execute("INSERT INTO numbers VALUES ($1, NULL)", n))
                .count()
                .as(StepVerifier::create)
                .expectNext(200L)
                .expectComplete()
                .verify(PATIENCE);

        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        StepVerifier.create(connection.execute("DELETE FROM numbers"))
                .expectError(R2dbcTimeoutException.class)
                .verify(SOON);
        await(holder.rollbackTransaction());
        StepVerifier.create(connection.execute("DELETE FROM numbers"))
                .expectNext(200L)
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void aReadOnlyTransactionSeesTheStateAtItsFirstStatement() {
        DecentDbConnection writer = withNumbers("", 1);
        DecentDbConnection reader = database.connect();
        await(reader.beginTransaction(DecentDbTransactionDefinition.create().readOnly()));
        await(reader.execute("SELECT 1"));
        await(writer.execute("INSERT INTO numbers VALUES (7, NULL)"));
        assertThat(awaitValue(reader.fetchValue("SELECT COUNT(*) FROM numbers", Long.class)))
                .isEqualTo(1);
        await(reader.rollbackTransaction());
    }

    @Test
    void aWatchOnADatabaseInMemoryWithinATransactionIsRefused() {
        DecentDbConnection c = database.keep(DecentDb.connect("r2dbc:decentdb:mem:///watch-in-transaction"));
        await(c.execute("CREATE TABLE t (n INTEGER)"));
        await(c.beginTransaction());
        StepVerifier.create(c.watchTable("t")).expectError(R2dbcException.class).verify(SOON);
    }

    @Test
    void aCommitAndACloseAtOnceLeaveTheNextTransactionAlone() throws Exception {
        withNumbers("", 0);
        for (int i = 0; i < 300; i++) {
            int n = i;
            DecentDbConnection a = awaitValue(database.factory().create());
            DecentDbConnection b = awaitValue(database.factory().create());
            await(a.beginTransaction());
            Mono<Long> next = b.inTransaction(c -> c.execute("INSERT INTO numbers VALUES ($1, NULL)", n)
                            .concatWith(c.execute("UPDATE numbers SET t = 'x' WHERE n = $1", n)))
                    .last()
                    .cache();
            next.subscribe(v -> {}, e -> {});
            Thread thread = new Thread(() -> a.commitTransaction().subscribe(v -> {}, e -> {}));
            thread.start();
            Thread.onSpinWait();
            await(a.close());
            thread.join();
            next.as(StepVerifier::create).expectNext(1L).expectComplete().verify(PATIENCE);
            await(b.close());
        }
        assertThat(awaitValue(database.connect().fetchValue("SELECT COUNT(*) FROM numbers", Long.class)))
                .isEqualTo(300);
    }

    @Test
    void aResultThatMeetsItsTimeoutFreesItsReadingLane() {
        DecentDbConnection connection = withNumbers("maxReaders=1", 1000);
        for (int i = 0; i < 3000; i++) {
            await(connection.setStatementTimeout(Duration.ofNanos(20_000 + 1_000 * (i % 150))));
            Flux.from(connection
                            .createStatement("SELECT n FROM numbers")
                            .fetchSize(10)
                            .execute())
                    .concatMap(result -> result.map((row, metadata) -> row.get("n")))
                    .onErrorResume(R2dbcTimeoutException.class, e -> Mono.empty())
                    .blockLast(SOON);
        }
        await(connection.setStatementTimeout(Duration.ZERO));
        StepVerifier.create(connection.fetchValue("SELECT COUNT(*) FROM numbers", Long.class))
                .expectNext(1000L)
                .expectComplete()
                .verify(SOON);
    }

    /** Workers have deep stacks. */
    @Test
    void deepStatementsEndWithAResultOrAnErrorOfTheDatabase() {
        DecentDbConnection connection = database.connect();
        String cascade = IntStream.range(0, 300)
                .mapToObj(n -> "CREATE TABLE c" + n + " (id INTEGER PRIMARY KEY"
                        + (n == 0 ? "" : ", up INTEGER REFERENCES c" + (n - 1) + " (id) ON DELETE CASCADE") + ")")
                .collect(Collectors.joining(";"));
        await(connection.execute(cascade));
        for (String deep : List.of(
                "EXPLAIN ".repeat(200) + "SELECT 1",
                "SELECT 1" + " LIKE 'a'".repeat(400),
                "SELECT " + "1 + ".repeat(3_000) + "1",
                "SELECT " + "(".repeat(5_000) + "1" + ")".repeat(5_000),
                "SELECT " + "NOT ".repeat(5_000) + "TRUE",
                "DELETE FROM c0")) {
            connection
                    .execute(deep)
                    .onErrorResume(R2dbcException.class, error -> Mono.just(-1L))
                    .as(StepVerifier::create)
                    .expectNextCount(1)
                    .expectComplete()
                    .verify(PATIENCE);
        }
        assertThat(awaitValue(connection.fetchValue("SELECT 1", Long.class))).isEqualTo(1);
    }
}
