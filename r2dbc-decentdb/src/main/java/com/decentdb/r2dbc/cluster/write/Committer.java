package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.transport.Errors;
import io.netty.channel.EventLoop;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs the writes of all sessions that are outside a transaction. While it holds the lease it takes what waits, up to a bound:
 * writes that change rows share a commit, every other one has its own. Most callers write again as soon as they are answered, each
 * over a few threads: after a group it waits a moment for as many as that one had, since the first of them would commit alone and
 * keep all others waiting. Confined to the loop.
 */
public final class Committer implements WriteLease.Claimant, WaitQueue.Lasting {

    private static final int MOST_TOGETHER = 256;
    private static final long MOST_BYTES = 1L << 20;
    private static final long LONGEST_HOLD = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long PART_OF_RUN = 4;

    /** The parts that all writes of a database share. */
    public record Context(
            EventLoop loop,
            LeaderFinder finder,
            WriteLease lease,
            WriterLine writer,
            Duration failoverTimeout,
            boolean groupCommit,
            Consumer<List<WriteStep>> committed,
            ClusterMeters meters) {}

    private final Context context;
    private final int capacity;
    private final WaitQueue<PendingWrite<?>> waiting;
    private final WriteCounts counts;
    private boolean claimed;
    /** How many writes the last run had, and when it began. */
    private int expected;

    private long began;
    /** The end of the wait for them. */
    private @Nullable ScheduledFuture<?> holding;

    public Committer(Context context, int capacity) {
        this.context = context;
        this.capacity = capacity;
        this.counts = new WriteCounts(context.meters());
        this.waiting = new WaitQueue<>(capacity);
    }

    /** Takes a write, which is answered when a majority of the nodes has it. */
    public void submit(PendingWrite<?> write) {
        if (waiting.closed()) {
            write.fail(Errors.of("08003", "The database is closed", write.only().source()));
            return;
        }
        if (!waiting.offer(write)) {
            write.fail(Errors.of(
                    "53300",
                    "There are " + capacity + " writes waiting already (maxPendingWrites); this one was not executed",
                    write.only().source()));
            return;
        }
        write.exchange().onCancel(() -> waiting.remove(write));
        claim();
    }

    private void claim() {
        if (!claimed && !waiting.isEmpty() && (holding == null || waiting.size() >= expected)) {
            stopHolding();
            claimed = true;
            try {
                context.lease().acquire(this);
            } catch (Throwable e) {
                giveUp(e);
            }
        }
    }

    /** The right to write can neither be asked for nor used: those that wait for it learn why. */
    private void giveUp(Throwable why) {
        claimed = false;
        R2dbcException error = Errors.map(why, null);
        waiting.drain().forEach(write -> write.fail(error));
    }

    public WriteCounts counts() {
        return counts;
    }

    public int waitingWrites() {
        return waiting.size();
    }

    @Override
    public boolean granted() {
        try {
            context.loop().execute(this::runNext);
            return true;
        } catch (Throwable e) {
            giveUp(e);
            return false;
        }
    }

    @Override
    public String purpose() {
        return "a group of writes";
    }

    @Override
    public void refused() {
        claimed = false;
    }

    private void runNext() {
        List<PendingWrite<?>> batch = new ArrayList<>();
        Runnable run;
        try {
            take(batch);
            expected = batch.size();
            began = System.nanoTime();
            counts.started(batch);
            run = run(batch);
        } catch (Throwable e) {
            fail(batch, e);
            return;
        }
        run.run();
    }

    private Runnable run(List<PendingWrite<?>> batch) {
        if (batch.isEmpty()) {
            return this::done;
        }
        return batch.size() == 1 && batch.get(0).alone()
                ? new SingleRun(context, counts, batch.get(0), this::done)::begin
                : new GroupRun(context, counts, batch, this::alone)::begin;
    }

    /** Nothing was executed, since the driver failed. */
    private void fail(List<PendingWrite<?>> writes, Throwable why) {
        try {
            R2dbcException error = Errors.map(why, null);
            writes.forEach(write -> write.fail(error));
        } finally {
            done();
        }
    }

    /** Runs writes of a group that nobody executed, each with its own commit; the lease is still held. */
    private void alone(List<PendingWrite<?>> rest) {
        if (rest.isEmpty()) {
            done();
            return;
        }
        SingleRun run;
        try {
            List<PendingWrite<?>> left = rest.stream()
                    .dropWhile(write -> write.exchange().cancelled())
                    .toList();
            if (left.isEmpty()) {
                done();
                return;
            }
            List<PendingWrite<?>> behind = left.subList(1, left.size());
            run = new SingleRun(context, counts, left.get(0), () -> alone(behind));
        } catch (Throwable e) {
            fail(rest, e);
            return;
        }
        run.begin();
    }

    private void done() {
        claimed = false;
        context.lease().release();
        if (expected > 1) {
            hold();
        }
        claim();
    }

    /** Nothing is claimed before as many wait as are expected, or the time for that has passed. */
    private void hold() {
        long nanos = Math.min(LONGEST_HOLD, (System.nanoTime() - began) / PART_OF_RUN);
        try {
            holding = context.loop().schedule(this::held, nanos, TimeUnit.NANOSECONDS);
        } catch (Throwable e) {
            // Those that come are written at once.
            holding = null;
        }
    }

    private void held() {
        holding = null;
        claim();
    }

    private void stopHolding() {
        ScheduledFuture<?> held = holding;
        holding = null;
        if (held != null) {
            held.cancel(false);
        }
    }

    private void take(List<PendingWrite<?>> batch) {
        long bytes = 0;
        while (batch.size() < MOST_TOGETHER) {
            PendingWrite<?> next = waiting.poll();
            if (next == null) {
                break;
            }
            boolean groupable = context.groupCommit() && next.groupable(context.writer());
            bytes += next.only().size();
            if (!batch.isEmpty() && (!groupable || bytes > MOST_BYTES)) {
                waiting.putBack(List.of(next));
                break;
            }
            batch.add(next);
            if (!next.exchange().start()) {
                batch.remove(batch.size() - 1);
            } else if (!groupable) {
                break;
            }
        }
    }

    /** Fails what waits for sessions that were closed. */
    public void dropClosed() {
        R2dbcException error = Errors.closed();
        waiting.take(write -> !write.open().getAsBoolean()).forEach(write -> write.fail(error));
    }

    /** Fails what waits, and what is still to come. */
    public void close() {
        R2dbcException error = Errors.of("08003", "The database is closed", null);
        waiting.close().forEach(write -> write.fail(error));
    }

    /** The holder of the lock of the cluster, in an error. */
    static R2dbcException locked(Context context, PendingWrite<?> write, @Nullable String why) {
        return Errors.of(
                "55P03",
                "The statement waited for other clients to let it write for longer than lockWaitTimeout; it was not executed"
                        + (why == null ? "" : ": " + why),
                write.only().source());
    }
}
