package com.decentdb.r2dbc.cluster.database;

import com.decentdb.r2dbc.api.cluster.ClusterNode;
import com.decentdb.r2dbc.api.cluster.NodeRole;
import com.decentdb.r2dbc.api.cluster.NodeStore;
import com.decentdb.r2dbc.cluster.ClusterConfig;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.meter.ClusterLog;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.transport.Errors;
import io.netty.channel.EventLoop;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The nodes that the user names: those of the URL, and those of a store, which may learn of others. Confined to the loop. */
public final class NodeSeeds {

    private final EventLoop loop;
    private final ClusterConfig config;
    private final LeaderFinder finder;
    private final Map<Exchange<?>, Runnable> waiting = new LinkedHashMap<>();
    private volatile @Nullable Future<?> patience;
    private boolean read;

    NodeSeeds(EventLoop loop, ClusterConfig config, LeaderFinder finder) {
        this.loop = loop;
        this.config = config;
        this.finder = finder;
    }

    /** Reads them; a store that does not answer within failoverTimeout does without, whatever becomes of its answer. Any thread. */
    void read() {
        NodeStore store = config.store();
        if (store == null) {
            loop.execute(() -> take(List.of()));
            return;
        }
        patience =
                loop.schedule(() -> take(List.of()), config.times().failover().toNanos(), TimeUnit.NANOSECONDS);
        DriverThreads.workers()
                .execute(() -> stored(config, store)
                        .onErrorResume(error -> {
                            ClusterLog.warn(
                                    "The node store of '{}' cannot be read: {}", config.database(), error.toString());
                            return Mono.just(List.of());
                        })
                        .subscribe(nodes -> EventLoops.giveUp(loop, () -> take(nodes))));
    }

    /** The nodes of a store; none if it names none, an error if it fails or does not answer within failoverTimeout. */
    public static Mono<List<ClusterNode>> stored(ClusterConfig config, NodeStore store) {
        return answer(store::nodes).timeout(config.times().failover()).defaultIfEmpty(List.of());
    }

    /** A store is a program's: what it throws, which may be an error that Reactor throws on, is its answer. */
    private static <T> Mono<T> answer(Supplier<Mono<T>> call) {
        return Mono.defer(() -> {
            try {
                return call.get();
            } catch (Throwable e) {
                return Mono.error(Errors.signal(e));
            }
        });
    }

    /** Goes on with these beside those of the URL; or with those alone if there is no memory for others. */
    private void take(List<ClusterNode> nodes) {
        Future<?> timer = patience;
        if (timer != null) {
            timer.cancel(false);
        }
        try {
            finder.seeds(reachable(nodes));
        } catch (Throwable e) {
            ClusterLog.warn("The node store of '{}' cannot be used: {}", config.database(), e);
        }
        read = true;
        waiting.forEach(EventLoops::run);
        waiting.clear();
    }

    private List<NodeAddress> reachable(List<ClusterNode> nodes) {
        Set<NodeAddress> all = new LinkedHashSet<>(config.seeds());
        for (ClusterNode node : nodes) {
            try {
                all.add(finder.reachable(NodeAddress.parse(node.address())));
            } catch (Throwable e) {
                ClusterLog.warn(
                        "The node store of '{}' names a node that cannot be dialled: {}",
                        config.database(),
                        String.valueOf(e.getMessage()));
            }
        }
        return List.copyOf(all);
    }

    /** Takes the next step of a request when they are known. */
    void whenRead(Exchange<?> exchange, Runnable step) {
        if (read) {
            step.run();
        } else {
            waiting.put(exchange, step);
        }
    }

    /** Hands the nodes that there are to the store, if it is to be written. */
    void keep(List<Reply.Node> nodes) {
        NodeStore store = config.store();
        if (store == null || !config.writesStore()) {
            return;
        }
        List<ClusterNode> known = nodes.stream()
                .map(node -> new ClusterNode(node.id(), node.address(), NodeRole.of(node.role())))
                .toList();
        Executor workers = DriverThreads.workers();
        workers.execute(() -> answer(() -> store.update(known))
                .subscribe(
                        done -> {},
                        error -> ClusterLog.warn(
                                "The nodes of '{}' cannot be written to the node store: {}",
                                config.database(),
                                error.toString())));
    }
}
