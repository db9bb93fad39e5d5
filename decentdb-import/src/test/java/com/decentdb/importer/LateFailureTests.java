package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.texts;
import static com.decentdb.importer.Databases.url;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failures when almost everything was written; {@code -Dimport.rows} says how many rows that is. */
class LateFailureTests {

    private static final int ROWS = Integer.getInteger("import.rows", 50_000);
    /** The first row is on the third line. */
    private static final int FIRST = 3;

    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void prepare() {
        target = folder.resolve("late.ddb");
    }

    /** The id of each row of such a number is that of the one before. */
    private Path dump(int repeated) {
        Path dump = folder.resolve("late.sql");
        try (BufferedWriter out = Files.newBufferedWriter(dump)) {
            out.write("CREATE TABLE item (id integer PRIMARY KEY, name text);\nCOPY item (id, name) FROM stdin;\n");
            for (int i = 1; i <= ROWS; i++) {
                out.write((i % repeated == 0 ? i - 1 : i) + "\tthe name of the item with the number " + i + "\n");
            }
            out.write("\\.\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return dump;
    }

    @Test
    void aConstraintThatTheLastRowBreaksLeavesNothing() {
        Path dump = dump(ROWS);

        assertThatThrownBy(
                        () -> DecentDbImport.pgDump(dump, url(target)).report().block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("late.sql:" + (ROWS + FIRST - 1) + ": table item: ");

        assertThat(Databases.files(folder)).containsExactly("late.sql");
    }

    @Test
    void rowsThatAreSkippedAreListedToTheLast() {
        int each = ROWS / 50;

        ImportReport report = requireNonNull(DecentDbImport.pgDump(dump(each), url(target))
                .with(options -> options.withOnError(OnError.SKIP))
                .report()
                .block());

        assertThat(report.tables()).containsExactly(new ImportReport.Table("item", "item", ROWS, ROWS - 50, 50));
        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::line)
                .containsExactlyElementsOf(LongStream.rangeClosed(1, 50)
                        .mapToObj(i -> i * each + FIRST - 1)
                        .toList());
        assertThat(texts(target, "SELECT count(*), count(DISTINCT id), max(id) FROM item"))
                .containsExactly(List.of("" + (ROWS - 50), "" + (ROWS - 50), "" + (ROWS - 1)));
    }

    /** A full disk is no fault of a row, so that nothing is skipped because of it. A file that may not grow stands for it. */
    @Test
    void aFullDiskEndsAnImportThatSkipsRows() throws Exception {
        Path report = folder.resolve("report.json");
        Path log = folder.resolve("log");

        Process child = Databases.program(
                log,
                List.of("bash", "-c", "trap '' XFSZ; ulimit -f " + ROWS / 50 + "; exec \"$@\"", "bash"),
                "pgdump",
                dump(ROWS / 50).toString(),
                url(target),
                "--on-error",
                "skip",
                "--report",
                report.toString());

        assertThat(child.waitFor()).isEqualTo(1);
        assertThat(Files.readString(log)).contains("late.sql:", "Nothing was imported.");
        assertThat(Databases.files(folder)).containsExactlyInAnyOrder("late.sql", "log");
    }

    @Test
    void theProgramListsSkippedRowsInItsReport() throws Exception {
        Path report = folder.resolve("report.json");
        Path log = folder.resolve("log");

        Process child = Databases.program(
                log,
                List.of(),
                "pgdump",
                dump(ROWS).toString(),
                url(target),
                "--on-error",
                "skip",
                "--report",
                report.toString());

        assertThat(child.waitFor()).as(Files.readString(log)).isEqualTo(3);
        assertThat(Files.readString(log)).contains("1 row skipped");
        assertThat(Files.readString(report))
                .contains("\"rowsSkipped\" : 1", "\"line\" : " + (ROWS + FIRST - 1))
                .endsWith("}" + System.lineSeparator());
        assertThat(column(target, "SELECT count(*) FROM item")).containsExactly("" + (ROWS - 1));
    }
}
