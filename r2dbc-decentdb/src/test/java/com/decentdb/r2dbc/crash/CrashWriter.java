package com.decentdb.r2dbc.crash;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writes queued rows until it is killed, and prints the key of each as soon as it is acknowledged. */
final class CrashWriter {

    private CrashWriter() {}

    public static void main(String[] args) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
        Mono.usingWhen(
                        DecentDb.connect(args[0]),
                        connection -> writeForEver(connection, out),
                        DecentDbConnection::close)
                .block();
    }

    private static Mono<Void> writeForEver(DecentDbConnection connection, PrintStream out) {
        return connection
                .execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
                .then(connection.fetchValue("SELECT coalesce(max(id), 0) FROM entry", Long.class))
                .flatMap(last -> {
                    AtomicLong written = new AtomicLong(last);
                    AtomicLong acknowledged = new AtomicLong(last);
                    Flux<Object[]> rows = Flux.generate(sink -> {
                        long id = written.incrementAndGet();
                        sink.next(new Object[] {id, "entry " + id});
                    });
                    return connection
                            .executeQueued("INSERT INTO entry (id, text) VALUES ($1, $2)", rows)
                            .doOnNext(count -> out.println(acknowledged.incrementAndGet()))
                            .then();
                });
    }
}
