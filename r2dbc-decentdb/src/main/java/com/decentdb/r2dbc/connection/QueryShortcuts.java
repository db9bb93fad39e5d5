package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.delivery.Bracket;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.result.DefaultResult;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.Statement;
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

/** Statements of a connection run in one call: rows as maps, lists or values, counts, and blocks in a transaction. */
final class QueryShortcuts {

    private static final int LISTS_AT_A_TIME = 256;
    private static final String MANY_SAVEPOINT = Identifiers.quote("decentdb_execute_many");

    private final DefaultConnection connection;

    QueryShortcuts(DefaultConnection connection) {
        this.connection = connection;
    }

    Flux<Map<String, @Nullable Object>> maps(String sql, @Nullable Object[] arguments) {
        return rows(sql, arguments, QueryShortcuts::toMap);
    }

    Flux<List<@Nullable Object>> lists(String sql, @Nullable Object[] arguments) {
        return rows(sql, arguments, QueryShortcuts::toList);
    }

    <T> Mono<T> value(String sql, Class<T> type, @Nullable Object[] arguments) {
        Arguments.required(type, "type");
        return OnDemand.mono(() -> rows(sql, arguments, row -> Optional.<T>ofNullable(row.get(0, type)))
                .next()
                .flatMap(Mono::justOrEmpty));
    }

    Mono<Long> execute(String sql, @Nullable Object[] arguments) {
        return OnDemand.mono(
                () -> consume(results(sql, arguments), Result::getRowsUpdated).reduce(0L, Long::sum));
    }

    /** One statement with each list of arguments, in a transaction or, if one is open, as a unit of that. */
    Mono<Long> executeMany(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        Arguments.required(arguments, "publisher of arguments");
        return OnDemand.mono(() -> connection.endings().behind(() -> {
            SessionSettings settings = connection.settings();
            SqlScript script = settings.parse(sql);
            SqlCommand command = changingRows(script, sql);
            // No prefetch: the next lists are asked for when those before were executed.
            Flux<Long> counts = Flux.from(arguments)
                    .concatMap(each -> Bindings.encodeAll(script, settings, each), 0)
                    .map(values -> Bindings.select(command, values))
                    .buffer(LISTS_AT_A_TIME)
                    .concatMap(
                            lists -> consume(
                                    connection.run(command, lists, settings.fetchSize()), Result::getRowsUpdated),
                            0);
            Flux<Long> unit = connection.transactions().autoCommit() ? block(begun -> counts) : atSavepoint(counts);
            return unit.reduce(0L, Long::sum);
        }));
    }

    private static SqlCommand changingRows(SqlScript script, String sql) {
        List<SqlCommand> commands = script.commands();
        if (commands.size() != 1 || commands.get(0).kind() != SqlCommand.Kind.DML) {
            throw Errors.of(
                    "42601",
                    "executeMany runs one INSERT, UPDATE or DELETE with each list of arguments; this is not one",
                    sql);
        }
        return commands.get(0);
    }

    /** Work in the open transaction, of which all is kept or, if it fails or is cancelled, nothing. */
    private <T> Flux<T> atSavepoint(Flux<T> work) {
        ConnectionTransactions transactions = connection.transactions();
        return new Bracket<>(
                connection.endings(),
                transactions.createSavepoint(MANY_SAVEPOINT).thenReturn(MANY_SAVEPOINT),
                savepoint -> work,
                transactions::releaseSavepoint,
                savepoint ->
                        transactions.rollbackToSavepoint(savepoint).then(transactions.releaseSavepoint(savepoint)));
    }

    <T> Flux<T> inTransaction(Function<? super DecentDbConnection, ? extends Publisher<T>> work) {
        Arguments.required(work, "work of the transaction");
        return OnDemand.flux(() -> connection.endings().manyBehind(() -> block(work)));
    }

    /** The beginning and the ends of a block wait for no other one: that might be the block around it, or itself. */
    private <T> Flux<T> block(Function<? super DecentDbConnection, ? extends Publisher<T>> work) {
        ConnectionTransactions transactions = connection.transactions();
        return new Bracket<>(
                connection.endings(),
                OnDemand.mono(transactions::begin).thenReturn(connection),
                work,
                begun -> begun.whileOpen(transactions::commit),
                begun -> begun.whileOpen(transactions::rollback));
    }

    private <T> Flux<T> rows(String sql, @Nullable Object[] arguments, Function<Row, T> mapping) {
        return consume(results(sql, arguments), result -> result.map((row, metadata) -> mapping.apply(row)));
    }

    /**
     * Consumes one result after the other. A result that arrives while its subscriber cancels is given up; concatMap would
     * lose it.
     */
    private static <T> Flux<T> consume(
            Flux<? extends Result> results, Function<Result, ? extends Publisher<T>> content) {
        // It takes what operators behind it throw, which concatMap would keep.
        return OnDemand.flux(() -> {
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
            Statement statement = connection.createStatement(sql);
            Bindings.requireOnePerParameter(connection.settings().parse(sql), arguments);
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
