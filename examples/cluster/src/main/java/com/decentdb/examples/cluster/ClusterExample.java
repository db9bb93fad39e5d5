package com.decentdb.examples.cluster;

import com.decentdb.examples.quickstart.Quickstart;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.LeaderChange;
import com.decentdb.r2dbc.api.cluster.NodeRole;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Starts a cluster of three real nodes on this machine, runs the quickstart's program on it, then lets 32 connections write while the
 * leader is killed, and says what became of each row.
 */
public final class ClusterExample {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final long start = System.nanoTime();
    private final List<Node> nodes = new ArrayList<>();

    private ClusterExample() {}

    /**
     * Runs the program; it fails if a row that was acknowledged is lost.
     *
     * @param args none
     * @throws IOException if a node cannot be started
     * @throws InterruptedException if the thread is interrupted
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        ServerLibrary.require();
        Path folder = Files.createTempDirectory("decentdb-cluster");
        try {
            new ClusterExample().run(folder);
        } finally {
            delete(folder);
        }
        // The nodes end with this process.
        System.exit(0);
    }

    private void run(Path folder) throws IOException, InterruptedException {
        for (int id = 1; id <= 3; id++) {
            nodes.add(Node.start(id, "127.0.0.1:" + freePort(), Files.createDirectory(folder.resolve("node" + id))));
        }
        String seeds = nodes.stream().map(Node::address).collect(Collectors.joining(","));
        String url = "r2dbc:decentdb:dqlite://" + seeds + "/example";
        ClusterAdmin admin = DecentDb.cluster(url);
        Flux.fromIterable(nodes.subList(1, nodes.size()))
                .concatMap(node -> admin.add(node.id(), node.address()).then(admin.assign(node.id(), NodeRole.VOTER)))
                .blockLast(PATIENCE);
        say("three nodes form a cluster: " + seeds);

        say("the quickstart's program, with this URL in place of a file:");
        Quickstart.main(new String[] {url});

        admin.leaderChanges().subscribe(this::report);
        write(url, admin);
        admin.close().block(PATIENCE);
        for (Node node : nodes) {
            node.kill();
        }
    }

    private void write(String url, ClusterAdmin admin) throws IOException, InterruptedException {
        DecentDbConnectionFactory factory = DecentDb.factory(url);
        query(factory, connection -> connection.execute("CREATE TABLE entry (id INTEGER NOT NULL)"));
        Writers writers = new Writers();
        Mono<Void> writing = writers.run(factory).cache();
        writing.subscribe();
        say("32 connections write");
        Thread.sleep(2_000);

        Node leader = leader(admin);
        long killed = System.nanoTime();
        leader.kill();
        // Acknowledgements of its last moment may still be on the way.
        Thread.sleep(20);
        int before = writers.acknowledged();
        say(String.format("%s, the leader, is killed while it writes: %,d rows acknowledged", leader, before));
        while (writers.acknowledged() == before) {
            Thread.sleep(1);
        }
        say(String.format(
                "rows are acknowledged again, %,d ms after the kill", (System.nanoTime() - killed) / 1_000_000));
        Thread.sleep(2_000);
        leader.restart();
        say(leader + " is back");
        Thread.sleep(1_000);
        // It is refused until the node has caught up, and the answer may be lost with the leader that steps down.
        admin.transferLeadership(leader.id())
                .onErrorComplete(R2dbcException.class)
                .then(admin.leader())
                .filter(node -> node.id() == leader.id())
                .repeatWhenEmpty(100, again -> again.delayElements(Duration.ofMillis(200)))
                .block(PATIENCE);
        say("leadership was handed over while they write: " + leader(admin) + " leads");
        Thread.sleep(1_000);

        writers.stop();
        writing.block(PATIENCE);
        List<Long> rows = query(
                factory,
                connection -> connection
                        .fetchLists("SELECT id FROM entry")
                        .map(row -> (Long) row.get(0))
                        .collectList());
        Writers.Account account = writers.account(rows);
        say(account.toString());
        factory.close().block(PATIENCE);
        if (!account.isRight()) {
            throw new IllegalStateException("The cluster did not keep its word");
        }
    }

    private Node leader(ClusterAdmin admin) {
        String address = admin.leader()
                .map(node -> node.address())
                .blockOptional(PATIENCE)
                .orElseThrow();
        return nodes.stream()
                .filter(node -> node.address().equals(address))
                .findFirst()
                .orElseThrow();
    }

    private void report(LeaderChange change) {
        say(
                change.from() == null
                        ? change.to() + " leads"
                        : String.format(
                                "%s leads, after %s; nobody was known to lead for %,d ms",
                                change.to(), change.from(), change.leaderless().toMillis()));
    }

    private interface Work<T> {
        Mono<T> on(DecentDbConnection connection);
    }

    private static <T> T query(DecentDbConnectionFactory factory, Work<T> work) {
        return Mono.usingWhen(factory.create(), work::on, DecentDbConnection::close)
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    private void say(String what) {
        System.out.printf("%6.2f s  %s%n", (System.nanoTime() - start) / 1e9, what);
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return probe.getLocalPort();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
