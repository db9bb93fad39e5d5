package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A subscription to changes. Events wait in a bounded native queue until {@link #next} takes them. */
public final class NativeWatch extends NativeHandle {

    // Nothing can wake a blocked native wait. next() waits in slices, so close() takes effect at the end of a slice.
    private static final long SLICE_MILLIS = 50;

    NativeWatch() {
        super("watch", Integer.MAX_VALUE);
    }

    /**
     * Takes the next event, waiting for it. A concurrent {@link #close()} ends the wait within 50 ms.
     *
     * @param timeoutMillis how long to wait, in milliseconds; 0 looks without waiting
     * @return the event as JSON, or {@code null} if there was none in time or the watch was closed while waiting
     * @throws IllegalStateException if the watch is already closed
     */
    public @Nullable String next(int timeoutMillis) {
        if (timeoutMillis < 0) {
            throw new IllegalArgumentException("timeoutMillis must not be negative: " + timeoutMillis);
        }
        long watch = enter();
        try {
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
            long remaining = timeoutMillis;
            while (true) {
                Scratch scratch = Scratch.ofThread();
                int status =
                        ABI.ddb_watch_next_json(watch, (int) Math.min(remaining, SLICE_MILLIS), scratch.zeroedOut(0));
                if (status != Status.TIMEOUT.code()) {
                    Status.check(status);
                    return scratch.takeString(0);
                }
                remaining = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (remaining <= 0 || isClosed()) {
                    return null;
                }
            }
        } finally {
            leave();
        }
    }

    @Override
    int free(long pointerAddress) {
        return ABI.ddb_watch_close(pointerAddress);
    }
}
