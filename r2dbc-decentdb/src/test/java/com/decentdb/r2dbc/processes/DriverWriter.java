package com.decentdb.r2dbc.processes;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.io.IOException;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A process that writes with the driver: rows one by one, and every tenth in a transaction of two statements. */
final class DriverWriter {

    static final int ROWS = 150;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private DriverWriter() {}

    /** Arguments: the URL, and the first id. Begins when its input ends. */
    public static void main(String[] args) throws IOException {
        DecentDbConnection connection =
                DecentDb.connect(args[0]).blockOptional(PATIENCE).orElseThrow();
        System.out.println("LOCKED");
        while (System.in.read() >= 0) {
            // The test closes the stream.
        }
        Long written = write(connection, Integer.parseInt(args[1])).block(PATIENCE);
        connection.close().block(PATIENCE);
        System.out.println(written);
    }

    /** Writes all rows; gives how many were acknowledged. */
    static Mono<Long> write(DecentDbConnection connection, int first) {
        return Flux.range(first, ROWS)
                .concatMap(id -> id % 10 == 0
                        ? connection
                                .inTransaction(tx -> tx.execute("INSERT INTO t VALUES ($1)", id)
                                        .flatMap(rows -> tx.execute("UPDATE t SET n = $1 WHERE n = $1", id)))
                                .last()
                        : connection.execute("INSERT INTO t VALUES ($1)", id))
                .reduce(0L, Long::sum);
    }
}
