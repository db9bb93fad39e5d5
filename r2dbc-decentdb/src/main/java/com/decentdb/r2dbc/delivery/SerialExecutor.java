package com.decentdb.r2dbc.delivery;

import java.util.Queue;
import java.util.concurrent.Executor;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/** Runs tasks one at a time and in order on another executor, keeping its thread while there are tasks. */
final class SerialExecutor implements Executor {

    private final Queue<Runnable> tasks =
            Queues.<Runnable>unboundedMultiproducer().get();
    private final SerializedDrain drain;

    SerialExecutor(Executor executor) {
        this.drain = new SerializedDrain(executor, this::runAll);
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        drain.run();
    }

    private void runAll() {
        Runnable task;
        while ((task = tasks.poll()) != null) {
            try {
                task.run();
            } catch (Throwable e) {
                // Even an Error is dropped here: the tasks behind this one close what users wait for.
                Operators.onErrorDropped(e, Context.empty());
            }
        }
    }
}
