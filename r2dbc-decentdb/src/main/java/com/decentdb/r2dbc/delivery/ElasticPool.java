package com.decentdb.r2dbc.delivery;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Daemon threads for users' code: about as many as there are processors while that code returns promptly, one more
 * whenever all of them stand still for a moment with work waiting, because blocking in a mapping function must not stall
 * everybody else. Surplus threads end when idle.
 */
public final class ElasticPool implements Executor {

    /** Users' code that blocks more threads than this at once makes others wait. */
    private static final int MAX_THREADS = 256;

    private static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final int parallelism = Math.max(2, Runtime.getRuntime().availableProcessors());
    private final HandOffQueue queue = new HandOffQueue();
    private final AtomicBoolean watched = new AtomicBoolean();
    private final ThreadPoolExecutor threads;
    private volatile long lastTaken = System.nanoTime();

    public ElasticPool(String name) {
        threads =
                new ThreadPoolExecutor(
                        0,
                        MAX_THREADS,
                        DriverThreads.IDLE_SECONDS,
                        TimeUnit.SECONDS,
                        queue,
                        DriverThreads.daemon(name),
                        (task, pool) -> queue.enqueue(task)) {
                    @Override
                    protected void beforeExecute(Thread thread, Runnable task) {
                        lastTaken = System.nanoTime();
                    }
                };
    }

    @Override
    public void execute(Runnable task) {
        if (threads.getPoolSize() < parallelism || queue.hasWaitingConsumer()) {
            threads.execute(task);
        } else {
            queue.enqueue(task);
            watch();
        }
    }

    private void watch() {
        if (watched.compareAndSet(false, true)) {
            DriverThreads.later(this::relieve, STALL_NANOS);
        }
    }

    /** Starts one more thread if none took work lately although there is some. */
    private void relieve() {
        watched.set(false);
        if (queue.isEmpty()) {
            return;
        }
        if (System.nanoTime() - lastTaken >= STALL_NANOS || threads.getPoolSize() == 0) {
            Runnable next = queue.poll();
            if (next != null) {
                threads.execute(next);
            }
        }
        watch();
    }

    /** Accepts an offer only when a thread waits for it, so that the pool starts a thread instead of queueing. */
    private static final class HandOffQueue extends LinkedTransferQueue<Runnable> {

        private static final long serialVersionUID = 1L;

        @Override
        public boolean offer(Runnable task) {
            return tryTransfer(task);
        }

        void enqueue(Runnable task) {
            super.offer(task);
        }
    }
}
