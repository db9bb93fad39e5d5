package com.decentdb.r2dbc.cluster.changelog;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.api.RowChange.Operation;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.cluster.nodes.NodeClient;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Row;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** A cluster with tables whose changes may be logged, a factory that looks for them often, and the administration. */
abstract class LoggedTables {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    DecentDbConnectionFactory factory;
    ClusterAdmin admin;
    DecentDbConnection connection;

    @BeforeEach
    void connect() {
        factory = DecentDb.factory(CLUSTER.url("watchInterval=PT0.02S"));
        admin = DecentDb.cluster(CLUSTER.url());
        connection = awaitValue(factory.create());
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"));
        await(connection.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)"));
    }

    @AfterEach
    void close() {
        await(connection.close());
        await(factory.close());
        await(admin.close());
    }

    /** The changes of the one table that is logged, from now on, that statements make. */
    List<String> changes(String table, String... statements) {
        await(admin.enableChangeLog(table));
        long before = last();
        for (String statement : statements) {
            await(connection.execute(statement));
        }
        long end = last();
        return awaitAll(factory.changeStreamAfter(before, table)
                .as(Change::lossless)
                .takeUntil(commit -> commit.eventId() == end)
                .flatMapIterable(Change.Commit::rows)
                .map(LoggedTables::text));
    }

    /** The number of the last change in the log. */
    static long last() {
        return CLUSTER.integers("SELECT max(seq) FROM decentdb_change_log").get(0);
    }

    /** The commits from now on of tables, of which one at least is logged; it makes no difference when the stream begins. */
    Flux<Change.Commit> commits(String... tables) {
        return factory.changeStreamAfter(last(), tables).as(Change::lossless);
    }

    static void expectError(Publisher<?> publisher, String sqlState, String... parts) {
        StepVerifier.create(publisher)
                .expectErrorSatisfies(error -> {
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo(sqlState);
                    assertThat(error).hasMessageContainingAll(parts);
                })
                .verify(PATIENCE);
    }

    /** Executes a statement as a client that knows nothing of logs. */
    static void execute(NodeClient client, String sql) {
        try {
            client.execute(sql);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<String> texts(Change.Commit commit) {
        return commit.rows().stream().map(LoggedTables::text).toList();
    }

    static String text(RowChange row) {
        Operation operation = row.operation();
        return operation + " " + row.table() + " " + text(row.key()) + " " + text(row.before()) + " "
                + text(row.after());
    }

    static String text(@Nullable Row row) {
        return row == null
                ? "-"
                : row.getMetadata().getColumnMetadatas().stream()
                        .map(column -> column.getName() + "=" + row.get(column.getName()))
                        .collect(Collectors.joining(", ", "{", "}"));
    }
}
