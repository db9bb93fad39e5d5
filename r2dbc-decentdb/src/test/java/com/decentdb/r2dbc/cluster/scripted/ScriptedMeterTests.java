package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.error;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.on;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.once;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.refusing;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.when;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.cumulative.CumulativeTimer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The work of a cluster, as Micrometer shows it, and the counters of the writes that wait for each other. */
class ScriptedMeterTests {

    private static final String PREFIX = "decentdb.cluster.";
    private static final String WRITE = "INSERT INTO t VALUES (1)";

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @BeforeEach
    void watch() {
        Metrics.addRegistry(registry);
    }

    @AfterEach
    void leave() {
        Metrics.removeRegistry(registry);
    }

    /** Like {@code on}, with meters that nothing was counted in. */
    private void onFresh(ScriptedLeader.Answers answers, ScriptedLeader.Check check) throws IOException {
        on(answers, "", check);
        awaitUntil("no meter is left", () -> meters().isEmpty());
    }

    private long requests(String kind, String outcome) {
        return registry.get(PREFIX + "request")
                .tags("database", "app", "kind", kind, "outcome", outcome)
                .timer()
                .count();
    }

    private Timer timer(String name) {
        return registry.get(PREFIX + name).tag("database", "app").timer();
    }

    private double gauge(String name, String... tags) {
        Gauge gauge = registry.get(PREFIX + name).tags(tags).gauge();
        return gauge.value();
    }

    private List<Meter> meters() {
        return registry.getMeters().stream()
                .filter(meter -> meter.getId().getName().startsWith(PREFIX))
                .toList();
    }

    @Test
    void requestsAreCountedByTheirEnd() throws IOException {
        onFresh(once(WRITE, Conversation::reset), (connection, leader) -> {
            error(connection.execute(WRITE));
            await(connection.execute(WRITE));
            await(connection.fetchLists("SELECT a FROM t"));
            await(connection.inTransaction(tx -> tx.execute(WRITE)));

            assertThat(requests("write", "unknown")).isEqualTo(1);
            assertThat(requests("write", "ok")).isEqualTo(2);
            assertThat(requests("read", "ok")).isEqualTo(1);
            assertThat(requests("control", "ok")).as("BEGIN and COMMIT").isEqualTo(2);
        });
        onFresh(once(WRITE, refusing(10_250, "not leader")), (connection, leader) -> {
            await(connection.execute(WRITE));

            assertThat(requests("write", "rerouted")).isEqualTo(1);
            assertThat(requests("write", "ok")).isEqualTo(1);
        });
        onFresh(once(WRITE, refusing(1, "no such table: t")), (connection, leader) -> {
            error(connection.execute(WRITE));

            assertThat(requests("write", "error")).isEqualTo(1);
        });
    }

    @Test
    void whatIsLostInATransactionIsNotUnknownUnlessItWasCommitted() throws IOException {
        onFresh(once(WRITE, Conversation::reset), (connection, leader) -> {
            error(connection.inTransaction(tx -> tx.execute(WRITE)));

            assertThat(requests("write", "error")).isEqualTo(1);
            assertThat(requests("write", "unknown")).isZero();
        });
        onFresh(once("COMMIT", Conversation::reset), (connection, leader) -> {
            error(connection.inTransaction(tx -> tx.execute(WRITE)));

            assertThat(requests("control", "unknown")).isEqualTo(1);
        });
    }

    @Test
    void waitsForTheRightToWriteAndGroupsAreMeasured() throws IOException {
        CountDownLatch answer = new CountDownLatch(1);
        on(once(WRITE, when(answer)), "", (connection, leader) -> {
            Flux<Long> writes = Flux.merge(connection.execute(WRITE), Flux.defer(() -> {
                leader.awaitStatement(WRITE);
                return Flux.merge(
                        connection.execute("DELETE FROM t"), connection.execute("DELETE FROM t"), Flux.defer(() -> {
                            awaitUntil(
                                    "two writes wait",
                                    () -> awaitValue(connection.writeQueueMetrics())
                                                    .waiting()
                                            == 2);
                            answer.countDown();
                            return Flux.<Long>empty();
                        }));
            }));

            assertThat(awaitAll(writes)).hasSize(3);
            assertThat(awaitValue(connection.execute(WRITE)))
                    .as("rows of a write after which no other comes, as it did in the group before")
                    .isEqualTo(1);
            assertThat(timer("lock.wait").count()).isEqualTo(4);
            var groups = registry.get(PREFIX + "group.size").summary();
            assertThat(groups.count()).isEqualTo(3);
            assertThat(groups.max()).isEqualTo(2);
            await(connection.inTransaction(tx -> tx.execute(WRITE)));
            assertThat(timer("lock.wait").count()).as("of a transaction").isEqualTo(5);
        });
    }

    @Test
    void connectionsAndChannelsAreCountedUntilTheFactoryIsClosed() throws IOException {
        on(ScriptedLeader::usual, "", (connection, leader) -> {
            awaitUntil("one session is open", () -> gauge("sessions") == 1);
            await(connection.execute(WRITE));
            awaitUntil("the writer is idle", () -> gauge("channels", "role", "writer", "state", "idle") == 1);
            assertThat(gauge("channels", "role", "reader", "state", "idle")).isEqualTo(1);
            assertThat(gauge("channels", "role", "pinned", "state", "idle")).isZero();
            assertThat(gauge("writes.pending")).isZero();

            await(connection.beginTransaction());
            await(connection.execute(WRITE));
            await(connection.commitTransaction());
            assertThat(registry.get(PREFIX + "search")
                            .tags("database", "app", "outcome", "found")
                            .timer()
                            .count())
                    .isEqualTo(1);
        });
        awaitUntil("no meter is left", () -> meters().isEmpty());
    }

    @Test
    void factoriesOfOneDatabaseAreCountedTogether() throws IOException {
        on(ScriptedLeader::usual, "", (first, leader) -> {
            DecentDbConnectionFactory other = DecentDb.factory(leader.url(""));
            DecentDbConnection second = awaitValue(other.create());
            awaitUntil("two sessions are open", () -> gauge("sessions") == 2);
            await(second.close());
            await(other.close());
            awaitUntil("one session is open", () -> gauge("sessions") == 1);
        });
    }

    @Test
    void aSearchInVainIsCounted() throws IOException {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.others(talk -> talk.handshake().expectSilence());
            DecentDbConnectionFactory factory = DecentDb.factory(node.url("failoverTimeout=PT0.1S"));
            DecentDbConnectionFactory holder = DecentDb.factory(node.url("failoverTimeout=PT10M"));
            var holding = holder.create().subscribe();
            awaitUntil("the factory is measured", () -> !meters().isEmpty());

            error(factory.create());

            awaitUntil(
                    "the search is counted",
                    () -> registry.get(PREFIX + "search")
                                    .tags("database", "app", "outcome", "none")
                                    .timer()
                                    .count()
                            == 1);
            holding.dispose();
            await(factory.close());
            await(holder.close());
        }
    }

    @Test
    void aChangeOfTheLeaderIsCounted() throws IOException {
        AtomicBoolean deposed = new AtomicBoolean();
        try (ScriptedLeader next = ScriptedLeader.start(ScriptedLeader::usual);
                ScriptedNode first = ScriptedNode.start()) {
            first.others(talk -> {
                if (deposed.get()) {
                    talk.handshake().expect(Wire.LEADER);
                    talk.answer(Wire.server(2, next.address()));
                    return;
                }
                talk.lead();
                deposed.set(true);
                talk.answer(Wire.failure(10_250, "not leader"));
            });
            DecentDbConnectionFactory factory = DecentDb.factory(first.url("serverVersion=1.11&topologyRefresh=PT0S"));
            DecentDbConnection connection = awaitValue(factory.create());

            assertThat(awaitValue(connection.execute(WRITE))).isEqualTo(1);

            assertThat(registry.get(PREFIX + "leader.changes").counter().count())
                    .isEqualTo(1);
            assertThat(next.statements()).containsExactly(WRITE);
            await(connection.close());
            await(factory.close());
        }
    }

    @Test
    void aRegistryThatFailsHarmsNoStatement() throws IOException {
        SimpleMeterRegistry failing = new SimpleMeterRegistry() {
            @Override
            protected Timer newTimer(Meter.Id id, DistributionStatisticConfig statistics, PauseDetector pauses) {
                return new CumulativeTimer(id, clock, statistics, pauses, getBaseTimeUnit(), false) {
                    @Override
                    protected void recordNonNegative(long amount, TimeUnit unit) {
                        throw new LinkageError("injected");
                    }
                };
            }
        };
        Metrics.addRegistry(failing);
        try {
            on(ScriptedLeader::usual, "", (connection, leader) -> {
                assertThat(awaitValue(connection.execute(WRITE))).isEqualTo(1);
                assertThat(awaitAll(connection.fetchLists("SELECT a FROM t"))).isEmpty();
                await(connection.inTransaction(tx -> tx.execute(WRITE)));
                assertThat(awaitValue(connection.execute(WRITE))).isEqualTo(1);
            });
        } finally {
            Metrics.removeRegistry(failing);
        }
    }

    private static WriteQueueMetrics queue(DecentDbConnection connection) {
        return awaitValue(connection.writeQueueMetrics());
    }

    @Test
    void theTimeThatWritesWaitForOthersIsCounted() throws IOException {
        CountDownLatch answer = new CountDownLatch(1);
        on(once(WRITE, when(answer)), "", (connection, leader) -> {
            long[] waited = new long[1];
            StepVerifier.create(connection.executeQueued(WRITE).then(connection.execute("DELETE FROM t")))
                    .then(() -> leader.awaitStatement(WRITE))
                    .then(() -> {
                        long before = queue(connection).waitNanos();
                        StepVerifier.create(connection.executeQueued("INSERT INTO t VALUES (2)"))
                                .then(() -> {
                                    while (queue(connection).waiting() == 0) {
                                        Thread.onSpinWait();
                                    }
                                    long since = System.nanoTime();
                                    while (System.nanoTime() - since < 20_000_000) {
                                        Thread.onSpinWait();
                                    }
                                    waited[0] = before + System.nanoTime() - since;
                                    answer.countDown();
                                })
                                .expectNext(1L)
                                .expectComplete()
                                .verify(PATIENCE);
                    })
                    .expectNext(1L)
                    .expectComplete()
                    .verify(PATIENCE);

            assertThat(queue(connection).waitNanos()).isGreaterThanOrEqualTo(waited[0]);
            assertThat(queue(connection).executed()).isEqualTo(3);
        });
    }
}
