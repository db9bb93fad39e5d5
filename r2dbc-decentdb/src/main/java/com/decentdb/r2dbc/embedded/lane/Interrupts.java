package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The right of other threads to end what runs on a lane. A request is made for one piece of work and meets that or none: it calls the
 * engine only while that work runs, and the work does not end while a request is in the engine. Thread-safe.
 */
public final class Interrupts {

    /** For whom work runs; it may be ended as a whole. Compared by identity. */
    public interface Owner {

        /** Why nothing may be run for it any more; null if it may. To change before {@link Interrupts#end} is called. */
        @Nullable
        R2dbcException refusal();
    }

    private enum State {
        RUNNING,
        /** It shall end; the engine is asked again until it does. */
        INTERRUPTED,
        ENDED
    }

    private static final long MIN_REPEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long MAX_REPEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Supplier<@Nullable NativeDatabase> handle;
    private volatile @Nullable Work current;
    private volatile Runnable whenEndless = () -> {};

    Interrupts(Supplier<@Nullable NativeDatabase> handle) {
        this.handle = handle;
    }

    /** Sets what happens when work shall end that the engine cannot end. */
    void whenEndless(Runnable action) {
        whenEndless = action;
    }

    /**
     * Runs work in a task of the lane, unless its owner refuses. It ends early, with an error of the engine or with SQLSTATE 57014, if
     * its subscriber cancels or {@link #end} is called.
     *
     * @param exchange the request of the work, which has been started
     */
    public <T extends @Nullable Object> T run(Owner owner, Exchange<?> exchange, Supplier<T> task) {
        Work work = new Work(owner);
        current = work;
        try {
            // Only here: its end ends what it finds running after this.
            R2dbcException refusal = owner.refusal();
            if (refusal != null) {
                throw refusal;
            }
            exchange.onCancel(work);
            return task.get();
        } finally {
            current = null;
            work.over();
        }
    }

    /** Ends what runs for this owner now, if anything does; any thread, does not wait. */
    public void end(Owner owner) {
        Work work = current;
        if (work != null && work.owner == owner) {
            work.run();
        }
    }

    /** Ends what runs now, whatever it is; any thread, does not wait. */
    public void endAny() {
        Work work = current;
        if (work != null) {
            work.run();
        }
    }

    /** Whether the work that runs shall end and has not done so. */
    public boolean pending() {
        Work work = current;
        return work != null && work.get() == State.INTERRUPTED;
    }

    /** Fails if the work that runs shall end; before each call of the engine, which a request may have come too early for. */
    void check() {
        if (pending()) {
            throw Errors.of("57014", "The statement was interrupted", null);
        }
    }

    private final class Work extends AtomicReference<State> implements Runnable {

        private static final long serialVersionUID = 1L;

        private final transient Owner owner;

        Work(Owner owner) {
            super(State.RUNNING);
            this.owner = owner;
        }

        /** Ends it. */
        @Override
        public void run() {
            if (compareAndSet(State.RUNNING, State.INTERRUPTED)) {
                request(MIN_REPEAT_NANOS);
            }
        }

        /** A request that comes between two calls of the engine meets none, so there is another one as long as the work runs. */
        private void request(long repeatNanos) {
            synchronized (this) {
                if (get() != State.INTERRUPTED) {
                    return;
                }
                NativeDatabase open = handle.get();
                if (open != null && !open.interrupt()) {
                    whenEndless.run();
                    return;
                }
            }
            try {
                DriverThreads.later(() -> request(Math.min(2 * repeatNanos, MAX_REPEAT_NANOS)), repeatNanos);
            } catch (Throwable e) {
                // There is no memory or no thread for the timer now, and this request remains the only one.
                return;
            }
        }

        /** Waits for a request that is in the engine, which takes no time. */
        void over() {
            if (!compareAndSet(State.RUNNING, State.ENDED)) {
                synchronized (this) {
                    set(State.ENDED);
                }
            }
        }
    }
}
