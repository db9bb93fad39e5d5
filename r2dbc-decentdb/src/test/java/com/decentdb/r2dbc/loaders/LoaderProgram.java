package com.decentdb.r2dbc.loaders;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcTransientException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** Two applications of one process write to one file. Each has a class loader and thereby a driver of its own. */
public final class LoaderProgram {

    private LoaderProgram() {}

    public static void main(String[] args) throws Exception {
        ExecutorService applications = Executors.newFixedThreadPool(2);
        List<Future<Object>> results = new ArrayList<>();
        create(args[0]);
        for (int i = 0; i < 2; i++) {
            ClassLoader loader = Deployment.loader();
            Class<?> application = loader.loadClass(LoaderProgram.class.getName());
            results.add(applications.submit(() -> application
                    .getMethod("write", String.class, int.class)
                    .invoke(null, args[0], Integer.valueOf(args[1]))));
        }
        for (Future<Object> result : results) {
            System.out.println("DONE " + result.get());
        }
        System.out.println("FOUND " + found(args[0]));
        System.exit(0);
    }

    private static void create(String url) {
        Mono.usingWhen(
                        DecentDb.connect(url),
                        connection -> connection
                                .execute("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER)")
                                .then(connection.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT)"))
                                .then(connection.execute("INSERT INTO counter VALUES (1, 0)")),
                        DecentDbConnection::close)
                .block();
    }

    /** Commits so many transactions; one that the other application's commit overtook runs again. */
    public static int write(String url, int count) {
        List<Long> done = Flux.usingWhen(
                        DecentDb.connect(url),
                        connection -> Flux.range(0, count)
                                .concatMap(i -> connection
                                        .inTransaction(tx -> tx.execute("UPDATE counter SET n = n + 1 WHERE id = 1")
                                                .then(tx.execute("INSERT INTO entry (text) VALUES ('x')")))
                                        .single()
                                        .retryWhen(Retry.indefinitely().filter(LoaderProgram::overtaken))),
                        DecentDbConnection::close)
                .collectList()
                .block();
        return done == null ? 0 : done.size();
    }

    private static boolean overtaken(Throwable error) {
        return error instanceof R2dbcTransientException;
    }

    private static List<Long> found(String url) {
        return Mono.usingWhen(
                        DecentDb.connect(url),
                        connection -> connection
                                .fetchValue("SELECT n FROM counter", Long.class)
                                .zipWith(connection.fetchValue("SELECT count(*) FROM entry", Long.class))
                                .map(pair -> List.of(pair.getT1(), pair.getT2())),
                        DecentDbConnection::close)
                .blockOptional()
                .orElseThrow();
    }
}
