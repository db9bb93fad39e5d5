package com.decentdb.benchmarks;

import com.decentdb.benchmarks.Watchers.Heard;
import com.decentdb.benchmarks.Watchers.Way;
import com.decentdb.benchmarks.report.Machine;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/** The time from the start of a write to the event of its watchers, and the cost of a subscriber that never asks. */
public final class LiveDriver {

    private final Duration warmUp;
    private final Duration time;

    private LiveDriver(Duration warmUp, Duration time) {
        this.warmUp = warmUp;
        this.time = time;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Arguments arguments = new Arguments(args);
        LiveDriver driver = new LiveDriver(
                arguments.take("warm-up", Duration.ofSeconds(8), Arguments::time),
                arguments.take("time", Duration.ofSeconds(8), Arguments::time));
        arguments.end();
        driver.hearing();
        driver.neverAsking();
    }

    private void hearing() throws IOException, InterruptedException {
        System.out.printf(
                "%-12s %8s %10s %12s %12s %12s%n",
                "by", "watchers", "writes/s", "write p50 us", "event p50 us", "p99 us");
        for (Way way : Way.values()) {
            for (int watchers : new int[] {1, 100, 1_000}) {
                try (DataFolder folder = DataFolder.create();
                        Watchers watched = new Watchers(folder.path())) {
                    Heard heard = watched.measure(way, watchers, warmUp, time);
                    System.out.printf(
                            "%-12s %8d %,10d %,12d %,12d %,12d%n",
                            way, watchers, heard.writes(), heard.write(), heard.event(), heard.eventP99());
                }
            }
        }
    }

    /** Writes as fast as possible and at a pace, without and with subscribers of change streams that ask for nothing. */
    private void neverAsking() throws IOException, InterruptedException {
        System.out.printf(
                "%n%-24s %10s %14s %20s %10s %14s%n",
                "subscribers", "writes/s", "heap used MB", "at 10,000/s: p50 us", "p99 us", "heap used MB");
        try (DataFolder folder = DataFolder.create();
                Watchers watched = new Watchers(folder.path())) {
            queued(watched, warmUp);
            paced(watched, warmUp);
            for (int idle : new int[] {0, 1, 100}) {
                Disposable all = neverAsking(watched, idle);
                long written = queued(watched, time);
                long heap = Machine.heapMegabytes();
                long[] took = paced(watched, time);
                System.out.printf(
                        "%-24s %,10d %,14d %,20d %,10d %,14d%n",
                        idle + " that never ask",
                        written * 1_000 / time.toMillis(),
                        heap,
                        took[took.length / 2] / 1_000,
                        took[(int) (took.length * 0.99)] / 1_000,
                        Machine.heapMegabytes());
                all.dispose();
            }
        }
    }

    private static Disposable neverAsking(Watchers watched, int subscribers) {
        Disposable.Composite all = Disposables.composite();
        for (int i = 0; i < subscribers; i++) {
            all.add(watched.factory().changeStream("tick").subscribeWith(new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    subscription.request(1);
                }
            }));
        }
        return all;
    }

    /** Ten writes a millisecond, whether or not those before are done; how long each took, in ascending order. */
    private static long[] paced(Watchers watched, Duration time) throws InterruptedException {
        long[] took = new long[(int) time.toMillis() * 10];
        CountDownLatch written = new CountDownLatch(took.length);
        long begin = System.nanoTime();
        for (int i = 0; i < took.length; i++) {
            int write = i;
            LockSupport.parkNanos(begin + i / 10 * 1_000_000L - System.nanoTime());
            long started = System.nanoTime();
            watched.write().subscribe(done -> {
                took[write] = System.nanoTime() - started;
                written.countDown();
            });
        }
        written.await();
        Arrays.sort(took);
        return took;
    }

    private static long queued(Watchers watched, Duration time) {
        long end = System.nanoTime() + time.toNanos();
        return Objects.requireNonNull(Flux.generate(sink -> {
                    if (System.nanoTime() < end) {
                        sink.next(end);
                    } else {
                        sink.complete();
                    }
                })
                .flatMap(next -> watched.write(), 256)
                .count()
                .block());
    }
}
