package com.decentdb.r2dbc.delivery;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** The threads all databases of a JVM share; daemons that end when idle. */
public final class DriverThreads {

    public static final long IDLE_SECONDS = 30;

    public static final ScheduledThreadPoolExecutor TIMER = timer();

    private static final Executor DELIVERY = new ElasticPool("decentdb-delivery");

    private DriverThreads() {}

    /** An executor that runs its tasks one after another, in order, on the shared delivery threads. */
    public static Executor newDelivery() {
        return new SerialExecutor(DELIVERY);
    }

    /** Daemon threads that may block, unlike Netty's own. */
    public static ThreadFactory daemon(String name) {
        return new DefaultThreadFactory(name, true) {
            @Override
            protected Thread newThread(Runnable task, String threadName) {
                return new FastThreadLocalThread(threadGroup, task, threadName) {
                    @Override
                    public boolean permitBlockingCalls() {
                        return true;
                    }
                };
            }
        };
    }

    /** Runs a short task that does not block after a while. */
    public static void later(Runnable task, long nanos) {
        var unused = TIMER.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, daemon("decentdb-timer"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }
}
