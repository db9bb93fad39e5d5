package com.decentdb.r2dbc.api.cluster;

import java.util.List;
import reactor.core.publisher.Mono;

/** The nodes in a field. */
final class MemoryNodeStore implements NodeStore {

    private volatile List<ClusterNode> nodes;

    MemoryNodeStore(List<ClusterNode> nodes) {
        this.nodes = List.copyOf(nodes);
    }

    @Override
    public Mono<List<ClusterNode>> nodes() {
        return Mono.fromSupplier(() -> nodes);
    }

    @Override
    public Mono<Void> update(List<ClusterNode> replacement) {
        return Mono.fromRunnable(() -> nodes = NodeYaml.requireNodes(replacement));
    }
}
