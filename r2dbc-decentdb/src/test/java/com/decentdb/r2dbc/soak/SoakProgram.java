package com.decentdb.r2dbc.soak;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.ProcessResources;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Lets all {@link Actors} at one database for some seconds. Ends with 0 where nothing was lost and everything was given back,
 * with 1 where not, and with 3, after the stacks of all threads, where a step did not end.
 */
public final class SoakProgram {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long HANGS_AFTER_NANOS = Duration.ofMinutes(2).toNanos();
    private static final long MEMORY_TOLERANCE = 64L << 20;

    private final Path file;
    private final String url;
    private final Ledger ledger = new Ledger();
    private final Map<String, Long> stepBegan = new ConcurrentHashMap<>();
    private final Map<String, AtomicLong> steps = new ConcurrentHashMap<>();
    private final List<String> failures = new ArrayList<>();

    /** Names of actors that stay away, to find which of them does harm. */
    private final List<String> without;

    private SoakProgram(Path file, List<String> without) {
        this.file = file;
        this.without = without;
        url = "r2dbc:decentdb:///" + file + "?maxReaders=4&lockWaitTimeout=PT30S";
    }

    public static void main(String[] args) throws InterruptedException {
        SoakProgram soak = new SoakProgram(Path.of(args[0]), List.of(args[2].split(",", -1)));
        soak.watch();
        System.exit(soak.run(Duration.ofSeconds(Long.parseLong(args[1]))) ? 0 : 1);
    }

    private boolean run(Duration length) throws InterruptedException {
        DecentDbConnectionFactory factory = DecentDb.factory(url);
        createTables(factory);
        // Once in small, so that everything is loaded that stays loaded.
        actAll(factory, length.dividedBy(5));
        closed(factory);
        long memoryBefore = ProcessResources.nativeBytes();
        factory = DecentDb.factory(url);
        actAll(factory, length);
        DecentDbConnection witness = factory.create().blockOptional().orElseThrow();
        String wrong = ledger.compare(witness);
        witness.close().block(PATIENCE);
        String check = use(factory, connection -> connection.fetchValue("PRAGMA integrity_check", String.class));
        closed(factory);
        long memoryAfter = ProcessResources.nativeBytes();

        steps.forEach((name, count) -> System.out.println(name + ": " + count + " steps"));
        failures.forEach(System.out::println);
        System.out.printf(
                "soak of %d s: %d acknowledged, %d rows, check %s, native memory %d to %d MiB, %d failures%n%s",
                length.toSeconds(),
                ledger.acknowledged(),
                ledger.rows.get(),
                check,
                memoryBefore >> 20,
                memoryAfter >> 20,
                failures.size(),
                wrong);
        return failures.isEmpty()
                && wrong.isEmpty()
                && "ok".equals(check)
                && memoryAfter - memoryBefore < MEMORY_TOLERANCE;
    }

    private static void createTables(DecentDbConnectionFactory factory) {
        use(
                factory,
                connection -> connection
                        .execute("CREATE TABLE entry (id BIGINT PRIMARY KEY, partner BIGINT)")
                        .then(connection.execute("CREATE TABLE beside (id BIGINT PRIMARY KEY)")));
    }

    private void actAll(DecentDbConnectionFactory factory, Duration length) throws InterruptedException {
        ConnectionPool pool = DecentDb.createPool(url + "&maxSize=5");
        long end = System.nanoTime() + length.toNanos();
        List<Thread> threads = new ArrayList<>();
        Map<String, Actors.Step> actors = new Actors(url, factory, pool, ledger).all();
        without.forEach(actors::remove);
        actors.forEach((name, step) -> {
            Thread thread = new Thread(() -> act(name, step, end), name);
            threads.add(thread);
            thread.start();
        });
        for (Thread thread : threads) {
            thread.join();
        }
        pool.disposeLater().block(PATIENCE);
    }

    private void act(String name, Actors.Step step, long end) {
        AtomicLong count = steps.computeIfAbsent(name, key -> new AtomicLong());
        while (System.nanoTime() < end) {
            stepBegan.put(name, System.nanoTime());
            try {
                step.run();
            } catch (Throwable e) {
                if (!memoryRanOut(e)) {
                    fail(name, e);
                }
            }
            count.incrementAndGet();
        }
        stepBegan.remove(name);
    }

    /** One actor takes all memory now and then; others may be the ones that find none. */
    private static boolean memoryRanOut(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError
                    || (cause instanceof R2dbcException known && "53200".equals(known.getSqlState()))) {
                return true;
            }
        }
        return false;
    }

    private synchronized void fail(String name, Throwable error) {
        if (failures.size() < 50) {
            failures.add(name + ": " + error + (error.getCause() == null ? "" : " <- " + error.getCause()));
        }
        if (failures.size() <= 5) {
            error.printStackTrace(System.out);
        }
    }

    /** After the factory has closed, threads end and the file is free. */
    private void closed(DecentDbConnectionFactory factory) throws InterruptedException {
        factory.close().block(PATIENCE);
        until("descriptors on the file", () -> ProcessResources.descriptors(file));
        until("threads of the driver", () -> ProcessResources.threads("decentdb.*"));
        System.gc();
    }

    private void until(String what, LongSupplier count) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (count.getAsLong() != 0) {
            if (System.nanoTime() > end) {
                fail(what, new IllegalStateException("still " + count.getAsLong()));
                return;
            }
            Thread.sleep(10);
        }
    }

    /** Ends the process where a step hangs. */
    private void watch() {
        Thread watchdog = new Thread(
                () -> {
                    while (true) {
                        long now = System.nanoTime();
                        stepBegan.forEach((name, began) -> {
                            if (now - began > HANGS_AFTER_NANOS) {
                                System.out.println("HANGS: " + name);
                                printStacks();
                                Runtime.getRuntime().halt(3);
                            }
                        });
                        try {
                            Thread.sleep(1_000);
                        } catch (InterruptedException e) {
                            return;
                        }
                    }
                },
                "watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
    }

    private static void printStacks() {
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            System.out.println(thread);
            for (StackTraceElement frame : stack) {
                System.out.println("    at " + frame);
            }
        });
    }

    private static <T> T use(DecentDbConnectionFactory factory, Function<DecentDbConnection, Mono<T>> work) {
        return Flux.usingWhen(factory.create(), work, DecentDbConnection::close)
                .single()
                .blockOptional()
                .orElseThrow();
    }
}
