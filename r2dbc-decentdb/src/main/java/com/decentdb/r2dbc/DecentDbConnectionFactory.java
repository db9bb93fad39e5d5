package com.decentdb.r2dbc;

import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.ChangeStreamOption;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.LiveData;
import com.decentdb.r2dbc.api.LiveQuery;
import com.decentdb.r2dbc.api.WatchEvent;
import com.decentdb.r2dbc.connection.DefaultConnection;
import com.decentdb.r2dbc.delivery.Lifetime;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.delivery.threads.Forgotten;
import com.decentdb.r2dbc.live.LiveFeeds;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.SessionSource;
import com.decentdb.r2dbc.transport.Transport;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Opens connections to one database. Connections are cheap: all of a JVM share the native handles of a database, which is
 * opened with the first connection and closed after the last one. A database in memory lives until this factory is closed
 * or unreachable, too. Its live data has neither settings nor an audit context: where policies ask for a tenant or an actor, it
 * sees what those see who are none. Thread-safe.
 */
public final class DecentDbConnectionFactory implements ConnectionFactory, Closeable, LiveData {

    private static final Logger LOG = Loggers.getLogger(DecentDbConnectionFactory.class);

    private final Transport transport;
    private final SessionSettings settings;
    private final SessionSource sessions = new FactorySessions();
    private final LiveData liveData;
    private final Lifetime lifetime = new Lifetime();

    private final Mono<Void> close = OnDemand.mono(this::closeNow);

    private volatile boolean closed;

    DecentDbConnectionFactory(Transport transport, SessionSettings settings) {
        this.transport = transport;
        this.settings = settings;
        this.liveData = new LiveFeeds(sessions, settings);
    }

    /**
     * Opens a connection; a new one for each subscriber. Cancelling closes one that arrives late. The first subscription of a
     * JVM begins to load the engine's library, on a thread of the driver, even before it requests the connection.
     *
     * @return a Mono of the connection; an error of class 08 or 58 if the database cannot be opened
     */
    @Override
    public Mono<DecentDbConnection> create() {
        Mono<DecentDbConnection> connection = sessions.liveSession().map(this::connection);
        return Mono.defer(() -> {
            if (closed) {
                return connection;
            }
            // The classes of Reactor that the next line is the first to need take a while, too.
            transport.prepare();
            return OnDemand.mono(() -> connection);
        });
    }

    private DecentDbConnection connection(Session session) {
        DefaultConnection connection =
                new DefaultConnection(session, settings, source -> new LiveFeeds(source, settings));
        String name = connection.toString();
        Forgotten.whenUnreachable(connection, () -> {
            if (session.isOpen()) {
                LOG.warn("A connection was not closed, but cannot be reached any more; it is closed now: {}", name);
                session.close().subscribe();
            }
        });
        return connection;
    }

    @Override
    public Flux<WatchEvent> watchTable(String... tables) {
        return liveData.watchTable(tables);
    }

    @Override
    public Flux<WatchEvent> watchRange(String table, @Nullable Object from, @Nullable Object to) {
        return liveData.watchRange(table, from, to);
    }

    @Override
    public Flux<WatchEvent> watchQuery(String sql, @Nullable Object... arguments) {
        return liveData.watchQuery(sql, arguments);
    }

    @Override
    public Flux<Change> changeStream(String... tables) {
        return liveData.changeStream(tables);
    }

    @Override
    public Flux<Change> changeStream(ChangeStreamOption option, String... tables) {
        return liveData.changeStream(option, tables);
    }

    @Override
    public Flux<Change> changeStreamAfter(long eventId, String... tables) {
        return liveData.changeStreamAfter(eventId, tables);
    }

    @Override
    public LiveQuery liveQuery(String sql, @Nullable Object... arguments) {
        return liveData.liveQuery(sql, arguments);
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        String product = transport.product();
        return () -> product;
    }

    /**
     * Refuses further connections, ends the live data of this factory and lets a database in memory end; open connections
     * stay usable. A database whose last connection came from this factory and is closed does not linger any more.
     * Idempotent.
     *
     * @return a Mono that completes when such a database is closed, so that its file may be moved or deleted; else at once
     */
    @Override
    public Mono<Void> close() {
        return close;
    }

    private Mono<Void> closeNow() {
        closed = true;
        lifetime.end();
        return transport.close();
    }

    @Override
    public String toString() {
        return "DecentDbConnectionFactory[" + transport.name() + "]";
    }

    /** The sessions of the factory; it refers to the factory, which stays reachable while it has subscribers. */
    private final class FactorySessions implements SessionSource {

        @Override
        public Mono<Session> liveSession() {
            return Mono.defer(() -> {
                if (closed) {
                    return Mono.error(Errors.of("08003", "The connection factory is closed", null));
                }
                Mono<Session> opened = transport.connect(settings.connectTimeout());
                // An operator that was cancelled drops a session that arrives late.
                return opened.doOnDiscard(Session.class, late -> late.close().subscribe());
            });
        }

        @Override
        public boolean givesSessions() {
            return !closed;
        }

        @Override
        public <T> Flux<T> whileAlive(Flux<T> live) {
            // Once the factory is closed it refuses sessions, and that is the error to report.
            return closed ? live : lifetime.bound(live);
        }
    }
}
