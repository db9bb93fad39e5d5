package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeLibrary;
import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.delivery.DriverThreads;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.transport.Session;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** Sessions on databases inside this process. */
public final class EmbeddedTransport {

    private EmbeddedTransport() {}

    /**
     * Opens a session; the database is opened with its first one, on a thread of the runtime.
     *
     * @param factory on whose behalf; one factory may use the database it created however often, with any mode
     */
    public static Mono<Session> connect(Object factory, EmbeddedConfig config) {
        return Mono.defer(() -> {
            Executor delivery = newDelivery();
            return reference(factory, config, delivery)
                    .map(reference -> new EmbeddedSession(reference.database(), reference::release, delivery));
        });
    }

    /** Keeps a database open until the result is run; for databases in memory, which end with their last user. */
    public static Mono<Runnable> keep(Object factory, EmbeddedConfig config) {
        return Mono.defer(() -> reference(factory, config, newDelivery()).map(reference -> reference::release));
    }

    /** An executor that runs its tasks one at a time and in order on the delivery threads. */
    public static Executor newDelivery() {
        return DriverThreads.newDelivery();
    }

    private static Mono<OpenDatabases.Reference> reference(Object factory, EmbeddedConfig config, Executor delivery) {
        return Exchange.mono(
                delivery,
                OpenDatabases.Reference::release,
                exchange -> OpenDatabases.acquire(factory, config, exchange));
    }

    static EngineInfo describe(NativeLibrary library) {
        return new EngineInfo(
                library.version(),
                library.abiVersion(),
                library.path().toString(),
                library.source().name(),
                library.bundled());
    }
}
