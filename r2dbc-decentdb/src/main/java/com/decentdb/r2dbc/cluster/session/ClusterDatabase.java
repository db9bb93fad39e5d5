package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.api.cluster.ClusterNode;
import com.decentdb.r2dbc.api.cluster.NodeRole;
import com.decentdb.r2dbc.api.cluster.NodeStore;
import com.decentdb.r2dbc.cluster.ClusterConfig;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.dump.Dumps;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.leader.Topology;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.line.ReaderLines;
import com.decentdb.r2dbc.cluster.line.ServerFeatures;
import com.decentdb.r2dbc.cluster.meter.Census;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import com.decentdb.r2dbc.cluster.watch.Watches;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.write.Attempts;
import com.decentdb.r2dbc.cluster.write.Committer;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.cluster.write.WriterLine;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.Logger;
import reactor.util.Loggers;

/** All that the sessions of one factory share. Confined to the loop, but for what says otherwise. */
public final class ClusterDatabase implements LeaderFinder.Listener {

    private static final Logger LOG = Loggers.getLogger("com.decentdb.r2dbc.cluster");

    private static final long COUNT_MILLIS = 1_000;

    private final ClusterConfig config;
    private final String name;
    private final Supplier<Mono<Session>> sessions;
    private final EventLoops.Use use;
    private final LeaderFinder finder;
    private final Topology topology;
    private final LineOpener opener;
    private final ReaderLines readers;
    private final WriterLine writer;
    private final WriteLease lease = new WriteLease("another client of the cluster holds");
    private final Committer committer;
    private final Watches watches;
    private final Dumps dumps;
    private final ClusterMeters meters;
    private final Runnable hide;
    private final @Nullable ScheduledFuture<?> counting;
    private volatile Census census = Census.EMPTY;
    private int openSessions;
    private final Set<Connecting> whenConnected = new LinkedHashSet<>();
    private Runnable giveUpConnecting = () -> {};
    private int pinned;
    private boolean seeded;
    private List<Runnable> whenSeeded = new ArrayList<>();

    /**
     * Creates it; connects nowhere yet.
     *
     * @param name for users
     * @param sessions opens sessions on it
     */
    public ClusterDatabase(ClusterConfig config, String name, Supplier<Mono<Session>> sessions) {
        this.config = config;
        this.name = name;
        this.sessions = sessions;
        this.use = EventLoops.acquire();
        this.meters = ClusterMeters.of(config.database());
        ClusterConfig.Parts parts = config.parts(use.loop(), this);
        ClusterConfig.Times times = config.times();
        this.finder = parts.finder();
        this.topology = new Topology(
                use.loop(), parts.dialer(), finder, times.probe(), times.topologyRefresh(), this::keepNodes);
        this.opener = new LineOpener(use.loop(), parts.dialer(), finder, config.lines(), meters);
        this.readers = new ReaderLines(opener, config.maxReaders(), times.validateAfterIdle());
        this.writer = new WriterLine(opener, times.validateAfterIdle());
        this.committer = new Committer(
                new Committer.Context(
                        use.loop(),
                        finder,
                        lease,
                        writer,
                        times.failover(),
                        config.groupCommit(),
                        this::committed,
                        meters),
                config.maxPendingWrites());
        this.watches = new Watches(use.loop(), opener, this::attempts, times.watchInterval());
        this.dumps = new Dumps(
                use.loop(),
                opener,
                finder,
                parts.dialer(),
                new Dumps.Settings(config.database(), times.failover(), times.connect(), times.statement()),
                readers::add);
        this.hide = meters.show(() -> census);
        this.counting = meters.shows()
                ? use.loop().scheduleAtFixedRate(this::count, 0, COUNT_MILLIS, TimeUnit.MILLISECONDS)
                : null;
        readNodes();
    }

    /** Any thread asks the meters, and the loop alone knows the numbers that they show. */
    private void count() {
        census = new Census(openSessions, committer.waitingWrites(), opener.census());
    }

    EventLoop loop() {
        return use.loop();
    }

    ClusterConfig config() {
        return config;
    }

    /** The database as users know it; any thread. */
    String name() {
        return name;
    }

    /** Another session; any thread. */
    Mono<Session> sessions() {
        return sessions.get();
    }

    LineOpener opener() {
        return opener;
    }

    ReaderLines readers() {
        return readers;
    }

    WriterLine writer() {
        return writer;
    }

    WriteLease lease() {
        return lease;
    }

    Committer committer() {
        return committer;
    }

    Attempts attempts() {
        return new Attempts(use.loop(), finder, config.times().failover());
    }

    /** Writes of this factory were committed. */
    void committed(List<WriteStep> writes) {
        if (writes.stream().anyMatch(WriteStep::schema)) {
            readers.schemaChanged();
        }
        watches.committed(writes);
    }

    Watches watches() {
        return watches;
    }

    ClusterMeters meters() {
        return meters;
    }

    Dumps dumps() {
        return dumps;
    }

    /** The features of the latest leader; any thread, once a session was opened. */
    ServerFeatures features() {
        ServerFeatures known = opener.features();
        if (known == null) {
            throw Errors.of("08003", "The database was not opened", null);
        }
        return known;
    }

    /** Answers with a session when there is a leader with the database open, so that a wrong URL shows at once; any thread. */
    public void ready(Exchange<Session> exchange, Supplier<Session> session) {
        loop().execute(() -> {
            if (seeded) {
                findLeader(exchange, session);
            } else {
                whenSeeded.add(() -> findLeader(exchange, session));
            }
        });
    }

    private void findLeader(Exchange<Session> exchange, Supplier<Session> session) {
        Runnable connected = () -> {
            if (exchange.start()) {
                openSessions++;
                exchange.answer(session.get());
            }
        };
        if (finder.current() != null && opener.features() != null) {
            connected.run();
            return;
        }
        Connecting connecting = new Connecting(connected, error -> exchange.fail(error));
        whenConnected.add(connecting);
        exchange.onCancel(() -> loop().execute(() -> forget(connecting)));
        if (whenConnected.size() == 1) {
            giveUpConnecting = opener.open(firstLine());
        }
    }

    /** One line is opened for all sessions that wait for the first one. */
    private LineOpener.Opened firstLine() {
        return new LineOpener.Opened() {
            @Override
            public void opened(Line line) {
                readers.add(line);
                takeConnecting().forEach(each -> each.connected().run());
            }

            @Override
            public void failed(R2dbcException error) {
                takeConnecting().forEach(each -> each.failed().accept(error));
            }
        };
    }

    private List<Connecting> takeConnecting() {
        List<Connecting> all = List.copyOf(whenConnected);
        whenConnected.clear();
        return all;
    }

    /** A session that was cancelled; the last one takes the search with it. */
    private void forget(Connecting connecting) {
        if (whenConnected.remove(connecting) && whenConnected.isEmpty()) {
            giveUpConnecting.run();
        }
    }

    /** A session that waits for the first line. */
    private record Connecting(Runnable connected, Consumer<R2dbcException> failed) {}

    /** A session has been closed: what it left in the queue is dropped. */
    void sessionClosed() {
        openSessions--;
        committer.dropClosed();
    }

    /** Asks the leader whether it leads, on a connection of its own; any thread. */
    void ping(Duration patience, Exchange<Boolean> exchange) {
        loop().execute(() -> {
            if (!exchange.start()) {
                return;
            }
            Runnable giveUp = opener.open(patience, new LineOpener.Opened() {
                @Override
                public void opened(Line line) {
                    opener.check(
                            line,
                            () -> {
                                readers.add(line);
                                exchange.answer(true);
                            },
                            () -> exchange.answer(false));
                }

                @Override
                public void failed(R2dbcException error) {
                    exchange.answer(false);
                }
            });
            exchange.onCancel(() -> loop().execute(giveUp));
        });
    }

    /** Counts a session with a line of its own; false if there are too many. */
    boolean pin() {
        if (pinned >= config.maxPinned()) {
            return false;
        }
        pinned++;
        return true;
    }

    void unpin() {
        pinned--;
    }

    @Override
    public void searched(Duration took, boolean found) {
        meters.searched(took.toNanos(), found);
    }

    @Override
    public void changed(LeaderFinder.Change change) {
        if (change.from() != null) {
            meters.leaderChanged();
        }
        readers.epoch(change.to().epoch());
        writer.epoch(change.to().epoch());
        watches.epoch(change.to().epoch());
    }

    @Override
    public void confirmed(LeaderFinder.Leader leader) {
        topology.refresh(leader);
    }

    /** The nodes that the store names, beside those of the URL. */
    private void readNodes() {
        NodeStore store = config.store();
        if (store == null) {
            loop().execute(() -> seed(List.of()));
            return;
        }
        DriverThreads.workers()
                .execute(() -> Mono.from(store.nodes()).subscribe(nodes -> loop().execute(() -> seed(nodes)), error -> {
                    LOG.warn("The node store of '{}' cannot be read: {}", config.database(), error.toString());
                    loop().execute(() -> seed(List.of()));
                }));
    }

    private void seed(List<ClusterNode> nodes) {
        Set<NodeAddress> all = new LinkedHashSet<>(config.seeds());
        for (ClusterNode node : nodes) {
            try {
                all.add(finder.reachable(NodeAddress.parse(node.address())));
            } catch (IllegalArgumentException e) {
                LOG.warn(
                        "The node store of '{}' names a node that cannot be dialled: {}",
                        config.database(),
                        e.getMessage());
            }
        }
        finder.seeds(List.copyOf(all));
        seeded = true;
        List<Runnable> waiting = whenSeeded;
        whenSeeded = new ArrayList<>();
        waiting.forEach(Runnable::run);
    }

    private void keepNodes(List<Reply.Node> nodes) {
        NodeStore store = config.store();
        if (store == null || !config.writesStore()) {
            return;
        }
        List<ClusterNode> known = nodes.stream()
                .map(node -> new ClusterNode(node.id(), node.address(), NodeRole.of(node.role())))
                .toList();
        DriverThreads.workers()
                .execute(() -> Mono.from(store.update(known))
                        .subscribe(
                                done -> {},
                                error -> LOG.warn(
                                        "The nodes of '{}' cannot be written to the node store: {}",
                                        config.database(),
                                        error.toString())));
    }

    /** Closes everything; any thread. */
    public void close() {
        loop().execute(() -> {
            finder.close();
            topology.close();
            committer.close();
            lease.close();
            readers.close();
            writer.close();
            watches.close();
            if (counting != null) {
                counting.cancel(false);
            }
            hide.run();
            meters.close();
            use.release().run();
        });
    }
}
