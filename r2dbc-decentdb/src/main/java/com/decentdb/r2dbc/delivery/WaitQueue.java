package com.decentdb.r2dbc.delivery;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A bounded FIFO of requests that wait without a thread; one timer expires those whose time is up. Thread-safe. */
public final class WaitQueue<W extends WaitQueue.Waiter> {

    /** A request that waits. Compared by identity. */
    public interface Waiter {

        long NEVER = Long.MAX_VALUE;

        /** False once the waiter was claimed, cancelled or expired. */
        boolean waiting();

        /** When to give up, in {@link System#nanoTime()}, or {@link #NEVER}. */
        long deadline();

        /** Time is up; the waiter has left the queue. */
        void expire();
    }

    /** A waiter that waits until it is served, because the requests behind it have deadlines of their own. */
    public interface Lasting extends Waiter {

        @Override
        default boolean waiting() {
            return true;
        }

        @Override
        default long deadline() {
            return NEVER;
        }

        @Override
        default void expire() {
            throw new IllegalStateException("A claim without a deadline cannot expire");
        }
    }

    /** A waiter that waits on behalf of an exchange, no longer than that does. */
    public interface Request extends Waiter {

        Exchange<?> exchange();

        @Override
        default boolean waiting() {
            return exchange().waiting();
        }

        @Override
        default long deadline() {
            return exchange().deadline();
        }

        @Override
        default void expire() {
            exchange().expire();
        }
    }

    private Set<W> waiters = new LinkedHashSet<>();
    private final int capacity;
    private final BooleanSupplier timed;
    private long nextSweep = Waiter.NEVER;
    private boolean closed;

    public WaitQueue(int capacity) {
        this(capacity, () -> true);
    }

    /**
     * Creates a queue whose deadlines count at times only.
     *
     * @param timed whether they count now; {@link #sweep} is to be called when this becomes true
     */
    public WaitQueue(int capacity, BooleanSupplier timed) {
        this.capacity = capacity;
        this.timed = timed;
    }

    /** Adds a waiter at the end; false if the queue is full or closed. */
    public synchronized boolean offer(W waiter) {
        return waiters.size() < capacity && add(waiter);
    }

    /** Adds a waiter at the end whatever the capacity, for waiters whose number is bounded elsewhere; false if closed. */
    public synchronized boolean add(W waiter) {
        if (closed) {
            return false;
        }
        waiters.add(waiter);
        if (timed.getAsBoolean()) {
            armSweep(waiter.deadline());
        }
        return true;
    }

    /** Puts waiters that were taken back to the front, whatever the capacity; false if closed. */
    public synchronized boolean putBack(List<? extends W> taken) {
        if (closed) {
            return false;
        }
        Set<W> all = new LinkedHashSet<>(taken);
        all.addAll(waiters);
        waiters = all;
        return true;
    }

    /** Takes all of which this is true. */
    public synchronized List<W> take(Predicate<? super W> which) {
        List<W> taken = waiters.stream().filter(which).toList();
        taken.forEach(waiters::remove);
        return taken;
    }

    /** Takes the first one that still waits. */
    public synchronized @Nullable W poll() {
        if (waiters.isEmpty()) {
            return null;
        }
        Iterator<W> all = waiters.iterator();
        while (all.hasNext()) {
            W first = all.next();
            all.remove();
            if (first.waiting()) {
                return first;
            }
        }
        return null;
    }

    /** Takes the first ones that still wait, at most {@code max}. */
    public List<W> poll(int max) {
        List<W> taken = new ArrayList<>();
        W next;
        while (taken.size() < max && (next = poll()) != null) {
            taken.add(next);
        }
        return taken;
    }

    /** Whether one of those in it still waits. */
    public synchronized boolean hasWaiter() {
        for (W waiter : waiters) {
            if (waiter.waiting()) {
                return true;
            }
        }
        return false;
    }

    public synchronized void remove(W waiter) {
        waiters.remove(waiter);
    }

    public synchronized int size() {
        return waiters.size();
    }

    public boolean isEmpty() {
        return size() == 0;
    }

    public synchronized boolean closed() {
        return closed;
    }

    /** Empties the queue and refuses all requests to come. */
    public synchronized List<W> close() {
        closed = true;
        return drain();
    }

    /** Empties the queue. */
    public synchronized List<W> drain() {
        List<W> all = new ArrayList<>(waiters);
        waiters.clear();
        return all;
    }

    private void armSweep(long deadline) {
        if (deadline != Waiter.NEVER && (nextSweep == Waiter.NEVER || deadline - nextSweep < 0)) {
            nextSweep = deadline;
            DriverThreads.later(() -> onTimer(deadline), Math.max(0, deadline - System.nanoTime()));
        }
    }

    private void onTimer(long deadline) {
        synchronized (this) {
            if (nextSweep != deadline) {
                // An earlier deadline has come in since; its timer looks at this one, too.
                return;
            }
            nextSweep = Waiter.NEVER;
        }
        sweep();
    }

    /** Expires the waiters whose time is up, and comes back for the others; to be called when deadlines begin to count. */
    public void sweep() {
        List<W> expired = new ArrayList<>();
        synchronized (this) {
            if (!timed.getAsBoolean()) {
                return;
            }
            long now = System.nanoTime();
            long earliest = Waiter.NEVER;
            for (Iterator<W> all = waiters.iterator(); all.hasNext(); ) {
                W waiter = all.next();
                long deadline = waiter.deadline();
                if (deadline != Waiter.NEVER && deadline - now <= 0) {
                    all.remove();
                    expired.add(waiter);
                } else if (deadline != Waiter.NEVER && (earliest == Waiter.NEVER || deadline - earliest < 0)) {
                    earliest = deadline;
                }
            }
            armSweep(earliest);
        }
        expired.forEach(Waiter::expire);
    }
}
