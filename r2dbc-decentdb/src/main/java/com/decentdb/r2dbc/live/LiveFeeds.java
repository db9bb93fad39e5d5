package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.LiveData;
import com.decentdb.r2dbc.api.LiveQuery;
import com.decentdb.r2dbc.api.WatchEvent;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.connection.Bindings;
import com.decentdb.r2dbc.connection.DefaultResult;
import com.decentdb.r2dbc.connection.Identifiers;
import com.decentdb.r2dbc.connection.OnDemand;
import com.decentdb.r2dbc.embedded.watch.KeyBounds;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.Row;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Live data over sessions of its own: one for each subscription, which ends with it. */
public abstract class LiveFeeds implements LiveData {

    /** Opens a session for a subscription. */
    public abstract Mono<Session> liveSession();

    /** Whether there are sessions to open; if not, opening one says why. */
    public abstract boolean givesSessions();

    /** Completes when all that is live now has to end. */
    public abstract Mono<Void> endOfLife();

    public abstract SessionSettings settings();

    @Override
    public Flux<WatchEvent> watchTable(String... tables) {
        if (tables.length == 0) {
            throw new IllegalArgumentException("Name at least one table to watch");
        }
        WatchRequest request = new WatchRequest.Tables(List.of(tables));
        return events(session -> request);
    }

    @Override
    public Flux<WatchEvent> watchRange(String table, @Nullable Object from, @Nullable Object to) {
        return events(range(table, from, to));
    }

    private Flux<WatchEvent> events(Function<Session, WatchRequest> request) {
        return live(session -> {
            EventDecoder reader = reader(session);
            return session.watch(request.apply(session)).concatMap(reader::watchEvent, 0);
        });
    }

    @Override
    public Flux<WatchEvent> watchQuery(String sql, @Nullable Object... arguments) {
        return Flux.defer(() -> {
            Query query = new Query(sql, arguments);
            return live(session -> {
                EventDecoder reader = reader(session);
                return query.watch(session)
                        .concatMap(
                                event -> event.type() == WatchedEvent.Type.INITIAL
                                        ? query.rows(session, row -> row)
                                                .<WatchEvent>map(rows ->
                                                        new WatchEvent.Initial(event.position(), rows, event.json()))
                                        : reader.watchEvent(event),
                                0);
            });
        });
    }

    @Override
    public Flux<Change> changeStream(String... tables) {
        return live(session -> {
            EventDecoder reader = reader(session);
            return session.watch(new WatchRequest.Changes(List.of(tables))).concatMap(reader::change, 0);
        });
    }

    @Override
    public <T> Flux<List<T>> liveQuery(
            String sql, Function<? super Row, ? extends T> mapping, @Nullable Object... arguments) {
        return liveQuery(sql, arguments).map(mapping);
    }

    @Override
    public LiveQuery liveQuery(String sql, @Nullable Object... arguments) {
        return new DefaultLiveQuery(this, new Query(sql, arguments));
    }

    /** Runs work on a session that lives as long as the subscription. */
    <T> Flux<T> live(Function<Session, Flux<T>> work) {
        Flux<T> live = Flux.defer(
                () -> Flux.usingWhen(liveSession(), work, Session::close).takeUntilOther(endOfLife()));
        return Flux.defer(() -> givesSessions() ? OnDemand.flux(() -> live) : live);
    }

    private EventDecoder reader(Session session) {
        return new EventDecoder(
                table -> {
                    SqlCommand none = SqlCommand.of("SELECT * FROM " + Identifiers.quote(table) + " LIMIT 0");
                    Command command = new Command(
                            none, List.<Value[]>of(new Value[0]), 1, settings().lockWait());
                    return session.execute(command).next().map(cursor -> {
                        List<Column> columns = cursor.columns();
                        cursor.close();
                        return columns;
                    });
                },
                session.engine().bundled());
    }

    /** An engine that leaves rows out would miss changes of a range, so that of all of the table are told there. */
    static Function<Session, WatchRequest> range(String table, @Nullable Object from, @Nullable Object to) {
        WatchRequest range = new WatchRequest.Range(table, KeyBounds.plain(from), KeyBounds.plain(to));
        return session -> session.engine().bundled() ? range : new WatchRequest.Tables(List.of(table));
    }

    /** A query with its arguments. */
    final class Query {

        private final SqlCommand command;
        private final Mono<Value[]> arguments;
        private final WatchRequest request;

        Query(String sql, @Nullable Object[] arguments) {
            SqlScript script = settings().parse(sql);
            if (script.commands().size() != 1) {
                throw Errors.of("42601", "A query to watch is one statement; this is not", sql);
            }
            this.command = script.commands().get(0);
            this.arguments = Bindings.encodeAll(script, arguments)
                    .map(values -> Bindings.select(command, values))
                    .cache();
            this.request =
                    new WatchRequest.Query(command.text(), command.parameters().size());
        }

        /** Events of its tables. After a change of the schema it may read others: the watch begins anew. */
        Flux<WatchedEvent> watch(Session session) {
            return Flux.defer(() -> {
                AtomicBoolean again = new AtomicBoolean();
                return Flux.defer(() -> session.watch(request))
                        .takeUntil(event -> {
                            again.set(event.schemaChanged());
                            return event.schemaChanged();
                        })
                        .repeat(() -> again.getAndSet(false));
            });
        }

        /** Its rows now. */
        <T> Mono<List<T>> rows(Session session, Function<? super Row, ? extends T> mapping) {
            return arguments
                    .map(values -> new Command(
                            command,
                            List.<Value[]>of(values),
                            settings().fetchSize(),
                            settings().lockWait()))
                    .flatMapMany(session::execute)
                    .doOnDiscard(Cursor.class, Cursor::close)
                    .concatMap(
                            cursor -> new DefaultResult(session, cursor, false).<T>map(row -> mapping.apply((Row) row)),
                            1)
                    .collectList();
        }
    }
}
