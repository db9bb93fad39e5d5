package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.transport.Errors;
import io.netty.channel.EventLoop;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** When something that was certainly not executed is tried again. Confined to the loop. */
public final class Attempts {

    private static final long FIRST_BUSY_MICROS = 20_000;
    private static final long LONGEST_BUSY_MICROS = 50_000;
    private static final long FIRST_PAUSE_MICROS = 2_000;
    private static final long LONGEST_PAUSE_MICROS = 100_000;

    private final EventLoop loop;
    private final LeaderFinder finder;
    private final long failoverNanos;
    private long lostSince;
    private boolean lost;
    private long pauseMicros = FIRST_PAUSE_MICROS;
    private int busyTimes;

    public Attempts(EventLoop loop, LeaderFinder finder, Duration failoverTimeout) {
        this.loop = loop;
        this.finder = finder;
        this.failoverNanos = failoverTimeout.toNanos();
    }

    /** Notes trouble on a line: the leader may have to be looked for, the line may be of no use any more. */
    public void note(Line line, Trouble trouble) {
        if (trouble.doubtsLeader()) {
            finder.doubt(line.epoch(), trouble.toString());
        }
        if (trouble.notExecuted() || trouble.unknown() || trouble.doubtsLeader()) {
            line.close();
        }
    }

    /**
     * Runs an attempt with a new leader; false if there is no time left for that.
     *
     * @param failed takes what the attempt throws, or why it cannot be made
     */
    public boolean onNewLeader(Runnable attempt, Consumer<R2dbcException> failed) {
        long now = System.nanoTime();
        if (!lost) {
            lost = true;
            lostSince = now;
        }
        if (now - lostSince >= failoverNanos) {
            return false;
        }
        // A node that goes on refusing is asked less and less often.
        later(attempt, failed, pauseMicros);
        pauseMicros = Math.min(LONGEST_PAUSE_MICROS, 2 * pauseMicros);
        return true;
    }

    /** Runs an attempt after a moment in which others may write; its length is random, so that clients do not meet again. */
    public void afterOthers(Runnable attempt, Consumer<R2dbcException> failed) {
        long most = Math.min(LONGEST_BUSY_MICROS, FIRST_BUSY_MICROS + 5_000L * busyTimes++);
        later(attempt, failed, 1_000 + ThreadLocalRandom.current().nextLong(most));
    }

    private void later(Runnable attempt, Consumer<R2dbcException> failed, long micros) {
        try {
            var unused = loop.schedule(() -> now(attempt, failed), micros, TimeUnit.MICROSECONDS);
        } catch (Throwable e) {
            failed.accept(Errors.map(e, null));
        }
    }

    private static void now(Runnable attempt, Consumer<R2dbcException> failed) {
        try {
            attempt.run();
        } catch (Throwable e) {
            failed.accept(Errors.map(e, null));
        }
    }
}
