package com.decentdb.r2dbc.cluster.leader;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Asks the leader for the nodes of the cluster: when it is found, and from time to time. Confined to the loop. */
public final class Topology {

    private static final long AFTER_OTHERS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final EventLoop loop;
    private final Dialer dialer;
    private final LeaderFinder finder;
    private final Duration probeTimeout;
    /** Zero for never. */
    private final Duration every;

    private final Consumer<List<Reply.Node>> store;
    private @Nullable ScheduledFuture<?> next;
    private boolean closed;

    /** @param store takes the nodes, to keep them */
    public Topology(
            EventLoop loop,
            Dialer dialer,
            LeaderFinder finder,
            Duration probeTimeout,
            Duration every,
            Consumer<List<Reply.Node>> store) {
        this.loop = loop;
        this.dialer = dialer;
        this.finder = finder;
        this.probeTimeout = probeTimeout;
        this.every = every;
        this.store = store;
    }

    /** Asks a leader that was found, after those that wait for it, and then from time to time. */
    public void refresh(LeaderFinder.Leader leader) {
        if (!every.isZero() && !closed) {
            long pause = Math.min(AFTER_OTHERS_NANOS, every.toNanos());
            schedule(() -> ask(leader), pause);
        }
    }

    private void schedule(Runnable step, long nanos) {
        ScheduledFuture<?> scheduled = next;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
        next = loop.schedule(step, nanos, TimeUnit.NANOSECONDS);
    }

    private void ask(LeaderFinder.Leader leader) {
        schedule(this::again, every.toNanos());
        Probe.start(dialer, leader.address(), any -> true, probeTimeout.toNanos(), new Probe.Listener() {
            @Override
            public void answered(Reply.Leader named, NodeChannel channel) {
                if (leads(leader, named)) {
                    channel.ask(Requests.cluster(), probeTimeout.toNanos(), new Listed(leader, channel));
                } else {
                    channel.close();
                    finder.doubt(leader.epoch(), "it names '" + named.address() + "'");
                }
            }

            @Override
            public void failed(String why) {
                finder.doubt(leader.epoch(), why);
            }
        });
    }

    private boolean leads(LeaderFinder.Leader leader, Reply.Leader named) {
        try {
            return finder.reachable(NodeAddress.parse(named.address())).equals(leader.address());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private void again() {
        LeaderFinder.Leader current = finder.current();
        if (current != null) {
            ask(current);
        }
    }

    public void close() {
        closed = true;
        ScheduledFuture<?> scheduled = next;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
    }

    private final class Listed implements NodeChannel.Answer {

        private final LeaderFinder.Leader leader;
        private final NodeChannel channel;

        Listed(LeaderFinder.Leader leader, NodeChannel channel) {
            this.leader = leader;
            this.channel = channel;
        }

        @Override
        public void reply(Reply reply) {
            channel.close();
            if (!(reply instanceof Reply.Nodes listed) || closed) {
                return;
            }
            List<Reply.Node> nodes = new ArrayList<>(listed.nodes());
            Collections.shuffle(nodes, ThreadLocalRandom.current());
            nodes.sort(Comparator.comparingInt(Reply.Node::role));
            List<NodeAddress> reachable = new ArrayList<>();
            for (Reply.Node node : nodes) {
                try {
                    NodeAddress address = finder.reachable(NodeAddress.parse(node.address()));
                    if (finder.mayDial(address)) {
                        reachable.add(address);
                    }
                } catch (IllegalArgumentException e) {
                    // A node that cannot be dialled from here is of no use to a search.
                }
            }
            if (!reachable.contains(leader.address())) {
                finder.doubt(leader.epoch(), "it does not list itself");
            }
            finder.members(reachable);
            store.accept(listed.nodes());
        }

        @Override
        public void lost(ChannelLost why) {
            // It was of use to nobody yet; the next one tries again.
        }
    }
}
