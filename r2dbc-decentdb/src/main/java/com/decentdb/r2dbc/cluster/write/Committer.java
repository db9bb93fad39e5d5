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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs the writes of all sessions that are outside a transaction. While it holds the lease it takes what waits, up to a bound:
 * writes that change rows share a commit, every other one has its own. Confined to the loop.
 */
public final class Committer implements WriteLease.Claimant, WaitQueue.Lasting {

    private static final int MOST_TOGETHER = 256;
    private static final long MOST_BYTES = 1L << 20;

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
        if (!claimed && !waiting.isEmpty()) {
            claimed = true;
            context.lease().acquire(this);
        }
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
            // There is no memory for the task, or the loop has ended.
            claimed = false;
            refuse(Errors.map(e, null));
            return false;
        }
    }

    private void refuse(R2dbcException error) {
        for (PendingWrite<?> next = waiting.poll(); next != null; next = waiting.poll()) {
            next.fail(error);
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
        List<PendingWrite<?>> batch = take();
        if (batch.isEmpty()) {
            done();
            return;
        }
        counts.started(batch);
        if (batch.size() == 1 && batch.get(0).steps().size() == 1) {
            new SingleRun(context, counts, batch.get(0), this::done).begin();
        } else {
            new GroupRun(context, counts, batch, this::alone).begin();
        }
    }

    /** Runs writes of a group that nobody executed, each with its own commit; the lease is still held. */
    private void alone(List<PendingWrite<?>> rest) {
        if (rest.isEmpty()) {
            done();
            return;
        }
        List<PendingWrite<?>> behind = rest.subList(1, rest.size());
        PendingWrite<?> first = rest.get(0);
        if (first.exchange().cancelled()) {
            alone(behind);
        } else {
            new SingleRun(context, counts, first, () -> alone(behind)).begin();
        }
    }

    private void done() {
        claimed = false;
        context.lease().release();
        claim();
    }

    private List<PendingWrite<?>> take() {
        List<PendingWrite<?>> batch = new ArrayList<>();
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
            if (next.exchange().start()) {
                batch.add(next);
                if (!groupable) {
                    break;
                }
            }
        }
        return batch;
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
