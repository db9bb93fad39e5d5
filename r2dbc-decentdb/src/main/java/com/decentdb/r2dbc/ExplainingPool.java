package com.decentdb.r2dbc;

import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** A pool that reports why there was no connection, and closes its factory when it ends. */
final class ExplainingPool extends ConnectionPool {

    private final DecentDbConnectionFactory factory;
    private final Duration acquireTimeout;

    ExplainingPool(DecentDbConnectionFactory factory, ConnectionPoolConfiguration configuration, Duration timeout) {
        super(configuration);
        this.factory = factory;
        this.acquireTimeout = timeout;
    }

    @Override
    public Mono<Connection> create() {
        return super.create().onErrorMap(R2dbcTimeoutException.class, this::explain);
    }

    private R2dbcException explain(R2dbcTimeoutException error) {
        // Timeouts of the driver have an SQLSTATE and explain themselves.
        return error.getSqlState() != null
                ? error
                : getMetrics()
                        .map(metrics -> Errors.of(
                                "HYT00",
                                "No connection of the pool became free within " + acquireTimeout.toMillis() + " ms: "
                                        + metrics.acquiredSize() + " of " + metrics.getMaxAllocatedSize()
                                        + " are in use and " + metrics.pendingAcquireSize()
                                        + " more callers wait. Close connections sooner, or raise maxSize or"
                                        + " acquireTimeout",
                                null))
                        .orElse(error);
    }

    /** The other ways to end the pool lead here. */
    @Override
    public Mono<Void> disposeLater() {
        return super.disposeLater().then(factory.close());
    }
}
