package com.decentdb.r2dbc.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import com.decentdb.r2dbc.cluster.nodes.RealNode;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Many write while the leader is killed, frozen, stopped, deposed, or left without a majority. Nothing acknowledged is lost, nothing is
 * executed twice, nothing reported as not executed is there, and only SQLSTATE 08007 leaves open which it was.
 */
class FailoverTests {

    private static final int ROUNDS = Integer.getInteger("failover.rounds", 1);
    private static final int WRITERS = Integer.getInteger("failover.writers", 64);
    private static final int WRITES_BETWEEN = 300;

    /** The errors that may be reported of a write that was certainly not executed. */
    private static final Set<String> TRUE_FAILURES = Set.of("08007", "40001", "08001", "08006", "55P03", "57014");

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster(RealCluster.QUICK_LATENCY_MILLIS);

    /** A misfortune of the leader. */
    enum Misfortune {
        KILLED(RealNode::kill),
        FROZEN(RealNode::freeze),
        STOPPED(RealNode::terminate),
        DEPOSED(leader -> CLUSTER.transferTo(CLUSTER.follower())),
        WITHOUT_MAJORITY(leader ->
                CLUSTER.nodes().stream().filter(node -> node != leader).forEach(RealNode::kill));

        @SuppressWarnings("ImmutableEnumChecker") // a function that keeps nothing
        private final Consumer<RealNode> strike;

        Misfortune(Consumer<RealNode> strike) {
            this.strike = strike;
        }
    }

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void everyWriteIsWhatItsReportSays(Misfortune misfortune) throws InterruptedException {
        // Without a majority nothing is acknowledged until the nodes are back; the others wait for the next leader.
        String failover = misfortune == Misfortune.WITHOUT_MAJORITY ? "PT2S" : "PT30S";
        DecentDbConnectionFactory factory = DecentDb.factory(
                CLUSTER.url("statementTimeout=PT3S&lockWaitTimeout=PT30S&failoverTimeout=" + failover));
        WriteLedger ledger = new WriteLedger();
        AtomicBoolean stopping = new AtomicBoolean();
        await(Mono.usingWhen(factory.create(), first -> first.execute(WriteLedger.TABLE), DecentDbConnection::close));

        Mono<Void> writers = Flux.range(0, WRITERS)
                .flatMap(writer -> writeUntil(stopping, factory, ledger), WRITERS)
                .then()
                .cache();
        Disposable running = writers.subscribe();
        for (int round = 0; round < ROUNDS; round++) {
            waitForMore(ledger, misfortune);
            misfortune.strike.accept(CLUSTER.leader());
            if (misfortune == Misfortune.WITHOUT_MAJORITY) {
                Thread.sleep(2_000);
                CLUSTER.heal();
            }
            waitForMore(ledger, misfortune);
            CLUSTER.heal();
        }
        stopping.set(true);
        await(writers);
        running.dispose();
        await(factory.close());

        System.out.println(misfortune + ": " + ledger);
        assertThat(ledger.faults(CLUSTER)).isEmpty();
        assertThat(TRUE_FAILURES).containsAll(ledger.sqlStates());
    }

    private static Mono<Void> writeUntil(
            AtomicBoolean stopping, DecentDbConnectionFactory factory, WriteLedger ledger) {
        return Mono.usingWhen(
                factory.create(),
                connection -> Mono.defer(() -> ledger.write(connection))
                        .repeat(() -> !stopping.get())
                        .then(),
                DecentDbConnection::close);
    }

    private static void waitForMore(WriteLedger ledger, Misfortune misfortune) throws InterruptedException {
        long goal = ledger.acknowledged() + WRITES_BETWEEN;
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (ledger.acknowledged() < goal) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(misfortune + ": no writes are acknowledged any more. " + ledger);
            }
            Thread.sleep(5);
        }
    }

    private static void await(Mono<?> publisher) {
        TestDatabase.await(publisher.timeout(PATIENCE));
    }
}
