package com.decentdb.r2dbc.cluster.transaction;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.TransactionOptions;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Ends a transaction that does nothing, or takes longer than it may. Confined to the loop. */
final class TransactionLimits {

    private final EventLoop loop;
    private final Duration idleTimeout;
    private final Duration timeout;
    private final Consumer<R2dbcException> exceeded;
    private long lastUse = System.nanoTime();
    private @Nullable ScheduledFuture<?> idleness;
    private @Nullable ScheduledFuture<?> end;

    /**
     * Creates them; they begin to count later.
     *
     * @param exceeded ends the transaction; takes the error of what comes too late
     */
    TransactionLimits(EventLoop loop, TransactionOptions options, Consumer<R2dbcException> exceeded) {
        this.loop = loop;
        this.idleTimeout = options.idleTimeout();
        this.timeout = options.timeout();
        this.exceeded = exceeded;
    }

    void used() {
        lastUse = System.nanoTime();
    }

    /** The transaction has begun, on this line. */
    void begin(Line line) {
        watchIdleness(line);
        if (!timeout.isZero()) {
            end = loop.schedule(this::tookTooLong, timeout.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void watchIdleness(Line line) {
        if (!idleTimeout.isZero()) {
            long left = lastUse + idleTimeout.toNanos() - System.nanoTime();
            idleness = loop.schedule(() -> look(line), Math.max(0, left), TimeUnit.NANOSECONDS);
        }
    }

    private void look(Line line) {
        if (!line.isFree()) {
            used();
        }
        if (System.nanoTime() - lastUse < idleTimeout.toNanos()) {
            watchIdleness(line);
        } else {
            exceeded.accept(Errors.idleTooLong(idleTimeout, null));
        }
    }

    private void tookTooLong() {
        exceeded.accept(Failures.rolledBack(
                "it was open for longer than its transactionTimeout, which is " + timeout.toMillis() + " ms", 0, null));
    }

    /** The transaction has ended. */
    void end() {
        cancel(idleness);
        cancel(end);
    }

    private static void cancel(@Nullable ScheduledFuture<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
