package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.resource;
import static com.decentdb.importer.Databases.sqlite;
import static com.decentdb.importer.Databases.texts;
import static com.decentdb.importer.Databases.url;
import static com.decentdb.importer.Databases.with;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.r2dbc.spi.R2dbcException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteImportTests {

    @TempDir
    Path folder;

    private Path source;
    private Path target;

    @BeforeEach
    void prepare() {
        source = folder.resolve("shop.db");
        target = folder.resolve("shop.ddb");
    }

    private ImportReport importShop() {
        sqlite(source, resource("shop.sql"));
        return requireNonNull(DecentDbImport.sqlite(source, url(target))
                .with(options -> options.withDetectUuid(true))
                .report()
                .block());
    }

    @Test
    void everyValueArrivesInTheTypeOfItsColumn() {
        assumeTrue(Databases.bundled(), "upper() of DecentDB leaves letters beyond ASCII as they are");
        importShop();

        assertThat(texts(target, "SELECT * FROM types ORDER BY id"))
                .containsExactly(
                        Arrays.asList(
                                "1",
                                "9223372036854775807",
                                "2.5e-07",
                                "12.34",
                                "true",
                                "tab\tand \"quotes\"",
                                "back\\slash",
                                "zeile\nzwei",
                                "\\x00ff10",
                                "2024-02-29",
                                "2024-07-01 12:00:00.5",
                                "23:59:59",
                                "11111111-2222-3333-4444-555555555555",
                                "{\"a\":  [1, null]}",
                                "1",
                                "1",
                                "\\x01",
                                "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
                                "007",
                                "TAB\tAND \"QUOTES\"",
                                "16"),
                        Arrays.asList(
                                "2", null, null, null, null, "", null, null, null, null, null, null, null, null, null,
                                null, null, null, null, "", "0"),
                        Arrays.asList(
                                "3",
                                "-1",
                                "-0.25",
                                "100",
                                "false",
                                "Ünïcödé 😀",
                                "",
                                "1e5",
                                "\\x",
                                "1999-12-31",
                                "1999-12-31 23:59:59",
                                "00:00:00",
                                "00000000-0000-0000-0000-000000000000",
                                "[]",
                                "2.5",
                                "text",
                                "\\x5c783431",
                                "99999999-9999-9999-9999-999999999999",
                                "1.0",
                                "ÜNÏCÖDÉ 😀",
                                "9"));
    }

    @Test
    void columnsHaveTheTypesThatTheirValuesAllow() {
        importShop();

        assertThat(Databases.columns(target, "types"))
                .contains(
                        "id INT64",
                        "exact DECIMAL",
                        "flag BOOL",
                        "day DATE",
                        "moment TIMESTAMP",
                        "clock TIME",
                        "uid UUID",
                        "untyped FLOAT64",
                        "mixed TEXT",
                        "bytes_and_text BLOB",
                        "maybe_uuid UUID",
                        "code TEXT");
    }

    @Test
    void selfReferencesAndCyclesOfForeignKeysHold() {
        importShop();

        assertThat(texts(target, "SELECT id, boss, team FROM employee ORDER BY id"))
                .containsExactly(
                        Arrays.asList("1", "2", "1"), Arrays.asList("2", null, "1"), Arrays.asList("3", "1", null));
        assertThat(column(target, "SELECT lead FROM team")).containsExactly("2");
        assertRefused("UPDATE team SET lead = 9", "23503");
        assertRefused("UPDATE employee SET team = 9 WHERE id = 1", "23503");
        assertRefused("INSERT INTO note VALUES (9, 9, 'x')", "23503");
        with(target, connection -> connection.execute("DELETE FROM employee WHERE id = 1"));
        assertThat(column(target, "SELECT boss FROM employee WHERE id = 3")).containsExactly("null");
        with(target, connection -> connection.execute("DELETE FROM \"line item\" WHERE position = 2"));
        assertThat(column(target, "SELECT body FROM note")).containsExactly("no key");
    }

    @Test
    void constraintsAndDefaultsHold() {
        assumeTrue(
                Databases.bundled(),
                "DecentDB has no sequences and no unique indexes of expressions, which the report says");
        importShop();

        assertRefused("INSERT INTO types (name, code) VALUES ('x', '')", "23514");
        assertRefused("INSERT INTO types (name) VALUES (NULL)", "23502");
        assertRefused("INSERT INTO \"line item\" VALUES (1, 1, 'again', 1)", "23505");
        assertRefused("INSERT INTO \"line item\" VALUES (1, 9, 'one', 1)", "23505");
        assertRefused("INSERT INTO \"line item\" VALUES (1, 9, 'nine', 0)", "23514");
        assertRefused("INSERT INTO employee (id, name) VALUES (9, 'ann')", "23505");
        with(target, connection -> connection.execute("INSERT INTO types (whole) VALUES (5)"));
        assertThat(texts(target, "SELECT id, name, \"odd name\", exact, flag FROM types WHERE whole = 5"))
                .containsExactly(List.of("501", "it's", "quoted", "1.50", "true"));
    }

    @Test
    void indexesAndViewsAreCarried() {
        assumeTrue(Databases.bundled(), "DecentDB has no unique indexes of expressions, which the report says");
        importShop();

        assertThat(Databases.indexes(target)).contains("by_team", "bosses", "by_length", "by_lower");
        assertRefused("INSERT INTO employee (id, name) VALUES (9, 'Bob')", "23505");
        assertThat(column(target, "SELECT head FROM first_heads")).containsExactly("Bob");
    }

    @Test
    void theReportNamesWhatIsNotTheSame() {
        ImportReport report = importShop();

        assertThat(report.skipped())
                .extracting(ImportReport.Finding::object)
                .contains("virtual table search", "trigger no_delete", "shadow table search_data");
        assertThat(report.changed())
                .extracting(ImportReport.Finding::object)
                .contains(
                        "table Line Item",
                        "column types.mixed",
                        "column types.bytes_and_text",
                        "column types.maybe_uuid",
                        "column team.name");
        assertThat(report.tables())
                .extracting(ImportReport.Table::name, ImportReport.Table::rowsRead, ImportReport.Table::rowsWritten)
                .contains(tuple("line item", 3L, 3L), tuple("types", 3L, 3L));
        assertThat(report.toJson()).contains("\"outcome\" : \"IMPORTED\"", "\"object\" : \"trigger no_delete\"");
    }

    @Test
    void textsOfUuidsStayTextsUnlessAskedFor() {
        sqlite(
                source,
                "CREATE TABLE t (u TEXT, v CHAR(36));\nINSERT INTO t VALUES ('AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE', '11111111-2222-3333-4444-555555555555');\n");

        DecentDbImport.sqlite(source, url(target)).report().block();

        assertThat(texts(target, "SELECT u, v FROM t"))
                .containsExactly(
                        List.of("AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE", "11111111-2222-3333-4444-555555555555"));
        assertThat(Databases.columns(target, "t")).containsExactly("u TEXT", "v TEXT");
    }

    @Test
    void namesKeepTheirCaseWhereAskedFor() {
        sqlite(source, "CREATE TABLE \"Tür\" (\"Größe\" INTEGER);\nINSERT INTO \"Tür\" VALUES (1);\n");

        ImportReport report = requireNonNull(DecentDbImport.sqlite(source, url(target))
                .with(options -> options.withPreserveCase(true))
                .report()
                .block());

        assertThat(report.tables()).extracting(ImportReport.Table::name).containsExactly("Tür");
        assertThat(report.changed()).isEmpty();
    }

    @Test
    void tablesAreChosen() {
        sqlite(source, resource("shop.sql"));

        ImportReport report = requireNonNull(DecentDbImport.sqlite(source, url(target))
                .with(options -> options.withTables(Set.of("team", "TYPES")).withExcluded(Set.of("types")))
                .report()
                .block());

        assertThat(report.tables()).extracting(ImportReport.Table::name).containsExactly("team");
        assertThat(report.skipped()).anySatisfy(finding -> {
            assertThat(finding.object()).contains("foreign key").contains("team");
            assertThat(finding.reason()).contains("employee is not imported");
        });
    }

    @Test
    void rowsThatTheTargetRefusesAreSkippedWhereAskedFor() {
        assumeTrue(
                Databases.bundled(),
                "DecentDB refuses a foreign key to the same table after rows were deleted, and the import with it");
        sqlite(source, """
                CREATE TABLE p (id INTEGER PRIMARY KEY, up INTEGER REFERENCES p);
                INSERT INTO p VALUES (1, NULL), (2, 1), (3, 99), (4, 3), (5, 4), (6, 2);
                CREATE TABLE c (t TEXT, n INTEGER NOT NULL);
                INSERT INTO c VALUES ('ok', 1), ('nul' || char(0), 2), (CAST(x'ff41' AS TEXT), 3), ('ok', 4);
                """);

        ImportReport report = requireNonNull(DecentDbImport.sqlite(source, url(target))
                .with(options -> options.withOnError(OnError.SKIP))
                .report()
                .block());

        assertThat(column(target, "SELECT id FROM p ORDER BY id")).containsExactly("1", "2", "6");
        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::table, ImportReport.SkippedRow::line)
                .contains(tuple("p", 3L), tuple("p", 4L), tuple("p", 5L), tuple("c", 3L));
        assertThat(report.tables()).allSatisfy(table -> {
            assertThat(table.rowsRead()).isEqualTo(table.rowsWritten() + table.rowsSkipped());
            assertThat(column(target, "SELECT count(*) FROM " + table.name()))
                    .containsExactly("" + table.rowsWritten());
        });
    }

    @Test
    void aKeyThatIsNullGetsNoIdInItsPlace() {
        sqlite(
                source,
                "CREATE TABLE t (id INT PRIMARY KEY, name TEXT);\nINSERT INTO t VALUES (1, 'one'), (NULL, 'none');\n");

        assertThatThrownBy(() ->
                        DecentDbImport.sqlite(source, url(target)).report().block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("shop.db:2: table t: column id, the primary key, is NULL");
    }

    @Test
    void aRowThatRefersToNothingIsNamed() {
        sqlite(
                source,
                "CREATE TABLE p (id INTEGER PRIMARY KEY, up INTEGER REFERENCES p);\nINSERT INTO p VALUES (1, NULL), (2, 7);\n");

        assertThatThrownBy(() ->
                        DecentDbImport.sqlite(source, url(target)).report().block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("shop.db:2: table p: [up] = [7]");
        assertThat(Databases.files(folder)).containsExactly("shop.db");
    }

    @Test
    void aDatabaseOfTheProgramSqlite3IsImported() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/sqlite3")), "sqlite3 is not installed");
        Process program = new ProcessBuilder("/usr/bin/sqlite3", source.toString())
                .redirectErrorStream(true)
                .start();
        program.getOutputStream().write(resource("shop.sql").getBytes(StandardCharsets.UTF_8));
        program.getOutputStream().close();
        assertThat(new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEmpty();
        assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();

        ImportReport report = requireNonNull(
                DecentDbImport.sqlite(source, url(target)).report().block());

        assertThat(report.rowsWritten()).isEqualTo(12);
        assertThat(column(target, "SELECT code FROM types ORDER BY id")).containsExactly("007", "null", "1.0");
    }

    private void assertRefused(String sql, String state) {
        assertThatThrownBy(() -> with(target, connection -> connection.execute(sql)))
                .isInstanceOfSatisfying(
                        R2dbcException.class, e -> assertThat(e.getSqlState()).isEqualTo(state));
    }
}
