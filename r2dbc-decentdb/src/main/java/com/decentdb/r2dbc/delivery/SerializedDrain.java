package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.delivery.threads.Task;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * Runs a step whenever it was asked for since the step last began, on one thread at a time. Requests made meanwhile are
 * served together by one further step. If the step or the executor throws, the next request runs the step again.
 */
public abstract class SerializedDrain extends Task {

    private static final AtomicIntegerFieldUpdater<SerializedDrain> REQUESTS =
            AtomicIntegerFieldUpdater.newUpdater(SerializedDrain.class, "requests");

    private final Executor executor;
    private volatile int requests;

    /**
     * Creates a drain at rest.
     *
     * @param executor runs the steps; {@code Runnable::run} for the thread of the request
     */
    protected SerializedDrain(Executor executor) {
        this.executor = executor;
    }

    /** A drain at rest that runs a step on an executor. */
    public static SerializedDrain of(Executor executor, Runnable step) {
        return new SerializedDrain(executor) {
            @Override
            protected void step() {
                step.run();
            }
        };
    }

    /** The step; never run by two threads at once. */
    protected abstract void step();

    /** Requests a step; any thread, also within a step. */
    public final void drain() {
        if (REQUESTS.getAndIncrement(this) != 0) {
            return;
        }
        try {
            executor.execute(this);
        } catch (Throwable e) {
            requests = 0;
            throw e;
        }
    }

    /** Runs the steps that were requested; for the executor alone. */
    @Override
    public final void run() {
        int served = requests;
        do {
            try {
                step();
            } catch (Throwable e) {
                requests = 0;
                throw e;
            }
            served = REQUESTS.addAndGet(this, -served);
        } while (served != 0);
    }
}
