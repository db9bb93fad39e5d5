package com.decentdb.examples.quickstart;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The whole driver in one program: opens a database file by URL, finds what an earlier run left in it, loads the character
 * table of the JDK through the write queue while a watch on another connection counts along, and asks it a few questions
 * through a pool. Run it twice: the second run finds the rows of the first.
 */
public final class Quickstart {

    /** Rows in one queued write: a commit costs more than a row. A cluster's older servers take 255 parameters at most. */
    private static final int BATCH = 50;

    private final String url;
    private final int total = UnicodeTable.size();
    private final ProgressBar progress = new ProgressBar();

    private Quickstart(String database) {
        // Three slashes belong to the URL, the fourth begins an absolute path.
        this.url = database.startsWith("r2dbc:")
                ? database
                : "r2dbc:decentdb:///" + Path.of(database).toUri().getRawPath();
    }

    /**
     * Runs the program.
     *
     * @param args the database file, or the URL of any database of the driver, such as one on a cluster; {@code quickstart.ddb} in
     *     the current folder if none is named
     */
    public static void main(String[] args) {
        Quickstart quickstart = new Quickstart(args.length > 0 ? args[0] : "quickstart.ddb");
        Mono.usingWhen(DecentDb.connect(quickstart.url), quickstart::run, DecentDbConnection::close)
                .then(quickstart.questions())
                .block();
    }

    private Mono<Void> run(DecentDbConnection connection) {
        say("database:", url);
        say(
                "engine:",
                connection.getMetadata().getDatabaseProductName() + " "
                        + connection.getMetadata().getDatabaseVersion());
        return createTables(connection)
                .then(connection.fetchValue("SELECT count(*) FROM character", Long.class))
                .doOnNext(rows -> say("left by an earlier run:", rows + " characters"))
                .flatMap(rows -> rows == total ? Mono.empty() : load(connection))
                .then(rememberRun(connection));
    }

    private static Mono<Void> createTables(DecentDbConnection connection) {
        return connection
                .execute("CREATE TABLE IF NOT EXISTS character (code_point INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                        + " category TEXT NOT NULL, script TEXT NOT NULL, block TEXT NOT NULL)")
                .then(connection.execute(
                        "CREATE TABLE IF NOT EXISTS run (id INTEGER PRIMARY KEY, at TIMESTAMPTZ NOT NULL)"))
                .then();
    }

    /** Queued writes are committed in groups and each is durable when its count arrives; demand follows the queue's room. */
    private Mono<Void> load(DecentDbConnection connection) {
        AtomicLong acknowledged = new AtomicLong();
        Mono<Void> loading = Mono.defer(() -> {
            long start = System.nanoTime();
            return connection
                    .execute("DELETE FROM character")
                    .thenMany(insertAll(connection))
                    .doOnNext(acknowledged::addAndGet)
                    .then(Mono.fromRunnable(() -> report(acknowledged.get(), System.nanoTime() - start)));
        });
        Mono<Void> counting = Mono.usingWhen(
                DecentDb.connect(url),
                // The last change is reported like any other, if it was not seen before; a failed load cancels the
                // count.
                watcher -> countAlong(watcher, acknowledged)
                        .takeUntil(rows -> rows == total)
                        .then(),
                DecentDbConnection::close);
        return Mono.when(counting, loading)
                .then(connection.writeQueueMetrics())
                .doOnNext(metrics -> say(
                        "write queue:",
                        String.format("%,d writes in %,d durable commits", metrics.committed(), metrics.syncs())))
                .then();
    }

    private Flux<Long> insertAll(DecentDbConnection connection) {
        int inBatches = total - total % BATCH;
        Flux<Object[]> batches = UnicodeTable.rows()
                .take(inBatches)
                .buffer(BATCH)
                .map(rows -> rows.stream().flatMap(Stream::of).toArray());
        return Flux.concat(
                connection.executeQueued(insertOf(BATCH), batches),
                connection.executeQueued(insertOf(1), UnicodeTable.rows().skip(inBatches)));
    }

    private static String insertOf(int rows) {
        return IntStream.range(0, rows)
                .mapToObj(row -> IntStream.rangeClosed(1, UnicodeTable.COLUMNS)
                        .mapToObj(column -> "$" + (row * UnicodeTable.COLUMNS + column))
                        .collect(Collectors.joining(", ", "(", ")")))
                .collect(Collectors.joining(
                        ", ", "INSERT INTO character (code_point, name, category, script, block) VALUES ", ""));
    }

    /** Looks again after each change that the watch reports, but no more often than ten times a second. */
    private Flux<Long> countAlong(DecentDbConnection watcher, AtomicLong acknowledged) {
        AtomicLong seen = new AtomicLong();
        return watcher.watchTable("character")
                .onBackpressureLatest()
                .concatMap(
                        event -> watcher.fetchValue("SELECT count(*) FROM character", Long.class)
                                .delayElement(Duration.ofMillis(100)),
                        1)
                .doOnNext(rows -> {
                    seen.set(rows);
                    progress.show(acknowledged.get(), total, String.format("the watch sees %,d", rows));
                })
                .doFinally(signal -> {
                    progress.end();
                    say("watch:", String.format("saw the other connection's rows grow to %,d", seen.get()));
                });
    }

    private static void report(long rows, long nanos) {
        say("loaded:", String.format("%,d characters, %,d rows/s, each durable", rows, rows * 1_000_000_000L / nanos));
    }

    /** A transaction commits when its work completes and rolls back when it fails. */
    private static Mono<Void> rememberRun(DecentDbConnection connection) {
        Mono<Void> refused = connection
                .inTransaction(tx ->
                        tx.execute("DELETE FROM run").then(Mono.error(new IllegalStateException("changed my mind"))))
                .then()
                .onErrorResume(IllegalStateException.class, e -> {
                    say("transaction:", "rolled back, " + e.getMessage());
                    return Mono.empty();
                });
        return connection
                .inTransaction(tx -> tx.execute("INSERT INTO run (at) VALUES ($1)", Instant.now())
                        .then(tx.fetchValue("SELECT count(*) FROM run", Long.class)))
                .doOnNext(runs -> say("transaction:", "committed, this is run " + runs + " on this database"))
                .then(refused);
    }

    /** Plain R2DBC over a pool: the questions are asked at once and answered by several readers. */
    private Mono<Void> questions() {
        return Mono.usingWhen(
                Mono.fromSupplier(() -> DecentDb.createPool(url)),
                pool -> Flux.mergeSequential(
                                ask(
                                        pool,
                                        "most characters:",
                                        "SELECT script || ' ' || CAST(count(*) AS TEXT) FROM character"
                                                + " GROUP BY script ORDER BY count(*) DESC LIMIT 5"),
                                ask(
                                        pool,
                                        "called snowman:",
                                        "SELECT name FROM character WHERE name LIKE '%SNOWMAN%'"
                                                + " ORDER BY code_point"),
                                ask(
                                        pool,
                                        "largest blocks:",
                                        "SELECT block || ' ' || CAST(count(*) AS TEXT) FROM character"
                                                + " WHERE category <> 'Co' GROUP BY block ORDER BY count(*) DESC, block LIMIT 3"))
                        .doOnNext(System.out::println)
                        .then(),
                ConnectionPool::disposeLater);
    }

    private static Mono<String> ask(ConnectionPool pool, String question, String sql) {
        return Flux.usingWhen(
                        pool.create(),
                        connection -> Flux.from(connection.createStatement(sql).execute())
                                .concatMap(result -> result.map(row -> row.get(0, String.class))),
                        Connection::close)
                .collectList()
                .map(answers -> line(question, String.join(", ", answers)));
    }

    private static void say(String what, String value) {
        System.out.println(line(what, value));
    }

    private static String line(String what, String value) {
        return String.format("%-24s %s", what, value);
    }
}
