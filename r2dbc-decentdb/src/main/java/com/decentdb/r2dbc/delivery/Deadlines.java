package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.transport.Waits;
import java.time.Duration;

/** Points in time at which waits end. */
public final class Deadlines {

    private Deadlines() {}

    /** The end of a wait that begins now, in {@link System#nanoTime()}; {@link Waits#UNLIMITED} has none. */
    public static long after(Duration wait) {
        return wait.compareTo(Waits.UNLIMITED) >= 0 ? WaitQueue.Waiter.NEVER : System.nanoTime() + wait.toNanos();
    }
}
