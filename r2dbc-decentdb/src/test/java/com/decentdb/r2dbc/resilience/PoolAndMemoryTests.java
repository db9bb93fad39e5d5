package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.WatchEvent;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Wrapped;
import io.r2dbc.spi.test.MockConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

class PoolAndMemoryTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Test
    void aPoolHandsOutResetConnections() {
        ConnectionPool pool = DecentDb.createPool(database.url("linger=0&maxSize=1&acquireTimeout=PT2S"));
        try {
            use(pool, connection -> run(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)"));
            use(
                    pool,
                    connection -> Mono.from(connection.setAutoCommit(false))
                            .then(run(connection, "INSERT INTO t VALUES (1)")));
            use(pool, connection -> {
                assertThat(connection.isAutoCommit()).isTrue();
                return run(connection, "INSERT INTO t VALUES (2)");
            });

            assertThat(awaitAll(database.connect().fetchAll("SELECT id FROM t")))
                    .containsExactly(List.of(2L));
            assertThat(pool.getMetrics().orElseThrow().getMaxAllocatedSize()).isEqualTo(1);
        } finally {
            pool.dispose();
        }
    }

    @Test
    void anExhaustedPoolReportsHowManyAreInUseAndRecovers() {
        // The database is open already, so that only the exhausted pool keeps a borrower waiting.
        database.connect();
        ConnectionPool pool = DecentDb.createPool(database.url("linger=0&maxSize=2&acquireTimeout=PT0.5S"));
        List<Connection> borrowed = awaitAll(Flux.concat(pool.create(), pool.create()));

        pool.create()
                .as(StepVerifier::create)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageContaining("within 500 ms: 2 of 2 are in use")
                        .hasMessageContaining("maxSize"))
                .verify(TestDatabase.PATIENCE);

        borrowed.forEach(connection -> await(connection.close()));
        use(pool, connection -> run(connection, "SELECT 1"));
        await(pool.disposeLater());
    }

    @Test
    void aDatabaseInMemoryEndsWithItsPool() {
        String url = "r2dbc:decentdb:mem:///" + UUID.randomUUID() + "?linger=0";
        ConnectionPool pool = DecentDb.createPool(url);
        use(pool, connection -> run(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(pool.disposeLater());

        Mono<Long> again = Mono.usingWhen(
                DecentDb.connect(url),
                connection -> connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"),
                DecentDbConnection::close);
        again.retryWhen(Retry.fixedDelay(100, Duration.ofMillis(20)))
                .as(StepVerifier::create)
                .expectNextCount(1)
                .expectComplete()
                .verify(TestDatabase.PATIENCE);
    }

    @Test
    void theDriversFactoryIsFoundBehindPoolsAndProxies() {
        DecentDbConnectionFactory factory = database.factory();
        ConnectionFactory proxy = ProxyConnectionFactory.builder(factory).build();
        ConnectionPool pool =
                new ConnectionPool(ConnectionPoolConfiguration.builder(proxy).build());

        assertThat(DecentDb.factory(factory)).isSameAs(factory);
        assertThat(DecentDb.factory(pool)).isSameAs(factory);
        assertThatThrownBy(() -> DecentDb.factory(MockConnectionFactory.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("MockConnectionFactory");
        pool.dispose();
    }

    @Test
    void neverGivesAnExecutorAway() {
        Wrapped<?> connection = database.connect();

        assertThat(connection.unwrap(Scheduler.class)).isNull();
        assertThat(connection.unwrap(Executor.class)).isNull();
        assertThat(connection.unwrap(DecentDbConnection.class)).isSameAs(connection);
    }

    @Test
    void aDatabaseInMemoryIsSharedUnderItsNameAndKeptByItsFactory() {
        String url = "r2dbc:decentdb:mem:///" + UUID.randomUUID();
        DecentDbConnectionFactory factory = DecentDb.factory(url + "?linger=0");
        await(with(factory, connection -> connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")));
        await(with(factory, connection -> connection.execute("INSERT INTO t VALUES (1)")));

        Long id = awaitValue(
                with(DecentDb.factory(url), connection -> connection.fetchValue("SELECT id FROM t", Long.class)));
        assertThat(id).isEqualTo(1);
        await(factory.close());
    }

    @Test
    void aDatabaseInMemoryShowsNothingUncommittedAndNeedsNoSecondLane() {
        DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:mem:///" + UUID.randomUUID());
        await(with(
                factory,
                connection -> connection
                        .execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
                        .thenMany(connection.inTransaction(tx ->
                                Flux.range(0, 1_000).concatMap(id -> tx.execute("INSERT INTO t VALUES ($1)", id))))));
        DecentDbConnection writer = database.keep(factory.create());
        DecentDbConnection reader = database.keep(factory.create());
        await(writer.beginTransaction());
        await(writer.execute("DELETE FROM t"));
        Mono<Long> count =
                reader.fetchValue("SELECT COUNT(*) FROM t", Long.class).cache();
        count.subscribe();
        await(writer.rollbackTransaction());

        assertThat(awaitValue(count)).isEqualTo(1_000);
        reader.fetchAll("SELECT id FROM t ORDER BY id")
                .concatMap(row -> writer.execute("UPDATE t SET id = id WHERE id = $1", row.get(0)))
                .as(StepVerifier::create)
                .expectNextCount(1_000)
                .verifyComplete();
        await(factory.close());
    }

    @Test
    void aDatabaseInMemoryHasTransactionsQueueAndWatches() {
        DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:mem:///" + UUID.randomUUID());
        DecentDbConnection connection = database.keep(factory.create());
        DecentDbConnection other = database.keep(factory.create());
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));

        other.watchTable("t")
                .as(StepVerifier::create)
                .expectNextMatches(event -> event instanceof WatchEvent.Initial)
                .then(() -> await(
                        Flux.range(0, 50).flatMap(id -> connection.executeQueued("INSERT INTO t VALUES ($1)", id), 50)))
                .expectNextMatches(event -> event instanceof WatchEvent.Invalidate)
                .thenCancel()
                .verify(TestDatabase.PATIENCE);

        assertThat(awaitValue(other.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(50);
        await(factory.close());
    }

    @Test
    void savesACopyAndDescribesItsSchema() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.execute("INSERT INTO t VALUES (42)"));
        await(connection.checkpoint());
        var copy = database.directory().resolve("copy.ddb");
        await(connection.saveAs(copy));

        Long id = awaitValue(with(
                DecentDb.factory("r2dbc:decentdb:///" + copy),
                each -> each.fetchValue("SELECT id FROM t", Long.class)));
        assertThat(id).isEqualTo(42);
        assertThat(awaitValue(connection.schema())).containsKeys("tables", "views", "indexes");
    }

    private static <T> Flux<T> with(
            DecentDbConnectionFactory factory, Function<DecentDbConnection, Publisher<T>> work) {
        return Flux.usingWhen(factory.create(), work, DecentDbConnection::close);
    }

    private static void use(ConnectionPool pool, Function<Connection, Publisher<Long>> work) {
        await(Flux.usingWhen(pool.create(), work, Connection::close));
    }

    private static Mono<Long> run(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.getRowsUpdated())
                .reduce(0L, Long::sum);
    }
}
