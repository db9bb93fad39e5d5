package com.decentdb.r2dbc.delivery.threads;

import java.util.AbstractQueue;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The tasks that wait for a worker, in the order they came, and the workers that wait for a task. Neither takes memory. The
 * pool of the workers cannot add to it, so that the pool starts threads instead of queueing.
 */
final class HandOffQueue extends AbstractQueue<Runnable> implements BlockingQueue<Runnable> {

    private static final long SURPLUS_IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final Supplier<@Nullable Task> lookout;
    private final BooleanSupplier surplus;

    // Guarded by this; the numbers are read without it, too, where an old value does no harm.
    private final Task.Fifo tasks = new Task.Fifo();
    private volatile int waiting;
    private volatile int sleepers;

    /**
     * An empty queue.
     *
     * @param lookout looks for work in other places, before a worker sleeps
     * @param surplus whether there are more workers than processors, which soon end
     */
    HandOffQueue(Supplier<@Nullable Task> lookout, BooleanSupplier surplus) {
        this.lookout = lookout;
        this.surplus = surplus;
    }

    boolean hasSleeper() {
        return sleepers > waiting;
    }

    /** Adds a task. A worker that ends its sleep at this very moment may miss it. */
    synchronized void enqueue(Task task) {
        tasks.add(task);
        waiting = tasks.size();
        if (sleepers > 0) {
            notify();
        }
    }

    @Override
    public @Nullable Task poll() {
        return waiting == 0 ? null : take(0);
    }

    @Override
    public @Nullable Task poll(long timeout, TimeUnit unit) {
        Task task = poll();
        if (task == null) {
            task = lookout.get();
        }
        return task != null ? task : take(surplus.getAsBoolean() ? SURPLUS_IDLE_NANOS : unit.toNanos(timeout));
    }

    /** Waits for a task; null if none comes in time. */
    private synchronized @Nullable Task take(long nanos) {
        Task task = tasks.poll();
        if (task == null && nanos > 0) {
            sleepers++;
            try {
                task = await(System.nanoTime() + nanos);
            } finally {
                sleepers--;
            }
        }
        waiting = tasks.size();
        return task;
    }

    private synchronized @Nullable Task await(long end) {
        Task task = null;
        long left = end - System.nanoTime();
        while (task == null && left > 0) {
            try {
                wait(left / NANOS_PER_MILLI, (int) (left % NANOS_PER_MILLI));
            } catch (InterruptedException e) {
                // Only a program interrupts a worker, in its own code; the worker goes on.
                return tasks.poll();
            }
            task = tasks.poll();
            left = end - System.nanoTime();
        }
        return task;
    }

    @Override
    public boolean offer(Runnable task) {
        return false;
    }

    @Override
    public boolean offer(Runnable task, long timeout, TimeUnit unit) {
        return false;
    }

    @Override
    public int size() {
        return waiting;
    }

    @Override
    public int remainingCapacity() {
        return 0;
    }

    @Override
    public Task take() {
        throw new UnsupportedOperationException("Every worker ends when idle");
    }

    @Override
    public void put(Runnable task) {
        throw new UnsupportedOperationException("Tasks are enqueued");
    }

    @Override
    public @Nullable Runnable peek() {
        throw new UnsupportedOperationException("Tasks are taken");
    }

    @Override
    public Iterator<Runnable> iterator() {
        return Collections.emptyIterator();
    }

    @Override
    public int drainTo(Collection<? super Runnable> target) {
        return drainTo(target, Integer.MAX_VALUE);
    }

    @Override
    public int drainTo(Collection<? super Runnable> target, int max) {
        int drained = 0;
        Task task;
        while (drained < max && (task = poll()) != null) {
            target.add(task);
            drained++;
        }
        return drained;
    }
}
