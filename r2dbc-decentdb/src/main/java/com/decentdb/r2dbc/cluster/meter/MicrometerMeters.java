package com.decentdb.r2dbc.cluster.meter;

import static java.util.Objects.requireNonNull;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/** Meters in Micrometer's global registry. The factories of one database share them, and the last one takes them away. */
final class MicrometerMeters implements ClusterMeters {

    private static final String PREFIX = "decentdb.cluster.";
    private static final Map<String, MicrometerMeters> OPEN = new HashMap<>();

    private final MeterRegistry registry = Metrics.globalRegistry;
    private final String database;
    private final Tags tags;
    private final List<Meter> meters = new ArrayList<>();
    private final Set<Supplier<Census>> shown = ConcurrentHashMap.newKeySet();
    private final Map<Kind, Map<Outcome, Timer>> requests = new EnumMap<>(Kind.class);
    private final Timer search;
    private final Timer searchInVain;
    private final Timer lockWait;
    private final DistributionSummary groupSize;
    private final Counter leaderChanges;
    /** Guarded by {@link #OPEN}. */
    private int users;

    private volatile boolean warned;

    private MicrometerMeters(String database) {
        this.database = database;
        this.tags = Tags.of("database", database);
        for (Kind kind : Kind.values()) {
            Map<Outcome, Timer> byOutcome = new EnumMap<>(Outcome.class);
            for (Outcome outcome : Outcome.values()) {
                Tags with = tags.and("kind", name(kind), "outcome", name(outcome));
                byOutcome.put(outcome, timer("request", with, "Requests to nodes"));
            }
            requests.put(kind, byOutcome);
        }
        search = timer("search", tags.and("outcome", "found"), "Searches for the leader");
        searchInVain = timer("search", tags.and("outcome", "none"), "Searches for the leader");
        lockWait = timer("lock.wait", tags, "Waits for the right to write");
        groupSize = kept(DistributionSummary.builder(PREFIX + "group.size")
                .tags(tags)
                .description("Writes that shared a commit")
                .register(registry));
        leaderChanges = kept(Counter.builder(PREFIX + "leader.changes")
                .tags(tags)
                .description("Changes of the leader")
                .register(registry));
        gauge("sessions", tags, "Connections", Census::sessions);
        gauge("writes.pending", tags, "Writes that wait to be started", Census::pendingWrites);
        for (Role role : Role.values()) {
            for (boolean busy : new boolean[] {false, true}) {
                gauge(
                        "channels",
                        tags.and("role", name(role), "state", busy ? "busy" : "idle"),
                        "Connections to the leader",
                        census -> census.channels(role, busy));
            }
        }
    }

    static MicrometerMeters open(String database) {
        synchronized (OPEN) {
            MicrometerMeters meters = OPEN.computeIfAbsent(database, MicrometerMeters::new);
            meters.users++;
            return meters;
        }
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private Timer timer(String name, Tags with, String description) {
        return kept(
                Timer.builder(PREFIX + name).tags(with).description(description).register(registry));
    }

    private void gauge(String name, Tags with, String description, ToIntFunction<Census> value) {
        kept(Gauge.builder(PREFIX + name, this, meters -> meters.sum(value))
                .tags(with)
                .description(description)
                .register(registry));
    }

    private <T extends Meter> T kept(T meter) {
        meters.add(meter);
        return meter;
    }

    private int sum(ToIntFunction<Census> value) {
        return shown.stream().mapToInt(each -> value.applyAsInt(each.get())).sum();
    }

    @Override
    public void searched(long nanos, boolean found) {
        record(found ? search : searchInVain, nanos);
    }

    @Override
    public void requested(Kind kind, Outcome outcome, long nanos) {
        record(requireNonNull(requireNonNull(requests.get(kind)).get(outcome)), nanos);
    }

    @Override
    public void waitedForLock(long nanos) {
        record(lockWait, nanos);
    }

    @Override
    public void committed(int writes) {
        counted(() -> groupSize.record(writes));
    }

    @Override
    public void leaderChanged() {
        counted(leaderChanges::increment);
    }

    private void record(Timer timer, long nanos) {
        counted(() -> timer.record(nanos, TimeUnit.NANOSECONDS));
    }

    /** The registries are programs', and what they throw must harm no statement that is counted, and no close. */
    private void counted(Runnable count) {
        try {
            count.run();
        } catch (Throwable e) {
            if (!warned) {
                warned = true;
                ClusterLog.warn(
                        "A meter of the database '{}' failed, and its numbers are wrong: {}", database, e.toString());
            }
        }
    }

    @Override
    public Runnable show(Supplier<Census> counted) {
        shown.add(counted);
        return () -> shown.remove(counted);
    }

    @Override
    public boolean shows() {
        return true;
    }

    @Override
    public void close() {
        synchronized (OPEN) {
            if (--users == 0) {
                OPEN.remove(database);
                meters.forEach(meter -> counted(() -> registry.remove(meter)));
            }
        }
    }
}
