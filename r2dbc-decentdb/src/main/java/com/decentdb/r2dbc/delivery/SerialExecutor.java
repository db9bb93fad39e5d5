package com.decentdb.r2dbc.delivery;

import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * Runs tasks one at a time and in order on the workers: on one worker while there are tasks, but after a while it passes them to
 * another, so that what the tasks left for the worker to do is not kept waiting. Each task sees what those before it did.
 */
public final class SerialExecutor implements Executor {

    private static final int MAX_TASKS = 64;
    private static final long MAX_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

    private final Queue<Runnable> tasks =
            Queues.<Runnable>unboundedMultiproducer().get();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Workers workers;
    private final Runnable run = this::run;

    SerialExecutor(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
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
        Runnable task = tasks.poll();
        if (task == null) {
            return;
        }
        try {
            task.run();
        } catch (Throwable e) {
            // Even an Error is dropped here: the tasks behind this one close what users wait for.
            Operators.onErrorDropped(e, Context.empty());
        }
    }
}
