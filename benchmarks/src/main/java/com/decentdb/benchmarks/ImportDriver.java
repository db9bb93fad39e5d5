package com.decentdb.benchmarks;

import com.decentdb.benchmarks.ImportProcess.End;
import com.decentdb.benchmarks.report.Machine;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The import program beside others with the same source, each import in a process of its own. Writes {@code results/import.md}.
 * {@code library=FILE} adds the engine of the DecentDB project, and {@code decentdb-python=FOLDER}, its folder
 * {@code bindings/python}, its import program, with {@code python=PROGRAM}. {@code rows=}, {@code rounds=}, {@code limit=30m} and
 * {@code heap=256m} choose less, into {@code target/import.md}.
 */
public final class ImportDriver {

    private static final String COLUMNS =
            "(id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL, quantity INTEGER, sold TEXT)";
    private static final String ROWS = "INSERT INTO item WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            + " WHERE i < ?) SELECT i, 'the name of item ' || i, (i * 7919 % 100000) / 100.0, i * 31 % 1000,"
            + " date('2020-01-01', '+' || (i % 2000) || ' days') FROM n";
    private static final String COUNT = "SELECT count(*) FROM item";
    /** An import that takes longer is not repeated. */
    private static final long LONG_NANOS = Duration.ofMinutes(2).toNanos();

    private final Plan plan;
    private final Path folder;
    private final Map<Importer, List<Measured>> measured = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    /** The extent of a run. */
    private record Plan(
            String library,
            String folder,
            String python,
            int rows,
            int rounds,
            Duration limit,
            String heap,
            Path results) {

        static Plan parse(Arguments given) {
            String library = given.take("library", "", word -> word);
            String folder = given.take("decentdb-python", "", word -> word);
            String python = given.take("python", "python3", word -> word);
            Path results = given.isEmpty() ? Path.of("results") : Path.of("target");
            Plan plan = new Plan(
                    library,
                    folder,
                    python,
                    given.take("rows", 10_000_000, Integer::valueOf),
                    given.take("rounds", 3, Integer::valueOf),
                    given.take("limit", Duration.ofMinutes(30), Arguments::time),
                    given.take("heap", "256m", word -> word),
                    results);
            given.end();
            return plan;
        }
    }

    /**
     * A program, and how it imports.
     *
     * @param check a command that prints the number of rows; none for a program that prints it itself
     */
    private record Importer(
            String source,
            String program,
            String engine,
            List<String> command,
            Map<String, String> environment,
            List<String> check) {}

    /** One import; the size of the file, with its log, is in bytes. */
    private record Measured(End end, long file) {}

    private ImportDriver(Plan plan, Path folder) {
        this.plan = plan;
        this.folder = folder;
    }

    public static void main(String[] args) throws IOException, InterruptedException, SQLException {
        Plan plan = Plan.parse(new Arguments(args));
        String loadBefore = Machine.load();
        try (DataFolder data = DataFolder.create()) {
            ImportDriver driver = new ImportDriver(plan, data.path());
            driver.run();
            List<String> text = new ArrayList<>(List.of("# Imports: this program beside others\n"));
            text.addAll(Machine.describe());
            text.add("- load average before and after: " + loadBefore + ", " + Machine.load());
            text.addAll(driver.notes);
            text.add("");
            text.addAll(driver.table());
            Files.createDirectories(plan.results());
            Path file = plan.results().resolve("import.md");
            Files.writeString(file, String.join("\n", text) + "\n");
            System.out.println(String.join("\n", text));
            System.out.println("Written to " + file.toAbsolutePath());
        }
    }

    private void run() throws IOException, InterruptedException, SQLException {
        Path database = folder.resolve("source.db");
        Path csv = folder.resolve("item.csv");
        makeSources(database, csv);
        List<Importer> importers = importers(database, csv);
        for (int round = 0; round < plan.rounds; round++) {
            for (Importer importer : importers) {
                List<Measured> earlier = measured.computeIfAbsent(importer, absent -> new ArrayList<>());
                boolean repeated =
                        earlier.stream().allMatch(one -> one.end.failure() == null && one.end.nanos() < LONG_NANOS);
                if (repeated) {
                    earlier.add(measure(importer));
                }
            }
        }
        notes.add(String.format(
                Locale.ROOT,
                "- %,d rows of five columns, `%s`: %,d MB of SQLite and %,d MB of CSV, both in the cache of the system",
                plan.rows,
                COLUMNS,
                Files.size(database) / 1_000_000,
                Files.size(csv) / 1_000_000));
        notes.add(
                "- the time is that of a process from its start to its end, with what it does to make the file durable;"
                        + " medians of up to " + plan.rounds
                        + " interleaved rounds, but one import that takes two minutes or longer"
                        + " is not repeated");
        notes.add(
                "- peak RSS is the kernel's `VmHWM`, its greatest value of all rounds. The JVM of `decentdb-import` runs with"
                        + " `-Xmx" + plan.heap + "`");
    }

    private void makeSources(Path database, Path csv) throws IOException, SQLException {
        progress("making the sources");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = connection.createStatement();
                PreparedStatement rows = filling(statement, connection);
                BufferedWriter out = Files.newBufferedWriter(csv)) {
            rows.setInt(1, plan.rows);
            rows.executeUpdate();
            out.write("id,name,price,quantity,sold\n");
            try (ResultSet read = statement.executeQuery("SELECT * FROM item")) {
                while (read.next()) {
                    for (int i = 1; i <= 5; i++) {
                        out.write(read.getString(i));
                        out.write(i < 5 ? ',' : '\n');
                    }
                }
            }
        }
    }

    private static PreparedStatement filling(Statement statement, Connection connection) throws SQLException {
        statement.execute("CREATE TABLE item " + COLUMNS);
        return connection.prepareStatement(ROWS);
    }

    private List<Importer> importers(Path database, Path csv) throws IOException, InterruptedException {
        Path target = target();
        List<Importer> all = new ArrayList<>();
        boolean sqlite3 = runs(List.of("sqlite3", "--version"), "the sqlite3 shell", "apt-get install sqlite3");
        boolean tool = !plan.library.isEmpty()
                && !plan.folder.isEmpty()
                && runs(
                        List.of(plan.python, "-c", "import sys; sys.exit(sys.version_info < (3, 8))"),
                        "DecentDB's import program",
                        "python=PROGRAM");
        all.add(ours("sqlite", database, ""));
        if (!plan.library.isEmpty()) {
            all.add(ours("sqlite", database, plan.library));
        }
        if (tool) {
            Map<String, String> environment = Map.of(
                    "PYTHONPATH", plan.folder, "PYTHONDONTWRITEBYTECODE", "1", "DECENTDB_NATIVE_LIB", plan.library);
            all.add(new Importer(
                    "SQLite",
                    "DecentDB's decentdb-sqlite-import",
                    "libdecentdb",
                    List.of(
                            plan.python,
                            "-m",
                            "decentdb.tools.sqlite_import",
                            "--no-progress",
                            database.toString(),
                            target.toString()),
                    environment,
                    List.of(
                            plan.python,
                            "-c",
                            "import decentdb, sys; c = decentdb.connect(sys.argv[1]).cursor(); c.execute('" + COUNT
                                    + "'); print(c.fetchone()[0])",
                            target.toString())));
        } else {
            notes.add(
                    "- DecentDB's own import program is left out; `library=` and `decentdb-python=` name what it takes");
        }
        if (sqlite3) {
            List<String> count = List.of("sqlite3", target.toString(), COUNT);
            all.add(new Importer(
                    "SQLite",
                    "sqlite3, `INSERT .. SELECT` from the attached file",
                    "SQLite",
                    List.of(
                            "sqlite3",
                            target.toString(),
                            "ATTACH '" + database + "' AS source; CREATE TABLE item " + COLUMNS
                                    + "; INSERT INTO item SELECT * FROM source.item"),
                    Map.of(),
                    count));
            all.add(ours("csv", csv, ""));
            all.add(new Importer(
                    "CSV",
                    "sqlite3, `.import`",
                    "SQLite",
                    List.of("sqlite3", target.toString(), ".import --csv " + csv + " item"),
                    Map.of(),
                    count));
        } else {
            all.add(ours("csv", csv, ""));
        }
        if (!plan.library.isEmpty()) {
            all.add(ours("csv", csv, plan.library));
        }
        return all;
    }

    private boolean runs(List<String> command, String peer, String remedy) throws InterruptedException {
        try {
            if (ImportProcess.run(command, Map.of(), folder.resolve("log"), plan.limit)
                            .failure()
                    == null) {
                return true;
            }
        } catch (IOException e) {
            // The program is not there.
        }
        notes.add("- " + peer + " is left out: `" + command.get(0) + "` does not run (" + remedy + ")");
        return false;
    }

    private Path target() {
        return folder.resolve("target.ddb");
    }

    private Importer ours(String kind, Path source, String library) {
        return new Importer(
                kind.equals("csv") ? "CSV" : "SQLite",
                "**decentdb-import**",
                library.isEmpty() ? "bundled" : "libdecentdb",
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx" + plan.heap,
                        "--enable-native-access=ALL-UNNAMED",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        "com.decentdb.importer.Main",
                        kind,
                        source.toString(),
                        "r2dbc:decentdb:///" + target() + (library.isEmpty() ? "" : "?nativeLibrary=" + library)),
                Map.of(),
                List.of());
    }

    private Measured measure(Importer importer) throws IOException, InterruptedException {
        progress(importer.source + ", " + importer.program + " into " + importer.engine);
        Path log = folder.resolve("log");
        // The disk must not write during this import what the one before left in the cache.
        ImportProcess.run(List.of("sync"), Map.of(), log, plan.limit);
        End end = ImportProcess.run(importer.command, importer.environment, log, plan.limit);
        long file = 0;
        try (var files = Files.newDirectoryStream(folder, "target.ddb*")) {
            for (Path each : files) {
                file += Files.size(each);
            }
        }
        if (end.failure() == null) {
            String counted = importer.check.isEmpty()
                    ? end.output().replace(",", "")
                    : ImportProcess.run(importer.check, importer.environment, log, plan.limit)
                            .output();
            if (!counted.matches("(?s)(.*\\D)?" + plan.rows + "(\\D.*)?")) {
                end = new End(end.nanos(), end.peak(), "does not have all rows: " + counted, "");
            }
        }
        progress(String.format(Locale.ROOT, "  %.1f s, %d MB", end.nanos() / 1e9, end.peak() / 1000)
                + (end.failure() == null ? "" : ", " + end.failure()));
        try (var files = Files.newDirectoryStream(folder, "target.ddb*")) {
            for (Path each : files) {
                Files.delete(each);
            }
        }
        return new Measured(end, file);
    }

    private List<String> table() {
        List<String> lines = new ArrayList<>(List.of(
                "| from | program | engine | rows/s | seconds | peak RSS MB | files MB |",
                "|---|---|---|---|---|---|---|"));
        measured.forEach((importer, rounds) -> {
            List<Long> times =
                    rounds.stream().map(one -> one.end.nanos()).sorted().toList();
            double seconds = times.get(times.size() / 2) / 1e9;
            long peak = rounds.stream().mapToLong(one -> one.end.peak()).max().orElse(0);
            Measured last = rounds.get(rounds.size() - 1);
            String begin = "| " + importer.source + " | " + importer.program + " | " + importer.engine + " | ";
            @Nullable String failure = last.end.failure();
            lines.add(
                    failure == null
                            ? begin
                                    + String.format(
                                            Locale.ROOT,
                                            "%,.0f | %,.1f | %,d | %,d |",
                                            plan.rows / seconds,
                                            seconds,
                                            peak / 1000,
                                            last.file / 1_000_000)
                            : begin + "– | " + failure.replace("|", "\\|")
                                    + String.format(Locale.ROOT, " | %,d | – |", peak / 1000));
        });
        return lines;
    }

    private static void progress(String step) {
        System.err.println(step);
    }
}
