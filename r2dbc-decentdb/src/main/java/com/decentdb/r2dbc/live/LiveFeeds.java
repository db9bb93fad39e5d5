package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.ChangeStreamOption;
import com.decentdb.r2dbc.api.LiveData;
import com.decentdb.r2dbc.api.LiveQuery;
import com.decentdb.r2dbc.api.WatchEvent;
import com.decentdb.r2dbc.codec.Codecs;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.connection.Arguments;
import com.decentdb.r2dbc.delivery.Bracket;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.transport.Capability;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.SessionSource;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.lang.ref.Reference;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** Live data of a connection or a factory: each subscription has a session, which ends with it. */
public final class LiveFeeds implements LiveData {

    private final SessionSource source;
    private final SessionSettings settings;

    public LiveFeeds(SessionSource source, SessionSettings settings) {
        this.source = source;
        this.settings = settings;
    }

    @Override
    public Flux<WatchEvent> watchTable(String... tables) {
        List<String> names = Arguments.tables(tables);
        if (names.isEmpty()) {
            throw new IllegalArgumentException("Name at least one table to watch");
        }
        WatchRequest request = new WatchRequest.Tables(names);
        return events(session -> request);
    }

    @Override
    public Flux<WatchEvent> watchRange(String table, @Nullable Object from, @Nullable Object to) {
        return events(range(table, from, to, false));
    }

    private Flux<WatchEvent> events(Function<Session, WatchRequest> request) {
        return live(session -> {
            EventDecoder decoder = new EventDecoder(session.capabilities());
            return session.watch(request.apply(session)).map(decoder::watchEvent);
        });
    }

    @Override
    public Flux<WatchEvent> watchQuery(String sql, @Nullable Object... arguments) {
        return Flux.defer(() -> {
            WatchedQuery query = new WatchedQuery(settings, sql, arguments);
            return live(session -> {
                EventDecoder decoder = new EventDecoder(session.capabilities());
                return query.watch(session)
                        .concatMap(
                                event -> event.type() == WatchedEvent.Type.INITIAL
                                        ? query.rows(session, row -> row)
                                                .<WatchEvent>map(rows -> new WatchEvent.Initial(
                                                        event.position(), rows, event.description()))
                                        : Flux.just(decoder.watchEvent(event)),
                                0);
            });
        });
    }

    @Override
    public Flux<Change> changeStream(String... tables) {
        return changes(new WatchRequest.Changes(Arguments.tables(tables), false));
    }

    @Override
    public Flux<Change> changeStream(ChangeStreamOption option, String... tables) {
        boolean unmasked = Arguments.required(option, "option") == ChangeStreamOption.UNMASKED;
        return changes(new WatchRequest.Changes(Arguments.tables(tables), unmasked));
    }

    @Override
    public Flux<Change> changeStreamAfter(long eventId, String... tables) {
        if (eventId < 0) {
            throw new IllegalArgumentException("The number of an event is not negative, and this is " + eventId);
        }
        return changes(new WatchRequest.Changes(Arguments.tables(tables), false, eventId));
    }

    private Flux<Change> changes(WatchRequest.Changes request) {
        return live(session -> {
            if (request.after() != null && !session.capabilities().contains(Capability.KEEPS_CHANGES)) {
                return Flux.error(Errors.of(
                        "0A000",
                        "The engine of " + session.name()
                                + " keeps no changes, so that a change stream cannot begin behind an earlier"
                                + " event; subscribe to changeStream(..) and read the tables",
                        null));
            }
            EventDecoder decoder = new EventDecoder(session.capabilities());
            return session.watch(request).map(decoder::change);
        });
    }

    @Override
    public LiveQuery liveQuery(String sql, @Nullable Object... arguments) {
        return new DefaultLiveQuery(this, new WatchedQuery(settings, sql, arguments));
    }

    /** Runs work on a session that lives as long as the subscription. */
    @SuppressWarnings("ReachabilityFenceUsage") // the source must outlast the Flux
    <T> Flux<T> live(Function<Session, Flux<T>> work) {
        Flux<T> live = Flux.defer(() -> source.whileAlive(
                        new Bracket<Session, T>(source.liveSession(), work, Session::close, Session::close))
                .doFinally(signal -> Reference.reachabilityFence(source)));
        return Flux.defer(() -> source.givesSessions() ? OnDemand.flux(() -> live) : live);
    }

    /** A session that would miss changes of a range watches all of the table. */
    static Function<Session, WatchRequest> range(
            String table, @Nullable Object from, @Nullable Object to, boolean orTable) {
        WatchRequest range =
                new WatchRequest.Range(Arguments.required(table, "name of a table"), bound(from), bound(to), orTable);
        return session -> session.capabilities().contains(Capability.WATCHES_RANGES)
                ? range
                : new WatchRequest.Tables(List.of(table));
    }

    private static WatchRequest.@Nullable Bound bound(@Nullable Object given) {
        if (given == null) {
            return null;
        }
        return given instanceof List<?> columns
                ? new WatchRequest.Bound(columns.stream().map(LiveFeeds::key).toList(), false)
                : new WatchRequest.Bound(List.of(key(given)), true);
    }

    private static Value key(Object given) {
        Value value = Codecs.instance().encode(given);
        if (value instanceof Value.Int64
                || value instanceof Value.Float64
                || value instanceof Value.Bool
                || value instanceof Value.Text
                || value instanceof Value.Uuid
                || value instanceof Value.Decimal
                || value instanceof Value.Date
                || value instanceof Value.Time
                || value instanceof Value.Timestamp
                || value instanceof Value.TimestampTz) {
            return value;
        }
        throw new IllegalArgumentException(
                "A bound of a range of keys is a number, text, a boolean, a UUID, a date or a"
                        + " time, or a list of those; not " + value.getClass().getSimpleName());
    }
}
