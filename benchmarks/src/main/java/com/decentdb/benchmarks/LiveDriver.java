package com.decentdb.benchmarks;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/**
 * The time from the start of a write to the event of its watchers, and the cost of a subscriber that never asks. One writer in a
 * closed loop: it writes again when all watchers have heard of the write before.
 */
public final class LiveDriver {

    private static final Duration WARM_UP = Duration.ofSeconds(8);
    private static final Duration MEASURE = Duration.ofSeconds(8);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final int SAMPLES = 1 << 20;

    private final DecentDbConnectionFactory factory;
    private final DecentDbConnection writer;
    private final AtomicLong version = new AtomicLong();
    private volatile CountDownLatch heard = new CountDownLatch(0);
    private volatile long start;
    private volatile AtomicLongArray nanos = new AtomicLongArray(SAMPLES);
    private final AtomicLong samples = new AtomicLong();

    private LiveDriver(Path directory) {
        factory = DecentDb.factory("r2dbc:decentdb:///" + directory.resolve("live.ddb"));
        writer = factory.create().blockOptional().orElseThrow();
        writer.execute("CREATE TABLE tick (id INTEGER PRIMARY KEY, version INTEGER)")
                .block();
        writer.execute("INSERT INTO tick VALUES (1, 0)").block();
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        System.out.printf(
                "%-12s %8s %10s %12s %12s %12s%n",
                "by", "watchers", "writes/s", "write p50 us", "event p50 us", "p99 us");
        for (Way way : Way.values()) {
            for (int watchers : new int[] {1, 100, 1_000}) {
                LiveDriver driver = new LiveDriver(Files.createTempDirectory("live"));
                driver.measure(way, watchers);
                driver.close();
            }
        }
        LiveDriver driver = new LiveDriver(Files.createTempDirectory("live"));
        driver.neverAsking();
        driver.close();
    }

    private void measure(Way way, int watchers) throws InterruptedException {
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
        loop(WARM_UP, watchers, new long[SAMPLES]);
        nanos = new AtomicLongArray(SAMPLES);
        samples.set(0);
        long[] writes = new long[SAMPLES];
        int count = loop(MEASURE, watchers, writes);
        all.dispose();
        int heardCount = (int) Math.min(samples.get(), SAMPLES);
        long[] events = new long[heardCount];
        Arrays.setAll(events, nanos::get);
        Arrays.sort(events);
        Arrays.sort(writes, 0, count);
        System.out.printf(
                "%-12s %8d %,10d %,12d %,12d %,12d%n",
                way,
                watchers,
                count * 1_000L / MEASURE.toMillis(),
                writes[count / 2] / 1_000,
                events[heardCount / 2] / 1_000,
                events[(int) (heardCount * 0.99)] / 1_000);
    }

    /** The version as each watcher sees it, beginning with 0; a version without an event is counted. */
    private Flux<Long> versions(Way way, int watcher) {
        return switch (way) {
            case WATCH -> factory.watchTable("tick").index((index, event) -> index);
            case OWN_WATCH -> factory.watchRange("tick", -watcher, 1).index((index, event) -> index);
            case LIVE_QUERY ->
                factory.liveQuery("SELECT version FROM tick WHERE id = 1")
                        .minInterval(Duration.ZERO)
                        .map(row -> row.get(0, Long.class))
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
        while (System.nanoTime() < end) {
            heard = new CountDownLatch(watchers);
            start = System.nanoTime();
            writer.execute("UPDATE tick SET version = $1 WHERE id = 1", version.incrementAndGet())
                    .block();
            writes[count++ % SAMPLES] = System.nanoTime() - start;
            if (!heard.await(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException(heard.getCount() + " watchers did not hear of a write");
            }
        }
        return Math.min(count, SAMPLES);
    }

    /** Writes as fast as possible and at a pace, without and with subscribers of change streams that ask for nothing. */
    private void neverAsking() throws InterruptedException {
        System.out.printf(
                "%n%-24s %10s %14s %20s %10s %14s%n",
                "subscribers", "writes/s", "heap used MB", "at 10,000/s: p50 us", "p99 us", "heap used MB");
        queued(WARM_UP);
        paced(WARM_UP);
        for (int idle : new int[] {0, 1, 100}) {
            Disposable.Composite all = Disposables.composite();
            for (int i = 0; i < idle; i++) {
                all.add(factory.changeStream("tick").subscribeWith(new BaseSubscriber<>() {
                    @Override
                    protected void hookOnSubscribe(Subscription subscription) {
                        subscription.request(1);
                    }
                }));
            }
            long written = queued(MEASURE);
            long heap = heapUsed();
            long[] took = paced(MEASURE);
            System.out.printf(
                    "%-24s %,10d %,14d %,20d %,10d %,14d%n",
                    idle + " that never ask",
                    written * 1_000 / MEASURE.toMillis(),
                    heap,
                    took[took.length / 2] / 1_000,
                    took[(int) (took.length * 0.99)] / 1_000,
                    heapUsed());
            all.dispose();
        }
    }

    private static long heapUsed() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return (runtime.totalMemory() - runtime.freeMemory()) >> 20;
    }

    /** Ten writes a millisecond, whether or not those before are done; how long each took, in ascending order. */
    private long[] paced(Duration time) throws InterruptedException {
        long[] took = new long[(int) time.toMillis() * 10];
        CountDownLatch written = new CountDownLatch(took.length);
        long begin = System.nanoTime();
        for (int i = 0; i < took.length; i++) {
            int write = i;
            LockSupport.parkNanos(begin + i / 10 * 1_000_000L - System.nanoTime());
            long started = System.nanoTime();
            writer.execute("UPDATE tick SET version = $1 WHERE id = 1", version.incrementAndGet())
                    .subscribe(done -> {
                        took[write] = System.nanoTime() - started;
                        written.countDown();
                    });
        }
        written.await();
        Arrays.sort(took);
        return took;
    }

    private long queued(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        return Flux.generate(sink -> {
                    if (System.nanoTime() < end) {
                        sink.next(version.incrementAndGet());
                    } else {
                        sink.complete();
                    }
                })
                .flatMap(next -> writer.execute("UPDATE tick SET version = $1 WHERE id = 1", next), 256)
                .count()
                .blockOptional()
                .orElseThrow();
    }

    private void close() {
        writer.close().block();
        factory.close().block();
    }

    private enum Way {
        /** Equal requests, which share one watch of the engine. */
        WATCH,
        /** Requests that differ, each with a watch of the engine. */
        OWN_WATCH,
        LIVE_QUERY,
        POLL_50_MS
    }
}
