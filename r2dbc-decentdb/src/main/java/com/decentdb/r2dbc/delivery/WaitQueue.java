package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
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

    /** A waiter between its neighbours. */
    private static final class Place<W> {

        private final W waiter;
        /** Since when it waits, if the queue measures that. */
        private final long since;

        private @Nullable Place<W> before;
        private @Nullable Place<W> behind;

        Place(W waiter, long since) {
            this.waiter = waiter;
            this.since = since;
        }
    }

    private final IdentityHashMap<W, Place<W>> places = new IdentityHashMap<>();
    private @Nullable Place<W> first;
    private @Nullable Place<W> last;
    private final int capacity;
    private final BooleanSupplier timed;
    private final boolean measured;
    private long waitNanos;
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
        this(capacity, timed, false);
    }

    private WaitQueue(int capacity, BooleanSupplier timed, boolean measured) {
        this.capacity = capacity;
        this.timed = timed;
        this.measured = measured;
    }

    /** An unbounded queue that knows {@link #waitNanos}. */
    public static <W extends Waiter> WaitQueue<W> measured() {
        return new WaitQueue<>(Integer.MAX_VALUE, () -> true, true);
    }

    /** Adds a waiter at the end; false if the queue is full or closed. */
    public synchronized boolean offer(W waiter) {
        return places.size() < capacity && add(waiter);
    }

    /**
     * Adds a waiter at the end whatever the capacity, for waiters whose number is bounded elsewhere; false if closed. One for which
     * there is no memory is not in the queue.
     */
    public synchronized boolean add(W waiter) {
        if (closed) {
            return false;
        }
        Place<W> place = new Place<>(waiter, now());
        places.put(waiter, place);
        link(place, null);
        try {
            if (timed.getAsBoolean()) {
                armSweep(waiter.deadline());
            }
        } catch (Throwable e) {
            remove(waiter);
            throw e;
        }
        return true;
    }

    /** Puts waiters that were taken back to the front, whatever the capacity; false if closed. */
    public synchronized boolean putBack(List<? extends W> taken) {
        if (closed) {
            return false;
        }
        Place<W> front = first;
        for (int i = 0; i < taken.size(); i++) {
            Place<W> place = new Place<>(taken.get(i), now());
            places.put(place.waiter, place);
            link(place, front);
        }
        return true;
    }

    /** Puts a place before another one, or at the end. */
    private void link(Place<W> place, @Nullable Place<W> behind) {
        Place<W> before = behind == null ? last : behind.before;
        place.before = before;
        place.behind = behind;
        if (before == null) {
            first = place;
        } else {
            before.behind = place;
        }
        if (behind == null) {
            last = place;
        } else {
            behind.before = place;
        }
    }

    /** Takes all of which this is true. */
    public synchronized List<W> take(Predicate<? super W> which) {
        List<W> taken = new ArrayList<>();
        for (Place<W> place = first; place != null; place = place.behind) {
            if (which.test(place.waiter)) {
                taken.add(place.waiter);
            }
        }
        removeAll(taken);
        return taken;
    }

    /** Takes the first one that still waits; needs no memory. */
    public synchronized @Nullable W poll() {
        Place<W> place = first;
        while (place != null) {
            remove(place.waiter);
            if (place.waiter.waiting()) {
                waitNanos += now() - place.since;
                return place.waiter;
            }
            place = first;
        }
        return null;
    }

    private long now() {
        return measured ? System.nanoTime() : 0;
    }

    /** How long all that were taken by {@link #poll()} had waited together. */
    public synchronized long waitNanos() {
        return waitNanos;
    }

    /** Takes the first ones that still wait, at most {@code max}. One for which there is no memory stays. */
    public List<W> poll(int max) {
        // A list that grows may find no memory for what was taken, and an empty one grows with its first element.
        int most = Math.min(max, size());
        List<W> taken = new ArrayList<>(most);
        W next;
        while (taken.size() < most && (next = poll()) != null) {
            taken.add(next);
        }
        return taken;
    }

    /** Whether one of those in it still waits; needs no memory. */
    public synchronized boolean hasWaiter() {
        for (Place<W> place = first; place != null; place = place.behind) {
            if (place.waiter.waiting()) {
                return true;
            }
        }
        return false;
    }

    /** Takes a waiter out if it is there; needs no memory. */
    public synchronized void remove(W waiter) {
        Place<W> place = places.remove(waiter);
        if (place == null) {
            return;
        }
        Place<W> before = place.before;
        Place<W> behind = place.behind;
        if (before == null) {
            first = behind;
        } else {
            before.behind = behind;
        }
        if (behind == null) {
            last = before;
        } else {
            behind.before = before;
        }
    }

    private void removeAll(List<W> taken) {
        for (int i = 0; i < taken.size(); i++) {
            remove(taken.get(i));
        }
    }

    public synchronized int size() {
        return places.size();
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
        return take(waiter -> true);
    }

    private void armSweep(long deadline) {
        if (deadline != Waiter.NEVER && (nextSweep == Waiter.NEVER || deadline - nextSweep < 0)) {
            Persistent sweep = Persistent.of(this::sweep);
            DriverThreads.later(() -> onTimer(deadline, sweep), Math.max(0, deadline - System.nanoTime()));
            nextSweep = deadline;
        }
    }

    private void onTimer(long deadline, Persistent sweep) {
        synchronized (this) {
            if (nextSweep != deadline) {
                // An earlier deadline has come in since; its timer looks at this one, too.
                return;
            }
            nextSweep = Waiter.NEVER;
        }
        sweep.begin();
    }

    /** Expires the waiters whose time is up, and comes back for the others; to be called when deadlines begin to count. */
    public void sweep() {
        List<W> expired = new ArrayList<>();
        try {
            takeExpired(expired);
        } finally {
            for (int i = 0; i < expired.size(); i++) {
                expired.get(i).expire();
            }
        }
    }

    private synchronized void takeExpired(List<W> expired) {
        if (!timed.getAsBoolean()) {
            return;
        }
        long now = System.nanoTime();
        long earliest = Waiter.NEVER;
        for (Place<W> place = first; place != null; place = place.behind) {
            long deadline = place.waiter.deadline();
            if (deadline != Waiter.NEVER && deadline - now <= 0) {
                expired.add(place.waiter);
            } else if (deadline != Waiter.NEVER && (earliest == Waiter.NEVER || deadline - earliest < 0)) {
                earliest = deadline;
            }
        }
        removeAll(expired);
        armSweep(earliest);
    }
}
