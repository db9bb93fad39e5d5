package com.decentdb.r2dbc.embedded;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.WatchEvent;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Statistic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The work of a database in this process, as Micrometer shows it. */
class MeterTests {

    private static final String PREFIX = "decentdb.embedded.";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @BeforeEach
    void watch() {
        Metrics.addRegistry(registry);
    }

    @AfterEach
    void leave() {
        Metrics.removeRegistry(registry);
    }

    /** A connection to a database whose meters are there, with a table. */
    private DecentDbConnection open() {
        DecentDbConnection connection = database.connect();
        awaitUntil("the meters are there", () -> !meters().isEmpty());
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)"));
        return connection;
    }

    private List<Meter> meters() {
        return registry.getMeters().stream().filter(this::isOurs).toList();
    }

    private boolean isOurs(Meter meter) {
        return meter.getId().getName().startsWith(PREFIX)
                && database.file().toString().equals(meter.getId().getTag("database"));
    }

    private double value(String name, Statistic statistic, String... tags) {
        return registry.get(PREFIX + name).tags(tags).meters().stream()
                .filter(this::isOurs)
                .flatMap(meter -> StreamSupport.stream(meter.measure().spliterator(), false))
                .filter(measured -> measured.getStatistic() == statistic)
                .mapToDouble(measured -> measured.getValue())
                .sum();
    }

    private double statements(String kind, String outcome) {
        return value("statements", Statistic.COUNT, "kind", kind, "outcome", outcome);
    }

    private static void fails(Mono<?> statement) {
        assertThat(awaitValue(statement
                        .then(Mono.just("done"))
                        .onErrorResume(R2dbcException.class, e -> Mono.just("failed"))))
                .isEqualTo("failed");
    }

    @Test
    void statementsAreCountedByKindAndOutcome() {
        DecentDbConnection connection = open();

        await(connection.execute("INSERT INTO t (a) VALUES ('x')"));
        awaitAll(connection.fetch("SELECT a FROM t"));
        await(connection.inTransaction(tx -> tx.execute("UPDATE t SET a = 'y'").thenMany(tx.fetch("SELECT a FROM t"))));
        fails(connection.execute("INSERT INTO t (id, a) VALUES (1, 'again')"));
        await(connection.executeMany("INSERT INTO t (a) VALUES ($1)", List.of(new Object[] {"1"}, new Object[] {"2"})));

        assertThat(statements("other", "ok")).as("CREATE TABLE").isEqualTo(1);
        assertThat(statements("write", "ok")).isEqualTo(4);
        assertThat(statements("read", "ok")).isEqualTo(2);
        assertThat(statements("write", "error")).isPositive();
        assertThat(statements("read", "error")).isZero();
    }

    private double busyReaders() {
        return value("lanes", Statistic.VALUE, "role", "reader", "state", "busy");
    }

    @Test
    void aStatementThatIsStoppedCountsAsInterrupted() {
        DecentDbConnection connection = open();
        if (!database.bundled()) {
            return; // libdecentdb cannot stop a statement.
        }
        Mono<Long> endless = connection.fetchValue(
                "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", Long.class);

        // A lane is busy a moment before the engine is called; one that is cancelled then was not executed.
        awaitUntil("it is stopped while it runs", () -> {
            Disposable running = endless.subscribe();
            awaitUntil("its lane is busy", () -> busyReaders() == 1);
            LockSupport.parkNanos(10_000_000);
            running.dispose();
            awaitUntil("its lane is free", () -> busyReaders() == 0);
            return statements("read", "interrupted") == 1;
        });
    }

    @Test
    void waitsForTheWriteLockAndItsHoldersAreTimed() {
        DecentDbConnection holder = open();
        DecentDbConnection impatient = database.connect();
        await(impatient.setLockWaitTimeout(Duration.ofMillis(20)));
        double before = value("lock.hold", Statistic.COUNT);
        holdWriteLock(holder);
        DecentDbConnection patient = database.connect();
        List<Long> written = new CopyOnWriteArrayList<>();

        Disposable waiting = patient.execute("INSERT INTO t (a) VALUES ('x')").subscribe(written::add);
        awaitUntil("it waits", () -> value("lock.waiting", Statistic.VALUE) == 1);
        fails(impatient.inTransaction(tx -> tx.execute("DELETE FROM t")).then());
        await(holder.commitTransaction());
        awaitUntil("it has written", () -> written.size() == 1);
        waiting.dispose();

        assertThat(value("lock.timeouts", Statistic.COUNT)).isEqualTo(1);
        assertThat(value("lock.wait", Statistic.TOTAL_TIME)).isPositive();
        awaitUntil("the lock is free", () -> value("lock.hold", Statistic.COUNT) >= before + 2);
        assertThat(value("lock.hold", Statistic.TOTAL_TIME)).isPositive();
    }

    @Test
    void writesThatShareACommitAreAGroup() {
        DecentDbConnection holder = open();
        DecentDbConnection connection = database.connect();
        holdWriteLock(holder);
        Mono<Void> all = Flux.range(0, 10)
                .flatMap(i -> connection.execute("INSERT INTO t (a) VALUES ($1)", "row " + i), 10)
                .then();
        List<String> done = new CopyOnWriteArrayList<>();
        Disposable writing = all.subscribe(nothing -> {}, error -> done.add("failed"), () -> done.add("done"));
        awaitUntil("they wait", () -> value("writes.pending", Statistic.VALUE, "queue", "auto-commit") == 10);

        await(holder.commitTransaction());
        awaitUntil("all are written", () -> !done.isEmpty());
        writing.dispose();
        await(connection.executeQueued("INSERT INTO t (a) VALUES ('queued')"));

        assertThat(done).containsExactly("done");
        assertThat(value("group.largest", Statistic.VALUE, "queue", "auto-commit"))
                .isEqualTo(10);
        assertThat(value("group.writes", Statistic.COUNT, "queue", "auto-commit"))
                .as("with the table")
                .isEqualTo(11);
        assertThat(value("groups", Statistic.COUNT, "queue", "write-queue")).isEqualTo(1);
        assertThat(value("writes.wait", Statistic.TOTAL_TIME, "queue", "auto-commit"))
                .isPositive();
        assertThat(value("commits", Statistic.COUNT)).isGreaterThanOrEqualTo(3);
    }

    @Test
    void lanesSessionsAndWatchesAreCountedAtTheMoment() {
        DecentDbConnection connection = open();
        DecentDbConnection other = database.connect();
        await(other.execute("CREATE TEMP TABLE own (a INTEGER)"));
        assertThat(value("sessions", Statistic.VALUE)).isEqualTo(2);
        List<WatchEvent> events = new CopyOnWriteArrayList<>();
        Disposable watching = connection.watchTable("t").subscribe(events::add);
        awaitUntil("it watches", () -> events.size() == 1);

        await(connection.execute("INSERT INTO t (a) VALUES ('x')"));
        awaitUntil("it is reported", () -> events.size() == 2);

        assertThat(value("watches", Statistic.VALUE)).isEqualTo(1);
        assertThat(value("watch.events", Statistic.COUNT)).isPositive();
        assertThat(value("lanes", Statistic.VALUE, "role", "pinned")).isEqualTo(1);
        watching.dispose();
        await(other.close());
        awaitUntil("nobody watches", () -> value("watches", Statistic.VALUE) == 0);
        awaitUntil("no lane is pinned", () -> value("lanes", Statistic.VALUE, "role", "pinned") == 0);
        awaitUntil("one connection is left", () -> value("sessions", Statistic.VALUE) == 1);
    }

    @Test
    void checkpointsAreCounted() {
        DecentDbConnection connection = open();

        await(connection.checkpoint());

        assertThat(value("checkpoints", Statistic.COUNT, "outcome", "ok")).isEqualTo(1);
        assertThat(value("checkpoints", Statistic.COUNT, "outcome", "error")).isZero();
    }

    @Test
    void metersEndWithTheirDatabase() {
        DecentDbConnection connection = open();

        await(connection.close());

        awaitUntil("no meter is left", () -> meters().isEmpty());
    }

    @Test
    void aDatabaseOpensAndClosesWhateverARegistryThrows() {
        MeterRegistry broken = new SimpleMeterRegistry();
        AtomicInteger calls = new AtomicInteger();
        broken.config().onMeterAdded(meter -> fail(meter, calls)).onMeterRemoved(meter -> fail(meter, calls));
        Metrics.addRegistry(broken);
        try {
            DecentDbConnection connection = database.connect();
            await(connection.execute("CREATE TABLE t (a INTEGER)"));
            await(connection.close());

            DecentDbConnection again = database.keep(DecentDb.connect(database.url("mode=open")));
            assertThat(awaitValue(again.fetchValue("SELECT count(*) FROM t", Long.class))
                            .longValue())
                    .isZero();
            awaitUntil("the registry was asked", () -> calls.get() > 0);
        } finally {
            Metrics.removeRegistry(broken);
        }
    }

    private void fail(Meter meter, AtomicInteger calls) {
        if (isOurs(meter)) {
            calls.incrementAndGet();
            throw new IllegalStateException("The registry of the program is broken");
        }
    }

    @Test
    void theManualListsEveryMeter() throws IOException {
        open();
        String page = Files.readString(Path.of("../docs/monitoring.md"));
        Set<String> listed = Pattern.compile("^\\| `" + PREFIX + "([a-z.]+)`", Pattern.MULTILINE)
                .matcher(page)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());

        assertThat(meters().stream()
                        .map(meter -> meter.getId().getName().substring(PREFIX.length()))
                        .collect(Collectors.toSet()))
                .isEqualTo(listed);
    }
}
