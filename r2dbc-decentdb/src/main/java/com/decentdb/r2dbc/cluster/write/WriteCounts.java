package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import java.util.List;

/** Counts what a committer did. Confined to the loop. */
public final class WriteCounts {

    private final ClusterMeters meters;
    private long executed;
    private long committed;
    private long failed;
    private long groups;
    private long largest;
    private long waitNanos;

    WriteCounts(ClusterMeters meters) {
        this.meters = meters;
    }

    void started(List<PendingWrite<?>> writes) {
        executed += writes.size();
        long now = System.nanoTime();
        for (PendingWrite<?> write : writes) {
            waitNanos += now - write.since();
            meters.waitedForLock(now - write.since());
        }
    }

    void committed(int writes) {
        committed += writes;
        groups++;
        largest = Math.max(largest, writes);
        meters.committed(writes);
    }

    void failed(int writes) {
        failed += writes;
    }

    /** The counters as users see them. */
    public WriteQueueMetrics metrics(long capacity, long waiting) {
        return new WriteQueueMetrics(
                capacity, waiting, executed, committed, failed, groups, largest, groups, committed - groups, waitNanos);
    }
}
