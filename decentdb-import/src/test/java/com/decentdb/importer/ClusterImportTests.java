package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.file;
import static com.decentdb.importer.Databases.numbered;
import static com.decentdb.importer.Databases.resource;
import static com.decentdb.importer.Databases.sqlite;
import static com.decentdb.importer.Databases.texts;
import static com.decentdb.importer.Databases.with;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.decentdb.examples.cluster.LocalCluster;
import com.decentdb.importer.ImportException.Left;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A cluster of three real nodes as the target. */
class ClusterImportTests {

    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static final String OBJECTS = "SELECT name FROM sqlite_schema ORDER BY name";

    private static @Nullable LocalCluster cluster;

    @TempDir
    Path folder;

    private String url = "";

    @BeforeAll
    static void start() throws IOException {
        if (!LocalCluster.isAvailable()) {
            String reason = "There is no dqlite server library here (apt-get install libdqlite0)";
            if (System.getenv("CI") != null) {
                Assertions.fail(reason);
            }
            Assumptions.abort(reason);
        }
        cluster = LocalCluster.start();
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void chooseDatabase() {
        url = requireNonNull(cluster).url("import" + DATABASES.incrementAndGet());
    }

    private static ImportReport report(DecentDbImport one) {
        return requireNonNull(one.report().block(Duration.ofMinutes(2)));
    }

    private void execute(String sql) {
        with(url, connection -> connection.execute(sql));
    }

    /** SQLite's own notation of every value and its type. */
    private static String quoted(String table, List<String> columns) {
        return columns.stream()
                .map(name -> "typeof(" + name + ") || ' ' || quote(" + name + ")")
                .collect(Collectors.joining(" || ' ' || ", "SELECT ", " FROM " + table + " ORDER BY 1"));
    }

    private static List<String> inFile(Path file, String sql) {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> all = new ArrayList<>();
            while (rows.next()) {
                all.add(rows.getString(1));
            }
            return all;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void everyValueOfSqliteStaysAsItIs() {
        Path source = sqlite(folder.resolve("shop.db"), resource("shop.sql"));

        ImportReport report = report(DecentDbImport.sqlite(source, url));

        Map<String, List<String>> tables = Map.of(
                "types",
                List.of(
                        "id",
                        "whole",
                        "real_number",
                        "exact",
                        "flag",
                        "name",
                        "\"odd name\"",
                        "\"key\"",
                        "bytes",
                        "day",
                        "moment",
                        "clock",
                        "uid",
                        "document",
                        "untyped",
                        "mixed",
                        "bytes_and_text",
                        "maybe_uuid",
                        "code",
                        "name_size"),
                "employee",
                List.of("id", "name", "boss", "team"),
                "team",
                List.of("id", "name", "lead"),
                "note",
                List.of("item_order", "item_position", "body"));
        tables.forEach((table, columns) ->
                assertThat(column(url, quoted(table, columns))).isEqualTo(inFile(source, quoted(table, columns))));
        assertThat(column(url, quoted("\"line item\"", List.of("order_no", "position", "text", "quantity"))))
                .isEqualTo(
                        inFile(source, quoted("\"Line Item\"", List.of("order_no", "position", "text", "quantity"))));
        assertThat(column(url, OBJECTS))
                .contains("by_team", "bosses", "by_length", "by_lower", "heads", "first_heads")
                .doesNotContain("decentdb_import");
        assertThat(column(url, "SELECT head FROM first_heads")).containsExactly("Bob");
        assertThat(report.changed())
                .extracting(ImportReport.Finding::object)
                .contains("column types.moment", "column types.flag", "column types.exact");
        assertThat(column(url, "SELECT count(*) FROM team WHERE name = 'CORE'"))
                .as("the collation is there")
                .containsExactly("1");
        assertThatThrownBy(() -> execute("INSERT INTO employee VALUES (9, 'Dan', 77, 1)"))
                .hasMessageContaining("FOREIGN KEY");
    }

    @Test
    void theTypesOfPostgresBecomeThoseThatALeaderHasAndTheDriverReads() {
        Path dump = file(folder, "library.sql", resource("library.copy.sql"));

        ImportReport report = report(DecentDbImport.pgDump(dump, url));

        assertThat(report.rowsWritten()).isEqualTo(16);
        assertThat(
                        texts(
                                url,
                                "SELECT c_bigint, c_double, typeof(c_boolean), c_boolean, c_numeric, c_huge, c_uuid, c_date, c_time,"
                                        + " c_timestamp, c_timestamptz, c_interval, c_mood, c_ints, hex(c_bytea) FROM types WHERE id = 1"))
                .containsExactly(List.of(
                        "-9223372036854775808",
                        "1e+300",
                        "integer",
                        "1",
                        "12.345",
                        "123456789012345678901234567890.0123456789",
                        "11111111-2222-3333-4444-555555555555",
                        "2024-02-29",
                        "23:59:59.123456",
                        "2024-07-01 12:00:00.5",
                        "2024-07-01 10:00:00+00:00",
                        "1 year 2 mons 3 days 04:05:06.789",
                        "it's ok",
                        "[1,null,3]",
                        "00FF10"));
        assertThat(texts(url, "SELECT id, author_id, title, price, title_length, sequel_of FROM book ORDER BY id"))
                .containsExactly(
                        Arrays.asList("1", "1", "Earthsea", "12.50", "8", "3"),
                        Arrays.asList("2", "1", "Tombs", "7.00", "5", "1"),
                        Arrays.asList("3", "2", "Заря", null, "4", null));
        assertThat(report.changed())
                .anySatisfy(
                        finding -> assertThat(finding.reason()).contains("a cluster has no type BOOL; it is INTEGER"));
        assertThat(report.skipped()).extracting(ImportReport.Finding::object).contains("sequence counter");
    }

    @Test
    void aCsvFileGetsTypesAndRowsAreAddedToIt() {
        Path source = file(folder, "price.csv", "id,name,amount,day\n1,007,12.50,2024-02-29\n2,,0.99,2024-03-01\n");
        DecentDbImport typed =
                DecentDbImport.csv(source, url).with(options -> options.withCsv(csv -> csv.withDetectTypes(true)));

        report(typed);
        report(DecentDbImport.csv(source, url).with(options -> options.withCsv(csv -> csv.withAppend(true))));

        assertThat(texts(url, "SELECT DISTINCT typeof(id), id, name, amount, day FROM price ORDER BY id"))
                .containsExactly(
                        List.of("integer", "1", "007", "12.50", "2024-02-29"),
                        Arrays.asList("integer", "2", null, "0.99", "2024-03-01"));
        assertThat(column(url, "SELECT count(*) FROM price")).containsExactly("4");
    }

    @Test
    void aDryRunAndARefusedImportWriteNothing() {
        execute("CREATE TABLE item (a INTEGER); INSERT INTO item VALUES (1)");
        Path source = file(folder, "item.csv", "id,name\n1,one\n");

        ImportReport report = report(DecentDbImport.csv(source, url)
                .with(options -> options.withDryRun(true).withOverwrite(true)));
        assertThat(report.statements()).singleElement().asString().startsWith("CREATE TABLE \"item\"");
        assertThatThrownBy(() -> report(DecentDbImport.csv(source, url)))
                .isInstanceOfSatisfying(
                        ImportException.class, e -> assertThat(e.left()).isEqualTo(Left.NOTHING))
                .hasMessageContaining("the target has already [item]");

        assertThat(column(url, OBJECTS)).containsExactly("item");
        assertThat(column(url, "SELECT a FROM item")).containsExactly("1");
    }

    @Test
    void oneTransactionIsAllOrNothing() throws IOException {
        execute("CREATE TABLE item (a INTEGER); INSERT INTO item VALUES (1)");
        Path source = numbered(folder.resolve("item.csv"), 3_000);
        DecentDbImport whole = DecentDbImport.csv(source, url)
                .with(options -> options.withCommitEvery(0)
                        .withOverwrite(true)
                        .withCsv(csv -> csv.withColumns(Map.of("id", "INT64"))));
        Files.writeString(source, "x,no number\n", StandardOpenOption.APPEND);

        assertThatThrownBy(() -> report(whole))
                .isInstanceOfSatisfying(
                        ImportException.class, e -> assertThat(e.left()).isEqualTo(Left.NOTHING))
                .hasMessageContaining("item.csv:3002");
        assertThat(column(url, "SELECT a FROM item")).containsExactly("1");

        report(whole.with(options -> options.withOnError(OnError.SKIP)));
        assertThat(column(url, "SELECT count(*) FROM item")).containsExactly("3000");
        assertThat(column(url, OBJECTS)).containsExactly("item");
    }

    /** Parents may come after their children, so that keys are checked last; and from then on with every row. */
    @Test
    void rowsThatReferToNothingAreFoundAtTheEnd() {
        Path dump = file(folder, "dump.sql", """
                CREATE TABLE parent (id integer PRIMARY KEY);
                CREATE TABLE child (id integer PRIMARY KEY, parent integer);
                COPY child (id, parent) FROM stdin;
                1\t1
                2\t77
                \\.
                COPY parent (id) FROM stdin;
                1
                \\.
                ALTER TABLE ONLY child ADD CONSTRAINT c FOREIGN KEY (parent) REFERENCES parent(id);
                """);
        DecentDbImport one = DecentDbImport.pgDump(dump, url);

        assertThatThrownBy(() -> report(one))
                .isInstanceOfSatisfying(
                        ImportException.class, e -> assertThat(e.left()).isEqualTo(Left.PART))
                .hasMessageContaining("dump.sql:5: table child: [parent] = [77] is no row of parent");
        ImportReport report = report(
                one.with(options -> options.withUnfinished(Unfinished.RESUME).withOnError(OnError.SKIP)));

        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::line)
                .containsExactly(5L);
        assertThat(column(url, "SELECT id FROM child")).containsExactly("1");
        assertThatThrownBy(() -> execute("INSERT INTO child VALUES (3, 77)")).hasMessageContaining("FOREIGN KEY");
    }

    @Test
    void aProcessThatIsKilledLeavesWhatTheTableSaysAndTheNextGoesOn() throws Exception {
        int all = 30_000;
        Path source = numbered(folder.resolve("item.csv"), all);
        String[] resuming = {"csv", source.toString(), url, "--column", "id=INT64", "--commit-every=500", "--resume"};
        for (int round = 1; round <= 2; round++) {
            int enough = all * round / 4;
            Process child = Databases.program(folder.resolve("log"), List.of(), resuming);
            Mono.fromCallable(() -> committed(url))
                    .subscribeOn(Schedulers.boundedElastic())
                    .repeatWhen(again -> again.delayElements(Duration.ofMillis(10)))
                    .takeUntil(rows -> rows >= enough || !child.isAlive())
                    .blockLast(Duration.ofMinutes(1));
            child.destroyForcibly().waitFor();

            assertThat(column(url, "SELECT rows_written FROM decentdb_import"))
                    .as(Files.readString(folder.resolve("log")))
                    .isEqualTo(column(url, "SELECT count(*) FROM item"))
                    .isEqualTo(column(url, "SELECT max(id) FROM item"));
            assertThatThrownBy(() -> report(DecentDbImport.csv(source, url)))
                    .hasMessageContaining("was not finished; it has these rows: item ");
        }

        Process last = Databases.program(folder.resolve("log"), List.of(), resuming);
        assertThat(last.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(last.exitValue()).as(Files.readString(folder.resolve("log"))).isZero();
        assertThat(texts(url, "SELECT count(*), count(DISTINCT id), max(id) FROM item"))
                .containsExactly(List.of("" + all, "" + all, "" + all));
        assertThat(column(url, OBJECTS)).containsExactly("item");
    }

    private static long committed(String url) {
        return column(url, "SELECT count(*) FROM sqlite_schema WHERE name = 'decentdb_import'")
                        .equals(List.of("1"))
                ? column(url, "SELECT rows_written FROM decentdb_import").stream()
                        .mapToLong(Long::parseLong)
                        .sum()
                : 0;
    }

    @Test
    void anImportGoesOnWithTheNextLeader() {
        int all = 20_000;
        Path source = numbered(folder.resolve("item.csv"), all);
        ClusterAdmin admin = DecentDb.cluster(url);
        String first = requireNonNull(admin.leader().block()).address();
        AtomicBoolean handedOver = new AtomicBoolean();

        ImportReport report = requireNonNull(DecentDbImport.csv(source, url)
                .with(options -> options.withCommitEvery(1_000))
                .run()
                .doOnNext(state -> {
                    if (state.rowsWritten() > 5_000 && handedOver.compareAndSet(false, true)) {
                        admin.transferLeadership().block(Duration.ofMinutes(1));
                    }
                })
                .last()
                .mapNotNull(ImportProgress::report)
                .block(Duration.ofMinutes(3)));

        assertThat(requireNonNull(admin.leader().block()).address()).isNotEqualTo(first);
        admin.close().block();
        assertThat(report.rowsWritten()).isEqualTo(all);
        assertThat(texts(url, "SELECT count(*), count(DISTINCT id) FROM item"))
                .containsExactly(List.of("" + all, "" + all));
        assertThat(column(url, OBJECTS)).containsExactly("item");
    }

    @Test
    void aTextThatAServerWouldCutIsRefusedByItsRow() {
        Path source = sqlite(
                folder.resolve("cut.db"),
                "CREATE TABLE a (t TEXT);\nINSERT INTO a VALUES ('whole'), ('a' || char(0) || 'b');\n");

        assertThatThrownBy(() -> report(DecentDbImport.sqlite(source, url)))
                .hasMessageContaining("cut.db:2: table a: column t: a cluster cuts texts off at U+0000");
        report(DecentDbImport.sqlite(source, url)
                .with(options -> options.withUnfinished(Unfinished.RESTART).withOnError(OnError.SKIP)));

        assertThat(column(url, "SELECT t FROM a")).containsExactly("whole");
    }
}
