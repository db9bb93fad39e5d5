package com.decentdb.r2dbc;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.UnreadableValue;
import com.decentdb.r2dbc.cluster.ClusterConfig;
import com.decentdb.r2dbc.cluster.admin.DefaultClusterAdmin;
import com.decentdb.r2dbc.connection.Identifiers;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.List;
import java.util.Locale;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Makes the administration of clusters; apart from {@link DecentDb}, because it needs parts of Netty that others need not have. */
final class ClusterAdmins {

    private ClusterAdmins() {}

    static ClusterAdmin admin(ConnectionFactoryOptions options) {
        return new DefaultClusterAdmin(ClusterConfig.of(options), table -> findUnreadable(options, table));
    }

    private static Flux<UnreadableValue> findUnreadable(ConnectionFactoryOptions options, String table) {
        String name = Identifiers.quote(table);
        return Flux.usingWhen(
                Mono.fromSupplier(() -> DecentDb.factory(options)),
                factory -> Flux.usingWhen(
                        factory.create(),
                        connection -> connection
                                // Fails if there is no such table.
                                .fetchLists("SELECT 1 FROM " + name + " LIMIT 0")
                                .thenMany(connection.fetchLists("SELECT name, type FROM pragma_table_xinfo($1)", table))
                                .concatMap(column -> ofColumn(
                                        connection,
                                        name,
                                        String.valueOf(column.get(0)),
                                        String.valueOf(column.get(1)))),
                        DecentDbConnection::close),
                DecentDbConnectionFactory::close);
    }

    /** The node looks at the declared type and aborts at a storage class that it does not expect there; typeof has no such type. */
    private static Flux<UnreadableValue> ofColumn(
            DecentDbConnection connection, String table, String column, String type) {
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
                .fetchLists("SELECT rowid, " + storage + " FROM " + table + " WHERE " + storage + " NOT IN ('"
                        + String.join("', '", readable) + "')")
                .map(row -> new UnreadableValue(
                        Long.parseLong(String.valueOf(row.get(0))), column, type, String.valueOf(row.get(1))));
    }
}
