package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.LiveChanges;
import com.decentdb.r2dbc.api.LiveQuery;
import com.decentdb.r2dbc.api.LiveResult;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.Waits;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** A live query of a source, with its options. */
final class DefaultLiveQuery implements LiveQuery {

    private final LiveFeeds source;
    private final LiveFeeds.Query query;
    private final Duration minInterval;
    private final boolean distinct;
    private final @Nullable Function<Session, WatchRequest> dependency;

    DefaultLiveQuery(LiveFeeds source, LiveFeeds.Query query) {
        this(source, query, DEFAULT_MIN_INTERVAL, false, null);
    }

    private DefaultLiveQuery(
            LiveFeeds source,
            LiveFeeds.Query query,
            Duration minInterval,
            boolean distinct,
            @Nullable Function<Session, WatchRequest> dependency) {
        this.source = source;
        this.query = query;
        this.minInterval = minInterval;
        this.distinct = distinct;
        this.dependency = dependency;
    }

    @Override
    public LiveQuery minInterval(Duration interval) {
        if (interval.isNegative()) {
            throw new IllegalArgumentException("The minimum interval must not be negative, it is " + interval);
        }
        return new DefaultLiveQuery(source, query, Waits.atMostUnlimited(interval), distinct, dependency);
    }

    @Override
    public LiveQuery distinctUntilChanged() {
        return new DefaultLiveQuery(source, query, minInterval, true, dependency);
    }

    @Override
    public LiveQuery dependingOn(String table, @Nullable Object from, @Nullable Object to) {
        return new DefaultLiveQuery(source, query, minInterval, distinct, LiveFeeds.range(table, from, to));
    }

    @Override
    public <T> Flux<List<T>> map(Function<? super Row, ? extends T> mapping) {
        return this.<T>results(mapping).map(LiveResult::rows);
    }

    @Override
    public <T> Flux<LiveResult<T>> results(Function<? super Row, ? extends T> mapping) {
        return this.<T, LiveResult<T>>live(mapping, () -> distinct ? new Distinct<T>() : result -> result);
    }

    @Override
    public <T> Flux<LiveChanges<T>> changes(Function<? super Row, ? extends T> mapping, Function<? super T, ?> key) {
        return this.<T, LiveChanges<T>>live(mapping, () -> new Differences<T>(key));
    }

    private <T, E> Flux<E> live(
            Function<? super Row, ? extends T> mapping, Supplier<Function<LiveResult<T>, @Nullable E>> projections) {
        return source.live(session -> new LiveQueryFlux<>(
                watch(session),
                () -> {
                    Function<LiveResult<T>, @Nullable E> projection = projections.get();
                    return trigger -> query.<T>rows(session, mapping)
                            .mapNotNull(rows ->
                                    projection.apply(new LiveResult<>(rows, trigger.reason(), trigger.tables())));
                },
                minInterval,
                session.delivery()));
    }

    private Flux<WatchedEvent> watch(Session session) {
        // After a change of the schema the watch of a query begins anew, which is the moment to read.
        return dependency == null
                ? query.watch(session).filter(event -> !event.schemaChanged())
                : session.watch(dependency.apply(session));
    }

    /** Leaves out what equals the result before. */
    private static final class Distinct<T> implements Function<LiveResult<T>, @Nullable LiveResult<T>> {

        private @Nullable List<T> before;

        @Override
        public @Nullable LiveResult<T> apply(LiveResult<T> result) {
            if (result.rows().equals(before)) {
                return null;
            }
            before = result.rows();
            return result;
        }
    }

    /** Tells results apart row by row. */
    private static final class Differences<T> implements Function<LiveResult<T>, @Nullable LiveChanges<T>> {

        private final Function<? super T, ?> key;
        private @Nullable Map<Object, T> before;

        Differences(Function<? super T, ?> key) {
            this.key = key;
        }

        @Override
        public @Nullable LiveChanges<T> apply(LiveResult<T> result) {
            Map<Object, T> now = new LinkedHashMap<>();
            for (T row : result.rows()) {
                if (now.putIfAbsent(key.apply(row), row) != null) {
                    throw new IllegalStateException("Two rows of the live query have the key " + key.apply(row));
                }
            }
            Map<Object, T> old = before == null ? Map.of() : before;
            boolean first = before == null;
            before = now;
            List<T> added = new ArrayList<>();
            List<T> changed = new ArrayList<>();
            now.forEach((id, row) -> {
                T was = old.get(id);
                if (was == null) {
                    added.add(row);
                } else if (!was.equals(row)) {
                    changed.add(row);
                }
            });
            List<T> removed = old.entrySet().stream()
                    .filter(each -> !now.containsKey(each.getKey()))
                    .map(Map.Entry::getValue)
                    .toList();
            return first || !added.isEmpty() || !changed.isEmpty() || !removed.isEmpty()
                    ? new LiveChanges<>(added, changed, removed, result.reason(), result.tables())
                    : null;
        }
    }
}
