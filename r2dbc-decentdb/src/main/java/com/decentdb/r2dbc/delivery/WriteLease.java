package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The write lock of a database: one claimant holds it at a time, and it is handed on in the order of the claims. No thread
 * waits for it. Thread-safe.
 */
public final class WriteLease {

    /** A claim of the write lock. */
    public interface Claimant extends WaitQueue.Waiter {

        /**
         * The lock is granted; must neither block nor throw. Called on the thread of the caller of {@link #acquire} or
         * {@link #release}.
         *
         * @return false to hand it on, because no subscriber waits for it any more
         */
        boolean granted();

        /** The purpose of the claim, for the error of those that wait in vain. */
        String purpose();

        /** The database closed, so the lock will never be granted. */
        void refused();
    }

    /**
     * The counts since the lock was created.
     *
     * @param granted how often it was granted
     * @param released how often it was given back
     * @param waitNanos how long those that got it had waited
     * @param holdNanos how long those that gave it back had held it
     * @param timeouts how many requests gave up waiting
     * @param waiting claims that wait now
     */
    public record Totals(long granted, long released, long waitNanos, long holdNanos, long timeouts, int waiting) {}

    /** Between two attempts of a holder to get the lock of the file, whose engine waits for it a little each time. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final WaitQueue<Claimant> claimants = WaitQueue.measured();
    private final String elsewhere;
    private @Nullable Claimant holder;
    private long heldSince;
    // Guarded by this.
    private long granted;
    private long released;
    private long holdNanos;
    private final AtomicLong timeouts = new AtomicLong();
    /** Since when holders have waited for another process, or {@link WaitQueue.Waiter#NEVER}. */
    private volatile long lockedElsewhereSince = WaitQueue.Waiter.NEVER;

    private Runnable whileLockedElsewhere = () -> {};

    public WriteLease() {
        this("another process holds, or another class loader with this driver");
    }

    /**
     * Creates a lock that nobody holds.
     *
     * @param elsewhere who may hold the lock of the database apart from the claimants, with the verb
     */
    public WriteLease(String elsewhere) {
        this.elsewhere = elsewhere;
    }

    public void acquire(Claimant claimant) {
        boolean queued;
        boolean granted;
        synchronized (this) {
            queued = holder != null && claimants.add(claimant);
            granted = holder == null && !claimants.closed();
            if (granted) {
                lockedHere();
                hold(claimant);
            }
        }
        if (granted) {
            if (!claimant.granted()) {
                release();
            }
        } else if (!queued) {
            claimant.refused();
        }
    }

    /** Grants the lock if nobody holds it; false if the claimant did not get it, and it never will then. */
    public boolean acquireIfFree(Claimant claimant) {
        synchronized (this) {
            if (holder != null || claimants.closed()) {
                return false;
            }
            lockedHere();
            hold(claimant);
        }
        if (claimant.granted()) {
            return true;
        }
        release();
        return false;
    }

    /** Hands the lock on; needs no memory. */
    public void release() {
        Claimant next;
        do {
            synchronized (this) {
                next = claimants.poll();
                hold(next);
            }
        } while (next != null && !next.granted());
    }

    /**
     * Lets the holder, whose attempt another process prevented, try again after a moment. The lane is free for other tasks
     * meanwhile.
     *
     * @param lane runs the attempt; if it rejects that, the lock is handed on
     * @param attempt needs no memory to be handed over
     */
    public void retry(Executor lane, Task attempt) {
        AtomicBoolean begun = null;
        try {
            lockedElsewhere();
            AtomicBoolean once = new AtomicBoolean();
            begun = once;
            soon(() -> attempt(lane, attempt, once));
        } catch (Throwable e) {
            // Without memory for the timer the attempts follow each other.
            attempt(lane, attempt, begun);
        }
    }

    /** Makes the attempt, unless that was done: a timer that failed may have been set. */
    private void attempt(Executor lane, Task attempt, @Nullable AtomicBoolean begun) {
        if (begun != null && !begun.compareAndSet(false, true)) {
            return;
        }
        try {
            lane.execute(attempt);
        } catch (RejectedExecutionException e) {
            release();
        }
    }

    /** Notes that another process prevented the attempt of the holder. */
    public void lockedElsewhere() {
        if (lockedElsewhereSince == WaitQueue.Waiter.NEVER) {
            lockedElsewhereSince = System.nanoTime();
        }
        whileLockedElsewhere.run();
    }

    /** Runs a task when it is worth another attempt to get the lock of the file. */
    public static void soon(Runnable task) {
        DriverThreads.later(task, PAUSE_NANOS);
    }

    /** Notes that the attempt of the holder succeeded. */
    public void lockedHere() {
        lockedElsewhereSince = WaitQueue.Waiter.NEVER;
    }

    /** Runs an action each time that a holder has to wait for another process. */
    public void whileLockedElsewhere(Runnable action) {
        whileLockedElsewhere = action;
    }

    /** Since when holders have waited for another process, in {@link System#nanoTime()}, or {@link WaitQueue.Waiter#NEVER}. */
    public long lockedElsewhereSince() {
        return lockedElsewhereSince;
    }

    /** Refuses the claims that wait and all to come. */
    public void close() {
        List<Claimant> refused = claimants.close();
        for (int i = 0; i < refused.size(); i++) {
            refused.get(i).refused();
        }
    }

    /** Removes a claimant that gave up. */
    public void withdraw(Claimant claimant) {
        claimants.remove(claimant);
    }

    /** Whether a claim waits. */
    public boolean contended() {
        return !claimants.isEmpty();
    }

    public synchronized boolean held() {
        return holder != null;
    }

    /** The counts at this moment. */
    public synchronized Totals totals() {
        return new Totals(granted, released, claimants.waitNanos(), holdNanos, timeouts.get(), claimants.size());
    }

    private void hold(@Nullable Claimant claimant) {
        long now = System.nanoTime();
        if (holder != null) {
            released++;
            holdNanos += now - heldSince;
        }
        if (claimant != null) {
            granted++;
        }
        holder = claimant;
        heldSince = now;
    }

    /** The error of a claim that waited too long. */
    public R2dbcException timeout(String who, Duration lockWait, @Nullable String sql) {
        timeouts.incrementAndGet();
        return Errors.of(
                "55P03",
                who + " waited " + lockWait.toMillis() + " ms for the write lock" + heldBy()
                        + "; it was not started. Shorten what holds it, or raise lockWaitTimeout",
                sql);
    }

    private synchronized String heldBy() {
        Claimant current = holder;
        if (lockedElsewhereSince != WaitQueue.Waiter.NEVER) {
            return ", which " + elsewhere;
        }
        return current == null
                ? ""
                : ", which " + current.purpose() + " has held for " + (System.nanoTime() - heldSince) / 1_000_000
                        + " ms";
    }

    /**
     * A claim without a time limit.
     *
     * @param executor runs the task once the lock is granted; if it rejects that, the lock is handed on
     */
    public static Claimant claim(String purpose, Executor executor, Runnable whenGranted) {
        return new LastingClaim(purpose, executor, whenGranted);
    }

    /** A claim that answers a request, within the request's time limit. */
    public static Claimant claim(String purpose, Exchange<?> exchange, Executor executor, Runnable whenGranted) {
        return new ExchangeClaim(purpose, exchange, executor, Task.of(whenGranted));
    }

    private static final class LastingClaim implements Claimant, WaitQueue.Lasting {

        private final String purpose;
        private final Executor executor;
        private final Task whenGranted;

        LastingClaim(String purpose, Executor executor, Runnable whenGranted) {
            this.purpose = purpose;
            this.executor = executor;
            this.whenGranted = Task.of(whenGranted);
        }

        @Override
        public boolean granted() {
            try {
                executor.execute(whenGranted);
                return true;
            } catch (Throwable e) {
                return false;
            }
        }

        @Override
        public String purpose() {
            return purpose;
        }

        @Override
        public void refused() {
            // A claim without a limit is made for the requests of a queue, which fails them itself.
        }
    }

    private record ExchangeClaim(String purpose, Exchange<?> exchange, Executor executor, Task whenGranted)
            implements Claimant, WaitQueue.Request {

        @Override
        public boolean granted() {
            if (!exchange.start()) {
                return false;
            }
            try {
                executor.execute(whenGranted);
                return true;
            } catch (Throwable e) {
                exchange.fail(Errors.map(e, null));
                return false;
            }
        }

        @Override
        public void refused() {
            exchange.fail(Errors.closed());
        }
    }
}
