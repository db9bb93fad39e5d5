package com.decentdb.r2dbc;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.embedded.EmbeddedTransport;
import com.decentdb.r2dbc.settings.OptionReader;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.Wrapped;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The start of programs written for DecentDB. */
public final class DecentDb {

    /** Connections a pool keeps even when idle; none by default. */
    public static final Option<Integer> MIN_SIZE = Option.valueOf("minSize");

    /** Connections a pool has at most; 10 by default. */
    public static final Option<Integer> MAX_SIZE = Option.valueOf("maxSize");

    /** How long a pool's borrower waits for a connection; 30 seconds by default. */
    public static final Option<Duration> ACQUIRE_TIMEOUT = Option.valueOf("acquireTimeout");

    /** A pooled connection may be given back with a transaction that no code knows any more. */
    private static final Duration IDLE_TRANSACTION = Duration.ofMinutes(1);

    private DecentDb() {}

    /**
     * A factory of connections.
     *
     * @param url a URL as {@link DecentDbConnectionFactoryProvider} describes it
     * @return the factory
     */
    public static DecentDbConnectionFactory factory(String url) {
        return factory(ConnectionFactoryOptions.parse(url));
    }

    /**
     * A factory of connections.
     *
     * @param options the options, {@link DecentDbOptions} and R2DBC's
     * @return the factory
     */
    public static DecentDbConnectionFactory factory(ConnectionFactoryOptions options) {
        return new DecentDbConnectionFactoryProvider().create(options);
    }

    /**
     * The driver's factory behind others that wrap it, such as a pool, a proxy or Spring Boot's, for what only it offers:
     * live queries and watches that hold no pooled connection.
     *
     * @param wrapper any connection factory
     * @return the factory it opens its connections with
     * @throws IllegalArgumentException if that is not one of this driver
     */
    public static DecentDbConnectionFactory factory(ConnectionFactory wrapper) {
        Object inner = wrapper;
        while (inner instanceof Wrapped<?> outer && !(inner instanceof DecentDbConnectionFactory)) {
            inner = outer.unwrap();
        }
        if (inner instanceof DecentDbConnectionFactory factory) {
            return factory;
        }
        throw new IllegalArgumentException(
                "The connection factory does not open connections to DecentDB; there is " + inner + " inside it");
    }

    /**
     * Opens one connection; the subscriber has to close it.
     *
     * @param url a URL as {@link DecentDbConnectionFactoryProvider} describes it
     * @return a Mono of a new connection per subscriber
     */
    public static Mono<DecentDbConnection> connect(String url) {
        return Mono.defer(() -> factory(url).create());
    }

    /**
     * Opens one connection; the subscriber has to close it.
     *
     * @param options the options, {@link DecentDbOptions} and R2DBC's
     * @return a Mono of a new connection per subscriber
     */
    public static Mono<DecentDbConnection> connect(ConnectionFactoryOptions options) {
        return Mono.defer(() -> factory(options).create());
    }

    /**
     * A pool of connections; like {@link #createPool(ConnectionFactoryOptions)}.
     *
     * @param url a URL as {@link DecentDbConnectionFactoryProvider} describes it
     * @return the pool; to be disposed of by the caller
     */
    public static ConnectionPool createPool(String url) {
        return createPool(ConnectionFactoryOptions.parse(url));
    }

    /**
     * A pool of connections, sized by {@link #MIN_SIZE}, {@link #MAX_SIZE} and {@link #ACQUIRE_TIMEOUT} among the options.
     * Borrowers are served in FIFO order; if no connection becomes free in time the error, an
     * {@link io.r2dbc.spi.R2dbcTimeoutException}, says how many are in use. A connection that is given back is rolled back
     * and its settings are reset, one that is broken is dropped. A transaction that does nothing for a minute is rolled back, unless
     * {@link DecentDbOptions#IDLE_TRANSACTION_TIMEOUT} says otherwise. Disposing of the pool closes them all.
     *
     * @param options the options, {@link DecentDbOptions} and R2DBC's
     * @return the pool; to be disposed of by the caller
     */
    public static ConnectionPool createPool(ConnectionFactoryOptions options) {
        OptionReader reader = new OptionReader(options);
        int min = reader.integer(MIN_SIZE, 0, 0);
        int max = reader.integer(MAX_SIZE, 10, 1);
        if (min > max) {
            throw OptionReader.invalid(MIN_SIZE, min, "at most maxSize, which is " + max);
        }
        DecentDbConnectionFactory factory = factory(
                options.hasOption(DecentDbOptions.IDLE_TRANSACTION_TIMEOUT)
                        ? options
                        : options.mutate()
                                .option(DecentDbOptions.IDLE_TRANSACTION_TIMEOUT, IDLE_TRANSACTION)
                                .build());
        Duration timeout = reader.duration(ACQUIRE_TIMEOUT, Duration.ofSeconds(30));
        ConnectionPoolConfiguration configuration = ConnectionPoolConfiguration.builder(factory)
                .name(poolName(reader))
                .minIdle(min)
                .initialSize(min)
                .maxSize(max)
                .maxAcquireTime(timeout)
                .build();
        return new ExplainingPool(factory, configuration, timeout);
    }

    /**
     * The engine that this JVM uses, or would use, for databases in this process, and the versions of engine, C interface and driver. It
     * needs no database. The library is loaded on a thread of the driver, from the place that {@code nativeLibrary} would name if it is
     * given nowhere; a JVM that has loaded one describes that. Of a cluster {@code getMetadata().engine()} of a connection says what
     * runs there.
     *
     * @return the engine; an error with SQLSTATE {@code 58P01} if no library can be loaded
     */
    public static Mono<EngineInfo> version() {
        return EmbeddedTransport.engine();
    }

    /**
     * Has the engine forget what it keeps in memory about a database file, so that the file can be deleted and another one be put in its
     * place. A database that only lingers behind its last connection is closed before. Neither the file nor its log is touched, and for a
     * file that the engine does not know this does nothing. It is not for databases on a cluster, whose files belong to its nodes.
     *
     * @param path the database file; it need not exist any more
     * @return completes, on a thread of the driver, when the engine has forgotten it; an error with SQLSTATE {@code 55006} if connections
     *     or live data of this JVM use it, {@code 25000} if others of this process have it open, {@code 58P01} if no library can be loaded
     */
    public static Mono<Void> evictSharedWal(Path path) {
        if (path == null) {
            throw new IllegalArgumentException("The path must not be null");
        }
        return EmbeddedTransport.evictSharedWal(path);
    }

    /**
     * The administration of a cluster; like {@link #cluster(ConnectionFactoryOptions)}.
     *
     * @param url a URL of a database on a cluster, as {@link DecentDbConnectionFactoryProvider} describes it
     * @return the administration; to be closed by the caller
     */
    public static ClusterAdmin cluster(String url) {
        return cluster(ConnectionFactoryOptions.parse(url));
    }

    /**
     * The administration of a cluster: its leader and members, their roles, and copies of its databases. It has connections of its own.
     *
     * @param options the options of a database on a cluster; it need not exist
     * @return the administration; to be closed by the caller
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if an option is missing or wrong; the message names it
     */
    public static ClusterAdmin cluster(ConnectionFactoryOptions options) {
        DecentDbConnectionFactoryProvider.requireCluster(options);
        return ClusterAdmins.admin(options);
    }

    private static String poolName(OptionReader reader) {
        @Nullable String database = reader.text(ConnectionFactoryOptions.DATABASE);
        return "decentdb:" + database;
    }
}
