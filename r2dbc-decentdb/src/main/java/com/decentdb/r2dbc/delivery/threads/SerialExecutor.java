package com.decentdb.r2dbc.delivery.threads;

import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks one at a time and in order on the workers: on one worker while there are tasks, but after a while it passes them to
 * another, so that what the tasks left for the worker to do is not kept waiting. Each task sees what those before it did. A
 * {@link Task} is never refused; other work is if there is no memory for it.
 */
public final class SerialExecutor implements Executor {

    private static final int MAX_TASKS = 64;
    private static final long MAX_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

    /** Those that came since the last look, the latest first. */
    private final AtomicReference<@Nullable Task> arrived = new AtomicReference<>();

    private final AtomicInteger waiting = new AtomicInteger();
    private final Workers workers;
    private final Task run = Task.of(this::run);

    /** Those before them, the earliest first; confined to the worker that runs them. */
    private @Nullable Task earlier;

    SerialExecutor(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void execute(Runnable work) {
        Task task = Task.of(work);
        Task before;
        do {
            before = arrived.get();
            task.next = before;
        } while (!arrived.compareAndSet(before, task));
        if (waiting.getAndIncrement() == 0) {
            workers.execute(run);
        }
    }

    private void run() {
        long start = System.nanoTime();
        int ran = 0;
        int known = waiting.get();
        do {
            runNext();
            ran++;
            if (ran == known) {
                known = waiting.get();
            }
        } while (ran < known && ran < MAX_TASKS && System.nanoTime() - start < MAX_NANOS);
        if (waiting.addAndGet(-ran) != 0) {
            workers.handOn(run);
        }
    }

    private void runNext() {
        Task task = earlier;
        if (task == null) {
            task = inOrder(arrived.getAndSet(null));
        }
        if (task != null) {
            earlier = task.next;
            task.next = null;
            Task.runSafely(task);
        }
    }

    private static @Nullable Task inOrder(@Nullable Task latest) {
        Task ordered = null;
        Task task = latest;
        while (task != null) {
            Task before = task.next;
            task.next = ordered;
            ordered = task;
            task = before;
        }
        return ordered;
    }
}
