package com.decentdb.r2dbc.api;

/**
 * Counters of a database's write queue since the database was opened.
 *
 * @param capacity how many queued writes may wait
 * @param waiting queued writes that wait to be started now
 * @param executed writes that ran, whatever their outcome
 * @param committed writes that ended in a commit
 * @param failed writes that ran and failed
 * @param batches groups of writes that shared one commit
 * @param largestBatch the largest such group
 * @param syncs commits done for groups
 * @param syncsSaved commits that sharing avoided
 * @param waitNanos time all writes together waited to start, in nanoseconds
 */
public record WriteQueueMetrics(
        long capacity,
        long waiting,
        long executed,
        long committed,
        long failed,
        long batches,
        long largestBatch,
        long syncs,
        long syncsSaved,
        long waitNanos) {}
