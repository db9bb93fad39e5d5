package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.transport.Errors;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The daemon threads that run lanes and deliver signals. A task that comes from outside wakes one worker at most. A task that
 * comes from a worker waits in that worker's own queue and runs there when the present task is over, so that a chain of
 * statements and answers stays on one thread and the stack stays flat.
 *
 * <p>There are about as many workers as processors while tasks return promptly. Users' code may block a worker, and the engine
 * may take long: when a worker stands still for a moment, others take over what waits behind it, and one more worker starts
 * whenever all stand still. Surplus workers end soon. A thread that cannot be started is tried again; the task waits meanwhile.
 */
public final class Workers implements Executor {

    /** Tasks that block more workers than this at once make others wait. */
    private static final int MAX_THREADS = 512;

    private static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long SURPLUS_IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long MAX_SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long MIN_SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(2);
    /** After so many tasks of its own a worker looks at what came from outside. */
    private static final int FAIR_SHARE = 4;

    /** A worker that has so many tasks of its own shares them with one that sleeps. */
    private static final int MANY = 8;

    /** Stands for the worker that looks for work without sleeping; there is one at most. */
    private static final Runnable SPINNING = new Runnable() {
        @Override
        public void run() {
            throw new IllegalStateException("Not a task");
        }
    };

    private final int processors = Runtime.getRuntime().availableProcessors();
    private final int parallelism = Math.max(2, processors);
    private final HandOffQueue queue = new HandOffQueue();
    private final AtomicReference<@Nullable Runnable> spinner = new AtomicReference<>();
    private volatile Worker[] workers = {};
    private final AtomicBoolean watched = new AtomicBoolean();
    private final ThreadPoolExecutor threads;
    private volatile long spinNanos = processors > 1 ? MAX_SPIN_NANOS : 0;

    /**
     * Workers that start when needed.
     *
     * @param stackBytes the size of their stacks, which engines may need for deep statements
     */
    public Workers(String name, long stackBytes) {
        threads =
                new ThreadPoolExecutor(
                        0,
                        MAX_THREADS,
                        DriverThreads.IDLE_MILLIS,
                        TimeUnit.MILLISECONDS,
                        queue,
                        new Factory(name, stackBytes),
                        (task, pool) -> queue.enqueue(task)) {
                    @Override
                    protected void beforeExecute(Thread thread, Runnable task) {
                        ((Worker) thread).begin();
                    }

                    @Override
                    protected void afterExecute(Runnable task, @Nullable Throwable failure) {
                        ((Worker) Thread.currentThread()).runOwn();
                    }
                };
    }

    /** Runs a task; never throws and never runs it at once. */
    @Override
    public void execute(Runnable task) {
        if (Thread.currentThread() instanceof Worker worker && worker.takes(this, task)) {
            watch();
        } else {
            handOn(task);
        }
    }

    /** Whether the calling thread is one of these. */
    boolean isWorker() {
        return Thread.currentThread() instanceof Worker worker && worker.inTask;
    }

    /** Runs a task on another worker if one is free, for a worker that has other things to do. */
    void handOn(Runnable task) {
        if (spinner.compareAndSet(SPINNING, task)) {
            return;
        }
        if (threads.getPoolSize() < parallelism || queue.hasSleeper()) {
            start(task);
        } else {
            queue.enqueue(task);
        }
    }

    /** Gives a task to a worker that sleeps or to a new one. */
    private void start(Runnable task) {
        try {
            threads.execute(task);
            watch();
        } catch (Throwable e) {
            // There is no memory or no thread to be had now.
            queue.enqueue(task);
        }
    }

    private void watch() {
        if (!watched.get() && watched.compareAndSet(false, true)) {
            try {
                DriverThreads.later(this::relieve, STALL_NANOS);
            } catch (Throwable e) {
                // The next task tries again.
                watched.set(false);
            }
        }
    }

    /** Gives what waits behind a worker that stands still to others, and starts one more if nobody serves the queue. */
    private void relieve() {
        watched.set(false);
        boolean waiting = false;
        boolean served = false;
        int moving = 0;
        for (Worker worker : workers) {
            served |= worker.servedQueue();
            if (!worker.moved()) {
                worker.giveTo(queue, 0);
            } else {
                moving++;
                if (worker.waiting >= MANY && queue.hasSleeper()) {
                    worker.giveTo(queue, MANY / 2);
                }
            }
            waiting |= worker.waiting > 0;
        }
        if (!queue.isEmpty()) {
            waiting = true;
            boolean understaffed = moving < parallelism && !served && spinner.get() != SPINNING;
            Runnable next = understaffed ? queue.poll() : null;
            if (next != null) {
                start(next);
            }
        }
        if (waiting) {
            watch();
        }
    }

    /** Looks for work without sleeping, longer where that proved worth it; null if there is none. */
    private @Nullable Runnable spin() {
        long limit = spinNanos;
        if (limit == 0 || !spinner.compareAndSet(null, SPINNING)) {
            return null;
        }
        long end = System.nanoTime() + limit;
        do {
            Runnable given = spinner.get();
            if (given != SPINNING) {
                break;
            }
            Runnable stolen = steal();
            if (stolen != null) {
                Runnable late = spinner.getAndSet(null);
                if (late != null && late != SPINNING) {
                    handOn(late);
                }
                return stolen;
            }
            Thread.onSpinWait();
        } while (System.nanoTime() < end);
        Runnable given = spinner.getAndSet(null);
        boolean found = given != null && given != SPINNING;
        spinNanos = found ? Math.min(MAX_SPIN_NANOS, limit * 2) : Math.max(MIN_SPIN_NANOS, limit - limit / 8);
        return found ? given : null;
    }

    private @Nullable Runnable steal() {
        for (Worker worker : workers) {
            Runnable task = worker.surplus();
            if (task != null) {
                return task;
            }
        }
        return null;
    }

    private synchronized void register(Worker worker, boolean there) {
        List<Worker> all = new ArrayList<>(List.of(workers));
        if (there) {
            all.add(worker);
        } else {
            all.remove(worker);
        }
        workers = all.toArray(Worker[]::new);
    }

    private static void runSafely(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            // The tasks behind this one close what users wait for.
            Operators.onErrorDropped(Errors.map(e, null), Context.empty());
        }
    }

    /** A thread and the tasks that came from its own tasks. */
    private final class Worker extends FastThreadLocalThread {

        // Guarded by the queue; its size is read without the lock, too, where an old value does no harm.
        private final ArrayDeque<Runnable> own = new ArrayDeque<>();
        private int waiting;
        private int taken;
        private int takenBefore;
        private boolean served;

        // Confined to the thread itself.
        private boolean inTask;

        Worker(@Nullable ThreadGroup group, Runnable task, String name, long stackBytes) {
            super(group, task, name, stackBytes);
        }

        @Override
        public void run() {
            register(this, true);
            try {
                super.run();
            } finally {
                register(this, false);
            }
        }

        /** Users' code may block it, unlike Netty's own threads. */
        @Override
        public boolean permitBlockingCalls() {
            return true;
        }

        boolean takes(Workers asked, Runnable task) {
            if (!inTask || asked != Workers.this) {
                return false;
            }
            synchronized (own) {
                own.add(task);
                waiting = own.size();
            }
            return true;
        }

        /** Notes a task from the queue. */
        void begin() {
            inTask = true;
            synchronized (own) {
                taken++;
                served = true;
            }
        }

        private @Nullable Runnable take() {
            synchronized (own) {
                Runnable task = own.poll();
                waiting = own.size();
                taken++;
                return task;
            }
        }

        /** The oldest of several tasks; null if there are fewer, because then the worker itself is as quick. */
        @Nullable
        Runnable surplus() {
            return waiting < 2 ? null : take();
        }

        void runOwn() {
            Runnable task;
            int share = 0;
            while (waiting > 0 && (task = take()) != null) {
                runSafely(task);
                if (++share == FAIR_SHARE) {
                    share = 0;
                    Runnable outside = queue.poll();
                    if (outside != null) {
                        begin();
                        runSafely(outside);
                    }
                }
            }
            inTask = false;
        }

        /** Whether it took a task from the queue since it was last asked. */
        boolean servedQueue() {
            synchronized (own) {
                boolean did = served;
                served = false;
                return did;
            }
        }

        /** Whether it took any task since it was last asked. */
        boolean moved() {
            synchronized (own) {
                boolean moved = taken != takenBefore;
                takenBefore = taken;
                return moved;
            }
        }

        /** Leaves it some of its tasks and gives the others away. */
        void giveTo(HandOffQueue others, int left) {
            synchronized (own) {
                while (own.size() > left) {
                    others.enqueue(own.remove());
                }
                waiting = own.size();
            }
        }
    }

    private final class Factory extends DefaultThreadFactory {

        private final long stackBytes;

        Factory(String name, long stackBytes) {
            super(name, true);
            this.stackBytes = stackBytes;
        }

        @Override
        protected Thread newThread(Runnable task, String name) {
            return DriverThreads.detached(() -> new Worker(threadGroup, task, name, stackBytes));
        }
    }

    /** Accepts an offer only when a worker sleeps on it, so that the pool starts a thread instead of queueing. */
    private final class HandOffQueue extends LinkedBlockingQueue<Runnable> {

        private static final long serialVersionUID = 1L;

        private final AtomicInteger sleepers = new AtomicInteger();

        boolean hasSleeper() {
            return sleepers.get() > size();
        }

        @Override
        public boolean offer(Runnable task) {
            return hasSleeper() && super.offer(task);
        }

        /** A worker that ends its sleep at this very moment may miss the task, which then waits for {@link #relieve}. */
        void enqueue(Runnable task) {
            super.offer(task);
            watch();
        }

        @Override
        public @Nullable Runnable poll(long timeout, TimeUnit unit) throws InterruptedException {
            Runnable task = poll();
            if (task == null) {
                task = spin();
            }
            if (task != null) {
                return task;
            }
            sleepers.incrementAndGet();
            try {
                return threads.getPoolSize() > parallelism
                        ? super.poll(SURPLUS_IDLE_NANOS, TimeUnit.NANOSECONDS)
                        : super.poll(timeout, unit);
            } finally {
                sleepers.decrementAndGet();
            }
        }
    }
}
