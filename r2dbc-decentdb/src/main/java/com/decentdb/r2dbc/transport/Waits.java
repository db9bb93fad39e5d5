package com.decentdb.r2dbc.transport;

import java.time.Duration;

/** Bounds of waiting. */
public final class Waits {

    /** Stands for a wait without limit; no wait of the driver is longer. Short enough to be counted in nanoseconds. */
    public static final Duration UNLIMITED = Duration.ofDays(365);

    private Waits() {}

    /** The duration, or {@link #UNLIMITED} if it is longer than that. */
    public static Duration atMostUnlimited(Duration duration) {
        return duration.compareTo(UNLIMITED) > 0 ? UNLIMITED : duration;
    }
}
