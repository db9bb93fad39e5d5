package com.decentdb.benchmarks.peer;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * One round of one operation. Also a line between processes: six numbers, in the order of the components.
 *
 * @param operations how many completed
 * @param nanos from the begin of the round to the last completion
 * @param p50 median latency in nanoseconds
 * @param p99 the 99th percentile in nanoseconds
 * @param max the longest, in nanoseconds; a caller that starves shows here, as its first operation counts from the begin of
 *     the round
 * @param syncs commits that shared their sync, each counted once; -1 where the peer does not count
 */
public record Sample(long operations, long nanos, long p50, long p99, long max, long syncs) {

    static Sample of(Histogram latencies, long nanos) {
        return new Sample(
                latencies.getTotalCount(),
                nanos,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                latencies.getMaxValue(),
                -1);
    }

    Sample withSyncs(long counted) {
        return new Sample(operations, nanos, p50, p99, max, counted);
    }

    public double perSecond() {
        return operations * 1e9 / nanos;
    }

    public String toLine() {
        return String.format(Locale.ROOT, "%d %d %d %d %d %d", operations, nanos, p50, p99, max, syncs);
    }

    public static Sample parse(String line) {
        String[] parts = line.trim().split(" ", -1);
        return new Sample(
                Long.parseLong(parts[0]),
                Long.parseLong(parts[1]),
                Long.parseLong(parts[2]),
                Long.parseLong(parts[3]),
                Long.parseLong(parts[4]),
                Long.parseLong(parts[5]));
    }
}
