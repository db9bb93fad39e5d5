package com.decentdb.examples.cluster;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.NodeRole;
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

/** A cluster of three nodes on this machine, each a process that ends with this one at the latest. */
public final class LocalCluster implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Path folder;
    private final List<Node> nodes;

    private LocalCluster(Path folder, List<Node> nodes) {
        this.folder = folder;
        this.nodes = nodes;
    }

    /**
     * Whether the dqlite server is installed.
     *
     * @return false if nodes cannot be started
     */
    public static boolean isAvailable() {
        try {
            ServerLibrary.load();
            return true;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }

    /**
     * Starts the nodes, in a folder of their own, and joins them.
     *
     * @return the cluster, which has a leader
     * @throws IOException if a node cannot be started
     */
    public static LocalCluster start() throws IOException {
        LocalCluster cluster = new LocalCluster(Files.createTempDirectory("decentdb-cluster"), new ArrayList<>());
        try {
            cluster.join();
            return cluster;
        } catch (IOException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private void join() throws IOException {
        for (int id = 1; id <= 3; id++) {
            Path own = Files.createDirectory(folder.resolve("node" + id));
            nodes.add(Node.start(id, "127.0.0.1:" + freePort(), own));
        }
        ClusterAdmin admin = DecentDb.cluster(url("any"));
        Flux.fromIterable(nodes.subList(1, nodes.size()))
                .concatMap(node -> admin.add(node.id(), node.address()).then(admin.assign(node.id(), NodeRole.VOTER)))
                .then(admin.close())
                .block(PATIENCE);
    }

    /**
     * The URL of a database of this cluster.
     *
     * @param database any name; a database that is not there yet is made
     * @return a URL with all nodes
     */
    public String url(String database) {
        return "r2dbc:decentdb:dqlite://" + nodes.stream().map(Node::address).collect(Collectors.joining(",")) + "/"
                + database;
    }

    List<Node> nodes() {
        return List.copyOf(nodes);
    }

    /** Kills the nodes and deletes their files. */
    @Override
    public void close() {
        nodes.forEach(Node::kill);
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return probe.getLocalPort();
        }
    }
}
