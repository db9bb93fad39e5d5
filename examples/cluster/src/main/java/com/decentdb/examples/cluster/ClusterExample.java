package com.decentdb.examples.cluster;

import com.decentdb.examples.quickstart.Quickstart;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.LeaderChange;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * Starts a cluster of three real nodes on this machine, runs the quickstart's program on it, then lets 32 connections write while the
 * leader is killed, and says what became of each row.
 */
public final class ClusterExample {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final long start = System.nanoTime();
    private final LocalCluster cluster;

    private ClusterExample(LocalCluster cluster) {
        this.cluster = cluster;
    }

    /**
     * Runs the program; it fails if a row that was acknowledged is lost.
     *
     * @param args none
     * @throws IOException if a node cannot be started
     * @throws InterruptedException if the thread is interrupted
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        ServerLibrary.require();
        try (LocalCluster cluster = LocalCluster.start()) {
            new ClusterExample(cluster).run();
        }
        // The nodes end with this process.
        System.exit(0);
    }

    private void run() throws IOException, InterruptedException {
        String url = cluster.url("example");
        ClusterAdmin admin = DecentDb.cluster(url);
        say("three nodes form a cluster: " + url);

        say("the quickstart's program, with this URL in place of a file:");
        Quickstart.main(new String[] {url});

        admin.leaderChanges().subscribe(this::report);
        write(url, admin);
        admin.close().block(PATIENCE);
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
        return cluster.nodes().stream()
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
}
