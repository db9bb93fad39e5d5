package com.decentdb.r2dbc.cluster.channel;

import com.decentdb.r2dbc.cluster.channel.ChannelLost.Kind;
import com.decentdb.r2dbc.cluster.wire.Replies;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import com.decentdb.r2dbc.cluster.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a node: at most one request is in flight, and one frame of rows is read each time that one is asked for.
 * Everything that breaks the protocol closes it. Confined to its event loop.
 */
public final class NodeChannel {

    /** Takes the answer to a request. */
    public interface Answer {

        /**
         * The reply, or one frame of rows. Behind rows that are not the last ones the channel waits for {@link #more}. If this throws
         * something, the channel is lost.
         */
        void reply(Reply reply);

        /**
         * The channel is closed; whether the node executed the request is unknown. Follows upon {@link #reply} where that threw
         * something.
         */
        void lost(ChannelLost why);
    }

    private enum State {
        IDLE,
        /** A reply is on its way. */
        BUSY,
        /** Rows follow, for which nobody has asked. */
        PAUSED,
        CLOSED
    }

    /** An answer for which nobody waits any more. */
    private final class Dropped implements Answer {

        private final Runnable whenIdle;
        private final long deadline;
        private int framesLeft;

        Dropped(int framesLeft, long deadline, Runnable whenIdle) {
            this.framesLeft = framesLeft;
            this.deadline = deadline;
            this.whenIdle = whenIdle;
        }

        @Override
        public void reply(Reply reply) {
            if (state == State.IDLE) {
                whenIdle.run();
            } else if (--framesLeft > 0) {
                await(deadline, this);
            } else {
                close();
            }
        }

        @Override
        public void lost(ChannelLost why) {
            // Nobody waits for it.
        }
    }

    private final Channel channel;
    private final FrameReader frames;
    private State state = State.IDLE;
    private @Nullable ChannelLost lost;
    private boolean greeted;
    private boolean emptyBefore;
    private @Nullable Answer answer;
    private @Nullable Consumer<ChannelLost> whenClosed;
    private long deadline;
    private boolean timed;
    private long timerAt;
    private long idleSince = System.nanoTime();

    NodeChannel(Channel channel, long maxFrameSize) {
        this.channel = channel;
        this.frames = new FrameReader(maxFrameSize);
        channel.pipeline().addLast(new Handler());
        if (!channel.isActive()) {
            lose(ChannelLost.of(Kind.CLOSED, "the node closed the connection"));
        } else {
            channel.read();
        }
    }

    /** Sends a request; the channel must be idle. Closes the channel if the node does not answer in time. */
    public void ask(byte[] request, long timeoutNanos, Answer whenAnswered) {
        if (state != State.IDLE) {
            whenAnswered.lost(ChannelLost.of(Kind.CLOSED, "the connection is closed"));
            return;
        }
        state = State.BUSY;
        answer = whenAnswered;
        emptyBefore = false;
        try {
            ByteBuf bytes =
                    greeted ? Unpooled.wrappedBuffer(request) : Unpooled.wrappedBuffer(Requests.handshake(), request);
            greeted = true;
            var unused = channel.writeAndFlush(bytes);
        } catch (Throwable e) {
            lose(ChannelLost.failed(e));
            return;
        }
        await(System.nanoTime() + timeoutNanos, whenAnswered);
    }

    /** Reads the next rows. */
    public void more(long timeoutNanos, Answer whenAnswered) {
        if (state != State.PAUSED) {
            whenAnswered.lost(ChannelLost.of(Kind.CLOSED, "the connection is closed"));
            return;
        }
        await(System.nanoTime() + timeoutNanos, whenAnswered);
    }

    /**
     * Gives up the answer that is on its way, or the rows that follow: reads them, but not more frames than that nor longer,
     * and then closes the channel, which makes the node stop and roll back.
     */
    public void drain(int mostFrames, long timeoutNanos, Runnable whenIdle) {
        if (state == State.BUSY || state == State.PAUSED) {
            long until = System.nanoTime() + timeoutNanos;
            Runnable all = answer instanceof Dropped before ? () -> runBoth(before.whenIdle, whenIdle) : whenIdle;
            await(until, new Dropped(mostFrames, until, all));
        } else if (state == State.IDLE) {
            whenIdle.run();
        }
    }

    private static void runBoth(Runnable first, Runnable second) {
        try {
            first.run();
        } finally {
            second.run();
        }
    }

    public boolean isOpen() {
        return state != State.CLOSED;
    }

    public boolean isIdle() {
        return state == State.IDLE;
    }

    /** Since when it has been idle, in {@link System#nanoTime()}. */
    public long idleSince() {
        return idleSince;
    }

    /** Runs an action when the channel closes, instead of the one set before; at once if it has closed. */
    public void whenClosed(@Nullable Consumer<ChannelLost> action) {
        whenClosed = action;
        ChannelLost why = lost;
        if (why != null && action != null) {
            action.accept(why);
        }
    }

    /**
     * Gives the connection away, which must be idle: it is the caller's to read and to close, and to everybody else this channel is
     * closed. Null if it is closed.
     */
    public @Nullable Channel handOver() {
        if (state != State.IDLE) {
            return null;
        }
        state = State.CLOSED;
        whenClosed = null;
        channel.pipeline().remove(Handler.class);
        return channel;
    }

    /** Closes the channel; an answer that is on its way is lost. */
    public void close() {
        lose(ChannelLost.of(Kind.GIVEN_UP, "the driver closed the connection"));
    }

    /** Closes the channel because of an answer that has no place there. */
    public ChannelLost refuse(Reply reply) {
        ChannelLost why = ChannelLost.of(
                Kind.PROTOCOL,
                "not a dqlite node: it answered with " + reply.getClass().getSimpleName());
        lose(why);
        return why;
    }

    private void await(long until, Answer whenAnswered) {
        state = State.BUSY;
        answer = whenAnswered;
        deadline = until;
        try {
            if (!timed || until - timerAt < 0) {
                watch();
            }
            deliver();
            readOn();
        } catch (Throwable e) {
            lose(ChannelLost.failed(e));
        }
    }

    /** One timer serves all requests: it looks again when it finds a later deadline. */
    private void watch() {
        long at = deadline;
        timed = true;
        timerAt = at;
        long left = Math.max(0, at - System.nanoTime());
        var unused = channel.eventLoop().schedule(() -> onTimer(at), left, TimeUnit.NANOSECONDS);
    }

    private void onTimer(long at) {
        if (!timed || timerAt != at) {
            // An earlier deadline came in; its timer looks at this one, too.
            return;
        }
        timed = false;
        if (state != State.BUSY) {
            return;
        }
        if (System.nanoTime() - deadline >= 0) {
            lose(
                    answer instanceof Dropped
                            ? ChannelLost.of(Kind.GIVEN_UP, "an answer that nobody waits for took too long")
                            : ChannelLost.of(Kind.TIMED_OUT, "the node did not answer in time"));
        } else {
            watch();
        }
    }

    /** Hands over the frame that is asked for, if it is there. */
    private void deliver() {
        try {
            FrameReader.Frame frame;
            while (state == State.BUSY && (frame = frames.poll()) != null) {
                dispatch(Replies.decode(frame.type(), frame.schema(), frame.body()));
            }
            if (state == State.IDLE && !frames.isEmpty()) {
                lose(ChannelLost.of(Kind.PROTOCOL, "not a dqlite node: it sent " + frames.rest() + " unasked"));
            }
        } catch (FrameReader.TooLarge e) {
            lose(new ChannelLost(Kind.TOO_LARGE, String.valueOf(e.getMessage()), e));
        } catch (WireException e) {
            lose(new ChannelLost(Kind.PROTOCOL, String.valueOf(e.getMessage()), e));
        } catch (OutOfMemoryError e) {
            lose(new ChannelLost(Kind.TOO_LARGE, "there was no memory for an answer", e));
        }
    }

    private void dispatch(Reply reply) {
        Answer waiting = answer;
        answer = null;
        boolean more = reply instanceof Reply.Rows rows && rows.frame().more();
        boolean empty = more && reply instanceof Reply.Rows rows && rows.frame().rows() == 0;
        if (empty && emptyBefore) {
            answer = waiting;
            throw new WireException(
                    "the node sends one frame without rows after another; the result has too many columns");
        }
        emptyBefore = empty;
        state = more ? State.PAUSED : State.IDLE;
        if (!more) {
            idleSince = System.nanoTime();
        }
        if (waiting == null) {
            return;
        }
        try {
            waiting.reply(reply);
        } catch (Throwable e) {
            // The receiver of the answer has done a part of its work at most, and others may wait for it.
            ChannelLost why = ChannelLost.failed(e);
            lose(why);
            waiting.lost(why);
        }
    }

    /** While nobody asks for rows nothing is read, and the node waits. An idle channel is read to see its end. */
    private void readOn() {
        if (state == State.BUSY || state == State.IDLE) {
            channel.read();
        }
    }

    private void lose(ChannelLost why) {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        lost = why;
        var unused = channel.close();
        Answer waiting = answer;
        answer = null;
        try {
            if (waiting != null) {
                waiting.lost(why);
            }
        } finally {
            Consumer<ChannelLost> action = whenClosed;
            if (action != null) {
                action.accept(why);
            }
        }
    }

    private final class Handler extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            try {
                if (state != State.CLOSED && message instanceof ByteBuf bytes) {
                    frames.feed(bytes);
                }
            } catch (OutOfMemoryError e) {
                lose(new ChannelLost(Kind.TOO_LARGE, "there was no memory for an answer", e));
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            deliver();
            readOn();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            // Bytes that arrived before the end count.
            deliver();
            lose(
                    frames.isEmpty()
                            ? ChannelLost.of(Kind.CLOSED, "the node closed the connection")
                            : ChannelLost.of(
                                    Kind.CLOSED,
                                    "the node closed the connection in the middle of an answer that begins with "
                                            + frames.rest()));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            lose(new ChannelLost(Kind.CLOSED, "the connection broke: " + cause.getMessage(), cause));
        }
    }
}
