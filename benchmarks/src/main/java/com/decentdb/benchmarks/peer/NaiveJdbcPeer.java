package com.decentdb.benchmarks.peer;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** JDBC as a WebFlux application often wraps it: a pool of ten, a worker of boundedElastic and a new statement each time. */
final class NaiveJdbcPeer extends ReactivePeer {

    private final HikariDataSource pool;
    private final AtomicLong nextId;
    private final String version;

    NaiveJdbcPeer(Path file) throws SQLException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(SqliteJdbc.url(file));
        config.setMaximumPoolSize(10);
        config.setConnectionTimeout(60_000);
        pool = new HikariDataSource(config);
        try (SqliteJdbc sqlite = new SqliteJdbc(pool.getConnection())) {
            nextId = new AtomicLong(sqlite.create(Items.ROWS));
            version = sqlite.version();
        }
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public boolean supports(Operation operation, int inFlight) {
        return operation != Operation.QUEUED;
    }

    @Override
    Mono<Long> call(Operation operation, int caller) {
        return Mono.fromCallable(() -> {
                    try (SqliteJdbc sqlite = new SqliteJdbc(pool.getConnection())) {
                        return sqlite.call(operation, nextId.getAndAdd(operation.rows()));
                    }
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    @Override
    public void close() {
        pool.close();
    }
}
