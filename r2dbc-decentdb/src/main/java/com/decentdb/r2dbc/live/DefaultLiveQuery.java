package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.LiveChanges;
import com.decentdb.r2dbc.api.LiveQuery;
import com.decentdb.r2dbc.api.LiveResult;
import com.decentdb.r2dbc.connection.Arguments;
import com.decentdb.r2dbc.transport.Capability;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.Waits;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.Row;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;

/** A live query with its options. */
final class DefaultLiveQuery implements LiveQuery {

    private final LiveFeeds feeds;
    private final WatchedQuery query;
    private final Duration minInterval;
    private final boolean distinct;
    private final @Nullable Function<Session, WatchRequest> dependency;

    DefaultLiveQuery(LiveFeeds feeds, WatchedQuery query) {
        this(feeds, query, DEFAULT_MIN_INTERVAL, false, null);
    }

    private DefaultLiveQuery(
            LiveFeeds feeds,
            WatchedQuery query,
            Duration minInterval,
            boolean distinct,
            @Nullable Function<Session, WatchRequest> dependency) {
        this.feeds = feeds;
        this.query = query;
        this.minInterval = minInterval;
        this.distinct = distinct;
        this.dependency = dependency;
    }

    @Override
    public LiveQuery minInterval(Duration interval) {
        if (Arguments.required(interval, "minimum interval").isNegative()) {
            throw new IllegalArgumentException("The minimum interval must not be negative, it is " + interval);
        }
        return new DefaultLiveQuery(feeds, query, Waits.atMostUnlimited(interval), distinct, dependency);
    }

    @Override
    public LiveQuery distinctUntilChanged() {
        return new DefaultLiveQuery(feeds, query, minInterval, true, dependency);
    }

    @Override
    public LiveQuery dependingOn(String table, @Nullable Object from, @Nullable Object to) {
        return new DefaultLiveQuery(feeds, query, minInterval, distinct, LiveFeeds.range(table, from, to, true));
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
        Arguments.required(key, "function of keys");
        return this.<T, LiveChanges<T>>live(mapping, () -> new ResultDiff<T>(key));
    }

    private <T, E> Flux<E> live(
            Function<? super Row, ? extends T> mapping, Supplier<Function<LiveResult<T>, @Nullable E>> projections) {
        Arguments.required(mapping, "mapping of rows");
        return feeds.live(session -> new LiveQueryFlux<>(
                watch(session),
                () -> {
                    Function<LiveResult<T>, @Nullable E> projection = projections.get();
                    // Where a watch also reports commits that touched other tables, most results are what they were.
                    ResultDigest digest =
                            session.capabilities().contains(Capability.NAMES_TABLES) ? null : new ResultDigest();
                    return trigger -> {
                        Function<? super Row, ? extends T> reading =
                                digest == null ? mapping : digest.<T>reading(mapping);
                        return query.<T>rows(session, reading)
                                .mapNotNull(rows -> project(digest, projection, rows, trigger));
                    };
                },
                minInterval,
                session.delivery()));
    }

    /** Applies a function that calls functions of the program, which may throw what operators do not pass on. */
    private static <T, E> @Nullable E project(
            @Nullable ResultDigest digest,
            Function<LiveResult<T>, @Nullable E> projection,
            List<T> rows,
            LiveQueryFlux.Trigger trigger) {
        try {
            return digest != null && digest.repeats()
                    ? null
                    : projection.apply(new LiveResult<>(rows, trigger.reason(), trigger.tables()));
        } catch (Throwable e) {
            // To propagate an exception takes memory, unless it is one that may be thrown.
            Throwable error = Errors.signal(e);
            throw error instanceof RuntimeException known ? known : Exceptions.propagate(error);
        }
    }

    private Flux<WatchedEvent> watch(Session session) {
        // After a change of the schema the watch of a query begins anew, which is the moment to read.
        return dependency == null
                ? query.watch(session).filter(event -> !event.schemaChanged())
                : session.watch(dependency.apply(session));
    }

    /** Leaves out a result that equals the one before. */
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
}
