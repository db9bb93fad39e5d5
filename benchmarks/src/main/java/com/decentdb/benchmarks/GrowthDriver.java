package com.decentdb.benchmarks;

import com.decentdb.benchmarks.Watchers.Heard;
import com.decentdb.benchmarks.Watchers.Way;
import com.decentdb.benchmarks.peer.Items;
import com.decentdb.benchmarks.peer.Loop;
import com.decentdb.benchmarks.report.Machine;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import io.r2dbc.spi.Connection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * This driver as rows, connections and watchers become many. Writes {@code results/growth.md}; {@code rows=10000000} adds or
 * {@code connections=1,100} takes away, {@code megabytes=} gives the sizes of files, {@code time=4s} and {@code warm-up=8s} set the lengths.
 */
public final class GrowthDriver {

    private static final int CALLERS = 64;

    private final Duration warmUp;
    private final Duration time;
    private final List<String> lines = new ArrayList<>();

    private GrowthDriver(Duration warmUp, Duration time) {
        this.warmUp = warmUp;
        this.time = time;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Arguments arguments = new Arguments(args);
        // Only a complete run may replace the published results.
        Path results = Path.of(arguments.isEmpty() ? "results" : "target");
        GrowthDriver driver = new GrowthDriver(
                arguments.take("warm-up", Duration.ofSeconds(8), Arguments::time),
                arguments.take("time", Duration.ofSeconds(4), Arguments::time));
        List<Integer> rows = arguments.take("rows", List.of(10_000, 100_000, 1_000_000), Arguments::numbers);
        List<Integer> files = arguments.take("megabytes", List.of(10, 100, 1_000, 4_000), Arguments::numbers);
        List<Integer> connections =
                arguments.take("connections", List.of(1, 10, 100, 1_000, 10_000), Arguments::numbers);
        List<Integer> watchers = arguments.take("watchers", List.of(1, 10, 100, 1_000, 10_000), Arguments::numbers);
        arguments.end();
        driver.lines.add("# Growth: this driver as its numbers grow\n");
        driver.lines.addAll(Machine.describe());
        driver.lines.add("- load average before: " + Machine.load());
        driver.lines.add("- " + driver.warmUp.toMillis() / 1e3
                + " s of warm-up for each operation, then one measurement of " + driver.time.toMillis() / 1e3
                + " s; commits are durable; " + CALLERS + " in flight where not said");
        driver.rows(rows);
        driver.files(files);
        driver.connections(connections);
        driver.watchers(watchers);
        driver.lines.add("\nLoad average after: " + Machine.load());
        String text = String.join("\n", driver.lines) + "\n";
        Files.createDirectories(results);
        Files.writeString(results.resolve("growth.md"), text);
        System.out.println(text);
        System.exit(0);
    }

    private void rows(List<Integer> counts) throws IOException {
        lines.add("\n## Rows\n\nThe file is opened anew before it is read.\n");
        head("rows | loaded rows/s | files MB | first row ms | points/s | ranges of 1000/s, 1 in flight"
                + " | scanned rows/s, 1 in flight | inserts/s | heap MB");
        for (int rows : counts) {
            try (DataFolder folder = DataFolder.create()) {
                long loading = System.nanoTime();
                try (Opened loaded = new Opened(folder)) {
                    Items.create(loaded.connect(1), rows).block();
                }
                double loaded = rows * 1e9 / (System.nanoTime() - loading);
                long bytes = folder.bytes();
                long opening = System.nanoTime();
                try (Opened opened = new Opened(folder)) {
                    Connection connection = opened.connect(CALLERS);
                    Items.point(connection, 1).block();
                    double first = (System.nanoTime() - opening) / 1e6;
                    double points = points(opened, rows);
                    double ranges = perSecond(
                            1,
                            Items.RANGE,
                            caller -> Items.range(connection, any(rows - 999), Items.RANGE)
                                    .count());
                    double scans = perSecond(
                            1, rows, caller -> Items.range(connection, 0, rows).count());
                    line(rows, loaded, bytes / 1e6, first, points, ranges, scans * rows, inserts(opened, rows));
                }
            }
        }
    }

    private void files(List<Integer> megabytes) throws IOException {
        lines.add("\n## Files\n\nRows of 4,000 characters, loaded in transactions of 10,000; the file is opened anew"
                + " before it is read.\n");
        head("MB asked | loaded MB/s | files MB | close ms | first row ms | points/s | inserts/s | heap MB");
        for (int size : megabytes) {
            int rows = Math.toIntExact(size * 1_000_000L / Documents.BYTES);
            try (DataFolder folder = DataFolder.create()) {
                long loading = System.nanoTime();
                Opened written = new Opened(folder);
                Documents.create(written.connect(1), rows).block();
                double loaded = size * 1e9 / (System.nanoTime() - loading);
                long closing = System.nanoTime();
                written.close();
                double closed = (System.nanoTime() - closing) / 1e6;
                long bytes = folder.bytes();
                long opening = System.nanoTime();
                try (Opened opened = new Opened(folder)) {
                    Documents.point(opened.connect(CALLERS), 1).block();
                    double first = (System.nanoTime() - opening) / 1e6;
                    double points = perSecond(CALLERS, 1, caller -> Documents.point(opened.any(), any(rows)));
                    AtomicLong nextId = new AtomicLong(rows);
                    double inserts =
                            perSecond(CALLERS, 1, caller -> Documents.insert(opened.any(), nextId.getAndIncrement()));
                    line(size, loaded, bytes / 1e6, closed, first, points, inserts);
                }
            }
        }
    }

    private void connections(List<Integer> counts) throws IOException {
        lines.add("\n## Connections\n\nAll are open; the callers take turns on them.\n");
        head("connections | opened/s | points/s | inserts/s | threads | heap MB");
        for (int count : counts) {
            try (DataFolder folder = DataFolder.create();
                    Opened opened = new Opened(folder)) {
                Items.create(opened.connect(1), Items.ROWS).block();
                long opening = System.nanoTime();
                opened.connect(count);
                double perSecond = (count - 1) * 1e9 / (System.nanoTime() - opening);
                double points = points(opened, Items.ROWS);
                line(count, perSecond, points, inserts(opened, Items.ROWS), Machine.threads());
            }
        }
    }

    private void watchers(List<Integer> counts) throws IOException, InterruptedException {
        lines.add(
                "\n## Watchers\n\nAll watch one table, whose one writer writes again when all have heard. Times in µs.\n");
        head("way | watchers | writes/s | write p50 | event p50 | event p99 | threads | heap MB");
        for (Way way : List.of(Way.WATCH, Way.LIVE_QUERY)) {
            for (int count : counts) {
                try (DataFolder folder = DataFolder.create();
                        Watchers watched = new Watchers(folder.path())) {
                    Heard heard = watched.measure(way, count, warmUp, time);
                    lines.add(String.format(
                            Locale.ROOT,
                            "| %s | %d | %,d | %,d | %,d | %,d | %d | %d |",
                            way,
                            count,
                            heard.writes(),
                            heard.write(),
                            heard.event(),
                            heard.eventP99(),
                            heard.threads(),
                            heard.heap()));
                }
            }
        }
    }

    private double points(Opened opened, int rows) {
        return perSecond(
                CALLERS, 1, caller -> Items.point(opened.any(), any(rows)).map(item -> 1L));
    }

    private double inserts(Opened opened, int rows) {
        AtomicLong nextId = new AtomicLong(rows);
        return perSecond(CALLERS, 1, caller -> Items.insert(opened.any(), nextId.getAndIncrement()));
    }

    private double perSecond(int callers, int rows, IntFunction<Mono<Long>> operation) {
        Loop.reactive(callers, rows, warmUp, operation);
        return Loop.reactive(callers, rows, time, operation).perSecond();
    }

    private static long any(int bound) {
        return ThreadLocalRandom.current().nextInt(bound);
    }

    private void head(String columns) {
        lines.add("| " + columns + " |");
        lines.add("|" + "---|".repeat(columns.split(" \\| ", -1).length));
    }

    /** A line of numbers, the heap in use at its end. */
    private void line(int count, double... values) {
        StringBuilder line = new StringBuilder("| " + count + " |");
        for (double value : values) {
            line.append(String.format(
                    Locale.ROOT, value < 100 && value != Math.rint(value) ? " %,.1f |" : " %,.0f |", value));
        }
        lines.add(line.append(" ").append(Machine.heapMegabytes()).append(" |").toString());
    }

    /** A database in a file, and connections to it. */
    private static final class Opened implements AutoCloseable {

        private final DecentDbConnectionFactory factory;
        private final List<Connection> connections = new ArrayList<>();
        private final AtomicInteger turns = new AtomicInteger();

        private Opened(DataFolder folder) {
            // Without lingering, the end of the last connection closes the file.
            factory = DecentDb.factory("r2dbc:decentdb:///" + folder.path().resolve("growth.ddb") + "?linger=PT0S");
        }

        /** Opens connections until there are so many; returns the first. */
        private Connection connect(int count) {
            while (connections.size() < count) {
                connections.add(Objects.requireNonNull(factory.create().block()));
            }
            return connections.get(0);
        }

        private Connection any() {
            return connections.get(Math.floorMod(turns.getAndIncrement(), connections.size()));
        }

        @Override
        public void close() {
            Flux.fromIterable(connections).concatMap(Connection::close).blockLast();
            factory.close().block();
        }
    }
}
