package com.decentdb.r2dbc.cluster;

import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.cluster.session.ClusterSession;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Forgotten;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.Transport;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Sessions on a dqlite cluster, which share a few connections to its leader. Those are opened with the first session, and closed
 * when the factory is closed or unreachable and the last session is closed.
 */
public final class ClusterTransport implements Transport {

    private static final Scheduler START = Schedulers.fromExecutor(DriverThreads.workers());

    private final ClusterConfig config;
    private final Shared shared;

    private ClusterTransport(ClusterConfig config) {
        this.config = config;
        this.shared = new Shared(config);
        Forgotten.whenUnreachable(this, shared::ownerGone);
    }

    /**
     * A transport to the cluster that the options name; touches neither network nor files but those of TLS.
     *
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if an option is missing or wrong; the message names it
     */
    public static ClusterTransport of(ConnectionFactoryOptions options) {
        return new ClusterTransport(new ConfigReader(options).read());
    }

    @Override
    public Duration statementTimeout() {
        return config.times().statement();
    }

    @Override
    public boolean textForNumbers() {
        return true;
    }

    @Override
    public String product() {
        return ClusterSession.PRODUCT;
    }

    @Override
    public void prepare() {
        // The search for the leader is what takes a while, and connecting begins it.
    }

    @Override
    public Mono<Session> connect(Duration timeout) {
        return shared.sessions();
    }

    @Override
    public Executor newDelivery() {
        return DriverThreads.newSerial();
    }

    @Override
    public String name() {
        return shared.name();
    }

    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(shared::ownerGone);
    }

    /** The database while somebody uses it. It must not refer to the transport, whose end it outlives. */
    private static final class Shared {

        private final ClusterConfig config;
        private @Nullable ClusterDatabase database;
        private int users;
        private boolean ownerGone;

        Shared(ClusterConfig config) {
            this.config = config;
        }

        String name() {
            return "dqlite:" + config.database();
        }

        private synchronized ClusterDatabase acquire() {
            ClusterDatabase open = database;
            if (open == null) {
                if (ownerGone && users == 0) {
                    throw Errors.of("08003", "The connection factory is closed", null);
                }
                open = ClusterDatabase.open(config, name(), this::sessions);
                database = open;
            }
            users++;
            return open;
        }

        private void release() {
            ClusterDatabase unused;
            synchronized (this) {
                users--;
                unused = unused();
            }
            close(unused);
        }

        void ownerGone() {
            ClusterDatabase unused;
            synchronized (this) {
                ownerGone = true;
                unused = unused();
            }
            close(unused);
        }

        private @Nullable ClusterDatabase unused() {
            ClusterDatabase open = database;
            if (!ownerGone || users > 0) {
                return null;
            }
            database = null;
            return open;
        }

        private static void close(@Nullable ClusterDatabase unused) {
            if (unused != null) {
                unused.close();
            }
        }

        /** Opens a session for each subscriber, beginning on a worker, as the first one starts many classes. */
        Mono<Session> sessions() {
            return Mono.<Session>defer(() -> {
                        AtomicBoolean released = new AtomicBoolean();
                        Runnable release = () -> {
                            if (released.compareAndSet(false, true)) {
                                release();
                            }
                        };
                        Executor delivery = DriverThreads.newSerial();
                        ClusterDatabase used = acquire();
                        try {
                            return session(used, delivery, release);
                        } catch (Throwable e) {
                            release.run();
                            throw e;
                        }
                    })
                    .subscribeOn(START);
        }

        private static Mono<Session> session(ClusterDatabase used, Executor delivery, Runnable release) {
            return Exchange.<Session>mono(
                            delivery,
                            late -> late.close().subscribe(),
                            exchange -> used.ready(exchange, () -> new ClusterSession(used, release, delivery)))
                    .doOnError(error -> release.run())
                    .doOnCancel(release);
        }
    }
}
