package com.decentdb.r2dbc.delivery;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs a step whenever it was asked for since the step last began, on one thread at a time. Requests made meanwhile are
 * served together by one further step. If the step or the executor throws, the next request runs the step again.
 */
public final class SerializedDrain {

    private final Executor executor;
    private final Runnable step;
    private final Runnable loop = this::loop;
    private final AtomicInteger requests = new AtomicInteger();

    /**
     * Creates a drain at rest.
     *
     * @param executor runs the steps; {@code Runnable::run} for the thread of the request
     */
    public SerializedDrain(Executor executor, Runnable step) {
        this.executor = executor;
        this.step = step;
    }

    /** Requests a step; any thread, also within a step. */
    public void run() {
        if (requests.getAndIncrement() != 0) {
            return;
        }
        try {
            executor.execute(loop);
        } catch (Throwable e) {
            requests.set(0);
            throw e;
        }
    }

    private void loop() {
        int served = requests.get();
        do {
            try {
                step.run();
            } catch (Throwable e) {
                requests.set(0);
                throw e;
            }
            served = requests.addAndGet(-served);
        } while (served != 0);
    }
}
