package com.decentdb.r2dbc.cluster.database;

import com.decentdb.r2dbc.cluster.ClusterConfig;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.dump.Dumps;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.Topology;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.line.ReaderLines;
import com.decentdb.r2dbc.cluster.line.ServerFeatures;
import com.decentdb.r2dbc.cluster.meter.Census;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import com.decentdb.r2dbc.cluster.watch.Watches;
import com.decentdb.r2dbc.cluster.write.Attempts;
import com.decentdb.r2dbc.cluster.write.Committer;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.cluster.write.WriterLine;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.transport.Session;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** All that the sessions of one factory share. Confined to the loop, but for what says otherwise. */
public final class ClusterDatabase implements LeaderFinder.Listener {

    private static final long COUNT_MILLIS = 1_000;

    private final ClusterConfig config;
    private final String name;
    private final Supplier<Mono<Session>> sessions;
    private final EventLoops.Use use;
    private final Dialer dialer;
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
    private volatile @Nullable String leader;
    private int openSessions;
    private final SharedLine first;
    private final SharedLine informed;
    private final NodeSeeds seeds;
    private int pinned;

    /**
     * Creates it; connects nowhere yet.
     *
     * @param name for users
     * @param sessions opens sessions on it
     */
    public static ClusterDatabase open(ClusterConfig config, String name, Supplier<Mono<Session>> sessions) {
        EventLoops.Use use = EventLoops.acquire();
        ClusterMeters meters = ClusterMeters.NONE;
        ClusterDatabase database;
        try {
            meters = ClusterMeters.of(config.database());
            database = new ClusterDatabase(config, name, sessions, use, meters);
        } catch (Throwable e) {
            meters.close();
            use.release().run();
            throw e;
        }
        try {
            database.seeds.read();
            return database;
        } catch (Throwable e) {
            database.close();
            throw e;
        }
    }

    private ClusterDatabase(
            ClusterConfig config,
            String name,
            Supplier<Mono<Session>> sessions,
            EventLoops.Use use,
            ClusterMeters meters) {
        this.config = config;
        this.name = name;
        this.sessions = sessions;
        this.use = use;
        this.meters = meters;
        ClusterConfig.Parts parts = config.parts(use.loop(), this);
        ClusterConfig.Times times = config.times();
        this.dialer = parts.dialer();
        this.finder = parts.finder();
        this.seeds = new NodeSeeds(use.loop(), config, finder);
        this.topology = new Topology(use.loop(), dialer, finder, times.probe(), times.topologyRefresh(), seeds::keep);
        this.opener = new LineOpener(use.loop(), dialer, finder, config.lines(), meters);
        this.readers = new ReaderLines(opener, config.maxReaders(), times.validateAfterIdle());
        this.first = new SharedLine(opener, readers::add);
        this.informed = new SharedLine(opener, readers::add);
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
                dialer,
                new Dumps.Settings(config.database(), times.failover(), times.connect(), times.statement()),
                readers::add);
        this.counting = meters.shows()
                ? use.loop().scheduleAtFixedRate(this::count, 0, COUNT_MILLIS, TimeUnit.MILLISECONDS)
                : null;
        this.hide = meters.show(() -> census);
    }

    /** Any thread asks the meters, and the loop alone knows the numbers that they show. */
    private void count() {
        census = new Census(openSessions, committer.waitingWrites(), opener.census());
    }

    public EventLoop loop() {
        return use.loop();
    }

    public ClusterConfig config() {
        return config;
    }

    /** The database as users know it; any thread. */
    public String name() {
        return name;
    }

    /** Another session; any thread. */
    public Mono<Session> sessions() {
        return sessions.get();
    }

    public LineOpener opener() {
        return opener;
    }

    public ReaderLines readers() {
        return readers;
    }

    public WriterLine writer() {
        return writer;
    }

    public WriteLease lease() {
        return lease;
    }

    public Committer committer() {
        return committer;
    }

    public Attempts attempts() {
        return new Attempts(use.loop(), finder, config.times().failover());
    }

    /** Writes of this factory were committed. */
    public void committed(List<WriteStep> writes) {
        if (writes.stream().anyMatch(WriteStep::schema)) {
            readers.schemaChanged();
        }
        watches.committed(writes);
    }

    public Watches watches() {
        return watches;
    }

    public ClusterMeters meters() {
        return meters;
    }

    public Dumps dumps() {
        return dumps;
    }

    /** The address of the latest leader, null if none was found yet; any thread. */
    public @Nullable String leader() {
        return leader;
    }

    /** The features of the latest leader as far as they are known; any thread. */
    public ServerFeatures features() {
        return opener.features();
    }

    /** Finds out the features of the leader, unless they are known. */
    public Mono<ServerFeatures> learnFeatures(Executor delivery) {
        return Mono.defer(() -> opener.knowsFeatures()
                ? Mono.just(opener.features())
                : Exchange.mono(
                        delivery,
                        exchange -> EventLoops.forRequest(loop(), exchange, () -> {
                            opener.askForFeatures();
                            informed.open(exchange, () -> exchange.answer(opener.features()));
                        })));
    }

    /** Answers with a session when there is a leader with the database open, so that a wrong URL shows at once; any thread. */
    public void ready(Exchange<Session> exchange, Supplier<Session> session) {
        EventLoops.forRequest(loop(), exchange, () -> seeds.whenRead(exchange, () -> findLeader(exchange, session)));
    }

    private void findLeader(Exchange<Session> exchange, Supplier<Session> session) {
        Runnable connected = () -> {
            Session made = session.get();
            openSessions++;
            exchange.answer(made);
        };
        if (finder.current() == null || !opener.hasOpened()) {
            // One line is opened for all sessions that wait for the first one.
            first.open(exchange, connected);
        } else if (exchange.start()) {
            connected.run();
        }
    }

    /** A session has been closed: what it left in the queue is dropped. */
    public void sessionClosed() {
        openSessions--;
        committer.dropClosed();
    }

    /** Asks the leader whether it leads, on a connection of its own, and where it does not any more the next one; any thread. */
    public void ping(Duration patience, Exchange<Boolean> exchange) {
        long deadline = Deadlines.after(patience);
        EventLoops.forRequest(loop(), exchange, () -> {
            if (exchange.start()) {
                ping(deadline, exchange);
            }
        });
    }

    private void ping(long deadline, Exchange<Boolean> exchange) {
        Duration left = Duration.ofNanos(deadline - System.nanoTime());
        if (left.isNegative() || left.isZero()) {
            exchange.answer(false);
            return;
        }
        Runnable giveUp = opener.open(left, new LineOpener.Opened() {
            @Override
            public void opened(Line line) {
                opener.check(
                        line,
                        () -> {
                            readers.add(line);
                            exchange.answer(true);
                        },
                        () -> pingNext(deadline, exchange));
            }

            @Override
            public void failed(R2dbcException error) {
                exchange.answer(false);
            }
        });
        exchange.onCancel(() -> loop().execute(giveUp));
    }

    private void pingNext(long deadline, Exchange<Boolean> exchange) {
        try {
            ping(deadline, exchange);
        } catch (Throwable e) {
            exchange.answer(false);
        }
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
        leader = change.to().address().toString();
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

    /** Closes everything; any thread. */
    public void close() {
        try {
            loop().execute(this::closeNow);
        } catch (Throwable e) {
            end();
            throw e;
        }
    }

    private void closeNow() {
        try {
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
        } finally {
            end();
        }
    }

    /** Ends each thing that would outlive the database, whatever happened to the one before. */
    private void end() {
        try {
            meters.close();
        } finally {
            try {
                dialer.close();
            } finally {
                use.release().run();
            }
        }
    }
}
