package com.decentdb.r2dbc.processes;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writes a row to a database and ends. */
final class EndingProgram {

    /** How a program leaves its connection. */
    enum End {
        CLOSES_CONNECTION,
        CLOSES_POOL_IN_A_HOOK,
        LEAVES_CONNECTION_OPEN,
        LEAVES_POOL_OPEN,
        LEAVES_TRANSACTION_OPEN;

        /** Whether the program closed all that it had opened. */
        boolean tidy() {
            return this == CLOSES_CONNECTION || this == CLOSES_POOL_IN_A_HOOK;
        }
    }

    private EndingProgram() {}

    public static void main(String[] arguments) {
        String url = arguments[1];
        switch (End.valueOf(arguments[0])) {
            case CLOSES_CONNECTION ->
                Mono.usingWhen(DecentDb.connect(url), EndingProgram::write, DecentDbConnection::close)
                        .block();
            case CLOSES_POOL_IN_A_HOOK -> {
                ConnectionPool pool = DecentDb.createPool(url);
                // As an application server does, some time after the JVM has begun to end.
                Runtime.getRuntime()
                        .addShutdownHook(new Thread(() -> Mono.delay(Duration.ofMillis(500))
                                .then(pool.disposeLater())
                                .block()));
                Mono.usingWhen(pool.create(), EndingProgram::write, Connection::close)
                        .block();
            }
            case LEAVES_CONNECTION_OPEN ->
                DecentDb.connect(url).flatMap(EndingProgram::write).block();
            case LEAVES_POOL_OPEN ->
                Mono.usingWhen(DecentDb.createPool(url).create(), EndingProgram::write, Connection::close)
                        .block();
            case LEAVES_TRANSACTION_OPEN ->
                DecentDb.connect(url)
                        .flatMap(connection -> write(connection)
                                .then(connection.beginTransaction())
                                .then(connection.execute("INSERT INTO t VALUES (2)")))
                        .block();
        }
        System.exit(0);
    }

    private static Mono<Void> write(Connection connection) {
        return Flux.from(connection
                        .createStatement("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)")
                        .execute())
                .concatMap(result -> result.getRowsUpdated())
                .then();
    }
}
