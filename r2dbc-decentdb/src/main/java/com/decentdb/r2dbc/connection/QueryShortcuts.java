package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.live.LiveFeeds;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.fasterxml.jackson.jr.ob.JSON;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.Statement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What {@link DecentDbConnection} offers beyond R2DBC. */
abstract class QueryShortcuts extends LiveFeeds implements DecentDbConnection {

    public abstract Session session();

    @Override
    public Flux<Map<String, @Nullable Object>> fetch(String sql, @Nullable Object... arguments) {
        return rows(sql, arguments, QueryShortcuts::toMap);
    }

    @Override
    public Flux<List<@Nullable Object>> fetchAll(String sql, @Nullable Object... arguments) {
        return rows(sql, arguments, QueryShortcuts::toList);
    }

    @Override
    public Mono<Map<String, @Nullable Object>> fetchOne(String sql, @Nullable Object... arguments) {
        return fetch(sql, arguments).next();
    }

    @Override
    public <T> Mono<T> fetchValue(String sql, Class<T> type, @Nullable Object... arguments) {
        return OnDemand.mono(() -> rows(sql, arguments, row -> Optional.<T>ofNullable(row.get(0, type)))
                .next()
                .flatMap(Mono::justOrEmpty));
    }

    @Override
    public Mono<Long> execute(String sql, @Nullable Object... arguments) {
        return OnDemand.mono(
                () -> consume(results(sql, arguments), Result::getRowsUpdated).reduce(0L, Long::sum));
    }

    private <T> Flux<T> rows(String sql, @Nullable Object[] arguments, Function<Row, T> mapping) {
        return consume(results(sql, arguments), result -> result.map((row, metadata) -> mapping.apply(row)));
    }

    /**
     * Consumes one result after the other. One that arrives while its subscriber cancels is given up; concatMap would lose
     * it.
     */
    private static <T> Flux<T> consume(
            Flux<? extends Result> results, Function<Result, ? extends Publisher<T>> content) {
        return Flux.defer(() -> {
            Disposable.Swap latest = Disposables.swap();
            return results.doOnNext(result -> {
                        if (result instanceof DefaultResult arrived) {
                            latest.replace(arrived::discard);
                        }
                    })
                    .concatMap(content, 1)
                    .doOnCancel(latest::dispose);
        });
    }

    private Flux<? extends Result> results(String sql, @Nullable Object[] arguments) {
        return Flux.defer(() -> {
            Statement statement = createStatement(sql);
            int expected = settings().parse(sql).parameterCount();
            if (arguments.length != expected) {
                throw new IllegalArgumentException("The statement has " + expected + " parameters, but "
                        + arguments.length + " arguments were given");
            }
            for (int i = 0; i < arguments.length; i++) {
                Object argument = arguments[i];
                if (argument == null) {
                    statement.bindNull(i, Object.class);
                } else {
                    statement.bind(i, argument);
                }
            }
            return statement.execute();
        });
    }

    @Override
    public <T> Flux<T> inTransaction(Function<? super DecentDbConnection, ? extends Publisher<T>> work) {
        return OnDemand.flux(() -> Flux.usingWhen(
                beginTransaction().thenReturn(this),
                work,
                DecentDbConnection::commitTransaction,
                (connection, error) -> connection.rollbackTransaction(),
                DecentDbConnection::rollbackTransaction));
    }

    @Override
    public Mono<Long> executeQueued(String sql, @Nullable Object... arguments) {
        return Mono.defer(() -> {
            SqlScript script = settings().parse(sql);
            SqlCommand command = single(script, sql);
            return Bindings.encodeAll(script, arguments)
                    .flatMap(values -> session()
                            .executeQueued(
                                    command,
                                    Bindings.select(command, values),
                                    settings().queueTimeout()));
        });
    }

    @Override
    public Flux<Long> executeQueued(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        return executeQueuedEach(sql, arguments).handle((outcome, sink) -> {
            R2dbcException failure = outcome.failure();
            if (failure == null) {
                sink.next(outcome.rowsChanged());
            } else {
                sink.error(failure);
            }
        });
    }

    @Override
    public Flux<WriteOutcome> executeQueuedEach(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        return Flux.defer(() -> {
            SqlScript script = settings().parse(sql);
            SqlCommand command = single(script, sql);
            // No prefetch: whoever writes faster than the queue is held back by its demand alone.
            Flux<Value[]> encoded = Flux.from(arguments)
                    .concatMap(each -> Bindings.encodeAll(script, each), 0)
                    .map(values -> Bindings.select(command, values));
            return session().executeQueued(command, encoded, settings().queueTimeout());
        });
    }

    /** The engine would run all of several statements before it complains. */
    private static SqlCommand single(SqlScript script, String sql) {
        List<SqlCommand> commands = script.commands();
        if (commands.size() != 1 || commands.get(0).kind().transactionControl()) {
            throw Errors.of("42601", "A queued write is one statement, without transaction control; this is not", sql);
        }
        return commands.get(0);
    }

    @Override
    public Mono<WriteQueueMetrics> writeQueueMetrics() {
        return session().writeQueueMetrics();
    }

    @Override
    public Mono<Void> setAuditContext(String key, @Nullable String value) {
        if (key == null || key.isEmpty()) {
            throw new IllegalArgumentException("The key must not be null or empty");
        }
        return session().setAuditContext(key, value);
    }

    @Override
    public Mono<Void> checkpoint() {
        return session().checkpoint();
    }

    @Override
    public Mono<Void> saveAs(Path path) {
        return session().saveAs(path);
    }

    @Override
    public Mono<Map<String, Object>> schema() {
        return session().schema().map(json -> {
            try {
                return JSON.std.mapFrom(json);
            } catch (IOException e) {
                throw Errors.of("XX000", "The engine described the schema in JSON that cannot be read", null);
            }
        });
    }

    private static Map<String, @Nullable Object> toMap(Row row) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        int index = 0;
        for (var column : row.getMetadata().getColumnMetadatas()) {
            map.putIfAbsent(column.getName(), row.get(index++));
        }
        return map;
    }

    private static List<@Nullable Object> toList(Row row) {
        int columns = row.getMetadata().getColumnMetadatas().size();
        List<@Nullable Object> list = new ArrayList<>(columns);
        for (int i = 0; i < columns; i++) {
            list.add(row.get(i));
        }
        return list;
    }
}
