package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import io.netty.channel.EventLoop;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/**
 * One call to one node. One that is meant for the leader goes on to the next leader as long as it was certainly not executed and there is
 * time. Confined to the loop.
 */
final class NodeCall<T> implements LeaderFinder.Seeker, Dialer.Dialed, NodeChannel.Answer {

    private static final long PAUSE_MILLIS = 50;
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The ways to nodes, and how long they may take. */
    record Ways(
            EventLoop loop, LeaderFinder finder, Dialer dialer, Duration failover, Duration connect, Duration answer) {}

    private final Ways ways;
    private final NodeRequest<T> request;
    private final MonoSink<T> sink;
    private final long deadline;
    /** The node that was named; null for the leader. */
    private final @Nullable NodeAddress named;

    private LeaderFinder.@Nullable Leader leader;
    private @Nullable NodeChannel channel;
    private Runnable giveUp = () -> {};
    private boolean over;

    NodeCall(Ways ways, @Nullable NodeAddress named, NodeRequest<T> request, MonoSink<T> sink) {
        this.ways = ways;
        this.named = named;
        this.request = request;
        this.sink = sink;
        this.deadline = System.nanoTime() + ways.failover().toNanos();
    }

    void begin() {
        if (over) {
            return;
        }
        if (named == null) {
            giveUp = ways.finder().find(Duration.ofNanos(left()), this);
        } else {
            dial(named);
        }
    }

    @Override
    public void found(LeaderFinder.Leader found) {
        if (over) {
            return;
        }
        leader = found;
        NodeChannel spare = ways.finder().takeSpare(found);
        if (spare == null) {
            dial(found.address());
        } else if (System.nanoTime() - spare.idleSince() < FRESH_NANOS) {
            connected(spare);
        } else {
            // It may have broken without a word, and what is sent over it would be lost without need.
            spare.close();
            dial(found.address());
        }
    }

    @Override
    public void notFound(R2dbcException error) {
        end(error);
    }

    private void dial(NodeAddress address) {
        long most = Math.min(left(), ways.connect().toNanos());
        giveUp = ways.dialer().dial(address.host(), address.port(), any -> true, most, this);
    }

    @Override
    public void connected(NodeChannel opened) {
        if (over) {
            opened.close();
            return;
        }
        channel = opened;
        opened.ask(request.frame(), Math.max(1, ways.answer().toNanos()), this);
    }

    /** The dial failed: nothing was sent. */
    @Override
    public void failed(ChannelLost why) {
        again(Failures.noAnswer(request.name(), node(), why), why.message());
    }

    @Override
    public void reply(Reply reply) {
        NodeChannel asked = channel;
        if (over || asked == null) {
            return;
        }
        if (reply instanceof Reply.Failure failure) {
            asked.close();
            refused(new Trouble.Refusal(failure.code(), failure.message()));
            return;
        }
        T result = request.result().apply(reply);
        if (result == null) {
            lost(asked.refuse(reply));
            return;
        }
        asked.close();
        doubtAfterChange();
        over = true;
        sink.success(result);
    }

    private void refused(Trouble.Refusal refusal) {
        int code = (int) refusal.code();
        R2dbcException error = Failures.refusedBy(request.name(), node(), refusal.code(), refusal.message());
        if (named == null && refusal.notExecuted()) {
            again(error, refusal.message());
        } else if (request.changes() && refusal.unknown()) {
            doubtAfterChange();
            end(AdminErrors.unknown(request.name(), node(), refusal.message(), code));
        } else {
            end(error);
        }
    }

    @Override
    public void lost(ChannelLost why) {
        if (over) {
            return;
        }
        doubtAfterChange();
        if (request.changes()) {
            end(AdminErrors.unknown(request.name(), node(), why.message(), 0, why));
        } else {
            end(Failures.noAnswer(request.name(), node(), why));
        }
    }

    /** The leader may be another one, or none of the cluster. */
    private void doubtAfterChange() {
        LeaderFinder.Leader asked = leader;
        if (request.changes() && asked != null) {
            ways.finder().doubt(asked.epoch(), request.name() + " was sent to it");
        }
    }

    private void again(R2dbcException error, String why) {
        LeaderFinder.Leader asked = leader;
        if (over || asked == null || System.nanoTime() - deadline >= 0) {
            end(error);
            return;
        }
        ways.finder().doubt(asked.epoch(), why);
        leader = null;
        var unused = ways.loop().schedule(this::begin, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void end(R2dbcException error) {
        if (!over) {
            over = true;
            sink.error(error);
        }
    }

    /** The subscriber is gone: what was sent may be carried out nevertheless. */
    void cancel() {
        if (!over) {
            over = true;
            giveUp.run();
            NodeChannel opened = channel;
            if (opened != null) {
                opened.close();
            }
        }
    }

    /** The administration is closed. */
    void close() {
        if (!over) {
            cancel();
            sink.error(AdminErrors.closed());
        }
    }

    private String node() {
        LeaderFinder.Leader asked = leader;
        return named != null ? "The node " + named : asked != null ? "The leader " + asked.address() : "The leader";
    }

    private long left() {
        return Math.max(1, deadline - System.nanoTime());
    }
}
