package com.decentdb.ffi;

/**
 * Counters of a database handle's write queue since the handle was opened, or of the queue of a program that reports them.
 *
 * @param capacity how many requests may wait
 * @param currentDepth how many requests wait now
 * @param admitted requests taken into the queue
 * @param rejected requests refused because the queue was full
 * @param timedOut requests that timed out before they started
 * @param canceled requests cancelled before they started
 * @param executed requests that ran, with success or not
 * @param committed requests that ended in a commit
 * @param failed requests that ran and failed
 * @param groupCommitBatches batches that shared one sync
 * @param groupCommitSyncs syncs made for batches
 * @param groupCommitMaxBatch the largest batch so far
 * @param groupCommitCommitsCovered commits covered by those syncs
 * @param physicalSyncsSaved syncs that sharing avoided
 * @param totalQueueWaitNanos time all requests together waited to start, in nanoseconds
 */
public record WriteQueueMetrics(
        long capacity,
        long currentDepth,
        long admitted,
        long rejected,
        long timedOut,
        long canceled,
        long executed,
        long committed,
        long failed,
        long groupCommitBatches,
        long groupCommitSyncs,
        long groupCommitMaxBatch,
        long groupCommitCommitsCovered,
        long physicalSyncsSaved,
        long totalQueueWaitNanos) {

    /** Reads the native struct, fifteen 64-bit numbers in the order of the components. */
    static WriteQueueMetrics read(Scratch s) {
        return new WriteQueueMetrics(
                s.read(0),
                s.read(1),
                s.read(2),
                s.read(3),
                s.read(4),
                s.read(5),
                s.read(6),
                s.read(7),
                s.read(8),
                s.read(9),
                s.read(10),
                s.read(11),
                s.read(12),
                s.read(13),
                s.read(14));
    }

    /** Stands for a counter that a program which reports its queue does not keep. */
    public static final long NOT_COUNTED = -1;

    /** Writes the native struct. */
    void write(Scratch s) {
        long[] numbers = {
            capacity,
            currentDepth,
            admitted,
            rejected,
            timedOut,
            canceled,
            executed,
            committed,
            failed,
            groupCommitBatches,
            groupCommitSyncs,
            groupCommitMaxBatch,
            groupCommitCommitsCovered,
            physicalSyncsSaved,
            totalQueueWaitNanos
        };
        for (int i = 0; i < numbers.length; i++) {
            s.write(i, numbers[i]);
        }
    }
}
