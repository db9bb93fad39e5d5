package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeLibrary;
import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Forgotten;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.open.Database;
import com.decentdb.r2dbc.embedded.open.EmbeddedConfig;
import com.decentdb.r2dbc.embedded.open.EmbeddedOptions;
import com.decentdb.r2dbc.embedded.open.OpenDatabases;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.Transport;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Sessions on a database in this process, which is opened with its first session on a thread of the transport. A database in
 * memory ends with its last user; a transport that opened a session on one is such a user until it is closed or unreachable.
 */
public final class EmbeddedTransport implements Transport {

    private final EmbeddedConfig config;
    private final Keeper keeper = new Keeper();
    /** Stands for this transport where a reference to it would keep it reachable. */
    private final OpenDatabases.Owner identity = new OpenDatabases.Owner();

    private volatile boolean closed;

    private EmbeddedTransport(EmbeddedConfig config) {
        this.config = config;
    }

    /**
     * A transport to the database that the options name; touches neither file nor engine.
     *
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if an option is missing or wrong; the message names it
     */
    public static EmbeddedTransport of(ConnectionFactoryOptions options) {
        return new EmbeddedTransport(EmbeddedOptions.of(options));
    }

    @Override
    public void prepare() {
        HeadStart.begin(config.nativeLibrary());
    }

    @Override
    public Mono<Session> connect(Duration timeout) {
        return connect(identity, config, timeout, config.inMemory() ? this::keepOpen : reference -> {});
    }

    /**
     * Opens a session.
     *
     * @param owner the asking transport, or the open database for one of its sessions; an owner may use the database it
     *     created any number of times, with any mode
     * @param timeout how long the database may take to open, or to close before that; zero means without limit
     */
    static Mono<Session> connect(Object owner, EmbeddedConfig config, Duration timeout) {
        return connect(owner, config, timeout, reference -> {});
    }

    private static Mono<Session> connect(
            Object owner, EmbeddedConfig config, Duration timeout, Consumer<OpenDatabases.Reference> whenOpen) {
        return Mono.defer(() -> {
            Executor delivery = DriverThreads.newSerial();
            Mono<OpenDatabases.Reference> opened = Exchange.mono(
                    delivery,
                    OpenDatabases.Reference::release,
                    exchange -> OpenDatabases.acquire(owner, config, timeout, exchange));
            return opened.map(reference -> {
                Session session = new EmbeddedSession(reference.database(), reference::release, delivery);
                whenOpen.accept(reference);
                return session;
            });
        });
    }

    private void keepOpen(OpenDatabases.Reference reference) {
        if (!keeper.holds()) {
            Forgotten.whenUnreachable(this, keeper);
            keeper.hold(reference.share());
        }
        if (closed) {
            keeper.run();
        }
    }

    /** Loads the library from its usual place, unless it is there, and describes it. */
    public static Mono<EngineInfo> engine() {
        return onWorker(exchange -> exchange.answer(Database.describe(NativeLibrary.load(null))));
    }

    /** Lets the engine forget what it keeps in memory about a file. */
    public static Mono<Void> evictSharedWal(Path path) {
        return onWorker(exchange -> OpenDatabases.evict(path, exchange));
    }

    private static <T> Mono<T> onWorker(Consumer<Exchange<T>> call) {
        return Mono.defer(() -> Exchange.mono(
                DriverThreads.newSerial(),
                exchange -> exchange.submitTo(DriverThreads.workers(), () -> {
                    try {
                        call.accept(exchange);
                    } catch (Throwable e) {
                        exchange.fail(NativeErrors.map(e, null));
                    }
                })));
    }

    @Override
    public Executor newDelivery() {
        return DriverThreads.newSerial();
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            closed = true;
            keeper.run();
            return Exchange.surely(DriverThreads.newSerial(), whenClosed -> OpenDatabases.close(identity, whenClosed));
        });
    }

    /** Holds a database in memory open; must not refer to the transport, whose end it outlives. */
    private static final class Keeper implements Runnable {

        private final AtomicReference<OpenDatabases.@Nullable Reference> kept = new AtomicReference<>();

        boolean holds() {
            return kept.get() != null;
        }

        void hold(OpenDatabases.Reference reference) {
            if (!kept.compareAndSet(null, reference)) {
                reference.release();
            }
        }

        @Override
        public void run() {
            OpenDatabases.Reference held = kept.getAndSet(null);
            if (held != null) {
                held.release();
            }
        }
    }
}
