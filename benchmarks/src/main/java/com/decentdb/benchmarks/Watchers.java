package com.decentdb.benchmarks;

import com.decentdb.benchmarks.report.Machine;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** One row that a writer changes, and watchers of it. The writer writes again when all watchers have heard of the write before. */
final class Watchers implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(50);
    private static final int SAMPLES = 1 << 20;
    private static final int PATIENCE_SECONDS = 120;

    private final DecentDbConnectionFactory factory;
    private final DecentDbConnection writer;
    private final AtomicLong version = new AtomicLong();
    private volatile CountDownLatch heard = new CountDownLatch(0);
    private volatile long start;
    private volatile AtomicLongArray nanos = new AtomicLongArray(SAMPLES);
    private final AtomicLong samples = new AtomicLong();

    enum Way {
        /** Equal requests, which share one watch of the engine. */
        WATCH,
        /** Requests that differ, each with a watch of the engine. */
        OWN_WATCH,
        LIVE_QUERY,
        POLL_50_MS
    }

    /**
     * The outcome of a measurement; times are microseconds.
     *
     * @param writes per second
     * @param write median from the begin of a write to its completion
     * @param event median from the begin of a write to the event of a watcher
     * @param eventP99 the 99th percentile of the same
     * @param heap megabytes of the heap in use, the watchers still there
     * @param threads of the JVM
     */
    record Heard(long writes, long write, long event, long eventP99, long heap, int threads) {}

    Watchers(Path folder) {
        factory = DecentDb.factory("r2dbc:decentdb:///" + folder.resolve("live.ddb"));
        writer = Objects.requireNonNull(factory.create().block());
        writer.execute("CREATE TABLE tick (id INTEGER PRIMARY KEY, version INTEGER)")
                .block();
        writer.execute("INSERT INTO tick VALUES (1, 0)").block();
    }

    DecentDbConnectionFactory factory() {
        return factory;
    }

    Mono<Long> write() {
        return writer.execute("UPDATE tick SET version = $1 WHERE id = 1", version.incrementAndGet());
    }

    Heard measure(Way way, int watchers, Duration warmUp, Duration time) throws InterruptedException {
        CountDownLatch ready = new CountDownLatch(watchers);
        Disposable all = Flux.range(0, watchers)
                .flatMap(
                        i -> versions(way, i)
                                .distinctUntilChanged()
                                .doOnNext(seen -> {
                                    if (seen == 0) {
                                        ready.countDown();
                                    } else {
                                        hear();
                                    }
                                })
                                .then(),
                        watchers)
                .subscribe();
        ready.await();
        loop(warmUp, watchers, new long[SAMPLES]);
        nanos = new AtomicLongArray(SAMPLES);
        samples.set(0);
        long[] writes = new long[SAMPLES];
        int count = loop(time, watchers, writes);
        long heap = Machine.heapMegabytes();
        int threads = Machine.threads();
        all.dispose();
        int heardCount = (int) Math.min(samples.get(), SAMPLES);
        long[] events = new long[heardCount];
        Arrays.setAll(events, nanos::get);
        Arrays.sort(events);
        Arrays.sort(writes, 0, count);
        return new Heard(
                count * 1_000L / time.toMillis(),
                writes[count / 2] / 1_000,
                events[heardCount / 2] / 1_000,
                events[(int) (heardCount * 0.99)] / 1_000,
                heap,
                threads);
    }

    /** The version as each watcher sees it, beginning with 0; a version without an event is counted. */
    private Flux<Long> versions(Way way, int watcher) {
        return switch (way) {
            case WATCH -> factory.watchTable("tick").index((index, event) -> index);
            case OWN_WATCH -> factory.watchRange("tick", -watcher, 1).index((index, event) -> index);
            case LIVE_QUERY ->
                factory.liveQuery("SELECT version FROM tick WHERE id = 1")
                        .minInterval(Duration.ZERO)
                        .map(row -> Objects.requireNonNull(row.get(0, Long.class)))
                        .map(rows -> rows.get(0));
            case POLL_50_MS ->
                Flux.interval(POLL)
                        .onBackpressureDrop()
                        .concatMap(
                                tick -> Flux.usingWhen(
                                        factory.create(),
                                        connection -> connection.fetchValue(
                                                "SELECT version FROM tick WHERE id = 1", Long.class),
                                        DecentDbConnection::close),
                                1);
        };
    }

    private void hear() {
        nanos.set((int) (samples.getAndIncrement() % SAMPLES), System.nanoTime() - start);
        heard.countDown();
    }

    private int loop(Duration time, int watchers, long[] writes) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        int count = 0;
        do {
            heard = new CountDownLatch(watchers);
            start = System.nanoTime();
            write().block();
            writes[count++ % SAMPLES] = System.nanoTime() - start;
            if (!heard.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException(heard.getCount() + " watchers did not hear of a write");
            }
        } while (System.nanoTime() < end);
        return Math.min(count, SAMPLES);
    }

    @Override
    public void close() {
        writer.close().block();
        factory.close().block();
    }
}
