package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.ClusterNode;
import com.decentdb.r2dbc.api.cluster.DumpChunk;
import com.decentdb.r2dbc.api.cluster.LeaderChange;
import com.decentdb.r2dbc.api.cluster.NodeDescription;
import com.decentdb.r2dbc.api.cluster.NodeRole;
import com.decentdb.r2dbc.api.cluster.NodeStore;
import com.decentdb.r2dbc.api.cluster.UnreadableValue;
import com.decentdb.r2dbc.cluster.ClusterConfig;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import com.decentdb.r2dbc.delivery.DriverThreads;
import com.decentdb.r2dbc.transport.Errors;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Administers a cluster with connections of its own, one for each call. */
public final class DefaultClusterAdmin implements ClusterAdmin, LeaderFinder.Listener {

    /** Pieces of a dump that wait for a slow subscriber. */
    private static final int CHUNKS_AHEAD = 4;

    private final ClusterConfig config;
    private final EventLoops.Use use;
    private final NodeCall.Ways ways;
    private final LeaderWatch watch;
    private final Scheduler signals = Schedulers.fromExecutor(DriverThreads.workers());
    private final Function<String, Flux<UnreadableValue>> unreadable;
    private final Mono<Boolean> seeded;
    /** The actions that close each call that is under way; confined to the loop. */
    private final Set<Runnable> calls = new LinkedHashSet<>();

    private volatile boolean closed;

    /** @param unreadable finds the unreadable values of a table of the database, over sessions */
    public DefaultClusterAdmin(ClusterConfig config, Function<String, Flux<UnreadableValue>> unreadable) {
        this.config = config;
        this.unreadable = unreadable;
        this.use = EventLoops.acquire();
        ClusterConfig.Parts parts = config.parts(use.loop(), this);
        ClusterConfig.Times times = config.times();
        this.ways = new NodeCall.Ways(
                use.loop(), parts.finder(), parts.dialer(), times.failover(), times.connect(), times.statement());
        this.watch = new LeaderWatch(ways, times.probe());
        this.seeded = seeds().cache();
    }

    @Override
    public Mono<ClusterNode> leader() {
        return onLeader(listed("the question for the leader"))
                .flatMap(nodes -> Mono.create(sink -> onLoop(sink::error, () -> {
                    LeaderFinder.Leader leader = ways.finder().current();
                    for (Reply.Node node : nodes) {
                        if (leader != null && isAt(node, leader.address())) {
                            sink.success(node(node));
                            return;
                        }
                    }
                    sink.error(Errors.of("08001", "The leader changed while it was asked", null));
                })));
    }

    @Override
    public Flux<ClusterNode> members() {
        return onLeader(listed("the question for the members"))
                .flatMapIterable(nodes -> nodes)
                .map(DefaultClusterAdmin::node);
    }

    @Override
    public Mono<Void> add(long id, String address) {
        requireId(id);
        NodeAddress checked = NodeAddress.parse(address);
        return onLeader(NodeRequest.change(
                        "adding " + name(id) + " at " + checked, Requests.add(id, checked.toString())))
                .then();
    }

    @Override
    public Mono<Void> assign(long id, NodeRole role) {
        requireId(id);
        return onLeader(NodeRequest.change("making " + name(id) + " a " + role, Requests.assign(id, role.number())))
                .then();
    }

    @Override
    public Mono<Void> remove(long id) {
        requireId(id);
        return onLeader(NodeRequest.change("removing " + name(id), Requests.remove(id)))
                .then();
    }

    @Override
    public Mono<Void> transferLeadership(long id) {
        requireId(id);
        return transferTo(id, "handing leadership to " + name(id));
    }

    @Override
    public Mono<Void> transferLeadership() {
        return transferTo(0, "handing leadership over");
    }

    private Mono<Void> transferTo(long id, String name) {
        return onLeader(NodeRequest.change(name, Requests.transfer(id))).then();
    }

    @Override
    public Mono<NodeDescription> describe(String address) {
        return call(
                NodeAddress.parse(address),
                new NodeRequest<>(
                        "the question for its weight",
                        Requests.describe(),
                        false,
                        reply -> reply instanceof Reply.Metadata rated
                                ? new NodeDescription(rated.failureDomain(), rated.weight())
                                : null));
    }

    @Override
    public Mono<Void> setWeight(String address, long weight) {
        return call(NodeAddress.parse(address), NodeRequest.change("a weight", Requests.weight(weight)))
                .then();
    }

    @Override
    public Flux<DumpChunk> dump(String database) {
        if (database.isEmpty()) {
            throw new IllegalArgumentException("A database of a cluster has a name");
        }
        Flux<DumpChunk> chunks = Flux.create(sink -> onLoop(sink::error, () -> {
            LeaderFinder.Leader leader = ways.finder().current();
            if (leader == null) {
                sink.error(Errors.of("08001", "The leader was lost before it was asked for a dump", null));
                return;
            }
            DumpCall call = new DumpCall(leader.address(), database, ways.answer(), sink);
            sink.onDispose(kept(call::close, call::cancel));
            call.begin(ways.dialer(), ways.connect());
        }));
        return onLeader(listed("the question for the members")).thenMany(chunks).publishOn(signals, CHUNKS_AHEAD);
    }

    @Override
    public Flux<LeaderChange> leaderChanges() {
        return seeded.thenMany(Flux.<LeaderChange>create(
                        sink -> {
                            sink.onDispose(() -> onLoopAnyway(() -> watch.remove(sink)));
                            onLoop(sink::error, () -> watch.add(sink));
                        },
                        FluxSink.OverflowStrategy.LATEST))
                .publishOn(signals, 1);
    }

    @Override
    public Flux<UnreadableValue> findUnreadable(String table) {
        return Flux.defer(() -> closed ? Flux.error(AdminErrors.closed()) : unreadable.apply(table));
    }

    @Override
    public Mono<Void> close() {
        return Mono.create(sink -> {
            if (closed) {
                sink.success();
                return;
            }
            onLoop(error -> sink.success(), () -> {
                if (!closed) {
                    closed = true;
                    watch.close();
                    List.copyOf(calls).forEach(Runnable::run);
                    ways.finder().close();
                    use.release().run();
                }
                sink.success();
            });
        });
    }

    @Override
    public void changed(LeaderFinder.Change change) {
        watch.changed(change);
    }

    @Override
    public void confirmed(LeaderFinder.Leader leader) {
        // The members are asked for when somebody wants to know them.
    }

    /** The members, as the leader lists them. */
    private static NodeRequest<List<Reply.Node>> listed(String name) {
        return new NodeRequest<>(
                name, Requests.cluster(), false, reply -> reply instanceof Reply.Nodes listed ? listed.nodes() : null);
    }

    private <T> Mono<T> onLeader(NodeRequest<T> request) {
        return seeded.then(call(null, request));
    }

    private <T> Mono<T> call(@Nullable NodeAddress named, NodeRequest<T> request) {
        return Mono.<T>create(sink -> onLoop(sink::error, () -> {
                    NodeCall<T> call = new NodeCall<>(ways, named, request, sink);
                    sink.onDispose(kept(call::close, call::cancel));
                    call.begin();
                }))
                .publishOn(signals);
    }

    /** Keeps what closes a call until it is over; returns what ends it for its subscriber. */
    private Disposable kept(Runnable close, Runnable cancel) {
        calls.add(close);
        return () -> onLoopAnyway(() -> {
            calls.remove(close);
            cancel.run();
        });
    }

    private void onLoopAnyway(Runnable task) {
        try {
            use.loop().execute(task);
        } catch (RejectedExecutionException e) {
            // The loop has ended, and with it all connections.
            return;
        }
    }

    private interface Refusal {
        void accept(Throwable error);
    }

    private void onLoop(Refusal refusal, Runnable task) {
        try {
            use.loop().execute(() -> {
                if (closed) {
                    refusal.accept(AdminErrors.closed());
                } else {
                    task.run();
                }
            });
        } catch (RejectedExecutionException e) {
            refusal.accept(AdminErrors.closed());
        }
    }

    /** The nodes of the store join those of the URL before the first search. */
    private Mono<Boolean> seeds() {
        NodeStore store = config.store();
        if (store == null) {
            return Mono.just(true);
        }
        return store.nodes()
                .onErrorMap(error ->
                        Errors.of("08001", "The node store cannot be read: " + error.getMessage(), 0, null, error))
                .map(nodes -> {
                    Set<NodeAddress> all = new LinkedHashSet<>(config.seeds());
                    nodes.forEach(node -> all.add(ways.finder().reachable(NodeAddress.parse(node.address()))));
                    use.loop().execute(() -> ways.finder().seeds(List.copyOf(all)));
                    return true;
                });
    }

    private boolean isAt(Reply.Node node, NodeAddress address) {
        try {
            return ways.finder().reachable(NodeAddress.parse(node.address())).equals(address);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static ClusterNode node(Reply.Node node) {
        return new ClusterNode(node.id(), node.address(), NodeRole.of(node.role()));
    }

    private static String name(long id) {
        return "node " + Long.toUnsignedString(id);
    }

    private static void requireId(long id) {
        if (id == 0) {
            throw new IllegalArgumentException("No node has the id 0");
        }
    }

    @Override
    public String toString() {
        return "ClusterAdmin[" + config + "]";
    }
}
