package com.decentdb.benchmarks.peer;

import static com.decentdb.benchmarks.peer.Items.RANGE;
import static com.decentdb.benchmarks.peer.Items.ROWS;

import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** An R2DBC driver: callers have a connection each or, where the pool has a size, take one from it for each operation. */
final class R2dbcPeer extends ReactivePeer {

    private final ConnectionFactory factory;
    private final @Nullable ConnectionPool pool;
    private final boolean durable;
    private final List<Connection> connections = new ArrayList<>();
    private final Connection first;
    private final AtomicLong nextId;

    private R2dbcPeer(ConnectionFactory factory, int poolSize, boolean durable) {
        this.factory = factory;
        this.pool = poolSize == 0
                ? null
                : new ConnectionPool(ConnectionPoolConfiguration.builder(factory)
                        .maxSize(poolSize)
                        .build());
        this.durable = durable;
        this.first = connect();
        this.nextId =
                new AtomicLong(Objects.requireNonNull(Items.create(first, ROWS).block()));
        connections.add(first);
    }

    static R2dbcPeer decentDb(ConnectionFactory factory, int poolSize) {
        return new R2dbcPeer(factory, poolSize, true);
    }

    /** H2 does not sync its commits by default, so it has no place beside durable writes. */
    static R2dbcPeer h2(ConnectionFactory factory, int poolSize) {
        return new R2dbcPeer(factory, poolSize, false);
    }

    @Override
    public String version() {
        String product = first.getMetadata().getDatabaseProductName() + " "
                + first.getMetadata().getDatabaseVersion();
        if (!durable) {
            return product;
        }
        EngineInfo engine = Items.own(first).getMetadata().engine();
        return product + (engine.bundled() ? ", bundled engine" : ", libdecentdb");
    }

    @Override
    public boolean supports(Operation operation, int inFlight) {
        return durable || !operation.durable();
    }

    @Override
    void prepare(int callers) {
        while (pool == null && connections.size() < callers) {
            connections.add(connect());
        }
    }

    @Override
    Mono<Long> call(Operation operation, int caller) {
        return switch (operation) {
            case POINT -> with(caller, c -> Items.point(c, Items.anyId()).map(item -> 1L));
            case RANGE ->
                with(caller, c -> Items.range(c, Items.anyStart(RANGE), RANGE).count());
            case SCAN -> with(caller, c -> Items.range(c, 0, ROWS).count());
            case INSERT -> with(caller, c -> Items.insert(c, nextId.getAndIncrement()));
            case QUEUED -> with(caller, c -> Items.insertQueued(c, nextId.getAndIncrement()));
            case TRANSACTION -> with(caller, c -> Items.insertOneByOne(c, nextId.getAndAdd(RANGE), RANGE));
            case BATCH -> with(caller, c -> Items.insertBatch(c, nextId.getAndAdd(RANGE), RANGE));
            case POINT_BLOCK, MIX -> throw new IllegalArgumentException(operation + " is made of others");
        };
    }

    private Mono<Long> with(int caller, Function<Connection, Mono<Long>> work) {
        return pool == null
                ? work.apply(connections.get(caller))
                : Mono.usingWhen(pool.create(), work, Connection::close);
    }

    @Override
    long syncs(Operation operation) {
        return operation == Operation.QUEUED
                ? Objects.requireNonNull(Items.own(first)
                        .writeQueueMetrics()
                        .map(WriteQueueMetrics::syncs)
                        .block())
                : -1;
    }

    private Connection connect() {
        return Objects.requireNonNull(Mono.from(factory.create()).block());
    }

    @Override
    public void close() {
        Flux.fromIterable(connections).concatMap(Connection::close).blockLast();
        if (pool != null) {
            pool.disposeLater().block();
        }
    }
}
