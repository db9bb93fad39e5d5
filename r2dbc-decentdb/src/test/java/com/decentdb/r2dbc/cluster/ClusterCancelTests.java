package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import com.decentdb.r2dbc.transaction.CancelledBlocks;
import io.r2dbc.spi.ValidationDepth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Statements and transactions that are cancelled at any moment leave nothing behind: no socket, no right to write, no half. */
class ClusterCancelTests {

    private static final int CANCELLATIONS = Integer.getInteger("cluster.cancellations", 2_000);
    private static final int CONNECTIONS = 16;
    private static final int MAX_READERS = 4;
    /** In the table of sockets of the system: the state of an open connection. */
    private static final String ESTABLISHED = "01";

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void nothingIsLeftOfWhatWasCancelled() throws IOException {
        DecentDbConnectionFactory factory = DecentDb.factory(CLUSTER.url("maxReaders=" + MAX_READERS));
        List<DecentDbConnection> connections =
                awaitAll(Flux.range(0, CONNECTIONS).flatMap(each -> factory.create()));
        await(connections.get(0).execute("CREATE TABLE t (id INTEGER, half INTEGER)"));
        await(connections
                .get(0)
                .execute("INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
                        + " SELECT -i, NULL FROM n"));

        await(Flux.fromIterable(connections)
                .index()
                .flatMap(each -> Mono.fromRunnable(() -> cancelMany(each.getT2(), each.getT1()))
                        .subscribeOn(Schedulers.boundedElastic())));

        DecentDbConnection connection = connections.get(0);
        assertThat(awaitValue(connection.execute("INSERT INTO t VALUES (0, NULL)")))
                .isEqualTo(1);
        assertThat(CLUSTER.integers("SELECT id FROM t a WHERE half IS NOT NULL"
                        + " AND NOT EXISTS (SELECT 1 FROM t b WHERE b.id = a.id AND b.half = 1 - a.half)"))
                .isEmpty();
        // One that writes, and those that read, of which some may rest.
        awaitSockets(2 + MAX_READERS + CONNECTIONS);
        await(Flux.fromIterable(connections).flatMap(DecentDbConnection::close));
        await(factory.close());
        awaitSockets(0);
    }

    @Test
    void aConnectionMayBeUsedAsSoonAsABlockIsCancelled() {
        DecentDbConnectionFactory factory = DecentDb.factory(CLUSTER.url());

        CancelledBlocks.check(factory, 5);

        assertThat(CLUSTER.integers("SELECT count(*) FROM m WHERE id > 0")).isNotEqualTo(List.of(0L));
        await(factory.close());
    }

    @Test
    void resultsThatAreCancelledAreForgottenByTheirConnection() {
        DecentDbConnectionFactory factory = DecentDb.factory(CLUSTER.url());
        DecentDbConnection connection = awaitValue(factory.create());
        String endless =
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, hex(zeroblob(1000)) FROM n";

        for (int i = 0; i < 100; i++) {
            assertThat(awaitAll(connection.fetchLists(endless).take(1))).hasSize(1);
        }

        awaitUntil("no open result is left", () -> awaitValue(connection.validate(ValidationDepth.LOCAL)));
        await(connection.close());
        await(factory.close());
    }

    /** The last ones given up are closed in a moment. */
    private static void awaitSockets(int most) throws IOException {
        for (int i = 0; i < 1_000 && sockets() > most; i++) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        assertThat(sockets()).isLessThanOrEqualTo(most);
    }

    /** One after another on a connection, each after a random time; those that end before are as good. */
    private static void cancelMany(DecentDbConnection connection, long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < CANCELLATIONS / CONNECTIONS; i++) {
            long id = 1 + seed * 1_000_000 + i;
            Disposable running = Flux.from(work(connection, random.nextInt(4), id))
                    .onErrorComplete()
                    .subscribe();
            LockSupport.parkNanos(random.nextInt(3_000_000));
            running.dispose();
        }
        await(connection.rollbackTransaction());
    }

    private static Publisher<?> work(DecentDbConnection connection, int kind, long id) {
        return switch (kind) {
            case 0 -> connection.fetchLists("SELECT * FROM t ORDER BY id");
            case 1 -> connection.fetchLists("SELECT count(*) FROM t");
            case 2 -> connection.execute("INSERT INTO t VALUES ($1, NULL)", id);
            default ->
                connection.inTransaction(tx -> tx.execute("INSERT INTO t VALUES ($1, 0)", id)
                        .then(tx.execute("INSERT INTO t VALUES ($1, 1)", id)));
        };
    }

    /** How many connections of this machine to the nodes are open whose other end is this JVM; nodes connect to one another, too. */
    private static long sockets() throws IOException {
        List<String> ports = CLUSTER.addresses().stream()
                .map(address -> String.format(":%04X", Integer.parseInt(address.substring(address.indexOf(':') + 1))))
                .toList();
        List<String> own;
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            own = descriptors
                    .map(ClusterCancelTests::target)
                    .filter(target -> target.startsWith("socket:["))
                    .toList();
        }
        return Files.readAllLines(Path.of("/proc/self/net/tcp")).stream()
                .map(line -> line.strip().split("\\s+"))
                .filter(fields -> fields.length > 9
                        && fields[3].equals(ESTABLISHED)
                        && IntStream.range(0, ports.size()).anyMatch(i -> fields[2].endsWith(ports.get(i)))
                        && own.contains("socket:[" + fields[9] + "]"))
                .count();
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // Closed meanwhile.
            return "";
        }
    }
}
