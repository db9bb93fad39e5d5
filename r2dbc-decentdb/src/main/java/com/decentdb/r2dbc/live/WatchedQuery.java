package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.connection.Bindings;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.result.DefaultResult;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
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

/** A query with its arguments, to be watched and read. */
final class WatchedQuery {

    private final SessionSettings settings;
    private final SqlCommand command;
    private final Mono<Value[]> arguments;
    private final WatchRequest request;

    WatchedQuery(SessionSettings settings, String sql, @Nullable Object[] arguments) {
        this.settings = settings;
        SqlScript script = settings.parse(sql);
        if (script.commands().size() != 1) {
            throw Errors.of("42601", "A query to watch is one statement; this is not", sql);
        }
        this.command = script.commands().get(0);
        this.arguments = Bindings.encodeAll(script, settings, arguments)
                .map(values -> Bindings.select(command, values))
                .cache();
        this.request =
                new WatchRequest.Query(command.text(), command.parameters().size());
    }

    /** Events of its tables. After a change of the schema it may read other tables: the watch begins anew. */
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
        // It takes what collecting the rows throws, which concatMap would keep.
        return OnDemand.flux(() -> this.<T>cursors(session, mapping)).collectList();
    }

    private <T> Flux<T> cursors(Session session, Function<? super Row, ? extends T> mapping) {
        return arguments
                .map(values -> Command.of(command, settings.fetchSize(), settings.lockWait(), values))
                .flatMapMany(session::execute)
                .doOnDiscard(Cursor.class, Cursor::close)
                .concatMap(
                        cursor -> new DefaultResult(session, cursor, false).<T>map(row -> mapping.apply((Row) row)), 1);
    }
}
