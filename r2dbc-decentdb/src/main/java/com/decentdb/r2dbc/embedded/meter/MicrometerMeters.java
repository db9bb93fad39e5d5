package com.decentdb.r2dbc.embedded.meter;

import com.decentdb.r2dbc.embedded.meter.DatabaseCounters.Kind;
import com.decentdb.r2dbc.embedded.meter.DatabaseCounters.Outcome;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Meters of one database in Micrometer's global registry. They ask for numbers that are counted anyway, so a statement never waits for a
 * registry.
 */
final class MicrometerMeters {

    private static final String PREFIX = "decentdb.embedded.";

    private final MeterRegistry registry = Metrics.globalRegistry;
    private final Supplier<Census> counted;
    private final Tags tags;
    private final Deque<Meter> meters = new ArrayDeque<>();

    private MicrometerMeters(String database, Supplier<Census> counted) {
        this.counted = counted;
        this.tags = Tags.of("database", database);
    }

    /** Registers them all, or none; returns what takes them away. */
    static Runnable register(String database, Supplier<Census> counted) {
        MicrometerMeters meters = new MicrometerMeters(database, counted);
        boolean done = false;
        try {
            meters.registerAll();
            done = true;
        } finally {
            if (!done) {
                meters.removeAll();
            }
        }
        return meters::removeAll;
    }

    private void registerAll() {
        for (Kind kind : Kind.values()) {
            for (Outcome outcome : Outcome.values()) {
                counter(
                        "statements",
                        tags.and("kind", name(kind), "outcome", name(outcome)),
                        "Statements that the engine executed",
                        census -> census.counters().statements(kind, outcome));
            }
        }
        counter("commits", tags, "Commits", census -> census.counters().commits());
        timer(
                "lock.wait",
                tags,
                "Waits for the write lock",
                census -> census.lock().granted(),
                census -> census.lock().waitNanos());
        timer(
                "lock.hold",
                tags,
                "Times that the write lock was held",
                census -> census.lock().released(),
                census -> census.lock().holdNanos());
        counter(
                "lock.timeouts",
                tags,
                "Waits for the write lock that were given up",
                census -> census.lock().timeouts());
        gauge(
                "lock.waiting",
                tags,
                "Claims that wait for the write lock",
                census -> census.lock().waiting());
        writes(tags.and("queue", "auto-commit"), Census::autoCommit);
        writes(tags.and("queue", "write-queue"), Census::queue);
        gauge(
                "lanes",
                lanes("reader", "busy"),
                "Native handles",
                census -> census.lanes().busy());
        gauge(
                "lanes",
                lanes("reader", "idle"),
                "Native handles",
                census -> census.lanes().idle());
        gauge(
                "lanes",
                lanes("pinned", "busy"),
                "Native handles",
                census -> census.lanes().pinned());
        gauge(
                "reads.pending",
                tags,
                "Reads that wait for a lane",
                census -> census.lanes().waiting());
        gauge("sessions", tags, "Connections", census -> census.counters().sessions());
        gauge(
                "watches",
                tags,
                "Subscribers of watches",
                census -> census.counters().watches());
        counter(
                "watch.events",
                tags,
                "Commits that the engine reported to watches",
                census -> census.counters().events());
        checkpoints("ok", true);
        checkpoints("error", false);
    }

    private void writes(Tags with, Function<Census, Census.Writes> which) {
        gauge(
                "writes.pending",
                with,
                "Writes that wait to be started",
                census -> which.apply(census).waiting());
        timer(
                "writes.wait",
                with,
                "Waits of writes until they were started",
                census -> which.apply(census).counters().executed(),
                census -> which.apply(census).counters().waitNanos());
        counter(
                "groups",
                with,
                "Commits of writes that waited at the same time",
                census -> which.apply(census).counters().commits());
        counter(
                "group.writes",
                with,
                "Writes that were committed in groups",
                census -> which.apply(census).counters().committed());
        gauge(
                "group.largest",
                with,
                "The most writes that shared a commit",
                census -> which.apply(census).counters().largestGroup());
    }

    private Tags lanes(String role, String state) {
        return tags.and("role", role, "state", state);
    }

    private void checkpoints(String outcome, boolean done) {
        counter(
                "checkpoints",
                tags.and("outcome", outcome),
                "Checkpoints",
                census -> census.counters().checkpoints(done));
    }

    private void counter(String name, Tags with, String description, ToLongFunction<Census> value) {
        meters.add(FunctionCounter.builder(PREFIX + name, counted, now -> value.applyAsLong(now.get()))
                .tags(with)
                .description(description)
                .register(registry));
    }

    private void timer(
            String name, Tags with, String description, ToLongFunction<Census> count, ToLongFunction<Census> nanos) {
        meters.add(FunctionTimer.builder(
                        PREFIX + name,
                        counted,
                        now -> count.applyAsLong(now.get()),
                        now -> nanos.applyAsLong(now.get()),
                        TimeUnit.NANOSECONDS)
                .tags(with)
                .description(description)
                .register(registry));
    }

    private void gauge(String name, Tags with, String description, ToLongFunction<Census> value) {
        meters.add(Gauge.builder(PREFIX + name, counted, now -> value.applyAsLong(now.get()))
                .tags(with)
                .description(description)
                .register(registry));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Bears repetition. */
    private void removeAll() {
        for (Meter meter = meters.peek(); meter != null; meter = meters.peek()) {
            remove(meter);
            meters.poll();
        }
    }

    private void remove(Meter meter) {
        try {
            registry.remove(meter);
        } catch (VirtualMachineError e) {
            // For want of memory, after which this is repeated.
            throw e;
        } catch (Throwable e) {
            // A listener of the program threw, and the others go on.
            return;
        }
    }
}
