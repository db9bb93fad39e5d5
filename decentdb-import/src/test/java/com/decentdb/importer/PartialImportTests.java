package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.file;
import static com.decentdb.importer.Databases.numbered;
import static com.decentdb.importer.Databases.texts;
import static com.decentdb.importer.Databases.url;
import static com.decentdb.importer.Databases.with;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.importer.ImportException.Left;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Imports with commits in between into a database that exists: what was committed stays, is known exactly, and is gone on with. */
class PartialImportTests {

    private static final int ROWS = 40_000;
    private static final String STATE = "SELECT rows_read, rows_written, rows_skipped FROM decentdb_import";

    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void prepare() {
        target = folder.resolve("app.ddb");
        with(target, connection -> connection.execute("CREATE TABLE mine (a INT64); INSERT INTO mine VALUES (7)"));
    }

    private DecentDbImport csv(Path source, int commitEvery, Unfinished unfinished) {
        return DecentDbImport.csv(source, url(target) + "?linger=0")
                .with(options -> options.withCommitEvery(commitEvery)
                        .withUnfinished(unfinished)
                        .withCsv(csv -> csv.withColumns(Map.of("id", "INT64"))));
    }

    private void assertComplete(String table, int rows) {
        assertThat(texts(target, "SELECT count(*), count(DISTINCT id), sum(id) FROM " + table))
                .containsExactly(List.of("" + rows, "" + rows, "" + rows * (rows + 1L) / 2));
        assertThat(column(target, "SELECT name FROM sqlite_schema")).doesNotContain("decentdb_import");
        assertThat(column(target, "SELECT a FROM mine")).containsExactly("7");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 600, 100_000})
    void theLastCommitLeavesNothingButTheTables(int commitEvery) {
        Path source = numbered(folder.resolve("item.csv"), 3_000);

        ImportReport report = requireNonNull(
                csv(source, commitEvery, Unfinished.REFUSE).report().block());

        assertThat(report.tables()).containsExactly(new ImportReport.Table("item", "item", 3_000, 3_000, 0));
        assertComplete("item", 3_000);
    }

    @Test
    void aFailureSaysWhatWasCommittedAndAnImportThatSkipsGoesOn() throws IOException {
        Path source = numbered(folder.resolve("item.csv"), 5_000);
        Files.writeString(source, "x,no number\n", StandardOpenOption.APPEND);

        assertThatThrownBy(() -> csv(source, 1_024, Unfinished.REFUSE).report().block())
                .isInstanceOfSatisfying(
                        ImportException.class, e -> assertThat(e.left()).isEqualTo(Left.PART))
                .hasMessageContaining("item.csv:5002: table item: column id: 'x' is not a value of INT64")
                .hasMessageContaining("Committed rows: item 4,096")
                .hasMessageContaining("--resume")
                .hasMessageContaining("--restart");
        assertThat(texts(target, STATE)).containsExactly(List.of("4096", "4096", "0"));
        assertThat(column(target, "SELECT count(*) FROM item")).containsExactly("4096");

        assertThatThrownBy(() -> csv(source, 1_024, Unfinished.REFUSE).report().block())
                .isInstanceOfSatisfying(
                        ImportException.class, e -> assertThat(e.left()).isEqualTo(Left.NOTHING))
                .hasMessageContaining("was not finished; it has these rows: item 4,096; --resume goes on with it");

        ImportReport report = requireNonNull(csv(source, 1_024, Unfinished.RESUME)
                .with(options -> options.withOnError(OnError.SKIP))
                .report()
                .block());
        assertThat(report.tables()).containsExactly(new ImportReport.Table("item", "item", 5_001, 5_000, 1));
        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::line)
                .containsExactly(5_002L);
        assertComplete("item", 5_000);
    }

    /** Rows that were skipped count among those that were read, so that the import goes on at the right one. */
    @Test
    void anImportThatSkippedRowsGoesOnBehindThem() throws IOException {
        Path source = folder.resolve("item.csv");
        StringBuilder text = new StringBuilder("id,name\n");
        for (int i = 1; i <= 3_000; i++) {
            text.append(i % 3 == 0 ? "x" : "" + i).append(",name\n");
        }
        Files.writeString(source, text + "1,\"open\n");

        assertThatThrownBy(() -> csv(source, 100, Unfinished.REFUSE)
                        .with(options -> options.withOnError(OnError.SKIP))
                        .report()
                        .block())
                .hasMessageContaining("Committed rows: item 2,000");
        List<String> state = column(target, "SELECT rows_written + rows_skipped - rows_read FROM decentdb_import");
        assertThat(state).containsExactly("0");
        assertThat(column(target, "SELECT count(*) FROM item"))
                .isEqualTo(column(target, "SELECT rows_written FROM decentdb_import"));

        // The end is repaired, and the file looks as it was.
        FileTime time = Files.getLastModifiedTime(source);
        Files.writeString(source, text + "1,\"open\"");
        Files.setLastModifiedTime(source, time);
        ImportReport report = requireNonNull(csv(source, 100, Unfinished.RESUME)
                .with(options -> options.withOnError(OnError.SKIP))
                .report()
                .block());

        assertThat(report.tables()).containsExactly(new ImportReport.Table("item", "item", 3_001, 2_001, 1_000));
        assertThat(report.warnings()).extracting(ImportReport.Finding::object).containsExactly("skipped rows");
        assertThat(texts(target, "SELECT count(*), count(DISTINCT id) FROM item"))
                .containsExactly(List.of("2001", "2000"));
    }

    @Test
    void restartingDropsWhatAnotherImportLeftAndNothingElse() throws IOException {
        Path source = file(folder, "item.csv", "id,name\n1,a\nx,b\n");
        assertThatThrownBy(() -> csv(source, 1, Unfinished.REFUSE).report().block())
                .hasMessageContaining("Committed rows: item 1");
        Files.writeString(source, "id,name\n5,a\n6,b\n");

        assertThatThrownBy(() -> csv(source, 1, Unfinished.RESUME).report().block())
                .hasMessageContaining("this one is of another source");
        csv(source, 1, Unfinished.RESTART).report().block();

        assertThat(column(target, "SELECT id FROM item ORDER BY id")).containsExactly("5", "6");
        assertThat(column(target, "SELECT a FROM mine")).containsExactly("7");
        assertThat(column(target, "SELECT name FROM sqlite_schema")).doesNotContain("decentdb_import");
    }

    @Test
    void anImportOfEverythingInOneTransactionLeavesNothing() {
        Path source = file(folder, "item.csv", "id,name\n1,a\nx,b\n");

        assertThatThrownBy(() -> csv(source, 0, Unfinished.REFUSE).report().block())
                .isInstanceOfSatisfying(
                        ImportException.class, e -> assertThat(e.left()).isEqualTo(Left.NOTHING));

        assertThat(column(target, "SELECT name FROM sqlite_schema")).containsExactly("mine");
    }

    @Test
    void whatIsAddedToATableThatExistsIsNotDroppedByARestart() {
        with(
                target,
                connection -> connection.execute(
                        "CREATE TABLE item (id INT64, name TEXT); INSERT INTO item VALUES (0, 'zero')"));
        Path source = file(folder, "item.csv", "id,name\n1,a\nx,b\n");
        DecentDbImport appending = DecentDbImport.csv(source, url(target) + "?linger=0")
                .with(options -> options.withCommitEvery(1).withCsv(csv -> csv.withAppend(true)));

        assertThatThrownBy(() -> appending.report().block()).hasMessageContaining("Committed rows: item 1");
        assertThatThrownBy(() -> appending
                        .with(options -> options.withUnfinished(Unfinished.RESTART))
                        .report()
                        .block())
                .hasMessageContaining("it can only go on, with --resume");
        appending
                .with(options -> options.withUnfinished(Unfinished.RESUME).withOnError(OnError.SKIP))
                .report()
                .block();

        assertThat(column(target, "SELECT id FROM item ORDER BY id")).containsExactly("0", "1");
    }

    @Test
    void anImportThatMadeTheTableItAddsToGoesOn() {
        Path source = file(folder, "item.csv", "id,name\n1,a\nx,b\n3,c\n");
        DecentDbImport appending =
                csv(source, 1, Unfinished.RESUME).with(options -> options.withCsv(csv -> csv.withAppend(true)));

        assertThatThrownBy(() -> appending.report().block()).hasMessageContaining("Committed rows: item 1");
        appending.with(options -> options.withOnError(OnError.SKIP)).report().block();

        assertThat(column(target, "SELECT id FROM item ORDER BY id")).containsExactly("1", "3");
    }

    @Test
    void aSourceWithATableOfTheSameNameAsTheStateIsRefused() {
        Path source = file(folder, "decentdb_import.csv", "id,name\n1,a\n");

        assertThatThrownBy(() -> csv(source, 1, Unfinished.REFUSE).report().block())
                .hasMessageContaining("the source has a table decentdb_import");

        assertThat(column(target, "SELECT name FROM sqlite_schema")).containsExactly("mine");
    }

    @Test
    void twoImportsIntoOneDatabaseKeepTheirStatesApart() {
        Path first = file(folder, "first.csv", "id,name\n1,a\nx,b\n");
        Path second = file(folder, "second.csv", "id,name\n2,a\ny,b\n");
        assertThatThrownBy(() -> csv(first, 1, Unfinished.REFUSE).report().block())
                .isInstanceOf(ImportException.class);
        assertThatThrownBy(() -> csv(second, 1, Unfinished.REFUSE).report().block())
                .isInstanceOf(ImportException.class);

        csv(first, 1, Unfinished.RESUME)
                .with(options -> options.withOnError(OnError.SKIP))
                .report()
                .block();
        assertThat(column(target, "SELECT name FROM decentdb_import")).containsExactly("second");
        csv(second, 1, Unfinished.RESTART)
                .with(options -> options.withOnError(OnError.SKIP))
                .report()
                .block();

        assertThat(column(target, "SELECT id FROM first")).containsExactly("1");
        assertThat(column(target, "SELECT id FROM second")).containsExactly("2");
        assertThat(column(target, "SELECT name FROM sqlite_schema")).doesNotContain("decentdb_import");
    }

    /** A dump with keys, indexes, a sequence and a view: whatever step fails, the next run begins with it. */
    @Test
    void everyStepAfterTheRowsIsGoneOnWith() {
        Path source = file(folder, "dump.sql", """
                CREATE TABLE parent (id integer PRIMARY KEY);
                CREATE SEQUENCE number START WITH 5;
                CREATE TABLE child (id integer PRIMARY KEY, parent integer, name text);
                COPY child (id, parent, name) FROM stdin;
                1\t1\ta
                2\t1\tb
                \\.
                COPY parent (id) FROM stdin;
                1
                \\.
                SELECT pg_catalog.setval('number', 9, true);
                ALTER TABLE ONLY child ADD CONSTRAINT c FOREIGN KEY (parent) REFERENCES parent(id);
                CREATE INDEX child_name ON child (name);
                CREATE INDEX child_parent ON child (parent);
                CREATE VIEW children AS SELECT name FROM child;
                """);
        // The test removes after each failure what stands in the way of a step.
        with(
                target,
                connection -> connection.execute("CREATE TABLE other (a INT64); CREATE INDEX child_parent ON other (a);"
                        + " CREATE VIEW children AS SELECT a FROM other"));
        DecentDbImport inParts = DecentDbImport.pgDump(source, url(target) + "?linger=0")
                .with(options -> options.withCommitEvery(1).withUnfinished(Unfinished.RESUME));

        assertThatThrownBy(() -> inParts.report().block())
                .hasMessageContaining("child_parent")
                .hasMessageContaining("child 2");
        with(target, connection -> connection.execute("DROP INDEX child_parent"));
        assertThatThrownBy(() -> inParts.report().block()).hasMessageContaining("children");
        with(target, connection -> connection.execute("DROP VIEW children"));
        inParts.report().block();

        assertThat(column(target, "SELECT name FROM children ORDER BY name")).containsExactly("a", "b");
        assertThat(Databases.indexes(target)).contains("child_name", "child_parent");
        assertThat(column(target, "SELECT name FROM sqlite_schema")).doesNotContain("decentdb_import");
        assertThatThrownBy(
                        () -> with(target, connection -> connection.execute("INSERT INTO child VALUES (3, 77, 'c')")))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
    }

    @Test
    void aProcessThatIsKilledLeavesWhatTheTableSaysAndTheNextGoesOn() throws Exception {
        Path source = numbered(folder.resolve("item.csv"), ROWS);
        String[] arguments = {
            "csv", source.toString(), url(target), "--column", "id=INT64", "--commit-every=500", "--resume"
        };
        for (int round = 1; round <= 3; round++) {
            Process child = Databases.program(folder.resolve("log"), List.of(), arguments);
            awaitRows(child, round * ROWS / 5);
            child.destroyForcibly().waitFor();

            assertThat(column(target, "SELECT rows_written FROM decentdb_import"))
                    .isEqualTo(column(target, "SELECT count(*) FROM item"))
                    .isEqualTo(column(target, "SELECT max(id) FROM item"));
        }

        Process last = Databases.program(folder.resolve("log"), List.of(), arguments);
        assertThat(last.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(last.exitValue()).as(Files.readString(folder.resolve("log"))).isZero();
        assertComplete("item", ROWS);
    }

    /** Waits until so many rows are committed, as another process sees them. */
    private void awaitRows(Process child, int rows) {
        Mono.usingWhen(
                        DecentDb.connect(url(target) + "?linger=0"),
                        connection -> connection
                                .fetchValue("SELECT rows_written FROM decentdb_import", Long.class)
                                .onErrorReturn(0L)
                                .defaultIfEmpty(0L)
                                .repeatWhen(again -> again.delayElements(Duration.ofMillis(5)))
                                .takeUntil(written -> written >= rows || !child.isAlive())
                                .then(),
                        DecentDbConnection::close)
                .block(Duration.ofMinutes(2));
    }

    /** A file that may not grow stands for a disk that is full. */
    @Test
    void aFullDiskLeavesWhatTheTableSays() throws Exception {
        assumeTrue(Databases.bundled(), "DecentDB makes its log larger at once than this limit, and commits nothing");
        Path source = numbered(folder.resolve("item.csv"), ROWS);
        String[] arguments = {
            "csv", source.toString(), url(target), "--column", "id=INT64", "--commit-every=500", "--resume"
        };

        Process child = Databases.program(
                folder.resolve("log"),
                List.of("bash", "-c", "trap '' XFSZ; ulimit -f 1000; exec \"$@\"", "bash"),
                arguments);
        assertThat(child.waitFor()).isEqualTo(1);

        assertThat(Files.readString(folder.resolve("log")))
                .contains("item.csv:", "Committed rows: item ", "A part was imported.");
        List<String> written = column(target, "SELECT rows_written FROM decentdb_import");
        assertThat(written)
                .isEqualTo(column(target, "SELECT count(*) FROM item"))
                .doesNotContain("0", "" + ROWS);
        assertThat(Files.readString(folder.resolve("log")).replace(",", ""))
                .contains("Committed rows: item " + written.get(0));

        assertThat(Databases.program(folder.resolve("log"), List.of(), arguments)
                        .waitFor())
                .as(Files.readString(folder.resolve("log")))
                .isZero();
        assertComplete("item", ROWS);
    }
}
