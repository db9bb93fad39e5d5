package com.decentdb.r2dbc.cluster.leader;

import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.meter.ClusterLog;
import com.decentdb.r2dbc.transport.Errors;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Knows the leader of a cluster, and looks for it when it is unknown or in doubt: one search at a time, for all that wait. Each
 * leader that is found has an epoch; channels of earlier epochs begin nothing new. Confined to the loop.
 */
public final class LeaderFinder {

    /** Waits for the leader; exactly one of the methods is called. */
    public interface Seeker {

        /** If this throws something, the other one is called nevertheless. */
        void found(Leader leader);

        void notFound(R2dbcException error);
    }

    /** A node that confirmed that it leads. */
    public record Leader(NodeAddress address, long epoch) {}

    /**
     * Another leader than before.
     *
     * @param from null if it is the first
     * @param leaderless how long the one before had been in doubt
     */
    public record Change(@Nullable NodeAddress from, Leader to, Duration leaderless) {}

    /** Learns of leaders. */
    public interface Listener {

        /** Another node leads. */
        void changed(Change change);

        /** A search confirmed a leader, the same or another one. */
        void confirmed(Leader leader);

        /** A search ended, since a leader was found or nobody waited any longer. */
        default void searched(Duration took, boolean found) {
            // Only meters want to know.
        }
    }

    /**
     * Where and how to look.
     *
     * @param database for messages
     */
    public record Settings(String database, AddressMap addresses, RedirectPolicy redirects, Duration probeTimeout) {}

    private final EventLoop loop;
    private final Dialer dialer;
    private final Settings settings;
    private final Listener listener;
    private final Set<Wait> waits = new LinkedHashSet<>();
    private List<NodeAddress> seeds = List.of();
    private List<NodeAddress> members = List.of();
    private @Nullable Leader leader;
    private @Nullable Search search;
    private @Nullable NodeChannel spare;
    private long searchBegan;
    private boolean inDoubt;
    private long inDoubtSince = System.nanoTime();
    private boolean closed;

    public LeaderFinder(EventLoop loop, Dialer dialer, Settings settings, Listener listener) {
        this.loop = loop;
        this.dialer = dialer;
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * Finds the leader.
     *
     * @param timeout after which the seeker gets an error that says what each node answered
     * @return gives up; then the seeker is not called any more
     */
    public Runnable find(Duration timeout, Seeker seeker) {
        Leader known = leader;
        if (closed) {
            seeker.notFound(Errors.of("08003", "The database is closed", null));
            return () -> {};
        }
        if (known != null && !inDoubt) {
            seeker.found(known);
            return () -> {};
        }
        Wait wait = new Wait(timeout, seeker);
        waits.add(wait);
        if (search == null) {
            searchBegan = System.nanoTime();
            try {
                Search begun = new Search(this);
                search = begun;
                begun.begin();
            } catch (Throwable e) {
                wait.cancel();
                throw e;
            }
        }
        return wait::cancel;
    }

    /** The leader, null if it is unknown or in doubt. */
    public @Nullable Leader current() {
        return inDoubt ? null : leader;
    }

    /** Something happened after which the leader of that epoch may not lead any more: the next one to ask starts a search. */
    public void doubt(long epoch, String why) {
        Leader known = leader;
        if (known != null && known.epoch() == epoch && !inDoubt) {
            inDoubt = true;
            inDoubtSince = System.nanoTime();
            dropSpare();
            ClusterLog.debug("The leader {} of '{}' is in doubt: {}", known.address(), settings.database(), why);
        }
    }

    /** The nodes that the user named, which may be asked whatever the policy says. */
    public void seeds(List<NodeAddress> named) {
        seeds = List.copyOf(named);
    }

    /** The nodes of the cluster as its leader lists them, voters first. */
    public void members(List<NodeAddress> known) {
        members = List.copyOf(known);
    }

    /** The nodes to ask: members, then seeds. */
    List<NodeAddress> candidates() {
        Set<NodeAddress> all = new LinkedHashSet<>(members);
        List<NodeAddress> shuffled = new ArrayList<>(seeds);
        Collections.shuffle(shuffled, ThreadLocalRandom.current());
        all.addAll(shuffled);
        return new ArrayList<>(all);
    }

    /** The connection on which the leader was found, once; null if it is used or closed. */
    public @Nullable NodeChannel takeSpare(Leader of) {
        NodeChannel found = spare;
        spare = null;
        return found != null && found.isIdle() && of.equals(leader) ? found : null;
    }

    private void dropSpare() {
        NodeChannel unused = spare;
        spare = null;
        if (unused != null) {
            unused.close();
        }
    }

    /** Refuses all that wait and will ask. */
    public void close() {
        closed = true;
        stopSearch();
        dropSpare();
        List<Wait> all = List.copyOf(waits);
        waits.clear();
        all.forEach(wait -> wait.end(Errors.of("08003", "The database is closed", null)));
    }

    EventLoop loop() {
        return loop;
    }

    @Nullable
    NodeAddress lastLeader() {
        Leader known = leader;
        return known == null ? null : known.address();
    }

    /** The address under which a node can be reached that advertises another one. */
    public NodeAddress reachable(NodeAddress advertised) {
        return settings.addresses().of(advertised);
    }

    boolean mayDial(NodeAddress address) {
        return seeds.contains(address) || settings.redirects().mayDial(address);
    }

    Probe probe(NodeAddress address, Probe.Listener asked) {
        Predicate<InetAddress> admitted = seeds.contains(address)
                ? resolved -> true
                : resolved -> settings.redirects().admits(address, resolved);
        ClusterLog.debug("Asking {} for the leader of '{}'", address, settings.database());
        return Probe.start(dialer, address, admitted, settings.probeTimeout().toNanos(), asked);
    }

    /** A node confirmed that it leads. */
    void confirmed(NodeAddress address, NodeChannel channel) {
        searched(true);
        stopSearch();
        dropSpare();
        spare = channel;
        Leader before = leader;
        inDoubt = false;
        long epoch = before == null ? 0 : before.epoch();
        boolean same = before != null && before.address().equals(address);
        Leader now = new Leader(address, same ? epoch : epoch + 1);
        leader = now;
        if (!same) {
            Duration leaderless = Duration.ofNanos(System.nanoTime() - inDoubtSince);
            NodeAddress from = before == null ? null : before.address();
            if (from != null) {
                ClusterLog.info(
                        "The leader of '{}' is {}, was {}; none for {} ms",
                        settings.database(),
                        address,
                        from,
                        leaderless.toMillis());
            }
            report(() -> listener.changed(new Change(from, now, leaderless)));
        }
        report(() -> listener.confirmed(now));
        List<Wait> served = List.copyOf(waits);
        waits.clear();
        served.forEach(wait -> wait.end(now));
    }

    /** Those that wait for the leader get it even if the listener fails. */
    private void report(Runnable report) {
        try {
            report.run();
        } catch (Throwable e) {
            ClusterLog.warn(
                    "A change of the leader of '{}' could not be dealt with: {}", settings.database(), e.toString());
        }
    }

    private void searched(boolean found) {
        if (search != null) {
            listener.searched(Duration.ofNanos(System.nanoTime() - searchBegan), found);
        }
    }

    private void stopSearch() {
        Search running = search;
        search = null;
        if (running != null) {
            running.stop();
        }
    }

    private final class Wait {

        private final Seeker seeker;
        private final Duration timeout;
        private final ScheduledFuture<?> timer;

        Wait(Duration timeout, Seeker seeker) {
            this.seeker = seeker;
            this.timeout = timeout;
            this.timer = loop.schedule(this::expire, timeout.toNanos(), TimeUnit.NANOSECONDS);
        }

        void end(Leader found) {
            timer.cancel(false);
            try {
                seeker.found(found);
            } catch (Throwable e) {
                seeker.notFound(Errors.map(e, null));
            }
        }

        void end(R2dbcException error) {
            timer.cancel(false);
            seeker.notFound(error);
        }

        void cancel() {
            if (waits.remove(this)) {
                timer.cancel(false);
                stopIfUnwanted();
            }
        }

        private void expire() {
            Search running = search;
            if (waits.remove(this)) {
                SearchReport report = running == null ? new SearchReport() : running.report();
                if (waits.isEmpty()) {
                    searched(false);
                }
                seeker.notFound(
                        report.error(settings.database(), timeout, !candidates().isEmpty()));
                stopIfUnwanted();
            }
        }

        /** Nobody waits: the search ends. */
        private void stopIfUnwanted() {
            if (waits.isEmpty()) {
                stopSearch();
            }
        }
    }
}
