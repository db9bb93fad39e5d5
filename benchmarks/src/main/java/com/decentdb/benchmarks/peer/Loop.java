package com.decentdb.benchmarks.peer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.HdrHistogram.Histogram;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Closed loops: each caller asks again as soon as it is answered, until the time has passed. Each caller begins at least
 * one operation.
 */
public final class Loop {

    private static final long LONGEST_NANOS = Duration.ofMinutes(10).toNanos();
    private static final Duration GRACE = Duration.ofMinutes(2);

    /** Callers begin on as many threads as an event loop would have; a driver that answers at once keeps its caller there. */
    private static final Scheduler EVENT_LOOP =
            Schedulers.newParallel("caller", Runtime.getRuntime().availableProcessors(), true);

    private Loop() {}

    /** Callers that subscribe to the next operation from the completion of the one before. */
    public static Sample reactive(int callers, int rows, Duration time, IntFunction<Mono<Long>> operation) {
        List<Latencies> all = new ArrayList<>();
        long begin = System.nanoTime();
        for (int i = 0; i < callers; i++) {
            all.add(new Latencies(begin, time, rows));
        }
        Flux.range(0, callers)
                .flatMap(
                        caller -> {
                            Latencies latencies = all.get(caller);
                            return Mono.<Long>defer(() -> operation.apply(caller))
                                    .doOnSuccess(latencies::completed)
                                    .repeat(latencies::goesOn)
                                    .then()
                                    .subscribeOn(EVENT_LOOP);
                        },
                        callers)
                .then()
                .block(time.plus(GRACE));
        return Latencies.sum(all);
    }

    /** Callers with a thread each, which waits for each answer. */
    public static Sample blocking(int callers, int rows, Duration time, IntFunction<Callable<Long>> operation)
            throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        try {
            List<Callable<Latencies>> all = new ArrayList<>();
            long begin = System.nanoTime();
            for (int i = 0; i < callers; i++) {
                Callable<Long> caller = operation.apply(i);
                all.add(() -> {
                    Latencies latencies = new Latencies(begin, time, rows);
                    do {
                        latencies.completed(caller.call());
                    } while (latencies.goesOn());
                    return latencies;
                });
            }
            List<Latencies> done = new ArrayList<>();
            for (Future<Latencies> each : threads.invokeAll(all)) {
                done.add(each.get());
            }
            return Latencies.sum(done);
        } finally {
            threads.shutdownNow();
        }
    }

    /** One caller's. An operation begins at the completion of the one before, so one look at the clock serves both. */
    private static final class Latencies {

        private final Histogram histogram = new Histogram(LONGEST_NANOS, 2);
        private final long begin;
        private final long end;
        private final int rows;
        private long started;

        private Latencies(long begin, Duration time, int rows) {
            this.begin = begin;
            this.end = begin + time.toNanos();
            this.rows = rows;
            this.started = begin;
        }

        private void completed(Long seen) {
            if (seen == null || seen != rows) {
                throw new IllegalStateException(seen + " rows instead of " + rows);
            }
            long now = System.nanoTime();
            histogram.recordValue(Math.min(now - started, LONGEST_NANOS));
            started = now;
        }

        private boolean goesOn() {
            return started - end < 0;
        }

        private static Sample sum(List<Latencies> all) {
            Histogram together = new Histogram(LONGEST_NANOS, 2);
            long nanos = 1;
            for (Latencies each : all) {
                together.add(each.histogram);
                nanos = Math.max(nanos, each.started - each.begin);
            }
            return Sample.of(together, nanos);
        }
    }
}
