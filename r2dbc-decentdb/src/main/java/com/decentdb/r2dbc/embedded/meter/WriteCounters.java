package com.decentdb.r2dbc.embedded.meter;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what group committers do. Counted under the write lock alone, so that no two threads count at once, and read by any thread.
 */
public final class WriteCounters {

    private final AtomicLong executed = new AtomicLong();
    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong commits = new AtomicLong();
    private final AtomicLong largestGroup = new AtomicLong();
    private final AtomicLong waitNanos = new AtomicLong();

    /** A write began after it had waited so long. */
    public void started(long waited) {
        add(executed, 1);
        add(waitNanos, waited);
    }

    /** So many writes shared a commit. */
    public void committed(int writes) {
        add(committed, writes);
        add(commits, 1);
        largestGroup.lazySet(Math.max(largestGroup.get(), writes));
    }

    public void failed(int writes) {
        add(failed, writes);
    }

    private static void add(AtomicLong count, long more) {
        count.lazySet(count.get() + more);
    }

    public long executed() {
        return executed.get();
    }

    public long committed() {
        return committed.get();
    }

    public long failed() {
        return failed.get();
    }

    public long largestGroup() {
        return largestGroup.get();
    }

    /** How many groups were committed. */
    public long commits() {
        return commits.get();
    }

    public long waitNanos() {
        return waitNanos.get();
    }
}
