package com.decentdb.r2dbc.delivery;

import java.time.Duration;

/** Points in time for those who wait. */
public final class Deadlines {

    private static final Duration FOREVER = Duration.ofDays(365);

    private Deadlines() {}

    /** The end of a wait that begins now, in {@link System#nanoTime()}; a year counts as for ever. */
    public static long after(Duration wait) {
        return wait.compareTo(FOREVER) >= 0 ? WaitQueue.Waiter.NEVER : System.nanoTime() + wait.toNanos();
    }
}
