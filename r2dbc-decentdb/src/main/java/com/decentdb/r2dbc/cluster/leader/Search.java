package com.decentdb.r2dbc.cluster.leader;

import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.wire.Reply;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks the nodes, again and again, until one of them confirms that it leads. The last known leader is asked first; the others are
 * asked as soon as it denies or fails, or beside it when it does not answer at once. Confined to the loop.
 */
final class Search {

    private static final int MOST_AT_ONCE = 10;
    private static final long HEAD_START_MILLIS = 250;
    private static final long FIRST_PAUSE_MILLIS = 25;
    private static final long LONGEST_PAUSE_MILLIS = 500;
    /** While nodes answer there is an election, and its end is not to be missed. */
    private static final long LONGEST_PAUSE_OF_ELECTION_MILLIS = 100;

    private final LeaderFinder finder;
    private final SearchReport report = new SearchReport();
    private final Deque<NodeAddress> waiting = new ArrayDeque<>();
    /** Those not to be asked again in this round. */
    private final Set<NodeAddress> asked = new HashSet<>();
    /** Those asked in this round that have not answered yet. */
    private final Set<NodeAddress> expected = new HashSet<>();
    /** Those on their way, also of earlier rounds. */
    private final Map<NodeAddress, Probe> running = new HashMap<>();

    private @Nullable ScheduledFuture<?> next;
    private long pauseMillis = FIRST_PAUSE_MILLIS;
    private boolean sweeping;
    private boolean resting;
    private boolean answered;
    private boolean over;

    Search(LeaderFinder finder) {
        this.finder = finder;
    }

    SearchReport report() {
        return report;
    }

    /** Begins a round. A node that still owes an answer to an earlier one is waited for beside it. */
    void begin() {
        asked.clear();
        asked.addAll(running.keySet());
        expected.clear();
        sweeping = false;
        resting = false;
        answered = false;
        NodeAddress cached = finder.lastLeader();
        if (cached == null || asked.contains(cached)) {
            sweep();
            return;
        }
        schedule(this::sweep, HEAD_START_MILLIS);
        ask(cached);
    }

    /** Ends it: what is on its way is given up. */
    void stop() {
        over = true;
        ScheduledFuture<?> scheduled = next;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
        List.copyOf(running.values()).forEach(Probe::cancel);
        running.clear();
    }

    private void sweep() {
        if (over || sweeping) {
            return;
        }
        sweeping = true;
        waiting.addAll(finder.candidates());
        // One node that does not answer keeps the others from being asked again no longer than this.
        schedule(this::begin, HEAD_START_MILLIS);
        pump();
    }

    private void pump() {
        while (!over && running.size() < MOST_AT_ONCE && !waiting.isEmpty()) {
            ask(waiting.remove());
        }
        if (over || resting || !expected.isEmpty()) {
            return;
        }
        if (!sweeping) {
            sweep();
        } else if (waiting.isEmpty()) {
            rest();
        }
    }

    private void rest() {
        resting = true;
        // A fifth more or less, so that many clients do not ask at the same moments.
        long jitter = pauseMillis / 5;
        schedule(this::begin, pauseMillis - jitter + ThreadLocalRandom.current().nextLong(2 * jitter + 1));
        long longest = answered ? LONGEST_PAUSE_OF_ELECTION_MILLIS : LONGEST_PAUSE_MILLIS;
        pauseMillis = Math.min(longest, 2 * pauseMillis);
    }

    private void schedule(Runnable step, long millis) {
        ScheduledFuture<?> before = next;
        if (before != null) {
            before.cancel(false);
        }
        next = finder.loop().schedule(step, millis, TimeUnit.MILLISECONDS);
    }

    private void ask(NodeAddress address) {
        if (!asked.add(address)) {
            return;
        }
        report.asked(address);
        expected.add(address);
        running.put(address, finder.probe(address, new Asked(address)));
    }

    private final class Asked implements Probe.Listener {

        private final NodeAddress address;

        Asked(NodeAddress address) {
            this.address = address;
        }

        @Override
        public void answered(Reply.Leader leader, NodeChannel channel) {
            if (over) {
                channel.close();
                return;
            }
            answered = true;
            end();
            NodeAddress named = named(leader);
            if (named != null && finder.reachable(named).equals(address)) {
                finder.confirmed(address, channel);
                return;
            }
            channel.close();
            if (named != null) {
                follow(named);
            }
            pump();
        }

        private @Nullable NodeAddress named(Reply.Leader leader) {
            if (leader.address().isEmpty()) {
                report.add(address, "it knows no leader");
                return null;
            }
            if (leader.id() == 0) {
                report.add(address, "it broke the protocol: it names " + leader.address() + " without an id");
                return null;
            }
            try {
                return NodeAddress.parse(leader.address());
            } catch (IllegalArgumentException e) {
                report.add(address, "it names a leader that cannot be dialled: " + e.getMessage());
                return null;
            }
        }

        private void follow(NodeAddress named) {
            NodeAddress reachable = finder.reachable(named);
            if (!finder.mayDial(reachable)) {
                report.add(address, "it names " + named + ", which redirectTo does not admit");
            } else if (asked.contains(reachable)) {
                report.add(address, "it names " + named + ", which does not confirm that");
            } else {
                report.add(address, "it names " + named + ", which was asked, too");
                ask(reachable);
            }
        }

        @Override
        public void failed(String why) {
            if (!over) {
                end();
                report.add(address, why);
                pump();
            }
        }

        private void end() {
            running.remove(address);
            expected.remove(address);
        }
    }
}
