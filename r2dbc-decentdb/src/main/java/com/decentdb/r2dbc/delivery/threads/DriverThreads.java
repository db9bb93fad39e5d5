package com.decentdb.r2dbc.delivery.threads;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The threads all databases of a JVM share; daemons that end when idle. */
public final class DriverThreads {

    /** Short, because a class loader with an idle thread of ours stays in memory. */
    public static final long IDLE_MILLIS = 1_000;

    /** Deep statements need deep stacks in the engine; only the part that is used takes memory. */
    public static final long STACK_BYTES = 64L << 20;

    public static final ScheduledThreadPoolExecutor TIMER = timer();

    /** Runs lanes, users' code and everything that may block. */
    private static final Workers WORKERS = new Workers("decentdb-worker", STACK_BYTES);

    /** Finds the tasks whose own timer could not be set. */
    private static final long PATROL_MILLIS = 200;

    /** How many databases keep the timer; written under its lock. */
    private static volatile int keepers;

    private static @Nullable Future<?> patrol;

    private static final Runnable MENDING = DriverThreads::mendTimer;

    private DriverThreads() {}

    /** Runs tasks on the workers, any number at a time. */
    public static Executor workers() {
        return WORKERS;
    }

    static boolean isWorker() {
        return WORKERS.isWorker();
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
    public static Thread detached(Supplier<Thread> creation) {
        Thread thread = AccessController.doPrivileged((PrivilegedAction<Thread>) creation::get);
        thread.setContextClassLoader(DriverThreads.class.getClassLoader());
        return thread;
    }

    /** Like {@link #timed} for a task that is never taken back. */
    public static void later(Runnable task, long nanos) {
        var unused = timed(task, nanos);
    }

    /**
     * Runs a short task that does not block after a while.
     *
     * @throws OutOfMemoryError if there is no memory for it, or no thread and the timer is not kept
     */
    public static Future<?> timed(Runnable task, long nanos) {
        // A task that was queued before the thread could not be started would stay there.
        TIMER.prestartCoreThread();
        return TIMER.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Keeps the thread of the timer and two workers until {@link #restTimer}. While they are kept, tasks wait for a worker that cannot be
     * started now and get one later; without the timer none would come back to them.
     *
     * @throws OutOfMemoryError if there is no memory or no thread for it
     */
    public static void keepTimer() {
        synchronized (TIMER) {
            if (keepers == 0) {
                TIMER.prestartCoreThread();
                planPatrol();
            }
            keepers = keepers + 1;
        }
    }

    /** Ends one {@link #keepTimer}. */
    public static void restTimer() {
        synchronized (TIMER) {
            keepers = keepers - 1;
            Future<?> last = patrol;
            if (keepers == 0 && last != null) {
                last.cancel(false);
            }
        }
    }

    /** Whether a database keeps the threads. */
    static boolean kept() {
        return keepers > 0;
    }

    private static void planPatrol() {
        patrol = TIMER.scheduleWithFixedDelay(
                DriverThreads::patrol, PATROL_MILLIS, PATROL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static void patrol() {
        if (!kept()) {
            throw new CancellationException("Nobody needs it any more");
        }
        WORKERS.relieve();
    }

    /**
     * A timer's thread that fails, because even a wait may take memory, ends when another one has begun. With its thread the patrol may
     * have gone.
     */
    private static void runTimer(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            Persistent.insist(MENDING);
        }
    }

    private static void mendTimer() {
        synchronized (TIMER) {
            Future<?> lost = patrol;
            if (kept() && lost != null) {
                planPatrol();
                lost.cancel(false);
            }
        }
        if (TIMER.getPoolSize() == 0 && !TIMER.getQueue().isEmpty()) {
            TIMER.prestartCoreThread();
        }
    }

    private static ScheduledThreadPoolExecutor timer() {
        ThreadFactory threads = daemon("decentdb-timer");
        ScheduledThreadPoolExecutor timer =
                new ScheduledThreadPoolExecutor(1, task -> threads.newThread(() -> runTimer(task)));
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(IDLE_MILLIS, TimeUnit.MILLISECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }
}
