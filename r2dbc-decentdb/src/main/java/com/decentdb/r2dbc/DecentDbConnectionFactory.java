package com.decentdb.r2dbc;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.connection.DefaultConnection;
import com.decentdb.r2dbc.connection.Forgotten;
import com.decentdb.r2dbc.connection.OnDemand;
import com.decentdb.r2dbc.connection.Timeouts;
import com.decentdb.r2dbc.embedded.EmbeddedConfig;
import com.decentdb.r2dbc.embedded.EmbeddedTransport;
import com.decentdb.r2dbc.live.LiveFeeds;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Opens connections to one database. Connections are cheap: all of a JVM share the native handles of a database, which is
 * opened with the first connection and closed after the last one. A database in memory lives until this factory is closed
 * or unreachable, too. Thread-safe.
 */
public final class DecentDbConnectionFactory extends LiveFeeds implements ConnectionFactory, Closeable {

    private static final Logger LOG = Loggers.getLogger(DecentDbConnectionFactory.class);

    private final SessionSettings settings;
    private final Keeper keeper = new Keeper();
    private final Sinks.Empty<Void> end = Sinks.empty();
    /** Stands for this factory where it must not be kept from becoming unreachable. */
    private final Object identity = new Object();

    private volatile boolean closed;

    DecentDbConnectionFactory(SessionSettings settings) {
        this.settings = settings;
    }

    /**
     * Opens a connection; a new one for each subscriber. Cancelling closes one that arrives late.
     *
     * @return a Mono of the connection; an error of class 08 or 58 if the database cannot be opened
     */
    @Override
    public Mono<DecentDbConnection> create() {
        Mono<DecentDbConnection> connection = liveSession().map(this::connection);
        return Mono.defer(() -> closed ? connection : OnDemand.mono(() -> connection));
    }

    private DecentDbConnection connection(Session session) {
        DefaultConnection connection = new DefaultConnection(session, settings);
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
    public Mono<Session> liveSession() {
        return Mono.defer(() -> {
            if (closed) {
                return Mono.error(Errors.of("08003", "The connection factory is closed", null));
            }
            Mono<Session> session = EmbeddedTransport.connect(identity, settings.database());
            Mono<Session> opened = settings.database().inMemory() ? keepOpen().then(session) : session;
            Duration timeout = settings.connectTimeout();
            Mono<Session> inTime = timeout.isZero() ? opened : within(timeout, opened);
            // An operator that was cancelled drops a session that arrives late.
            return inTime.doOnDiscard(Session.class, late -> late.close().subscribe());
        });
    }

    private Mono<Session> within(Duration timeout, Mono<Session> opened) {
        return Timeouts.firstWithin(
                        timeout,
                        EmbeddedTransport.newDelivery(),
                        opened.flux(),
                        late -> late.close().subscribe(),
                        () -> Errors.of(
                                "HYT01",
                                "The database " + settings.database().name() + " could not be opened within "
                                        + timeout.toMillis() + " ms. Find what holds it, or raise connectTimeout",
                                null))
                .next();
    }

    @Override
    public boolean givesSessions() {
        return !closed;
    }

    @Override
    public Mono<Void> endOfLife() {
        // Once it is closed a session is refused, which is the error to tell.
        return closed ? Mono.never() : end.asMono();
    }

    @Override
    public SessionSettings settings() {
        return settings;
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return () -> "DecentDB";
    }

    /**
     * Refuses further connections, ends what is live by this factory and lets a database in memory end; open connections
     * stay usable. Idempotent.
     */
    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(() -> {
            closed = true;
            end.tryEmitEmpty();
            keeper.run();
        });
    }

    private Mono<Void> keepOpen() {
        if (keeper.holds()) {
            return Mono.empty();
        }
        EmbeddedConfig config = settings.database();
        return EmbeddedTransport.keep(identity, config)
                .doOnNext(release -> {
                    if (keeper.hold(release)) {
                        Forgotten.whenUnreachable(this, keeper);
                    }
                    if (closed) {
                        keeper.run();
                    }
                })
                .then();
    }

    @Override
    public String toString() {
        return "DecentDbConnectionFactory[" + settings.database().name() + "]";
    }

    /** Holds a database in memory open; must not know the factory, whose end it outlives. */
    private static final class Keeper implements Runnable {

        private final AtomicReference<@Nullable Runnable> release = new AtomicReference<>();

        boolean holds() {
            return release.get() != null;
        }

        boolean hold(Runnable held) {
            if (release.compareAndSet(null, held)) {
                return true;
            }
            held.run();
            return false;
        }

        @Override
        public void run() {
            Runnable held = release.getAndSet(null);
            if (held != null) {
                held.run();
            }
        }
    }
}
