package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** However connections are pooled, what one borrower leaves behind does not reach the next. */
class DirtyConnectionTests {

    private static final String OPTIONS = "linger=0&maxReaders=1&lockWaitTimeout=PT20S";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        DecentDbConnection connection =
                database.keep(DecentDb.factory(database.url(OPTIONS)).create());
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.inTransaction(
                tx -> Flux.range(0, 1_000).concatMap(id -> tx.execute("INSERT INTO t VALUES ($1)", id))));
    }

    /** The ways to a pool of one connection. */
    enum Pooling {
        PLAIN {
            @Override
            ConnectionPool pool(TestDatabase database, Duration acquireTime) {
                return ofOne(DecentDb.factory(database.url(OPTIONS)), acquireTime);
            }
        },
        URL {
            @Override
            ConnectionPool pool(TestDatabase database, Duration acquireTime) {
                return (ConnectionPool) ConnectionFactories.get(
                        database.url(OPTIONS + "&initialSize=0&maxSize=1&maxAcquireTime=" + acquireTime)
                                .replace("r2dbc:", "r2dbc:pool:"));
            }
        },
        /** A proxy below the pool hides that the connection is a {@link Lifecycle}. */
        PROXIED {
            @Override
            ConnectionPool pool(TestDatabase database, Duration acquireTime) {
                ConnectionFactory factory = DecentDb.factory(database.url(OPTIONS));
                return ofOne(ProxyConnectionFactory.builder(factory).build(), acquireTime);
            }
        },
        OWN {
            @Override
            ConnectionPool pool(TestDatabase database, Duration acquireTime) {
                return DecentDb.createPool(database.url(OPTIONS + "&maxSize=1&acquireTimeout=" + acquireTime));
            }
        };

        abstract ConnectionPool pool(TestDatabase database, Duration acquireTime);

        static ConnectionPool ofOne(ConnectionFactory factory, Duration acquireTime) {
            return new ConnectionPool(ConnectionPoolConfiguration.builder(factory)
                    .initialSize(0)
                    .maxSize(1)
                    .maxAcquireTime(acquireTime)
                    .build());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProxyHidesTheLifecycle(Pooling pooling) {
        withPool(
                pooling,
                pool -> use(pool, connection -> {
                    boolean lifecycle = ((Wrapped<?>) connection).unwrap() instanceof Lifecycle;
                    assertThat(lifecycle).isEqualTo(pooling != Pooling.PROXIED);
                    return Mono.empty();
                }));
    }

    @ParameterizedTest
    @EnumSource
    void aTransactionBegunInSqlIsRolledBack(Pooling pooling) {
        leavesNothing(pooling, connection -> run(connection, "BEGIN").then(run(connection, "DELETE FROM t")));
    }

    @ParameterizedTest
    @EnumSource
    void aTransactionOfASavepointIsRolledBack(Pooling pooling) {
        leavesNothing(
                pooling,
                connection -> Mono.from(connection.createSavepoint("s")).then(run(connection, "DELETE FROM t")));
    }

    @ParameterizedTest
    @EnumSource
    void autoCommitIsOnAgain(Pooling pooling) {
        leavesNothing(
                pooling,
                connection -> Mono.from(connection.setAutoCommit(false)).then(run(connection, "DELETE FROM t")));
    }

    @ParameterizedTest
    @EnumSource
    void settingsAreReset(Pooling pooling) {
        leavesNothing(
                pooling,
                connection -> Mono.from(connection.setAutoCommit(false))
                        .thenMany(connection.setTransactionIsolationLevel(IsolationLevel.READ_COMMITTED))
                        .thenMany(connection.setLockWaitTimeout(Duration.ZERO))
                        .thenMany(connection.setStatementTimeout(Duration.ofNanos(1)))
                        .then());
    }

    @ParameterizedTest
    @EnumSource
    void anUnreadResultKeepsNoLane(Pooling pooling) {
        leavesNothing(
                pooling,
                connection -> Mono.from(connection
                        .createStatement("SELECT id FROM t")
                        .fetchSize(10)
                        .execute()));
    }

    @ParameterizedTest
    @EnumSource
    void cancelledBorrowersLeakNothing(Pooling pooling) {
        withPool(pooling, pool -> {
            for (int i = 0; i < 300; i++) {
                Disposable borrower = Flux.usingWhen(
                                pool.create(),
                                connection -> run(connection, "DELETE FROM t WHERE id = -1"),
                                Connection::close)
                        .subscribe();
                LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(200_000));
                borrower.dispose();
            }
            assertClean(pool);
        });
    }

    @ParameterizedTest
    @EnumSource
    void anExhaustedPoolSaysSo(Pooling pooling) {
        ConnectionPool pool = pooling.pool(database, Duration.ofMillis(100));
        Connection borrowed = awaitValue(pool.create());
        StepVerifier.create(pool.create())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageMatching(".*(timed out after 100ms|within 100 ms: 1 of 1 are in use).*"))
                .verify(PATIENCE);
        await(borrowed.close());
        await(pool.disposeLater());
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatWasClosedIsReplaced(Pooling pooling) {
        withPool(pooling, pool -> {
            use(
                    pool,
                    connection -> Mono.from(((Connection) requireNonNull(((Wrapped<?>) connection).unwrap())).close()));
            assertClean(pool);
        });
    }

    private void leavesNothing(Pooling pooling, Function<Connection, Publisher<?>> work) {
        withPool(pooling, pool -> {
            use(pool, work);
            assertClean(pool);
        });
    }

    /** The next borrower finds a connection in its initial state, and other connections find nothing held. */
    private void assertClean(ConnectionPool pool) {
        use(pool, connection -> {
            assertThat(connection.isAutoCommit()).isTrue();
            assertThat(connection.getTransactionIsolationLevel()).isEqualTo(DecentDbConnection.SNAPSHOT);
            return run(connection, "UPDATE t SET id = id WHERE id = 0");
        });
        DecentDbConnection other = database.connect();
        await(other.setLockWaitTimeout(Duration.ofSeconds(5)));
        await(other.execute("UPDATE t SET id = id WHERE id = 0"));
        assertThat(awaitAll(other.fetchAll("SELECT COUNT(*) FROM t"))).containsExactly(List.of(1_000L));
        assertThat(pool.getMetrics().orElseThrow().acquiredSize()).isZero();
    }

    private void withPool(Pooling pooling, Consumer<ConnectionPool> test) {
        ConnectionPool pool = pooling.pool(database, Duration.ofSeconds(20));
        try {
            test.accept(pool);
        } finally {
            await(pool.disposeLater());
        }
    }

    private static void use(ConnectionPool pool, Function<Connection, Publisher<?>> work) {
        await(Flux.usingWhen(pool.create(), work, Connection::close));
    }

    private static Mono<Long> run(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(Result::getRowsUpdated)
                .reduce(0L, Long::sum);
    }
}
