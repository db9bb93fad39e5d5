package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.api.cluster.LeaderChange;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.leader.Probe;
import com.decentdb.r2dbc.cluster.wire.Reply;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.FluxSink;

/** Asks the leader from time to time whether it still leads, as long as somebody wants to know. Confined to the loop. */
final class LeaderWatch implements LeaderFinder.Seeker, Probe.Listener {

    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final long NOBODY = 0;

    private final NodeCall.Ways ways;
    private final Duration probeTimeout;
    /** The subscribers, each with the epoch it knows. */
    private final Map<FluxSink<LeaderChange>, Long> sinks = new LinkedHashMap<>();

    private LeaderFinder.@Nullable Change last;
    private LeaderFinder.@Nullable Leader asked;
    private Runnable giveUp = () -> {};
    private @Nullable ScheduledFuture<?> next;

    LeaderWatch(NodeCall.Ways ways, Duration probeTimeout) {
        this.ways = ways;
        this.probeTimeout = probeTimeout;
    }

    void add(FluxSink<LeaderChange> sink) {
        sinks.put(sink, NOBODY);
        if (sinks.size() == 1) {
            seek();
        } else {
            report();
        }
    }

    void remove(FluxSink<LeaderChange> sink) {
        if (sinks.remove(sink) != null && sinks.isEmpty()) {
            stop();
        }
    }

    /** The finder found another leader, for whatever reason it had looked. */
    void changed(LeaderFinder.Change change) {
        last = change;
        report();
    }

    void close() {
        stop();
        Map<FluxSink<LeaderChange>, Long> all = Map.copyOf(sinks);
        sinks.clear();
        all.keySet().forEach(FluxSink::complete);
    }

    private void stop() {
        giveUp.run();
        giveUp = () -> {};
        ScheduledFuture<?> scheduled = next;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
    }

    private void seek() {
        if (!sinks.isEmpty()) {
            giveUp = ways.finder().find(ways.failover(), this);
        }
    }

    @Override
    public void found(LeaderFinder.Leader leader) {
        report();
        asked = leader;
        next = ways.loop().schedule(this::check, EVERY.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Nobody leads: the watch goes on, for it is there to see the next one. */
    @Override
    public void notFound(R2dbcException error) {
        next = ways.loop().schedule(this::seek, EVERY.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void check() {
        LeaderFinder.Leader leader = asked;
        if (leader == null || sinks.isEmpty()) {
            return;
        }
        Dialer dialer = ways.dialer();
        Probe probe = Probe.start(dialer, leader.address(), any -> true, probeTimeout.toNanos(), this);
        giveUp = probe::cancel;
    }

    @Override
    public void answered(Reply.Leader named, NodeChannel channel) {
        channel.close();
        LeaderFinder.Leader leader = asked;
        if (leader != null && !names(named, leader)) {
            ways.finder().doubt(leader.epoch(), "it names '" + named.address() + "'");
        }
        seek();
    }

    @Override
    public void failed(String why) {
        LeaderFinder.Leader leader = asked;
        if (leader != null) {
            ways.finder().doubt(leader.epoch(), why);
        }
        seek();
    }

    private boolean names(Reply.Leader named, LeaderFinder.Leader leader) {
        try {
            return ways.finder().reachable(NodeAddress.parse(named.address())).equals(leader.address());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private void report() {
        LeaderFinder.Change change = last;
        if (change == null) {
            return;
        }
        long epoch = change.to().epoch();
        for (Map.Entry<FluxSink<LeaderChange>, Long> subscriber : sinks.entrySet()) {
            if (subscriber.getValue() < epoch) {
                boolean first = subscriber.getValue() == NOBODY;
                NodeAddress from = change.from();
                subscriber.setValue(epoch);
                subscriber
                        .getKey()
                        .next(new LeaderChange(
                                epoch,
                                first || from == null ? null : from.toString(),
                                change.to().address().toString(),
                                first ? Duration.ZERO : change.leaderless()));
            }
        }
    }
}
