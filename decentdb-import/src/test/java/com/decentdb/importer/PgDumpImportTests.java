package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.file;
import static com.decentdb.importer.Databases.resource;
import static com.decentdb.importer.Databases.texts;
import static com.decentdb.importer.Databases.url;
import static com.decentdb.importer.Databases.with;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.ZstdOutputStream;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dumps that pg_dump 15 made of {@code library.sql}. */
class PgDumpImportTests {

    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void prepare() {
        target = folder.resolve("library.ddb");
    }

    private ImportReport importDump(Path dump) {
        return requireNonNull(DecentDbImport.pgDump(dump, url(target)).report().block());
    }

    private ImportReport importDump(String resource) {
        return importDump(file(folder, "library.sql", resource(resource)));
    }

    private ImportReport importRows(String statements) {
        return importDump(file(folder, "rows.sql", statements));
    }

    /** Every value of {@link PgDumpImportTests}' database, as its text. */
    static void assertLibrary(Path target) {
        assertThat(texts(target, "SELECT * FROM types ORDER BY id"))
                .containsExactly(
                        Arrays.asList(
                                "1",
                                "-32768",
                                "2147483647",
                                "-9223372036854775808",
                                "1.5",
                                "1e+300",
                                "true",
                                "tab\there, line\nthere, back\\slash, \"quote\" and 'quote'",
                                "007",
                                "ab   ",
                                "\\x00ff10",
                                "12.345",
                                "123456789.123",
                                "123456789012345678901234567890.0123456789",
                                "12345678901234567890.5",
                                "11111111-2222-3333-4444-555555555555",
                                "2024-02-29",
                                "23:59:59.123456",
                                "12:00:00+02",
                                "2024-07-01 12:00:00.5",
                                "2024-07-01 10:00:00+00",
                                "1 year 2 mons 3 days 04:05:06.789",
                                "192.168.1.5/24",
                                "10.0.0.0/8",
                                "08:00:2b:01:02:03",
                                "it's ok",
                                "7",
                                "{\"a\": 1,  \"b\": [null, \"x\"]}",
                                "{\"a\": 1, \"b\": 2}",
                                "[1,null,3]",
                                "[\"a\",null,\"NULL\",\"with \\\"quote\\\"\",\"back\\\\slash\",\"\",\"комма,\"]",
                                "(1,2)",
                                "1010",
                                "(1,x)",
                                "$12.34",
                                "<a>b</a>"),
                        Arrays.asList(
                                "2", null, null, null, null, null, null, null, null, null, null, null, null, null, null,
                                null, null, null, null, null, null, null, null, null, null, null, null, null, null,
                                null, null, null, null, null, null, null),
                        Arrays.asList(
                                "3",
                                "0",
                                "0",
                                "0",
                                "-0.25",
                                "0",
                                "false",
                                "",
                                "",
                                "     ",
                                "\\x",
                                "0.000",
                                "0",
                                "0.0000000000",
                                "0",
                                "00000000-0000-0000-0000-000000000000",
                                "1999-12-31",
                                "00:00:00",
                                "00:00:00+00",
                                "1999-12-31 23:59:59",
                                "1999-12-31 23:59:59.999999+00",
                                "-1 days -02:00:00",
                                "::1",
                                "fe80::/64",
                                "ff:ff:ff:ff:ff:ff",
                                "glücklich",
                                "1",
                                "null",
                                "[]",
                                "[]",
                                "[[\"a\",\"b\"],[\"c\",\"d\"]]",
                                "(0,0)",
                                "0000",
                                "(,\"\")",
                                "-$1.00",
                                "<x/>"),
                        Arrays.asList(
                                "4",
                                "1",
                                "1",
                                "1",
                                "1",
                                "1",
                                "true",
                                "007",
                                "\\N",
                                "1e5  ",
                                "\\x5c78",
                                "1.500",
                                "1.500",
                                "1.0000000000",
                                "1",
                                "99999999-9999-9999-9999-999999999999",
                                "2024-01-01",
                                "01:02:03",
                                "01:02:03-05",
                                "2024-01-01 00:00:00",
                                "2024-01-01 00:00:00+00",
                                "00:00:01",
                                "10.1.2.3",
                                "10.1.2.0/24",
                                "00:00:00:00:00:01",
                                "sad",
                                "2",
                                "\"text\"",
                                "\"😀 Ünïcödé\"",
                                "[-1]",
                                "[\"\\\\\"]",
                                "(-1.5,2.5)",
                                "1111",
                                "(2,\"a,b\")",
                                "$0.00",
                                "<ü/>"));
        assertThat(texts(target, "SELECT id, name, born, favourite FROM author ORDER BY id"))
                .containsExactly(
                        Arrays.asList("1", "Ursula", "1929-10-21", "3"),
                        Arrays.asList("2", "Ægir", null, null),
                        Arrays.asList("3", "O'Brien", "1950-01-01", null));
        assertThat(texts(
                        target,
                        "SELECT id, author_id, title, state, price, title_length, sequel_of FROM book ORDER BY id"))
                .containsExactly(
                        Arrays.asList("1", "1", "Earthsea", "used", "12.50", "8", "3"),
                        Arrays.asList("2", "1", "Tombs", "new", "7.00", "5", "1"),
                        Arrays.asList("3", "2", "Заря", "lost", null, "4", null));
        assertThat(texts(target, "SELECT id, \"a \"\"b\"\"\", \"select\" FROM \"mixed case\" ORDER BY id"))
                .containsExactly(Arrays.asList("1", "q", "w"), Arrays.asList("2", "", null));
        assertThat(texts(target, "SELECT id, body FROM other_note"))
                .containsExactly(List.of("1", "from another schema"));
        assertThat(texts(target, "SELECT at, value FROM measure ORDER BY at"))
                .containsExactly(
                        Arrays.asList("2023-05-05", "1"),
                        Arrays.asList("2024-05-05", "2"),
                        Arrays.asList("2024-06-06", null));
        assertThat(column(target, "SELECT count(*) FROM empty")).containsExactly("0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"library.copy.sql", "library.inserts.sql"})
    void everyValueArrivesInTheTypeOfItsColumn(String dump) {
        importDump(dump);

        assertLibrary(target);
    }

    @Test
    void compressedDumpsAreUnpackedWhateverTheirNames() throws IOException {
        Path gzip = folder.resolve("dump");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            out.write(resource("library.copy.sql").getBytes(StandardCharsets.UTF_8));
        }
        importDump(gzip);
        assertLibrary(target);

        Files.delete(target);
        Path zstd = folder.resolve("dump.zst");
        try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(zstd))) {
            out.write(resource("library.copy.sql").getBytes(StandardCharsets.UTF_8));
        }
        importDump(zstd);
        assertLibrary(target);
    }

    @Test
    void constraintsHold() {
        importDump("library.copy.sql");

        assertRefused("INSERT INTO author (name) VALUES ('Ursula')", "23505");
        assertRefused("INSERT INTO author (name) VALUES ('')", "23514");
        assertRefused("INSERT INTO author (name) VALUES (NULL)", "23502");
        assertRefused("INSERT INTO author (name, born) VALUES ('x', '0999-01-01')", "23514");
        assertRefused("INSERT INTO author (name, favourite) VALUES ('x', 99)", "23503");
        assertRefused("INSERT INTO book (author_id, title) VALUES (99, 'x')", "23503");
        assertRefused("INSERT INTO book (author_id, title) VALUES (1, 'Tombs')", "23505");
        assertRefused("INSERT INTO book (author_id, title, state) VALUES (1, 'x', 'sold')", "23514");
        assertRefused("INSERT INTO book (author_id, title, state) VALUES (2, 'Earthsea', 'used')", "23505");
        assertRefused("INSERT INTO types (c_positive) VALUES (0)", "23514");
        with(target, connection -> connection.execute("DELETE FROM author WHERE id = 2"));
        assertThat(
                        texts(
                                target,
                                "SELECT b.sequel_of, a.favourite FROM book b JOIN author a ON a.id = b.author_id WHERE b.id = 1"))
                .as("ON DELETE CASCADE and SET NULL")
                .containsExactly(Arrays.asList(null, null));
    }

    @Test
    void sequencesGoOnWhereTheyWere() {
        assumeTrue(Databases.bundled(), "DecentDB has no sequences, which the report says");
        importDump("library.copy.sql");

        with(target, connection -> connection.execute("INSERT INTO types (c_text) VALUES ('next')"));
        assertThat(texts(target, "SELECT id, c_integer, c_mood FROM types WHERE c_text = 'next'"))
                .containsExactly(List.of("101", "42", "sad"));
        with(target, connection -> connection.execute("INSERT INTO author (name) VALUES ('next')"));
        assertThat(column(target, "SELECT id FROM author WHERE name = 'next'")).containsExactly("4");
        assertThat(column(target, "SELECT nextval('counter')")).containsExactly("10");
    }

    @Test
    void indexesAndViewsAreCarried() {
        importDump("library.copy.sql");

        assertThat(Databases.indexes(target)).contains("book_title", "book_used", "book_price", "book_hash");
        assertThat(texts(target, "SELECT name, title FROM books ORDER BY title"))
                .containsExactly(List.of("Ursula", "Earthsea"), List.of("Ursula", "Tombs"));
        assertThat(column(target, "SELECT title FROM used_books")).containsExactly("Earthsea");
        assertThat(texts(target, "SELECT author_id, books FROM counts ORDER BY author_id"))
                .containsExactly(List.of("1", "2"), List.of("2", "1"));
    }

    @Test
    void theReportNamesWhatIsNotTheSameWithItsLine() {
        ImportReport report = importDump("library.copy.sql");
        List<String> lines = resource("library.copy.sql").lines().toList();

        assertThat(report.skipped())
                .extracting(ImportReport.Finding::object)
                .anyMatch(object -> object.contains("COMMENT ON TABLE"))
                .anyMatch(object -> object.contains("CREATE TRIGGER"))
                .anyMatch(object -> object.contains("book_words"));
        assertThat(report.changed())
                .extracting(ImportReport.Finding::object)
                .contains(
                        "table other.note",
                        "table measure",
                        "column types.c_ints",
                        "column types.c_wild",
                        "materialized view counts");
        assertThat(report.skipped())
                .filteredOn(finding -> finding.object().startsWith("CREATE "))
                .isNotEmpty()
                .allSatisfy(finding ->
                        assertThat(lines.get((int) finding.line() - 1)).startsWith("CREATE "));
        assertThat(report.tables())
                .extracting(ImportReport.Table::name, ImportReport.Table::rowsWritten)
                .contains(tuple("types", 4L), tuple("measure", 3L), tuple("empty", 0L));
    }

    @Test
    void unquotedNamesAndTextsThatLookLikeNumbersArriveAsTheyAre() {
        importRows(
                "CREATE TABLE Plain (Code text, n integer);\nCOPY plain (code, n) FROM stdin;\n007\t7\n1e5\t\\N\nt\t0\n\\\\N\t1\n\\.\n");

        assertThat(texts(target, "SELECT code, n FROM plain"))
                .containsExactly(
                        Arrays.asList("007", "7"),
                        Arrays.asList("1e5", null),
                        Arrays.asList("t", "0"),
                        Arrays.asList("\\N", "1"));
    }

    @Test
    void aDryRunWritesNothing() {
        Path dump = file(folder, "library.sql", resource("library.copy.sql"));

        ImportReport report = requireNonNull(DecentDbImport.pgDump(dump, url(target))
                .with(options -> options.withDryRun(true))
                .report()
                .block());

        assertThat(report.outcome()).isEqualTo(ImportReport.Outcome.PLANNED);
        assertThat(report.statements()).anyMatch(sql -> sql.startsWith("CREATE TABLE \"book\""));
        assertThat(Databases.files(folder)).containsExactly("library.sql");
    }

    @Test
    void namesThatDifferInTheirCaseOnlyGetANumber() {
        importRows("""
                CREATE TABLE t (a integer, "A" integer, CONSTRAINT c CHECK (("A" > 5)));
                CREATE TABLE "T" (b integer);
                INSERT INTO t VALUES (1, 6);
                INSERT INTO "T" VALUES (2);
                """);

        assertThat(texts(target, "SELECT a, a_2 FROM t")).containsExactly(List.of("1", "6"));
        assertThat(column(target, "SELECT b FROM t_2")).containsExactly("2");
        assertRefused("INSERT INTO t VALUES (9, 5)", "23514");
    }

    private void assertRefused(String sql, String state) {
        assertThatThrownBy(() -> with(target, connection -> connection.execute(sql)))
                .isInstanceOfSatisfying(
                        R2dbcException.class, e -> assertThat(e.getSqlState()).isEqualTo(state));
    }
}
