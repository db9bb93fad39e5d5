package com.decentdb.r2dbc.delivery;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The threads all databases of a JVM share; daemons that end when idle. */
public final class DriverThreads {

    /** Short, because a class loader with an idle thread of ours stays in memory. */
    public static final long IDLE_MILLIS = 1_000;

    /** Deep statements need deep stacks in the engine; only the part that is used takes memory. */
    public static final long STACK_BYTES = 64L << 20;

    public static final ScheduledThreadPoolExecutor TIMER = timer();

    /** Runs lanes, users' code and everything that may block. */
    private static final Workers WORKERS = new Workers("decentdb-worker", STACK_BYTES);

    private DriverThreads() {}

    /** Runs tasks on the workers, any number at a time. */
    public static Executor workers() {
        return WORKERS;
    }

    /** Runs a task at once if the thread is a worker, or else on one. */
    public static void onWorker(Runnable task) {
        if (WORKERS.isWorker()) {
            task.run();
        } else {
            WORKERS.execute(task);
        }
    }

    /** An executor that runs its tasks one after another, in order, on the workers. */
    public static SerialExecutor newSerial() {
        return new SerialExecutor(WORKERS);
    }

    /** Daemon threads that may block, unlike Netty's own. */
    public static ThreadFactory daemon(String name) {
        return new DefaultThreadFactory(name, true) {
            @Override
            protected Thread newThread(Runnable task, String threadName) {
                return detached(() -> new FastThreadLocalThread(threadGroup, task, threadName, STACK_BYTES) {
                    @Override
                    public boolean permitBlockingCalls() {
                        return true;
                    }
                });
            }
        };
    }

    /** Daemon threads that must not block. */
    public static ThreadFactory eventLoop(String name) {
        return new DefaultThreadFactory(name, true) {
            @Override
            protected Thread newThread(Runnable task, String threadName) {
                return detached(() -> new FastThreadLocalThread(threadGroup, task, threadName));
            }
        };
    }

    /**
     * Makes a thread that keeps neither the class loader of the thread that happens to need it nor, as its access context, the
     * classes on the stack of that.
     */
    @SuppressWarnings("removal") // without a substitute where threads inherit a context
    static Thread detached(Supplier<Thread> creation) {
        Thread thread = AccessController.doPrivileged((PrivilegedAction<Thread>) creation::get);
        thread.setContextClassLoader(DriverThreads.class.getClassLoader());
        return thread;
    }

    /** Runs a short task that does not block after a while. */
    public static void later(Runnable task, long nanos) {
        var unused = TIMER.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, daemon("decentdb-timer"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(IDLE_MILLIS, TimeUnit.MILLISECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }
}
