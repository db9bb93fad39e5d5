package com.decentdb.r2dbc.cluster.leader;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import java.net.InetAddress;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Asks one address for the leader: dials, greets, asks, all within one time. Confined to the loop. */
public final class Probe implements Dialer.Dialed, NodeChannel.Answer {

    /** Takes the outcome, once. */
    public interface Listener {

        /** The node answered; the channel is the listener's. */
        void answered(Reply.Leader leader, NodeChannel channel);

        void failed(String why);
    }

    private final Listener listener;
    private final long deadline;
    private Runnable giveUp = () -> {};
    private @Nullable NodeChannel channel;
    private boolean over;

    private Probe(Listener listener, long deadline) {
        this.listener = listener;
        this.deadline = deadline;
    }

    public static Probe start(
            Dialer dialer,
            NodeAddress address,
            Predicate<? super InetAddress> admitted,
            long timeoutNanos,
            Listener listener) {
        Probe probe = new Probe(listener, System.nanoTime() + timeoutNanos);
        probe.giveUp = dialer.dial(address.host(), address.port(), admitted, timeoutNanos, probe);
        return probe;
    }

    @Override
    public void connected(NodeChannel connected) {
        channel = connected;
        connected.ask(Requests.leader(), Math.max(1, deadline - System.nanoTime()), this);
    }

    @Override
    public void failed(ChannelLost why) {
        end(why.message());
    }

    @Override
    public void reply(Reply reply) {
        NodeChannel asked = channel;
        if (over || asked == null) {
            return;
        }
        if (reply instanceof Reply.Leader leader) {
            over = true;
            listener.answered(leader, asked);
        } else if (reply instanceof Reply.Failure failure) {
            asked.close();
            end("it refused the question with " + failure.message() + " (" + failure.code() + ")");
        } else {
            end(asked.refuse(reply).message());
        }
    }

    @Override
    public void lost(ChannelLost why) {
        end(why.message());
    }

    private void end(String why) {
        if (!over) {
            over = true;
            listener.failed(why);
        }
    }

    /** Gives up, without an outcome. */
    public void cancel() {
        if (!over) {
            over = true;
            giveUp.run();
            NodeChannel opened = channel;
            if (opened != null) {
                opened.close();
            }
        }
    }
}
