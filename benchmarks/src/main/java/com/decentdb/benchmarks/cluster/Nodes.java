package com.decentdb.benchmarks.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Three nodes on this machine. */
final class Nodes implements AutoCloseable {

    private static final int COUNT = 3;
    private static final int ANSWER_MILLIS = 200;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final List<ServerNode> nodes = new ArrayList<>();

    Nodes(Path folder) throws IOException, InterruptedException {
        for (int id = 1; id <= COUNT; id++) {
            nodes.add(ServerNode.start(id, "127.0.0.1:" + freePort(), folder.resolve("node" + id)));
        }
        String first = nodes.get(0).address();
        for (ServerNode node : nodes.subList(1, COUNT)) {
            try (RawClient client = new RawClient(first, (int) PATIENCE.toMillis())) {
                client.join(node.id(), node.address());
            }
        }
        heal();
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    String addresses() {
        return String.join(",", nodes.stream().map(ServerNode::address).toList());
    }

    /** The node that leads, as itself says; waits for an election. */
    ServerNode leader() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<ServerNode> leader = nodes.stream()
                    .filter(ServerNode::runs)
                    .filter(node ->
                            RawClient.leader(node.address(), ANSWER_MILLIS).equals(node.address()))
                    .findFirst();
            if (leader.isPresent()) {
                return leader.get();
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
        throw new IllegalStateException("No node leads");
    }

    /** Brings all nodes back, and waits until they agree on a leader. */
    void heal() throws IOException, InterruptedException {
        for (ServerNode node : nodes) {
            node.heal();
        }
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            List<String> named = nodes.stream()
                    .map(node -> RawClient.leader(node.address(), ANSWER_MILLIS))
                    .distinct()
                    .toList();
            if (named.size() == 1 && !named.get(0).isEmpty()) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        throw new IllegalStateException("The nodes do not agree on a leader");
    }

    @Override
    public void close() {
        nodes.forEach(ServerNode::kill);
    }
}
