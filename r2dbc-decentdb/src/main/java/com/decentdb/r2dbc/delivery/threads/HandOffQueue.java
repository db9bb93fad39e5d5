package com.decentdb.r2dbc.delivery.threads;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The tasks that wait for a worker, in the order they came, and the workers that sleep until one comes, of which the last to fall
 * asleep is the first to be woken. Neither takes memory.
 */
final class HandOffQueue {

    /** A thread that may sleep in this queue. */
    abstract static class Sleeper extends FastThreadLocalThread {

        // Both are guarded by the queue.
        private @Nullable Sleeper below;
        private boolean asleep;

        Sleeper(@Nullable ThreadGroup group, Runnable task, String name, long stackBytes) {
            super(group, task, name, stackBytes);
        }
    }

    // Guarded by this; the numbers are read without it, too, where an old value does no harm.
    private final Task.Fifo tasks = new Task.Fifo();
    private @Nullable Sleeper top;
    private volatile int waiting;
    private volatile int sleepers;

    boolean hasSleeper() {
        return sleepers > 0;
    }

    boolean isEmpty() {
        return waiting == 0;
    }

    /** Adds a task and wakes a worker for it. One that ends its sleep at this very moment may miss it. */
    void enqueue(Task task) {
        Sleeper woken;
        synchronized (this) {
            tasks.add(task);
            waiting = tasks.size();
            woken = top;
            if (woken != null) {
                wake(woken, null);
            }
        }
        if (woken != null) {
            LockSupport.unpark(woken);
        }
    }

    /** Takes the first task; null if there is none. */
    @Nullable
    Task poll() {
        return isEmpty() ? null : take();
    }

    private synchronized @Nullable Task take() {
        Task task = tasks.poll();
        waiting = tasks.size();
        return task;
    }

    /** Lets the calling thread wait for a task; null if none comes in time. */
    @Nullable
    Task await(Sleeper self, long nanos) {
        long end = System.nanoTime() + nanos;
        long left = nanos;
        Task task = takeOrSleep(self, left > 0);
        while (task == null && left > 0) {
            LockSupport.parkNanos(this, left);
            // Only a program interrupts a worker, in its own code; the worker goes on.
            var unused = Thread.interrupted();
            left = end - System.nanoTime();
            task = takeOrSleep(self, left > 0);
        }
        return task;
    }

    /** Takes the first task; if there is none, the thread is asleep or awake from now on. */
    private synchronized @Nullable Task takeOrSleep(Sleeper self, boolean sleeps) {
        Task task = take();
        if (task == null && sleeps) {
            fallAsleep(self);
        } else if (self.asleep) {
            leave(self);
        }
        return task;
    }

    private synchronized void fallAsleep(Sleeper self) {
        if (!self.asleep) {
            self.asleep = true;
            self.below = top;
            top = self;
            sleepers = sleepers + 1;
        }
    }

    private void leave(Sleeper self) {
        Sleeper above = null;
        for (Sleeper each = top; each != self && each != null; each = each.below) {
            above = each;
        }
        wake(self, above);
    }

    private synchronized void wake(Sleeper woken, @Nullable Sleeper above) {
        if (above == null) {
            top = woken.below;
        } else {
            above.below = woken.below;
        }
        woken.below = null;
        woken.asleep = false;
        sleepers = sleepers - 1;
    }
}
