package com.decentdb.r2dbc;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.cluster.ChangeLogLimits;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.UnreadableValue;
import com.decentdb.r2dbc.cluster.ClusterConfig;
import com.decentdb.r2dbc.cluster.admin.DatabaseCalls;
import com.decentdb.r2dbc.cluster.admin.DefaultClusterAdmin;
import com.decentdb.r2dbc.cluster.changelog.LogTable;
import com.decentdb.r2dbc.cluster.changelog.LogTriggers;
import com.decentdb.r2dbc.connection.Identifiers;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Makes the administration of clusters; apart from {@link DecentDb}, because it needs parts of Netty that others need not have. */
final class ClusterAdmins {

    private ClusterAdmins() {}

    static ClusterAdmin admin(ConnectionFactoryOptions options) {
        return new DefaultClusterAdmin(ClusterConfig.of(options), new Calls(options));
    }

    /** Calls that are SQL, each over a connection of its own. */
    private record Calls(ConnectionFactoryOptions options) implements DatabaseCalls {

        private <T> Flux<T> connected(Function<DecentDbConnection, Flux<T>> work) {
            return Flux.usingWhen(
                    Mono.fromSupplier(() -> DecentDb.factory(options)),
                    factory -> Flux.usingWhen(factory.create(), work, DecentDbConnection::close),
                    DecentDbConnectionFactory::close);
        }

        @Override
        public Flux<UnreadableValue> findUnreadable(String table) {
            requireName(table);
            return connected(connection -> found(connection, table)
                    .flatMapMany(found -> Flux.fromIterable(found.columns())
                            .concatMap(column -> ofColumn(connection, found, column.name(), column.type()))));
        }

        @Override
        public Mono<Void> enableChangeLog(String table, @Nullable ChangeLogLimits limits) {
            requireName(table);
            return connected(connection -> connection.inTransaction(transaction -> found(transaction, table)
                            .flatMap(found -> {
                                List<String> statements = new ArrayList<>(LogTriggers.log());
                                if (limits != null) {
                                    statements.addAll(LogTriggers.limits(limits));
                                }
                                if (found.isCurrent()) {
                                    return execute(transaction, statements);
                                }
                                List<String> triggers = LogTriggers.enable(found);
                                return execute(transaction, statements)
                                        .then(drop(transaction, found))
                                        .then(execute(transaction, triggers));
                            })))
                    .then();
        }

        @Override
        public Mono<Void> disableChangeLog(String table) {
            requireName(table);
            return connected(connection -> connection.inTransaction(transaction -> found(transaction, table)
                            .flatMap(found -> drop(transaction, found)
                                    .flatMap(dropped -> dropped == 0
                                            ? Mono.<Void>empty()
                                            : execute(transaction, List.of(LogTriggers.disabled(found.name())))))))
                    .then();
        }

        private static void requireName(String table) {
            if (table == null || table.isEmpty()) {
                throw new IllegalArgumentException("A table has a name");
            }
        }

        private static Mono<LogTable> found(DecentDbConnection connection, String table) {
            return connection
                    .fetchLists(LogTable.ONE, table)
                    .next()
                    .map(row -> LogTable.of(
                            String.valueOf(row.get(0)),
                            String.valueOf(row.get(1)),
                            Long.valueOf(0).equals(row.get(2)),
                            String.valueOf(row.get(3)),
                            String.valueOf(row.get(4)),
                            row.get(5) == null ? null : String.valueOf(row.get(5))))
                    .switchIfEmpty(Mono.error(() -> Errors.of("42P01", "There is no table " + table, null)));
        }

        private static Mono<Void> execute(DecentDbConnection connection, List<String> statements) {
            return Flux.fromIterable(statements).concatMap(connection::execute).then();
        }

        /** Drops the triggers that log a table; gives how many there were. */
        private static Mono<Long> drop(DecentDbConnection connection, LogTable table) {
            return connection
                    .fetchLists(LogTriggers.NAMES, table.name())
                    .map(row -> String.valueOf(row.get(0)))
                    .collectList()
                    .flatMap(names -> execute(
                                    connection,
                                    names.stream().map(LogTriggers::drop).toList())
                            .thenReturn((long) names.size()));
        }
    }

    /** The node looks at the declared type and aborts at a storage class that it does not expect there; typeof has no such type. */
    private static Flux<UnreadableValue> ofColumn(
            DecentDbConnection connection, LogTable table, String column, String type) {
        List<String> readable = switch (type.toUpperCase(Locale.ROOT)) {
            case "BOOLEAN" -> List.of("integer", "null");
            case "DATETIME", "DATE", "TIMESTAMP" -> List.of("integer", "text", "null");
            default -> List.of();
        };
        if (readable.isEmpty()) {
            return Flux.empty();
        }
        String storage = "typeof(" + Identifiers.quote(column) + ")";
        return connection
                .fetchLists("SELECT " + table.rowId() + ", " + storage + " FROM " + Identifiers.quote(table.name())
                        + " WHERE " + storage + " NOT IN ('" + String.join("', '", readable) + "')")
                .map(row -> new UnreadableValue(
                        Long.parseLong(String.valueOf(row.get(0))), column, type, String.valueOf(row.get(1))));
    }
}
