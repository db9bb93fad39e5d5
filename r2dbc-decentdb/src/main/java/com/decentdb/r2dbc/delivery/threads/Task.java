package com.decentdb.r2dbc.delivery.threads;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Work that another thread takes over without memory: a task is itself the link of the queue in which it waits. It waits in one
 * queue at a time, and may be handed over again as soon as it runs.
 */
public abstract class Task implements Runnable {

    /** The next one in the queue; belongs to the queue. */
    @Nullable
    Task next;

    /** Makes a task of work that is none, which takes memory. */
    public static Task of(Runnable work) {
        return work instanceof Task task ? task : new Wrapped(work);
    }

    /** Runs work and drops what it throws, Errors too: the tasks behind it close what users wait for. */
    public static void runSafely(Runnable work) {
        try {
            work.run();
        } catch (Throwable e) {
            drop(e);
        }
    }

    private static void drop(Throwable error) {
        try {
            Operators.onErrorDropped(error, Context.empty());
        } catch (Throwable e) {
            // A hook of the program threw, or there is no memory to report that there is none.
            return;
        }
    }

    private static final class Wrapped extends Task {

        private final Runnable work;

        Wrapped(Runnable work) {
            this.work = work;
        }

        @Override
        public void run() {
            work.run();
        }
    }

    /** Tasks in the order they came. Not thread-safe. */
    static final class Fifo {

        private @Nullable Task first;
        private @Nullable Task last;
        private int size;

        void add(Task task) {
            Task before = last;
            if (before == null) {
                first = task;
            } else {
                before.next = task;
            }
            last = task;
            size++;
        }

        @Nullable
        Task poll() {
            Task task = first;
            if (task != null) {
                first = task.next;
                task.next = null;
                size--;
                if (first == null) {
                    last = null;
                }
            }
            return task;
        }

        int size() {
            return size;
        }
    }
}
