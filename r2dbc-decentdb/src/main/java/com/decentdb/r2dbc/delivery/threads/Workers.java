package com.decentdb.r2dbc.delivery.threads;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The daemon threads that run lanes and deliver signals. A task that comes from outside wakes one worker at most. A task that
 * comes from a worker waits in that worker's own queue and runs there when the present task is over, so that a chain of
 * statements and answers stays on one thread and the stack stays flat.
 *
 * <p>There are about as many workers as processors while tasks return promptly. Users' code may block a worker, and the engine
 * may take long: when a worker stands still for a moment, others take over what waits behind it, and one more worker starts
 * whenever all stand still. Surplus workers end soon, the last two when no database is open any
 * more. A thread that cannot be started is tried again; the task waits meanwhile.
 * Handing a {@link Task} over takes no memory, so none is lost for want of it.
 */
public final class Workers implements Executor {

    /** Tasks that block more workers than this at once make others wait. */
    private static final int MAX_THREADS = 512;

    /** So many workers stay while databases are open: one may have to wait for memory that another one's work sets free. */
    private static final int KEPT = 2;

    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(DriverThreads.IDLE_MILLIS);
    private static final long SURPLUS_IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long MAX_SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long MIN_SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(2);
    /** After so many tasks of its own a worker looks at what came from outside. */
    private static final int FAIR_SHARE = 4;

    /** A worker that has so many tasks of its own shares them with one that sleeps. Fewer run faster where they are. */
    private static final int MANY = 3;

    /** Stands for the worker that looks for work without sleeping; there is one at most. */
    private static final Task SPINNING = new Task() {
        @Override
        public void run() {
            throw new IllegalStateException("Not a task");
        }
    };

    private final int processors = Runtime.getRuntime().availableProcessors();
    private final int parallelism = Math.max(2, processors);
    private final HandOffQueue queue = new HandOffQueue();
    private final AtomicReference<@Nullable Task> spinner = new AtomicReference<>();
    private final AtomicBoolean watched = new AtomicBoolean();
    private final Runnable relief = this::relieve;
    private final Runnable work = this::work;
    private final ThreadFactory threads;
    private final AtomicInteger count = new AtomicInteger();
    /** The first of all workers, which refer to each other. */
    private volatile @Nullable Worker workers;

    private volatile long spinNanos = processors > 1 ? MAX_SPIN_NANOS : 0;

    /**
     * Workers that start when needed.
     *
     * @param stackBytes the size of their stacks, which engines may need for deep statements
     */
    public Workers(String name, long stackBytes) {
        this(name, stackBytes, threads -> threads);
    }

    /**
     * Workers that start when needed.
     *
     * @param wrapper stands between these and the factory of their threads
     */
    Workers(String name, long stackBytes, UnaryOperator<ThreadFactory> wrapper) {
        threads = wrapper.apply(new DefaultThreadFactory(name, true) {
            @Override
            protected Thread newThread(Runnable task, String worker) {
                return DriverThreads.detached(() -> new Worker(threadGroup, task, worker, stackBytes));
            }
        });
    }

    /** Runs work, never at once. A {@link Task} is never refused; other work is if there is no memory for it. */
    @Override
    public void execute(Runnable work) {
        Task task = Task.of(work);
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
    void handOn(Task task) {
        if (spinner.compareAndSet(SPINNING, task)) {
            return;
        }
        if (queue.hasSleeper() || !start(task, parallelism)) {
            queue.enqueue(task);
        }
        watch();
    }

    /** Starts a worker with a task; false if there are so many already, or if there is no memory or no thread to be had now. */
    private boolean start(Task task, int most) {
        int now;
        do {
            now = count.get();
            if (now >= most) {
                return false;
            }
        } while (!count.compareAndSet(now, now + 1));
        try {
            Worker worker = (Worker) threads.newThread(work);
            worker.first = task;
            worker.start();
            return true;
        } catch (Throwable e) {
            count.decrementAndGet();
            return false;
        }
    }

    private void work() {
        Worker worker = (Worker) Thread.currentThread();
        boolean over = false;
        enlist(worker);
        try {
            do {
                worker.runFirst();
                worker.first = next(worker);
            } while (worker.first != null || !ends());
            over = true;
        } finally {
            dismiss(worker);
            if (!over) {
                count.decrementAndGet();
                worker.giveTo(queue, 0);
                watch();
            }
        }
    }

    /** The next task of an idle worker; null if none comes for a while. */
    private @Nullable Task next(Worker worker) {
        Task queued = queue.poll();
        Task task = queued == null ? spin() : queued;
        return task != null ? task : queue.await(worker, count.get() > parallelism ? SURPLUS_IDLE_NANOS : IDLE_NANOS);
    }

    /**
     * Ends an idle worker, except the last ones while databases are open: when all memory is in use there is none to start another
     * one, which those that use it need to be informed.
     */
    private boolean ends() {
        int now;
        do {
            now = count.get();
            if (now <= KEPT && DriverThreads.kept()) {
                return false;
            }
        } while (!count.compareAndSet(now, now - 1));
        if (queue.isEmpty()) {
            return true;
        }
        // Something came at this moment, and whoever brought it may have seen this worker sleep.
        count.incrementAndGet();
        return false;
    }

    private void watch() {
        if (!watched.get() && watched.compareAndSet(false, true)) {
            try {
                DriverThreads.later(relief, STALL_NANOS);
            } catch (Throwable e) {
                // The next task tries again, or the timer's patrol does.
                watched.set(false);
            }
        }
    }

    /** Gives what waits behind a worker that stands still to others, and starts one more if nobody serves the queue. */
    void relieve() {
        watched.set(false);
        boolean waiting = false;
        boolean served = false;
        int moving = 0;
        for (Worker worker = workers; worker != null; worker = worker.next) {
            served |= worker.servedQueue();
            if (!worker.moved()) {
                worker.giveTo(queue, 0);
            } else {
                moving++;
                if (worker.waiting >= MANY && queue.hasSleeper()) {
                    worker.giveTo(queue, worker.waiting / 2);
                }
            }
            waiting |= worker.waiting > 0;
        }
        if (!queue.isEmpty()) {
            waiting = true;
            boolean understaffed = moving < parallelism && !served && spinner.get() != SPINNING;
            Task next = understaffed ? queue.poll() : null;
            if (next != null && (queue.hasSleeper() || !start(next, MAX_THREADS))) {
                queue.enqueue(next);
            }
        }
        if (waiting) {
            watch();
        }
    }

    /** Looks for work without sleeping, longer where that proved worth it; null if there is none. */
    private @Nullable Task spin() {
        long limit = spinNanos;
        if (limit == 0 || !spinner.compareAndSet(null, SPINNING)) {
            return null;
        }
        long end = System.nanoTime() + limit;
        do {
            Task given = spinner.get();
            if (given != SPINNING) {
                break;
            }
            Task stolen = steal();
            if (stolen != null) {
                Task late = spinner.getAndSet(null);
                if (late != null && late != SPINNING) {
                    handOn(late);
                }
                return stolen;
            }
            Thread.onSpinWait();
        } while (System.nanoTime() < end);
        Task given = spinner.getAndSet(null);
        boolean found = given != null && given != SPINNING;
        spinNanos = found ? Math.min(MAX_SPIN_NANOS, limit * 2) : Math.max(MIN_SPIN_NANOS, limit - limit / 8);
        return found ? given : null;
    }

    private @Nullable Task steal() {
        for (Worker worker = workers; worker != null; worker = worker.next) {
            Task task = worker.surplus();
            if (task != null) {
                return task;
            }
        }
        return null;
    }

    private synchronized void enlist(Worker worker) {
        worker.next = workers;
        workers = worker;
    }

    /** Takes a worker out. One that looks at it at this moment goes on from there. */
    private synchronized void dismiss(Worker worker) {
        Worker before = null;
        for (Worker each = workers; each != worker && each != null; each = each.next) {
            before = each;
        }
        if (before == null) {
            workers = worker.next;
        } else {
            before.next = worker.next;
        }
    }

    /** A thread and the tasks that came from its own tasks. */
    private final class Worker extends HandOffQueue.Sleeper {

        private volatile @Nullable Worker next;

        // Guarded by the queue; its size is read without the lock, too, where an old value does no harm.
        private final Task.Fifo own = new Task.Fifo();
        private int waiting;
        private int taken;
        private int takenBefore;
        private boolean served;

        // Confined to the thread itself, once it has started.
        private @Nullable Task first;
        private boolean inTask;

        Worker(@Nullable ThreadGroup group, Runnable task, String name, long stackBytes) {
            super(group, task, name, stackBytes);
        }

        /** Users' code may block it, unlike Netty's own threads. */
        @Override
        public boolean permitBlockingCalls() {
            return true;
        }

        boolean takes(Workers asked, Task task) {
            if (!inTask || asked != Workers.this) {
                return false;
            }
            synchronized (own) {
                own.add(task);
                waiting = own.size();
            }
            return true;
        }

        /** Runs its first task, if any, and those that it leaves behind. An idle worker keeps none of them from being collected. */
        void runFirst() {
            Task task = first;
            if (task != null) {
                first = null;
                inTask = true;
                begin();
                Task.runSafely(task);
                runOwn();
                inTask = false;
            }
        }

        /** Notes a task from the queue. */
        private void begin() {
            synchronized (own) {
                taken++;
                served = true;
            }
        }

        private @Nullable Task take() {
            synchronized (own) {
                Task task = own.poll();
                waiting = own.size();
                taken++;
                return task;
            }
        }

        /** The oldest of several tasks; null if there are fewer, because then the worker itself is as quick. */
        @Nullable
        Task surplus() {
            return waiting < 2 ? null : take();
        }

        private void runOwn() {
            Task task;
            int share = 0;
            while (waiting > 0 && (task = take()) != null) {
                Task.runSafely(task);
                if (++share == FAIR_SHARE) {
                    share = 0;
                    Task outside = queue.poll();
                    if (outside != null) {
                        begin();
                        Task.runSafely(outside);
                    }
                }
            }
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
                Task task;
                while (own.size() > left && (task = own.poll()) != null) {
                    others.enqueue(task);
                }
                waiting = own.size();
            }
        }
    }
}
