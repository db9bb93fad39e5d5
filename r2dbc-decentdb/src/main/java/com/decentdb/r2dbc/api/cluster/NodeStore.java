package com.decentdb.r2dbc.api.cluster;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * Keeps the nodes of a cluster, so that a program finds its cluster again though all the nodes it once knew may have been replaced.
 * Implementations are thread-safe; their publishers are cold and never block the thread that subscribes.
 */
public interface NodeStore {

    /**
     * The nodes to ask for the leader.
     *
     * @return a Mono of the nodes, in any order; an error if they cannot be read
     */
    Mono<List<ClusterNode>> nodes();

    /**
     * Replaces the nodes by those that the leader lists.
     *
     * @param nodes all nodes of the cluster, not empty
     * @return a Mono that completes when they are kept; an error if they cannot be
     */
    Mono<Void> update(List<ClusterNode> nodes);

    /**
     * A store in memory.
     *
     * @param addresses of nodes, {@code host:port} each
     * @return the store, which begins with these
     */
    static NodeStore memory(String... addresses) {
        return new MemoryNodeStore(Arrays.stream(addresses)
                .map(address -> new ClusterNode(0, address, NodeRole.VOTER))
                .toList());
    }

    /**
     * A store in a YAML file as go-dqlite writes it: a list of {@code ID}, {@code Address} and {@code Role}, which is 0 for a
     * voter, 1 for a standby and 2 for a spare. A file above 1 MiB is refused. It is read anew each time, and replaced at one
     * stroke: by a file that is written beside it, synced and renamed. A symbolic link is read through, but not replaced.
     *
     * @param file the path of the file
     * @return the store
     */
    static NodeStore yaml(Path file) {
        return new YamlNodeStore(file);
    }
}
