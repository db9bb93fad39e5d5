package com.decentdb.r2dbc.delivery.threads;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The tasks that wait for a worker, in the order they came, and the workers that wait for a task. Neither takes memory. */
final class HandOffQueue {

    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    // Guarded by this; the numbers are read without it, too, where an old value does no harm.
    private final Task.Fifo tasks = new Task.Fifo();
    private volatile int waiting;
    private volatile int sleepers;

    boolean hasSleeper() {
        return sleepers > waiting;
    }

    boolean isEmpty() {
        return waiting == 0;
    }

    /** Adds a task. A worker that ends its sleep at this very moment may miss it. */
    synchronized void enqueue(Task task) {
        tasks.add(task);
        waiting = tasks.size();
        if (sleepers > 0) {
            notify();
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

    /** Waits for a task; null if none comes in time. */
    synchronized @Nullable Task await(long nanos) {
        long end = System.nanoTime() + nanos;
        long left = nanos;
        Task task = take();
        sleepers++;
        try {
            while (task == null && left > 0) {
                wait(left / NANOS_PER_MILLI, (int) (left % NANOS_PER_MILLI));
                task = take();
                left = end - System.nanoTime();
            }
        } catch (InterruptedException e) {
            // Only a program interrupts a worker, in its own code; the worker goes on.
            task = take();
        } finally {
            sleepers--;
        }
        return task;
    }
}
