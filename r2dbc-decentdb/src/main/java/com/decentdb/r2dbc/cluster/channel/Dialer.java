package com.decentdb.r2dbc.cluster.channel;

import com.decentdb.r2dbc.cluster.channel.ChannelLost.Kind;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Opens channels on one event loop, and closes those that are left when it is closed. Thread-safe but for what says otherwise. */
public final class Dialer {

    /** Takes a channel. */
    public interface Dialed {

        void connected(NodeChannel channel);

        /** There is no channel, or {@link #connected} threw something, and the channel is closed. */
        void failed(ChannelLost why);
    }

    private final EventLoop loop;
    private final @Nullable Tls tls;
    private final long maxFrameSize;
    private final ChannelGroup channels;

    public Dialer(EventLoop loop, @Nullable Tls tls, long maxFrameSize) {
        this.loop = loop;
        this.tls = tls;
        this.maxFrameSize = maxFrameSize;
        this.channels = new DefaultChannelGroup(loop, true);
    }

    /** Closes all channels, also those that are given away, and each that is opened from now on. */
    public void close() {
        // A loop that ends leaves channels open on which an answer is awaited.
        var unused = channels.close();
    }

    /**
     * Connects, with TLS if there are options for it; on the loop.
     *
     * @param admitted which addresses of the host may be dialled
     * @return gives up; then neither method is called any more
     */
    public Runnable dial(
            String host, int port, Predicate<? super InetAddress> admitted, long timeoutNanos, Dialed dialed) {
        Attempt attempt = new Attempt(host, port, admitted, dialed);
        var timeout = loop.schedule(
                () -> attempt.fail(new ChannelLost(Kind.TIMED_OUT, "no connection in time", null)),
                timeoutNanos,
                TimeUnit.NANOSECONDS);
        attempt.whenOver = () -> timeout.cancel(false);
        try {
            // The JDK asks the name service on the thread that wants to know.
            DriverThreads.workers().execute(attempt::resolve);
        } catch (Throwable e) {
            attempt.cancel();
            throw e;
        }
        return attempt::cancel;
    }

    private final class Attempt {

        private final String host;
        private final int port;
        private final Predicate<? super InetAddress> admitted;
        private final Dialed dialed;
        private Runnable whenOver = () -> {};
        private boolean over;
        private @Nullable Channel channel;

        Attempt(String host, int port, Predicate<? super InetAddress> admitted, Dialed dialed) {
            this.host = host;
            this.port = port;
            this.admitted = admitted;
            this.dialed = dialed;
        }

        void resolve() {
            try {
                List<InetAddress> addresses = Arrays.stream(InetAddress.getAllByName(host))
                        .filter(admitted)
                        .toList();
                loop.execute(() -> {
                    if (addresses.isEmpty()) {
                        fail(new ChannelLost(Kind.NOT_OPENED, "redirectTo does not admit its address", null));
                    } else {
                        connect(addresses, 0);
                    }
                });
            } catch (UnknownHostException e) {
                loop.execute(() -> fail(new ChannelLost(Kind.NOT_OPENED, "the host is unknown", e)));
            } catch (Throwable e) {
                loop.execute(() -> fail(new ChannelLost(Kind.NOT_OPENED, "the host was not found: " + e, e)));
            }
        }

        private void connect(List<InetAddress> addresses, int next) {
            if (over) {
                return;
            }
            ChannelFuture connecting = new Bootstrap()
                    .group(loop)
                    .channel(EventLoops.channelType())
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.SO_KEEPALIVE, true)
                    .option(ChannelOption.AUTO_READ, false)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                    .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                    .handler(new Opening())
                    .connect(new InetSocketAddress(addresses.get(next), port));
            // A channel that could not be made, or that the loop could not take, cannot even be told to close.
            // Its failure may be reported on a thread of Netty's own.
            channel = connecting.cause() == null ? connecting.channel() : null;
            if (channel != null) {
                channels.add(channel);
            }
            connecting.addListener(done -> {
                if (loop.inEventLoop()) {
                    connected(connecting, addresses, next);
                } else {
                    loop.execute(() -> connected(connecting, addresses, next));
                }
            });
        }

        private void connected(ChannelFuture connecting, List<InetAddress> addresses, int next) {
            if (over) {
                close(channel);
            } else if (connecting.isSuccess()) {
                secure(connecting.channel());
            } else if (next + 1 < addresses.size()) {
                connect(addresses, next + 1);
            } else {
                fail(new ChannelLost(Kind.NOT_OPENED, reason(connecting.cause()), connecting.cause()));
            }
        }

        private void secure(Channel connected) {
            Tls options = tls;
            if (options == null) {
                succeed(connected);
                return;
            }
            SslHandler handler = options.handler(connected, host, port);
            connected.config().setAutoRead(true);
            connected.pipeline().addFirst(handler);
            handler.handshakeFuture().addListener(done -> {
                if (over) {
                    var unused = connected.close();
                } else if (done.isSuccess()) {
                    connected.config().setAutoRead(false);
                    succeed(connected);
                } else {
                    fail(new ChannelLost(Kind.NOT_OPENED, "TLS failed: " + reason(done.cause()), done.cause()));
                }
            });
        }

        private void succeed(Channel connected) {
            end();
            try {
                connected.pipeline().remove(Opening.class);
                dialed.connected(new NodeChannel(connected, maxFrameSize));
            } catch (Throwable e) {
                close(connected);
                dialed.failed(ChannelLost.failed(e));
            }
        }

        void fail(ChannelLost why) {
            if (!over) {
                cancel();
                dialed.failed(why);
            }
        }

        void cancel() {
            end();
            close(channel);
        }

        private void close(@Nullable Channel opened) {
            if (opened != null) {
                var unused = opened.close();
            }
        }

        private void end() {
            over = true;
            whenOver.run();
        }
    }

    /** On a connection that is being opened, whose failure is reported by its future. */
    private static final class Opening extends ChannelInboundHandlerAdapter {

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // Netty would log what nobody handles.
        }
    }

    private static String reason(@Nullable Throwable error) {
        if (error == null || error instanceof TimeoutException) {
            return "no connection in time";
        }
        if (error instanceof ChannelException && error.getCause() != null) {
            // Only its cause says why there could be no channel.
            return reason(error.getCause());
        }
        if (error instanceof InvocationTargetException
                || (error instanceof SSLException && error.getCause() instanceof IOException)) {
            return reason(error.getCause());
        }
        if (error instanceof ClosedChannelException) {
            return "the node closed the connection";
        }
        String message = error.getMessage();
        return message == null ? error.getClass().getSimpleName() : message;
    }
}
