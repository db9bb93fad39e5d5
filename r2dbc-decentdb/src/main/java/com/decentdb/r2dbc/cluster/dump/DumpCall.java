package com.decentdb.r2dbc.cluster.dump;

import com.decentdb.r2dbc.api.cluster.DumpChunk;
import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.ChannelLost.Kind;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import com.decentdb.r2dbc.cluster.wire.WireException;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.FluxSink;

/**
 * Reads a dump at the pace of its subscriber: the connection is read only while something is requested, and the node waits meanwhile.
 * Confined to the loop.
 */
public final class DumpCall extends ChannelInboundHandlerAdapter implements Dialer.Dialed {

    private static final String NAME = "a dump";

    private final NodeAddress leader;
    private final String database;
    private final Duration patience;
    private final FluxSink<DumpChunk> sink;
    private Runnable giveUp = () -> {};
    private @Nullable Channel channel;
    private @Nullable ScheduledFuture<?> timeout;
    private boolean over;

    /** @param patience how long the node may take for each piece */
    public DumpCall(NodeAddress leader, String database, Duration patience, FluxSink<DumpChunk> sink) {
        this.leader = leader;
        this.database = database;
        this.patience = patience;
        this.sink = sink;
    }

    /** Dials the leader and asks for the database. */
    public void begin(Dialer dialer, Duration timeout) {
        if (!over) {
            giveUp = dialer.dial(leader.host(), leader.port(), any -> true, timeout.toNanos(), this);
        }
    }

    @Override
    public void connected(NodeChannel dialled) {
        Channel own = over ? null : dialled.handOver();
        if (own == null) {
            dialled.close();
            failed(new ChannelLost(Kind.CLOSED, "the connection is closed", null));
            return;
        }
        channel = own;
        own.pipeline().addLast(new FilesDecoder(), this);
        var unused = own.writeAndFlush(Unpooled.wrappedBuffer(Requests.handshake(), Requests.dump(database)));
        sink.onRequest(more -> own.eventLoop().execute(this::readOn));
    }

    @Override
    public void failed(ChannelLost why) {
        fail(Failures.noAnswer(NAME, "The leader " + leader, why));
    }

    /** The subscriber is gone. */
    public void cancel() {
        if (!over) {
            giveUp.run();
            end();
        }
    }

    /** Ends it with an error, since the one that began it is closed. */
    public void close(R2dbcException error) {
        if (!over) {
            cancel();
            sink.error(error);
        }
    }

    private void readOn() {
        Channel open = channel;
        if (over || open == null || sink.requestedFromDownstream() == 0) {
            return;
        }
        if (timeout == null) {
            timeout = open.eventLoop().schedule(this::expire, patience.toNanos(), TimeUnit.NANOSECONDS);
        }
        open.read();
    }

    private void expire() {
        failed(new ChannelLost(Kind.TIMED_OUT, "it did not answer in time", null));
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (over) {
            ReferenceCountUtil.release(message);
        } else if (message instanceof DumpChunk chunk) {
            stopTimeout();
            sink.next(chunk);
        } else if (message instanceof Reply.Failure failure) {
            fail(Failures.refusedBy(NAME, "The leader " + leader, failure.code(), failure.message()));
        } else if (message == FilesDecoder.END) {
            end();
            sink.complete();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        readOn();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        failed(new ChannelLost(Kind.CLOSED, "the node closed the connection", null));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
        Throwable cause = error instanceof DecoderException && error.getCause() != null ? error.getCause() : error;
        Kind kind = cause instanceof WireException ? Kind.PROTOCOL : Kind.CLOSED;
        failed(new ChannelLost(kind, String.valueOf(cause.getMessage()), cause));
    }

    private void fail(R2dbcException error) {
        if (!over) {
            end();
            sink.error(error);
        }
    }

    private void end() {
        over = true;
        stopTimeout();
        Channel open = channel;
        if (open != null) {
            var unused = open.close();
        }
    }

    private void stopTimeout() {
        ScheduledFuture<?> running = timeout;
        timeout = null;
        if (running != null) {
            running.cancel(false);
        }
    }
}
