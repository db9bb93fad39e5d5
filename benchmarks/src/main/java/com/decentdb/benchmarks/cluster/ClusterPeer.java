package com.decentdb.benchmarks.cluster;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * This driver in a process of its own, which is idle until a line comes from its standard input, and answers each with a line of
 * numbers by name, or with {@code failed} and why:
 *
 * <ul>
 *   <li>{@code setup}: makes the tables;
 *   <li>{@code run point-pool 64 1500}: an operation, by so many callers, for so many milliseconds;
 *   <li>{@code outage 64 8000 10000}: inserts of so many callers over a pool of as many connections for so many milliseconds, each
 *       statement for at most the last number of them, while somebody else harms the nodes;
 *   <li>{@code sessions 1000}: so many connections at once.
 * </ul>
 */
public final class ClusterPeer {

    private static final int POINTS = 10_000;
    private static final int ROWS = 100_000;
    private static final int OF_A_TRANSACTION = 1_000;
    private static final String INSERT = "INSERT INTO sink (name, price) VALUES ($1, $2)";

    private final String url;
    private final DecentDbConnectionFactory factory;
    private final DecentDbConnection connection;
    private final ConnectionPool pool;

    private ClusterPeer(String url) {
        this.url = url;
        this.factory = DecentDb.factory(url);
        this.connection = Objects.requireNonNull(factory.create().block());
        this.pool = DecentDb.createPool(url + "?maxSize=10");
    }

    /**
     * Runs until its input ends.
     *
     * @param args the addresses of the nodes, and the name of the database
     */
    public static void main(String[] args) throws IOException {
        ClusterPeer peer = new ClusterPeer("r2dbc:decentdb:dqlite://" + args[0] + "/" + args[1]);
        answer("ready r2dbc-decentdb");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            try {
                answer(peer.run(line.split(" ", -1)));
            } catch (RuntimeException e) {
                e.printStackTrace();
                answer(("failed " + e).replaceAll("\\s+", " "));
            }
        }
        System.exit(0);
    }

    private static void answer(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private String run(String[] words) throws IOException {
        return switch (words[0]) {
            case "setup" -> setup();
            case "run" ->
                run(words[1], Integer.parseInt(words[2]), millis(words[3])).toLine();
            case "outage" ->
                outage(Integer.parseInt(words[1]), millis(words[2]), millis(words[3]))
                        .toLine();
            case "sessions" -> sessions(Integer.parseInt(words[1]));
            default -> throw new IllegalArgumentException("No such command: " + words[0]);
        };
    }

    private static Duration millis(String word) {
        return Duration.ofMillis(Long.parseLong(word));
    }

    private String setup() {
        Flux.just(
                        "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL NOT NULL)",
                        "CREATE TABLE big (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL NOT NULL)",
                        "CREATE TABLE sink (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL NOT NULL)",
                        numbers("item", POINTS),
                        numbers("big", ROWS))
                .concatMap(connection::execute)
                .blockLast();
        return "ops=1";
    }

    private static String numbers(String table, int rows) {
        return "INSERT INTO " + table + " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                + rows + ") SELECT i, 'name of ' || i, i * 1.25 FROM n";
    }

    private Tally run(String operation, int callers, Duration time) {
        if (operation.equals("scan")) {
            AtomicLong first = new AtomicLong();
            Tally tally = Tally.of(callers, time, () -> scan(first::set));
            tally.firstRow(first.get());
            return tally;
        }
        return Tally.of(callers, time, () -> switch (operation) {
            case "open" -> open();
            case "select" -> connection.fetchValue("SELECT 1", Long.class);
            case "point" -> point(connection);
            case "point-pool" -> pooled(pool, ClusterPeer::point);
            case "insert" -> insert(connection);
            case "insert-pool", "insert-plain" -> pooled(pool, ClusterPeer::insert);
            case "transaction" -> transaction();
            default -> throw new IllegalArgumentException("No such operation: " + operation);
        });
    }

    private Mono<Void> open() {
        return Mono.usingWhen(
                Mono.fromSupplier(() -> DecentDb.factory(url)),
                fresh -> fresh.create().flatMap(DecentDbConnection::close),
                DecentDbConnectionFactory::close);
    }

    private interface Use {
        Mono<?> of(Connection connection);
    }

    private static Mono<?> pooled(ConnectionPool pool, Use use) {
        return Mono.usingWhen(pool.create(), each -> Mono.from(use.of(each)), Connection::close);
    }

    private static Mono<?> point(Connection connection) {
        return Flux.from(connection
                        .createStatement("SELECT name, price FROM item WHERE id = $1")
                        .bind(0, ThreadLocalRandom.current().nextLong(POINTS) + 1)
                        .execute())
                .flatMap(result -> result.map(
                        (row, metadata) -> Objects.requireNonNull(row.get(0, String.class)) + row.get(1, Double.class)))
                .single();
    }

    private static Mono<?> insert(Connection connection) {
        return Flux.from(connection
                        .createStatement(INSERT)
                        .bind(0, "a name")
                        .bind(1, 1.25)
                        .execute())
                .flatMap(result -> result.getRowsUpdated())
                .single();
    }

    private Mono<?> transaction() {
        return connection
                .inTransaction(tx -> Flux.range(0, OF_A_TRANSACTION).concatMap(i -> tx.execute(INSERT, "a name", 1.25)))
                .then();
    }

    private Mono<?> scan(LongConsumer firstRow) {
        return Mono.defer(() -> {
            long started = System.nanoTime();
            return Flux.from(connection
                            .createStatement("SELECT id, name, price FROM big")
                            .execute())
                    .flatMap(result -> result.map((row, metadata) -> Objects.requireNonNull(row.get(0, Long.class))
                            + Objects.requireNonNull(row.get(1, String.class)).length()
                            + Objects.requireNonNull(row.get(2, Double.class))))
                    .doOnNext(once(row -> firstRow.accept(System.nanoTime() - started)))
                    .count()
                    .doOnNext(rows -> {
                        if (rows != ROWS) {
                            throw new IllegalStateException(rows + " rows instead of " + ROWS);
                        }
                    });
        });
    }

    private static <T> Consumer<T> once(Consumer<T> action) {
        boolean[] done = new boolean[1];
        return value -> {
            if (!done[0]) {
                done[0] = true;
                action.accept(value);
            }
        };
    }

    private Tally outage(int callers, Duration time, Duration timeout) {
        ConnectionPool own =
                DecentDb.createPool(url + "?maxSize=" + callers + "&statementTimeout=PT" + timeout.toSeconds() + "S");
        try {
            return Tally.of(callers, time, () -> pooled(own, ClusterPeer::insert));
        } finally {
            own.dispose();
        }
    }

    private String sessions(int count) throws IOException {
        long before = sockets();
        long started = System.nanoTime();
        var all = Objects.requireNonNull(Flux.range(0, count)
                .flatMap(i -> factory.create(), 64)
                .collectList()
                .block());
        Flux.fromIterable(all)
                .flatMap(each -> each.fetchValue("SELECT 1", Long.class), 64)
                .blockLast();
        long nanos = System.nanoTime() - started;
        long sockets = sockets();
        Flux.fromIterable(all).flatMap(DecentDbConnection::close).blockLast();
        return "ops=" + count + " nanos=" + nanos + " sockets=" + sockets + " sockets-before=" + before;
    }

    private static long sockets() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(file -> {
                        try {
                            return Files.readSymbolicLink(file).toString().startsWith("socket:");
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .count();
        }
    }
}
