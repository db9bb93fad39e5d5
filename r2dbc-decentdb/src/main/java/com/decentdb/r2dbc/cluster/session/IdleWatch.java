package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.transport.Errors;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Notices that a transaction does nothing. Confined to the loop. */
final class IdleWatch {

    private final EventLoop loop;
    private final long timeout;
    private final Runnable tooLong;
    private long lastUse = System.nanoTime();
    private @Nullable ScheduledFuture<?> timer;

    /**
     * Creates it; it begins to watch later.
     *
     * @param timeout zero for never
     */
    IdleWatch(EventLoop loop, Duration timeout, Runnable tooLong) {
        this.loop = loop;
        this.timeout = timeout.toNanos();
        this.tooLong = tooLong;
    }

    /** The error of statements that come too late. */
    R2dbcException error() {
        return Errors.idleTooLong(Duration.ofNanos(timeout), null);
    }

    void used() {
        lastUse = System.nanoTime();
    }

    /** Begins to watch what happens on a line. */
    void begin(Line line) {
        if (timeout > 0) {
            long left = lastUse + timeout - System.nanoTime();
            timer = loop.schedule(() -> look(line), Math.max(0, left), TimeUnit.NANOSECONDS);
        }
    }

    private void look(Line line) {
        if (!line.isFree()) {
            used();
        }
        if (System.nanoTime() - lastUse < timeout) {
            begin(line);
        } else {
            tooLong.run();
        }
    }

    void end() {
        ScheduledFuture<?> scheduled = timer;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
    }
}
