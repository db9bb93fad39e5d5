package com.decentdb.benchmarks;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A closed loop as a WebFlux application makes one: a number of callers over a pool, each asking again as soon as it is
 * answered. Prints operations per second and latency percentiles for every peer in one run.
 */
public final class LoadDriver {

    private static final Duration WARM_UP = Duration.ofSeconds(8);
    private static final Duration MEASURE = Duration.ofSeconds(4);
    private static final int SAMPLES = 1 << 20;

    private final AtomicLong nextId = new AtomicLong(Items.ROWS);

    private LoadDriver() {}

    public static void main(String[] args) throws IOException {
        System.out.printf("%-9s %-8s %4s %12s %10s %10s%n", "peer", "load", "c", "ops/s", "p50 us", "p99 us");
        for (Peer peer : Peer.values()) {
            new LoadDriver().measure(peer);
        }
    }

    private void measure(Peer peer) throws IOException {
        ConnectionPool pool =
                new ConnectionPool(ConnectionPoolConfiguration.builder(peer.open(Files.createTempDirectory("load")))
                        .maxSize(64)
                        .build());
        Mono.usingWhen(pool.create(), Items::create, Connection::close).block();
        for (Load load : Load.values()) {
            for (int callers : new int[] {1, 64}) {
                run(pool, load, callers, WARM_UP, new AtomicLongArray(SAMPLES));
                AtomicLongArray nanos = new AtomicLongArray(SAMPLES);
                long operations = run(pool, load, callers, MEASURE, nanos);
                report(peer, load, callers, operations, nanos);
            }
        }
        pool.disposeLater().block();
    }

    private long run(ConnectionPool pool, Load load, int callers, Duration time, AtomicLongArray nanos) {
        AtomicLong operations = new AtomicLong();
        long end = System.nanoTime() + time.toNanos();
        Flux.range(0, callers)
                .flatMap(
                        caller -> Mono.defer(() -> {
                                    long start = System.nanoTime();
                                    return Mono.usingWhen(pool.create(), c -> operation(load, c), Connection::close)
                                            .doOnSuccess(done -> nanos.set(
                                                    (int) (operations.getAndIncrement() % SAMPLES),
                                                    System.nanoTime() - start));
                                })
                                .repeat(() -> System.nanoTime() < end)
                                .then(),
                        callers)
                .blockLast();
        return operations.get();
    }

    private Mono<?> operation(Load load, Connection connection) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        boolean write = load == Load.INSERT || (load == Load.MIX && random.nextInt(10) == 0);
        return write
                ? Items.insert(connection, nextId.getAndIncrement())
                : Items.point(connection, random.nextInt(Items.ROWS));
    }

    private static void report(Peer peer, Load load, int callers, long operations, AtomicLongArray nanos) {
        int samples = (int) Math.min(operations, SAMPLES);
        long[] sorted = new long[samples];
        Arrays.setAll(sorted, nanos::get);
        Arrays.sort(sorted);
        System.out.printf(
                "%-9s %-8s %4d %,12d %,10d %,10d%n",
                peer,
                load,
                callers,
                operations * 1_000 / MEASURE.toMillis(),
                sorted[samples / 2] / 1_000,
                sorted[(int) (samples * 0.99)] / 1_000);
    }

    private enum Load {
        READ,
        MIX,
        INSERT
    }
}
