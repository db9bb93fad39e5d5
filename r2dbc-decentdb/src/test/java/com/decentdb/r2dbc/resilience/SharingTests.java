package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.ProcessResources;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** One open database, many factories and connections: what they share, when it opens and when it closes. */
class SharingTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @ParameterizedTest
    @CsvSource({
        "maxReaders=1, maxReaders=2",
        "maxPinnedConnections=1, maxPinnedConnections=2",
        "writeQueueCapacity=5, writeQueueCapacity=6",
        "maxPendingWrites=5, maxPendingWrites=6",
        "statementCacheSize=5, statementCacheSize=0",
        "checkpointIdle=PT1S, checkpointIdle=PT2S",
        "profile=balanced, profile=low_memory",
    })
    void whatTheDatabaseHasAsAWholeCannotBeAnotherForTheNextFactory(String open, String wanted) {
        DecentDbConnection first = database.keep(DecentDb.connect(database.url("linger=0&" + open)));
        assertThat(awaitValue(first.fetchValue("SELECT 1", Long.class))).isEqualTo(1);

        StepVerifier.create(DecentDb.connect(database.url(wanted)))
                .expectErrorSatisfies(
                        e -> assertThat(e).hasMessageContaining(open).hasMessageContaining(wanted))
                .verify(PATIENCE);
        database.keep(DecentDb.connect(database.url("linger=0&" + open)));
    }

    @Test
    void whatAFactoryDoesNotMentionIsNoDemand() {
        database.keep(
                DecentDb.connect(database.url("linger=0&maxReaders=1&writeQueueCapacity=99&statementCacheSize=7")));
        DecentDbConnection other = database.keep(DecentDb.connect(database.url("fetchSize=3&lockWaitTimeout=PT1S")));
        assertThat(awaitValue(other.fetchValue("SELECT 1", Long.class))).isEqualTo(1);
    }

    @Test
    void aDatabaseThatOnlyLingersIsOpenedAnewForOthers() {
        await(awaitValue(DecentDb.connect(database.url("linger=PT60S&maxReaders=1")))
                .close());
        database.keep(DecentDb.connect(database.url("linger=0&maxReaders=2")));
    }

    @Test
    void aDatabaseInMemoryExistsForOthersWhileItIsOpen() {
        String url = "r2dbc:decentdb:mem:///sharing";

        StepVerifier.create(DecentDb.connect(url + "?mode=open"))
                .expectErrorSatisfies(e -> assertThat(e)
                        .isInstanceOf(R2dbcNonTransientResourceException.class)
                        .hasMessageContaining("'sharing': it does not exist"))
                .verify(PATIENCE);
        DecentDbConnectionFactory creator = DecentDb.factory(url + "?linger=0&mode=create");
        database.keep(creator.create());
        database.keep(DecentDb.connect(url + "?linger=0&mode=open"));
        StepVerifier.create(DecentDb.connect(url + "?mode=create"))
                .expectErrorSatisfies(e -> assertThat(e).hasMessageContaining("mode=create"))
                .verify(PATIENCE);
        await(creator.close());
    }

    @Test
    void creatingWhatIsOpenIsRefusedToOthersOnly() {
        DecentDbConnectionFactory creator = DecentDb.factory(database.url("linger=0&mode=create"));
        database.keep(creator.create());
        database.keep(creator.create());
        database.keep(DecentDb.connect(database.url("mode=open")));

        StepVerifier.create(DecentDb.connect(database.url("mode=create")))
                .expectErrorSatisfies(e -> assertThat(e).hasMessageContaining("mode=create"))
                .verify(PATIENCE);
    }

    @Test
    void aFailedOpeningIsTheAffairOfWhoAskedForIt() {
        for (int i = 0; i < 100; i++) {
            Mono<DecentDbConnection> needsFile = DecentDb.connect(database.url("linger=0&mode=open"));
            Mono<DecentDbConnection> createsFile = DecentDb.connect(database.url("linger=0"));
            List<String> outcomes = Flux.just(needsFile, createsFile)
                    .flatMap(each -> each.flatMap(c -> c.close().thenReturn("opened"))
                            .onErrorResume(R2dbcException.class, e -> Mono.just("refused")))
                    .collectList()
                    .block(PATIENCE);
            assertThat(outcomes).contains("opened");
            awaitClosed();
            deleteFiles();
        }
    }

    @Test
    void openingAndClosingFromManyThreadsLosesNothing() {
        int threads = 8;
        int rounds = 100;
        await(awaitValue(database.factory().create())
                .execute("CREATE TABLE t (n INTEGER)")
                .then());
        Flux.range(0, threads)
                .flatMap(thread -> Flux.range(0, rounds)
                        .concatMap(round -> {
                            String linger = List.of("0", "PT0.001S", "PT0.01S")
                                    .get(ThreadLocalRandom.current().nextInt(3));
                            return Flux.usingWhen(
                                    DecentDb.connect(database.url("linger=" + linger)),
                                    c -> c.execute("INSERT INTO t VALUES (1)"),
                                    DecentDbConnection::close);
                        })
                        .subscribeOn(Schedulers.boundedElastic()))
                .as(StepVerifier::create)
                .expectNextCount((long) threads * rounds)
                .expectComplete()
                .verify(PATIENCE.multipliedBy(4));
        assertThat(awaitValue(database.connect().fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo((long) threads * rounds);
    }

    @Test
    void aFileDeletedBetweenTwoUsesIsAnotherDatabase() {
        for (int i = 0; i < 200; i++) {
            String url = database.url("linger=" + (i % 2 == 0 ? "0" : "PT0.002S"));
            DecentDbConnection connection = awaitValue(DecentDb.connect(url));
            await(connection.execute("CREATE TABLE t" + i + " (n INTEGER)"));
            await(connection.close());
            awaitClosed();
            deleteFiles();
        }
    }

    @Test
    void everythingAskedForWhileItClosesIsAnswered() {
        for (int i = 0; i < 300; i++) {
            DecentDbConnection connection = awaitValue(database.factory().create());
            await(connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)"));
            List<Mono<String>> asked = new ArrayList<>();
            asked.add(outcome(connection.checkpoint()));
            asked.add(outcome(connection.schema()));
            asked.add(outcome(connection.writeQueueMetrics()));
            asked.add(outcome(connection.executeQueued("INSERT INTO t VALUES (1)")));
            asked.add(outcome(connection.execute("INSERT INTO t VALUES (1)")));
            asked.add(outcome(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class)));
            asked.add(outcome(connection.beginTransaction()));
            asked.add(outcome(connection.setAuditContext("a", "b")));
            Flux<String> racing = Flux.fromIterable(asked).flatMap(each -> each.subscribeOn(Schedulers.parallel()), 8);
            Flux.merge(racing, outcome(connection.close()), outcome(connection.close()))
                    .as(StepVerifier::create)
                    .expectNextCount(10)
                    .expectComplete()
                    .verify(PATIENCE);
        }
    }

    @Test
    void whatWasWrittenMovesIntoTheFileWhenThingsAreQuiet() {
        DecentDbConnection writer = database.keep(DecentDb.connect(database.url("linger=0&checkpointIdle=PT0.05S")));
        await(writer.execute("CREATE TABLE t (n INTEGER)"));
        await(writer.execute("INSERT INTO t VALUES (42)"));

        Flux.interval(Duration.ofMillis(50))
                .onBackpressureDrop()
                .concatMap(n -> {
                    Path copy = database.directory().resolve("copy" + n + ".ddb");
                    return Mono.fromCallable(() -> Files.copy(database.file(), copy))
                            .subscribeOn(Schedulers.boundedElastic())
                            .flatMap(file -> Mono.usingWhen(
                                    DecentDb.connect("r2dbc:decentdb:///" + file + "?linger=0&mode=open"),
                                    c -> c.fetchValue("SELECT n FROM t", Long.class),
                                    DecentDbConnection::close))
                            .onErrorResume(R2dbcException.class, notYet -> Mono.empty());
                })
                .next()
                .as(StepVerifier::create)
                .expectNext(42L)
                .expectComplete()
                .verify(PATIENCE);
    }

    private static Mono<String> outcome(Mono<?> asked) {
        return asked.map(String::valueOf)
                .defaultIfEmpty("done")
                .onErrorResume(R2dbcException.class, e -> Mono.just(String.valueOf(e.getSqlState())));
    }

    /** The last native handle is closed some time after the last connection; its log is gone then. */
    private void awaitClosed() {
        Flux.interval(Duration.ofMillis(1), Schedulers.boundedElastic())
                .onBackpressureDrop()
                .takeUntil(tick -> ProcessResources.descriptors(database.directory()) == 0)
                .blockLast(PATIENCE);
    }

    private void deleteFiles() {
        try (var files = Files.list(database.directory())) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
