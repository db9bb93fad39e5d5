package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.api.cluster.ChangeLogLimits;
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
import com.decentdb.r2dbc.cluster.database.NodeSeeds;
import com.decentdb.r2dbc.cluster.dump.DumpCall;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import com.decentdb.r2dbc.delivery.Spread;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.transport.Errors;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Administers a cluster with connections of its own, one for each call. */
public final class DefaultClusterAdmin implements ClusterAdmin, LeaderFinder.Listener {

    private static final Duration FOR_EVER = Duration.ofMillis(Long.MAX_VALUE);

    /** Pieces of a dump that wait for a slow subscriber. */
    private static final int CHUNKS_AHEAD = 4;

    /** All that calls need of Netty. */
    private record Means(EventLoops.Use use, NodeCall.Ways ways, LeaderWatch watch) {}

    private final ClusterConfig config;
    /** Brings tasks to the loop in their order. */
    private final Executor entry = DriverThreads.newSerial();

    private final Scheduler signals = Schedulers.fromExecutor(DriverThreads.workers());
    private final DatabaseCalls database;
    private final Mono<Boolean> seeded;
    /** The actions that close each call that is under way; confined to the loop. */
    private final Set<Runnable> calls = new LinkedHashSet<>();

    /** Made with the first call. */
    private volatile @Nullable Means means;

    private volatile boolean closed;

    /**
     * An administration that connects with its first call.
     *
     * @param database makes the calls that are SQL
     */
    public DefaultClusterAdmin(ClusterConfig config, DatabaseCalls database) {
        this.config = config;
        this.database = database;
        this.seeded = seeds().cache(known -> FOR_EVER, error -> Duration.ZERO, () -> Duration.ZERO);
    }

    @Override
    public Mono<ClusterNode> leader() {
        return onLeader(listed("the question for the leader"))
                .flatMap(nodes -> Mono.create(sink -> onLoop(sink::error, used -> {
                    LeaderFinder.Leader leader = used.ways.finder().current();
                    for (Reply.Node node : nodes) {
                        if (leader != null && isAt(used, node, leader.address())) {
                            sink.success(node(node));
                            return;
                        }
                    }
                    sink.error(Errors.of("08001", "The leader changed while it was asked", null));
                })));
    }

    @Override
    public Flux<ClusterNode> members() {
        return Spread.of(onLeader(listed("the question for the members"))).map(DefaultClusterAdmin::node);
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
        // The request is sent later, but a wrong name is to be refused now.
        var unused = Requests.dump(database);
        Flux<DumpChunk> chunks = Flux.create(sink -> onLoop(sink::error, used -> {
            LeaderFinder.Leader leader = used.ways.finder().current();
            if (leader == null) {
                sink.error(Errors.of("08001", "The leader was lost before it was asked for a dump", null));
                return;
            }
            DumpCall call = new DumpCall(leader.address(), database, used.ways.answer(), sink);
            sink.onDispose(kept(() -> call.close(AdminErrors.closed()), call::cancel));
            call.begin(used.ways.dialer(), used.ways.connect());
        }));
        return onLeader(listed("the question for the members")).thenMany(chunks).publishOn(signals, CHUNKS_AHEAD);
    }

    @Override
    public Flux<LeaderChange> leaderChanges() {
        return seeded.thenMany(Flux.<LeaderChange>create(
                        sink -> {
                            sink.onDispose(() -> onLoopAnyway(used -> used.watch.remove(sink)));
                            onLoop(sink::error, used -> used.watch.add(sink));
                        },
                        FluxSink.OverflowStrategy.LATEST))
                .publishOn(signals, 1);
    }

    @Override
    public Flux<UnreadableValue> findUnreadable(String table) {
        return Flux.defer(() -> closed ? Flux.error(AdminErrors.closed()) : database.findUnreadable(table));
    }

    @Override
    public Mono<Void> enableChangeLog(String table) {
        return change(() -> database.enableChangeLog(table, null));
    }

    @Override
    public Mono<Void> enableChangeLog(String table, ChangeLogLimits limits) {
        Objects.requireNonNull(limits, "limits");
        return change(() -> database.enableChangeLog(table, limits));
    }

    @Override
    public Mono<Void> disableChangeLog(String table) {
        return change(() -> database.disableChangeLog(table));
    }

    private Mono<Void> change(Supplier<Mono<Void>> call) {
        return Mono.defer(() -> closed ? Mono.error(AdminErrors.closed()) : call.get());
    }

    @Override
    public Mono<Void> close() {
        return Mono.create(sink -> entry.execute(() -> {
            Means used = means;
            if (closed || used == null) {
                closed = true;
                sink.success();
                return;
            }
            used.use.loop().execute(() -> {
                if (!closed) {
                    closed = true;
                    used.watch.close();
                    List.copyOf(calls).forEach(Runnable::run);
                    used.ways.finder().close();
                    used.ways.dialer().close();
                    used.use.release().run();
                }
                sink.success();
            });
        }));
    }

    @Override
    public void changed(LeaderFinder.Change change) {
        Means used = means;
        if (used != null) {
            used.watch.changed(change);
        }
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
        return Mono.<T>create(sink -> onLoop(sink::error, used -> {
                    NodeCall<T> call = new NodeCall<>(used.ways, named, request, sink);
                    sink.onDispose(kept(call::close, call::cancel));
                    call.begin();
                }))
                .publishOn(signals);
    }

    /** Keeps what closes a call until it is over; returns what ends it for its subscriber. */
    private Disposable kept(Runnable close, Runnable cancel) {
        calls.add(close);
        return () -> onLoopAnyway(used -> {
            calls.remove(close);
            cancel.run();
        });
    }

    /** Netty's classes read files as they start, and need much of the stack: both are had on a worker. */
    private Means means() {
        Means made = means;
        if (made == null) {
            EventLoops.Use use = EventLoops.acquire();
            try {
                made = means(use);
            } catch (Throwable e) {
                use.release().run();
                throw e;
            }
            means = made;
        }
        return made;
    }

    private Means means(EventLoops.Use use) {
        ClusterConfig.Parts parts = config.parts(use.loop(), this);
        ClusterConfig.Times times = config.times();
        NodeCall.Ways ways = new NodeCall.Ways(
                use.loop(), parts.finder(), parts.dialer(), times.failover(), times.connect(), times.statement());
        return new Means(use, ways, new LeaderWatch(ways, times.probe()));
    }

    private void onLoopAnyway(Consumer<Means> task) {
        entry.execute(() -> {
            Means used = means;
            if (used != null) {
                // With a loop that has ended all connections were closed.
                EventLoops.giveUp(used.use.loop(), () -> task.accept(used));
            }
        });
    }

    private void onLoop(Consumer<Throwable> refusal, Consumer<Means> task) {
        entry.execute(() -> {
            try {
                if (closed) {
                    throw AdminErrors.closed();
                }
                Means used = means();
                used.use.loop().execute(() -> {
                    try {
                        if (closed) {
                            throw AdminErrors.closed();
                        }
                        task.accept(used);
                    } catch (Throwable e) {
                        refusal.accept(e);
                    }
                });
            } catch (RejectedExecutionException e) {
                refusal.accept(AdminErrors.closed());
            } catch (Throwable e) {
                refusal.accept(e);
            }
        });
    }

    /** The nodes of the store join those of the URL before the first search. */
    private Mono<Boolean> seeds() {
        NodeStore store = config.store();
        if (store == null) {
            return Mono.just(true);
        }
        return NodeSeeds.stored(config, store)
                .onErrorMap(error ->
                        Errors.of("08001", "The node store cannot be read: " + error.getMessage(), 0, null, error))
                .flatMap(nodes -> Mono.create(sink -> onLoop(sink::error, used -> {
                    Set<NodeAddress> all = new LinkedHashSet<>(config.seeds());
                    nodes.forEach(node -> all.add(used.ways.finder().reachable(NodeAddress.parse(node.address()))));
                    used.ways.finder().seeds(List.copyOf(all));
                    sink.success(true);
                })));
    }

    private static boolean isAt(Means used, Reply.Node node, NodeAddress address) {
        try {
            return used.ways
                    .finder()
                    .reachable(NodeAddress.parse(node.address()))
                    .equals(address);
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
