package com.decentdb.r2dbc.cluster.changelog;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.cluster.WriteLedger;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Eight write while the leader is killed: a change stream reports every row that is there once, and every state of a row that was
 * counted up, in order, whether it is one subscription all the time or ever new ones that go on where the last one ended.
 */
class ChangeStreamLedgerTests {

    private static final int ROUNDS = Integer.getInteger("changelog.rounds", 1);
    private static final int WRITERS = 8;
    private static final int WRITES_BETWEEN = 150;
    private static final int EVENTS_AT_A_TIME = 7;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster(RealCluster.QUICK_LATENCY_MILLIS);

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void theStreamIsTheLedger() {
        DecentDbConnectionFactory writing =
                DecentDb.factory(CLUSTER.url("statementTimeout=PT3S&failoverTimeout=PT30S"));
        DecentDbConnectionFactory watching =
                DecentDb.factory(CLUSTER.url("watchInterval=PT0.02S&failoverTimeout=PT30S"));
        ClusterAdmin admin = DecentDb.cluster(CLUSTER.url());
        WriteLedger ledger = new WriteLedger();
        await(Mono.usingWhen(
                writing.create(),
                first -> first.execute(WriteLedger.TABLE)
                        .then(first.execute("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)")),
                DecentDbConnection::close));
        await(admin.enableChangeLog("entry"));
        await(admin.enableChangeLog("counter"));

        Replay steady = new Replay();
        Replay resuming = new Replay();
        AtomicBoolean stopping = new AtomicBoolean();
        Disposable one = watching.changeStreamAfter(last(), "entry", "counter").subscribe(steady::take, steady::failed);
        Disposable many = Flux.defer(() -> watching.changeStreamAfter(resuming.position(), "entry", "counter")
                        .take(EVENTS_AT_A_TIME))
                .repeat()
                .subscribe(resuming::take, resuming::failed);

        Mono<Void> writers = Flux.range(0, WRITERS)
                .flatMap(writer -> writeUntil(stopping, writing, ledger, writer), WRITERS)
                .then()
                .cache();
        Disposable running = writers.subscribe();
        for (int round = 0; round < ROUNDS; round++) {
            waitForMore(ledger);
            CLUSTER.leader().kill();
            waitForMore(ledger);
            CLUSTER.heal();
        }
        stopping.set(true);
        await(writers);
        running.dispose();

        assertThat(ledger.faults(CLUSTER)).isEmpty();
        long end = last();
        List<Long> rows = CLUSTER.integers("SELECT id FROM entry ORDER BY id");
        List<Long> counted = CLUSTER.integers("SELECT n FROM counter ORDER BY id");
        for (Replay replay : List.of(steady, resuming)) {
            until(
                    "a stream reaches change " + end + ": " + replay,
                    () -> replay.position() >= end || !replay.faults().isEmpty());
            assertThat(replay.faults()).isEmpty();
            assertThat(replay.entries()).isEqualTo(rows);
            assertThat(replay.counters()).isEqualTo(counted);
        }
        one.dispose();
        many.dispose();
        await(writing.close());
        await(watching.close());
        await(admin.close());
    }

    private static long last() {
        return CLUSTER.integers("SELECT max(seq) FROM decentdb_change_log").get(0);
    }

    private static Mono<Void> writeUntil(
            AtomicBoolean stopping, DecentDbConnectionFactory factory, WriteLedger ledger, int writer) {
        return Mono.usingWhen(
                factory.create(),
                connection -> Mono.defer(() -> ledger.write(connection))
                        .then(connection
                                .execute(
                                        "INSERT INTO counter VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = n + 1",
                                        writer)
                                // Whether it was counted shows in the row.
                                .onErrorResume(R2dbcException.class, error -> Mono.empty()))
                        .repeat(() -> !stopping.get())
                        .then(),
                DecentDbConnection::close);
    }

    private static void waitForMore(WriteLedger ledger) {
        long goal = ledger.acknowledged() + WRITES_BETWEEN;
        until("more is written: " + ledger, () -> ledger.acknowledged() >= goal);
    }

    private static void until(String goal, BooleanSupplier reached) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("Gave up waiting until " + goal);
            }
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static void await(Mono<?> publisher) {
        TestDatabase.await(publisher.timeout(PATIENCE));
    }

    /** The state of the tables as the events of a stream give it. */
    private static final class Replay {

        private final Set<Long> entries = new HashSet<>();
        private final Map<Long, Long> counters = new HashMap<>();
        private final List<String> faults = new ArrayList<>();
        private long position = ChangeStreamLedgerTests.last();

        synchronized void take(Change change) {
            if (change instanceof Change.Lagged lagged) {
                faults.add("lagged: " + lagged);
            } else if (change instanceof Change.Commit commit) {
                if (commit.eventId() <= position) {
                    faults.add("event " + commit.eventId() + " after " + position);
                }
                position = commit.eventId();
                Set<Long> partners = new HashSet<>();
                for (RowChange row : commit.rows()) {
                    Row after = Objects.requireNonNull(row.after());
                    if (row.table().equals("entry")) {
                        long id = Objects.requireNonNull(after.get("id", Long.class));
                        if (!entries.add(id)) {
                            faults.add("row " + id + " twice");
                        }
                        Long partner = after.get("partner", Long.class);
                        if (partner != null) {
                            partners.add(partner);
                        }
                    } else {
                        count(row, after);
                    }
                }
                if (!entries.containsAll(partners)) {
                    faults.add("half of a transaction: " + partners);
                }
            }
        }

        private void count(RowChange row, Row after) {
            long id = Objects.requireNonNull(row.key().get("id", Long.class));
            Row before = row.before();
            Long was = before == null ? null : before.get("n", Long.class);
            Long now = after.get("n", Long.class);
            if (!Objects.equals(was, counters.get(id)) || now == null || now != (was == null ? 1 : was + 1)) {
                faults.add("counter " + id + " from " + was + " to " + now + " after " + counters.get(id));
            }
            counters.put(id, Objects.requireNonNull(now));
        }

        synchronized void failed(Throwable error) {
            faults.add("failed: " + error);
        }

        synchronized long position() {
            return position;
        }

        synchronized List<String> faults() {
            return List.copyOf(faults);
        }

        synchronized List<Long> entries() {
            return entries.stream().sorted().toList();
        }

        synchronized List<Long> counters() {
            return counters.entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .map(Map.Entry::getValue)
                    .toList();
        }

        @Override
        public synchronized String toString() {
            return "at " + position + ", " + faults;
        }
    }
}
