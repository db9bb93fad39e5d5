package com.decentdb.r2dbc.cluster.channel;

import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.transport.Errors;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The event loops that all factories of a JVM share; daemons that end with the last factory. */
@SuppressWarnings("deprecation") // The successors of these groups do not exist in Netty 4.1, which is supported, too.
public final class EventLoops {

    private static final boolean EPOLL = epoll();

    private static @Nullable EventLoopGroup group;
    private static int users;

    private EventLoops() {}

    /**
     * A loop for one factory.
     *
     * @param loop runs everything the factory does
     * @param release gives it back; idempotent
     */
    public record Use(EventLoop loop, Runnable release) {}

    /** On a thread that may block and has stack to spare: the first call of a JVM starts many of Netty's classes. */
    public static synchronized Use acquire() {
        AtomicBoolean released = new AtomicBoolean();
        Runnable release = () -> {
            if (released.compareAndSet(false, true)) {
                release();
            }
        };
        // Deadlines depend on it, and tasks that wait for a worker which cannot be started now.
        DriverThreads.keepTimer();
        users++;
        try {
            EventLoopGroup shared = group;
            if (shared == null) {
                shared = create();
                group = shared;
            }
            return new Use(shared.next(), release);
        } catch (Throwable e) {
            release.run();
            throw e;
        }
    }

    private static synchronized void release() {
        DriverThreads.restTimer();
        EventLoopGroup shared = group;
        if (--users == 0 && shared != null) {
            group = null;
            var unused = shared.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    /** Runs a task that gives something up, which is given up already if the loop has ended. */
    public static void giveUp(Executor loop, Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            // With the last factory all channels were closed.
        }
    }

    /** Runs a task for a request, which fails with whatever the task throws. */
    public static void forRequest(Executor loop, Exchange<?> request, Runnable task) {
        loop.execute(() -> run(request, task));
    }

    /** Runs a task for a request at once, on the loop. */
    public static void run(Exchange<?> request, Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            request.fail(Errors.map(e, null));
        }
    }

    static Class<? extends SocketChannel> channelType() {
        return EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    private static EventLoopGroup create() {
        int threads = Math.min(4, Runtime.getRuntime().availableProcessors());
        ThreadFactory factory = DriverThreads.eventLoop("decentdb-cluster");
        EventLoopGroup loops =
                EPOLL ? new EpollEventLoopGroup(threads, factory) : new NioEventLoopGroup(threads, factory);
        try {
            // The first channel of a JVM reads files of the system, which a loop must not do.
            Channel first = EPOLL ? new EpollSocketChannel() : new NioSocketChannel();
            first.unsafe().closeForcibly();
        } catch (ChannelException e) {
            // No file can be opened at present: dialling reports it.
            return loops;
        } catch (Throwable e) {
            var unused = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw e;
        }
        return loops;
    }

    /** Whether this machine has epoll and Netty's library for it is there. */
    private static boolean epoll() {
        try {
            return Epoll.isAvailable();
        } catch (LinkageError e) {
            return false;
        }
    }
}
