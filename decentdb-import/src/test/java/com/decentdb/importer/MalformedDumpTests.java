package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.resource;
import static com.decentdb.importer.Databases.url;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MalformedDumpTests {

    private static final String TABLE =
            "CREATE TABLE t (id integer PRIMARY KEY, n integer, s text CHECK (s <> 'bad'));\n";

    @TempDir
    Path folder;

    private Path dump;
    private Path target;

    @BeforeEach
    void prepare() {
        dump = folder.resolve("dump.sql");
        target = folder.resolve("target.ddb");
    }

    private ImportReport importDump(OnError onError) {
        return requireNonNull(DecentDbImport.pgDump(dump, url(target))
                .with(options -> options.withOnError(onError))
                .report()
                .block());
    }

    private void assertFails(String message) {
        assertThatThrownBy(() -> importDump(OnError.STOP))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining(message);
        assertThat(Databases.files(folder)).containsExactly("dump.sql");
    }

    /** Whether rows or the schema are cut, and whether bad rows are skipped: what is cut off is never imported. */
    @ParameterizedTest
    @ValueSource(strings = {"library.copy.sql", "library.inserts.sql"})
    void aDumpThatIsCutAnywhereIsRefused(String name) throws IOException {
        byte[] whole = resource(name).getBytes(StandardCharsets.UTF_8);
        int marked = resource(name).getBytes(StandardCharsets.UTF_8).length
                - resource(name)
                        .substring(resource(name).lastIndexOf("-- PostgreSQL database dump complete"))
                        .getBytes(StandardCharsets.UTF_8)
                        .length;
        Random random = new Random();
        long seed = random.nextLong();
        random.setSeed(seed);
        int header = resource(name).indexOf("-- PostgreSQL database dump") + 40;

        for (int i = 0; i < 60; i++) {
            int cut = header + random.nextInt(marked - header);
            Files.write(dump, Arrays.copyOf(whole, cut));
            OnError onError = random.nextBoolean() ? OnError.STOP : OnError.SKIP;

            assertThatThrownBy(() -> importDump(onError))
                    .as("cut at %s, seed %s", cut, seed)
                    .isInstanceOf(ImportException.class)
                    .hasMessageContaining("dump.sql:");
            assertThat(Databases.files(folder)).containsExactly("dump.sql");
        }
    }

    @Test
    void aCompressedDumpThatIsCutIsRefused() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(resource("library.copy.sql").getBytes(StandardCharsets.UTF_8));
        }
        for (int cut : new int[] {15, 100, packed.size() / 2, packed.size() - 9}) {
            Files.write(dump, Arrays.copyOf(packed.toByteArray(), cut));

            assertFails("dump.sql:");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1\\t2 | the row has 2 values for 3 columns",
                "1\\t2\\ta\\tb | the row has 4 values for 3 columns",
                "1\\tx\\ta | column n: 'x' is not a value of INTEGER",
                "1\\t99999999999999999999\\ta | column n: '99999999999999999999' is not a value of INTEGER",
                "1\\t2\\tbad | dump.sql:4: table t:",
                "0\\t2\\tdouble | dump.sql:4: table t:",
                "\\\\N\\t2\\ta | column id, the primary key, is NULL",
            })
    void aRowThatIsRefusedIsNamedWithItsLine(String row, String message) throws IOException {
        String line = row.replace("\\\\", "\u0001").replace("\\t", "\t").replace("\u0001", "\\");
        Files.writeString(dump, TABLE + "COPY t (id, n, s) FROM stdin;\n0\t0\tgood\n" + line + "\n5\t5\tgood\n\\.\n");
        assertFails(message);
        assertFails("dump.sql:4: table t:");

        ImportReport report = importDump(OnError.SKIP);

        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::table, ImportReport.SkippedRow::line)
                .containsExactly(tuple("t", 4L));
        assertThat(report.tables()).containsExactly(new ImportReport.Table("t", "t", 3, 2, 1));
        assertThat(column(target, "SELECT id FROM t ORDER BY id")).containsExactly("0", "5");
    }

    @Test
    void aLineInAnotherEncodingIsNamed() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write((TABLE + "COPY t (id, n, s) FROM stdin;\n1\t1\t").getBytes(StandardCharsets.UTF_8));
        bytes.write(0xe4);
        bytes.write("\n2\t2\tä\n\\.\n".getBytes(StandardCharsets.UTF_8));
        Files.write(dump, bytes.toByteArray());

        assertFails("dump.sql:3: table t: the line is not UTF-8");
        assertThat(importDump(OnError.SKIP).rowsSkipped()).isEqualTo(1);
    }

    @Test
    void aDumpInLatin1IsReadAsSuch() throws IOException {
        Files.write(
                dump,
                ("SET client_encoding = 'LATIN1';\n" + TABLE + "COPY t (id, n, s) FROM stdin;\n1\t1\tä\n\\.\n")
                        .getBytes(StandardCharsets.ISO_8859_1));

        importDump(OnError.STOP);

        assertThat(column(target, "SELECT s FROM t")).containsExactly("ä");
    }

    @Test
    void everyBadRowOfManyIsFoundAndNoOther() throws IOException {
        StringBuilder rows = new StringBuilder(TABLE + "COPY t (id, n, s) FROM stdin;\n");
        for (int i = 0; i < 5000; i++) {
            rows.append(i).append("\t1\t").append(i % 701 == 0 ? "bad" : "good").append('\n');
        }
        Files.writeString(dump, rows.append("\\.\n"));

        ImportReport report = importDump(OnError.SKIP);

        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::line)
                .containsExactly(3L, 704L, 1405L, 2106L, 2807L, 3508L, 4209L, 4910L);
        assertThat(column(target, "SELECT count(*) FROM t")).containsExactly("4992");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CREATE TABLE t (id integer,,); | expected a name, found ','",
                "COPY nowhere (a) FROM stdin; | there are rows of the table nowhere",
                "CREATE TABLE t (a integer); COPY t (b) FROM stdin; | has no column b",
                "CREATE TABLE t (a integer, b integer); COPY t (a) FROM stdin; | without its column b",
                "CREATE TABLE t (a text); INSERT INTO t VALUES ('x' + 'y'); | expected ')'",
                "CREATE TABLE t (a text); INSERT INTO t VALUES (now()); | a value is an expression",
                "CREATE TABLE t (a integer) INHERITS (u); | --exclude t",
                "SET client_encoding = 'KOI8X'; | pg_dump --encoding=UTF8",
                "-- PostgreSQL database cluster dump | dump one with pg_dump",
            })
    void aStatementThatCannotBeReadIsNamedWithTheRemedy(String text, String message) throws IOException {
        Files.writeString(dump, text.replace("; ", ";\n") + "\n");

        assertFails(message);
    }
}
