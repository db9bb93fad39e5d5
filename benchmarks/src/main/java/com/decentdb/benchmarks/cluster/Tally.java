package com.decentdb.benchmarks.cluster;

import com.decentdb.r2dbc.api.OutcomeUnknownException;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The outcomes for callers who ask again as soon as they are answered, until the time has passed. Thread-safe. */
final class Tally {

    private static final Duration GRACE = Duration.ofMinutes(2);
    /** After an error a caller takes a breath. */
    private static final Duration AFTER_ERROR = Duration.ofMillis(10);

    private static final long LONGEST_NANOS = Duration.ofMinutes(10).toNanos();

    private final Histogram latencies = new Histogram(LONGEST_NANOS, 3);
    private final long begin = System.nanoTime();
    private final long end;
    private long lastSuccess = begin;
    private long gap;
    private long failures;
    private long unknown;
    private long longestFailure;
    private long firstRow;

    private Tally(Duration time) {
        this.end = begin + time.toNanos();
    }

    /** Lets callers work; each begins at least one operation, and an operation that fails is counted and not repeated. */
    static Tally of(int callers, Duration time, Supplier<Mono<?>> operation) {
        Tally tally = new Tally(time);
        Flux.range(0, callers)
                .flatMap(
                        caller -> Mono.defer(() -> tally.timed(operation.get()))
                                .repeat(tally::goesOn)
                                .then()
                                .subscribeOn(Schedulers.parallel()),
                        callers)
                .then()
                .block(time.plus(GRACE));
        return tally;
    }

    private Mono<Void> timed(Mono<?> operation) {
        long started = System.nanoTime();
        return operation.then(Mono.<Void>fromRunnable(() -> completed(started))).onErrorResume(error -> {
            failed(error, started);
            return Mono.delay(AFTER_ERROR).then();
        });
    }

    private boolean goesOn() {
        return System.nanoTime() - end < 0;
    }

    private synchronized void completed(long started) {
        long now = System.nanoTime();
        latencies.recordValue(now - started);
        gap = Math.max(gap, now - lastSuccess);
        lastSuccess = now;
    }

    private synchronized void failed(Throwable error, long started) {
        failures++;
        longestFailure = Math.max(longestFailure, System.nanoTime() - started);
        if (error instanceof OutcomeUnknownException) {
            unknown++;
        }
    }

    /** Notes how long the last operation took to its first row. */
    synchronized void firstRow(long nanos) {
        firstRow = nanos;
    }

    /** The numbers by name, times in nanoseconds. */
    synchronized String toLine() {
        return String.format(
                Locale.ROOT,
                "ops=%d nanos=%d p50=%d p99=%d failures=%d unknown=%d longest-failure=%d gap=%d first=%d",
                latencies.getTotalCount(),
                Math.max(1, lastSuccess - begin),
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                failures,
                unknown,
                longestFailure,
                gap,
                firstRow);
    }
}
