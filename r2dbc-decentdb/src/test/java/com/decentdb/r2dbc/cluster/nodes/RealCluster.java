package com.decentdb.r2dbc.cluster.nodes;

import static java.util.Objects.requireNonNull;

import com.decentdb.r2dbc.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.util.ExceptionUtils;

/**
 * A dqlite cluster of three real nodes on this machine, one for a class of tests when registered in a static field, with a fresh
 * database for each test. Before each test all nodes run and agree on a leader, whatever the test before did to them. A
 * node that died by itself fails the test that killed it.
 */
public final class RealCluster implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {

    /** The default of dqlite: elections take 3 s and more, and no busy machine makes a leader lose its followers. */
    private static final long LATENCY_MILLIS = 200;

    /** Elections take 0.75 s and more, for those that go through many and bear with one that nobody asked for. */
    public static final long QUICK_LATENCY_MILLIS = 50;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration HEALING = Duration.ofSeconds(30);

    private static final int QUESTION_TIMEOUT_MILLIS = 500;
    private static final int PORT_ATTEMPTS = 5;

    private final long latencyMillis;
    private final List<RealNode> nodes = new ArrayList<>();
    private final List<RealNode> strangers = new ArrayList<>();
    private @Nullable Path folder;
    private int databases;

    public RealCluster() {
        this(LATENCY_MILLIS);
    }

    /** Heartbeats every 1.5 times, elections after 15 times the latency. */
    public RealCluster(long latencyMillis) {
        this.latencyMillis = latencyMillis;
    }

    /** The one cluster of all tests that do not harm it, with a fresh database. It is started by the first and stopped after the last. */
    public static RealCluster shared(ExtensionContext context) {
        DqliteLibrary.require();
        Shared shared = context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .getOrComputeIfAbsent(Shared.class, key -> new Shared(), Shared.class);
        shared.cluster.databases++;
        return shared.cluster;
    }

    private static final class Shared implements AutoCloseable {

        private final RealCluster cluster = new RealCluster();

        Shared() {
            try {
                cluster.start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            cluster.stop();
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        DqliteLibrary.require();
        start();
    }

    /** For programs that are no test. */
    public void start() throws IOException {
        folder = Files.createTempDirectory("dqlite-nodes");
        for (int attempt = 1; nodes.isEmpty(); attempt++) {
            try {
                for (int id = 1; id <= 3; id++) {
                    nodes.add(startNew(id));
                }
            } catch (IllegalStateException e) {
                // Another program may have taken the port since it was seen free.
                stopAll();
                if (attempt == PORT_ATTEMPTS) {
                    throw e;
                }
            }
        }
        for (RealNode node : nodes.subList(1, nodes.size())) {
            try (NodeClient client = NodeClient.connect(nodes.get(0).address())) {
                client.add(node.id(), node.address());
                client.promote(node.id());
            }
        }
        leader();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        databases++;
        heal();
    }

    /** Starts a node that is no member yet; it ends with the test. */
    public RealNode startStranger(long id) {
        try {
            RealNode stranger = startNew(id);
            strangers.add(stranger);
            return stranger;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        strangers.forEach(RealNode::end);
        strangers.clear();
        if (context.getExecutionException().isPresent()) {
            System.err.println(context.getDisplayName() + " failed with these nodes:\n" + describe());
        }
        List<RealNode> crashed = nodes.stream().filter(RealNode::crashed).toList();
        if (!crashed.isEmpty()) {
            String logs = crashed.stream()
                    .map(node -> node + " died by itself:\n" + node.log())
                    .collect(Collectors.joining("\n"));
            crashed.forEach(RealNode::end);
            throw new AssertionError(logs);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        stop();
    }

    public void stop() {
        stopAll();
        if (folder != null) {
            TestDatabase.delete(folder);
        }
    }

    private void stopAll() {
        nodes.forEach(RealNode::end);
        nodes.clear();
    }

    public List<RealNode> nodes() {
        return List.copyOf(nodes);
    }

    /** The node with this id, from 1 to 3. */
    public RealNode node(int id) {
        return nodes.get(id - 1);
    }

    public List<String> addresses() {
        return nodes.stream().map(RealNode::address).toList();
    }

    /** The name of this test's database. */
    public String database() {
        return "db" + databases;
    }

    /** The URL of this test's database with all nodes as seeds. */
    public String url() {
        return url("");
    }

    /** The URL of this test's database with all nodes as seeds, and with these options. */
    public String url(String options) {
        return "r2dbc:decentdb:dqlite://" + String.join(",", addresses()) + "/" + database()
                + (options.isEmpty() ? "" : "?" + options);
    }

    /** The node that leads, as itself says; waits for an election. */
    public RealNode leader() {
        return until(
                "a node leads",
                () -> nodes.stream()
                        .filter(node -> node.address().equals(leaderKnownTo(node)))
                        .findFirst()
                        .orElse(null));
    }

    /** Some node that runs and does not lead. */
    public RealNode follower() {
        RealNode leader = leader();
        return nodes.stream()
                .filter(node -> node != leader && node.state() == RealNode.State.RUNNING)
                .findFirst()
                .orElseThrow();
    }

    /**
     * Makes this node the leader, and returns when all that run say so. Until the one before knows of it, it hangs up on each
     * connection over which a request comes, so that the outcome of a write is unknown.
     */
    public void transferTo(RealNode node) {
        if (!within(HEALING, () -> transferred(node))) {
            heal();
            until("node " + node.id() + " leads", () -> transferred(node) ? node : null);
        }
    }

    private boolean transferred(RealNode node) {
        RealNode leader = leader();
        if (leader != node) {
            try (NodeClient client = NodeClient.connect(leader.address())) {
                client.transfer(node.id());
            } catch (IOException e) {
                // A node that has just restarted is refused for a while.
                return false;
            }
        }
        return namedByAll(node);
    }

    private boolean namedByAll(RealNode leader) {
        return nodes.stream()
                .filter(node -> node.state() == RealNode.State.RUNNING)
                .allMatch(node -> leader.address().equals(leaderKnownTo(node)));
    }

    /**
     * Thaws and restarts nodes until all three run and agree on a leader. All of them start again if they do not agree in time:
     * a node 1.11.1 that comes back may be left out by the others for minutes.
     */
    public void heal() {
        for (RealNode node : nodes) {
            if (node.state() == RealNode.State.FROZEN) {
                node.thaw();
            }
            if (node.state() == RealNode.State.DEAD || node.crashed()) {
                restart(node);
            }
        }
        if (!within(HEALING, this::agreed)) {
            System.err.println("Starting all nodes again, since they do not agree on a leader:\n" + describe());
            nodes.forEach(RealCluster::restart);
            until("all nodes agree on a leader", () -> agreed() ? nodes : null);
        }
    }

    private boolean agreed() {
        List<String> named =
                nodes.stream().map(RealCluster::leaderKnownTo).distinct().toList();
        return named.size() == 1 && addresses().contains(named.get(0));
    }

    private static void restart(RealNode node) {
        node.end();
        node.start();
    }

    /** A client of the leader, with this test's database open; to be closed. */
    public NodeClient client() {
        return until("the leader opens the database", () -> {
            try {
                return NodeClient.connect(leader().address()).open(database());
            } catch (IOException e) {
                return null;
            }
        });
    }

    /** The first column of a query, as the leader answers it, without the driver. */
    public List<Long> integers(String sql) {
        try (NodeClient client = client()) {
            return client.integers(sql);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The leader this node names; empty if it names none or does not answer. */
    private static String leaderKnownTo(RealNode node) {
        if (node.state() != RealNode.State.RUNNING) {
            return "";
        }
        try (NodeClient client = NodeClient.connect(node.address(), QUESTION_TIMEOUT_MILLIS)) {
            return client.leader();
        } catch (IOException e) {
            return "";
        }
    }

    private RealNode startNew(long id) throws IOException {
        if (folder == null) {
            throw new IllegalStateException("The cluster has no folder");
        }
        Path home = Files.createTempDirectory(folder, "node" + id + "-");
        RealNode node = new RealNode(id, "127.0.0.1:" + freePort(), home, latencyMillis);
        node.start();
        return node;
    }

    /** Below the ports that systems give to clients, so that it is still free when the node restarts. */
    private static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(12_000, 32_000);
            try (ServerSocket probe = new ServerSocket()) {
                probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return port;
            } catch (BindException e) {
                // Taken; try another.
            }
        }
    }

    private interface Attempt<T> {
        @Nullable
        T get();
    }

    private <T> T until(String what, Attempt<T> attempt) {
        AtomicReference<@Nullable T> found = new AtomicReference<>();
        boolean reached = within(PATIENCE, () -> {
            found.set(attempt.get());
            return found.get() != null;
        });
        if (!reached) {
            throw new AssertionError("Gave up waiting until " + what + ":\n" + describe());
        }
        return requireNonNull(found.get());
    }

    private static boolean within(Duration patience, BooleanSupplier reached) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < deadline) {
            if (reached.getAsBoolean()) {
                return true;
            }
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                throw ExceptionUtils.throwAsUncheckedException(e);
            }
        }
        return false;
    }

    private String describe() {
        return nodes.stream()
                .map(node -> node + (node.crashed() ? " died by itself and" : "") + " names '" + leaderKnownTo(node)
                        + "', log:\n" + node.log())
                .collect(Collectors.joining("\n"));
    }
}
