package com.decentdb.r2dbc.delivery.threads;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Work that must be done although there may be no memory, or no stack on this thread, for it now: it begins on the calling thread,
 * and is repeated on a worker until none of it fails for lack of those. It has to bear repetition.
 */
public final class Persistent extends Task {

    private static final long PAUSE_MILLIS = 5;

    private final Runnable work;
    private final AtomicBoolean waiting = new AtomicBoolean();

    private Persistent(Runnable work) {
        this.work = work;
    }

    /** Takes memory now, so that {@link #begin} needs none. */
    public static Persistent of(Runnable work) {
        return new Persistent(work);
    }

    /** Does the work as often as necessary; to be called once, any thread. */
    public void begin() {
        try {
            work.run();
        } catch (VirtualMachineError e) {
            again();
        }
    }

    /** Repeats work whose failure came later, as a signal. */
    public void again() {
        if (waiting.compareAndSet(false, true)) {
            DriverThreads.workers().execute(this);
        }
    }

    /** For the workers alone. */
    @Override
    public void run() {
        waiting.set(false);
        pause();
        begin();
    }

    /** Does work on this thread, which may wait, until it does not fail for lack of memory. Needs no memory itself. */
    public static void insist(Runnable work) {
        while (!done(work)) {
            pause();
        }
    }

    private static boolean done(Runnable work) {
        try {
            work.run();
            return true;
        } catch (VirtualMachineError e) {
            return false;
        }
    }

    /** Waits a moment for memory, on a thread that may. */
    public static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
