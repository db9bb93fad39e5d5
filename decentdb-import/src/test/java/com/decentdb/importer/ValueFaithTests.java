package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.columns;
import static com.decentdb.importer.Databases.file;
import static com.decentdb.importer.Databases.sqlite;
import static com.decentdb.importer.Databases.texts;
import static com.decentdb.importer.Databases.url;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Values at the edges of the types: each arrives as it was, in another type if need be, or is refused by its place. */
class ValueFaithTests {

    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void prepare() {
        target = folder.resolve("target.ddb");
    }

    private ImportReport importSqlite(String sql, UnaryOperator<ImportOptions> options) {
        Path source = folder.resolve("source.db");
        sqlite(source, sql);
        return requireNonNull(DecentDbImport.sqlite(source, url(target))
                .with(options)
                .report()
                .block());
    }

    private ImportReport importDump(String statements) {
        return requireNonNull(DecentDbImport.pgDump(file(folder, "dump.sql", statements), url(target))
                .report()
                .block());
    }

    /** A column that is declared as a date has the affinity of numbers, and compares as those. */
    @Test
    void datesBeforeTheFirstYearStayTexts() {
        importSqlite("""
                CREATE TABLE t (d DATE, e TIMESTAMP, f DATE);
                INSERT INTO t VALUES ('0000-01-01', '-0001-01-01 00:00:00', '0001-01-01');
                """, UnaryOperator.identity());

        assertThat(columns(target, "t")).containsExactly("d TEXT", "e TEXT", "f DATE");
        assertThat(texts(target, "SELECT * FROM t"))
                .containsExactly(List.of("0000-01-01", "-0001-01-01 00:00:00", "0001-01-01"));
    }

    @Test
    void anIntegerThatNoDoubleHasKeepsItsLastDigit() {
        importSqlite("""
                CREATE TABLE t (n INET, r REAL, m INET);
                INSERT INTO t VALUES (9007199254740993, 0.5, -9007199254740993), (1.25, 1, 1.5);
                CREATE TABLE u (n INET);
                INSERT INTO u VALUES (9007199254740992), (1.25);
                """, UnaryOperator.identity());

        assertThat(texts(target, "SELECT n, m FROM t"))
                .containsExactly(List.of("9007199254740993", "-9007199254740993"), List.of("1.25", "1.5"));
        assertThat(columns(target, "u")).containsExactly("n FLOAT64");
    }

    @Test
    void realsWithMoreDigitsThanADecimalHasAreDoubles() {
        importSqlite("""
                CREATE TABLE t (a DECIMAL(10,4), b DECIMAL(10,4), c DECIMAL(99999999999), d VARCHAR(99999999999));
                INSERT INTO t VALUES (0.0012345678901234567, 0.005, 1.5, 'x');
                """, UnaryOperator.identity());

        assertThat(columns(target, "t")).containsExactly("a FLOAT64", "b DECIMAL", "c DECIMAL", "d TEXT");
        assertThat(texts(target, "SELECT * FROM t"))
                .containsExactly(List.of("0.0012345678901234567", "0.005", "1.5", "x"));
    }

    @Test
    void aColumnThatRefersToAnotherHasItsType() {
        ImportReport report = importSqlite("""
                CREATE TABLE p (id TEXT PRIMARY KEY);
                INSERT INTO p VALUES ('aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee');
                CREATE TABLE c (id INTEGER PRIMARY KEY, p TEXT REFERENCES p);
                CREATE TABLE g (c REFERENCES c (id), d DATE REFERENCES q (d));
                CREATE TABLE q (d DATE UNIQUE);
                INSERT INTO q VALUES ('some day'), ('2024-01-01');
                INSERT INTO g VALUES (NULL, '2024-01-01');
                """, options -> options.withDetectUuid(true));

        assertThat(columns(target, "c")).containsExactly("id INT64", "p UUID");
        assertThat(columns(target, "g")).containsExactly("c INT64", "d TEXT");
        assertThat(report.skipped()).isEmpty();
        assertThat(report.statements())
                .anySatisfy(sql -> assertThat(sql).contains("FOREIGN KEY (\"p\") REFERENCES \"p\""));
    }

    /** pg_dump --inserts writes line ends into literals as they are. */
    @Test
    void theLineEndsOfALiteralStay() {
        importDump(
                "CREATE TABLE t (a text);\r\nINSERT INTO t VALUES ('one\r\ntwo\nthree\r');\r\nCOPY t (a) FROM stdin;\r\nfour\\r\\nfive\r\n\\.\r\n");

        assertThat(column(target, "SELECT a FROM t")).containsExactly("one\r\ntwo\nthree\r", "four\r\nfive");
    }

    @Test
    void valuesThatTheTypesOfTheEngineLackMakeTextsOfTheirColumns() {
        ImportReport report = importDump("""
                CREATE DOMAIN public.amount AS numeric;
                CREATE TABLE t (d date, ts timestamp without time zone, tz timestamp with time zone, ti time, r real, n numeric(5,2), a public.amount, plain date);
                COPY t (d, ts, tz, ti, r, n, a, plain) FROM stdin;
                2024-01-01	2024-01-01 00:00:00	2024-01-01 00:00:00+00	12:00:00	1	1.00	1	2024-01-01
                infinity	0044-03-15 00:00:00 BC	-infinity	24:00:00	NaN	NaN	12345678901234567890	2024-01-01
                \\N	\\N	10000-01-01 00:00:00+00	\\N	Infinity	\\N	\\N	2024-01-01
                \\.
                """);

        assertThat(columns(target, "t"))
                .containsExactly("d TEXT", "ts TEXT", "tz TEXT", "ti TEXT", "r TEXT", "n TEXT", "a TEXT", "plain DATE");
        assertThat(texts(target, "SELECT * FROM t"))
                .containsExactly(
                        List.of(
                                "2024-01-01",
                                "2024-01-01 00:00:00",
                                "2024-01-01 00:00:00+00",
                                "12:00:00",
                                "1",
                                "1.00",
                                "1",
                                "2024-01-01"),
                        List.of(
                                "infinity",
                                "0044-03-15 00:00:00 BC",
                                "-infinity",
                                "24:00:00",
                                "NaN",
                                "NaN",
                                "12345678901234567890",
                                "2024-01-01"),
                        Arrays.asList(
                                null, null, "10000-01-01 00:00:00+00", null, "Infinity", null, null, "2024-01-01"));
        assertThat(report.changed()).anySatisfy(change -> {
            assertThat(change.object()).isEqualTo("column t.d");
            assertThat(change.line()).isEqualTo(5);
            assertThat(change.reason()).contains("infinity, which DATE cannot hold");
        });
    }

    @Test
    void theValuesOfPartitionsDecideTheTypesOfTheirTable() {
        String dump = """
                CREATE TABLE p (id integer, n numeric) PARTITION BY RANGE (id);
                CREATE TABLE p1 (n numeric, id integer);
                ALTER TABLE ONLY p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (9);
                COPY p1 (n, id) FROM stdin;
                123456789012345678901234567890	1
                \\.
                """;
        ImportReport report = requireNonNull(DecentDbImport.pgDump(file(folder, "dump.sql", dump), url(target))
                .with(options -> options.withTables(Set.of("p")))
                .report()
                .block());

        assertThat(texts(target, "SELECT * FROM p")).containsExactly(List.of("1", "123456789012345678901234567890"));
        assertThat(report.skipped()).isEmpty();
        assertThatThrownBy(() -> DecentDbImport.pgDump(folder.resolve("dump.sql"), url(folder.resolve("other.ddb")))
                        .with(options -> options.withExcluded(Set.of("p1")))
                        .report()
                        .block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("the table p1 is a partition of p, which has its rows; name that one");
    }

    @Test
    void namesOfTypesAndSequencesAreTheSameInQuotes() {
        importDump("""
                CREATE SCHEMA other;
                CREATE TYPE other."Mood" AS ENUM ('sad', 'ok');
                CREATE DOMAIN "public"."positive" AS "integer" NOT NULL CONSTRAINT "c" CHECK ((VALUE > 0));
                CREATE SEQUENCE "public"."s" START WITH 5;
                CREATE TABLE "public"."t" (
                    "m" "other"."Mood",
                    "p" "public"."positive",
                    "n" "numeric"(10,2),
                    "id" integer
                );
                ALTER TABLE ONLY "public"."t" ALTER COLUMN "id" SET DEFAULT "nextval"('"public"."s"'::"regclass");
                """);

        assertThat(columns(target, "t")).containsExactly("m ENUM", "p INT64", "n DECIMAL", "id INT64");
        assertThat(column(target, "INSERT INTO t (m, p) VALUES ('ok', 1) RETURNING id"))
                .containsExactly("5");
        assertThatThrownBy(() -> texts(target, "INSERT INTO t (p) VALUES (0)")).hasMessageContaining("CHECK");
    }

    /** PostgreSQL takes such a dump back: it checks the rows that are there against none of these. */
    @Test
    void whatRowsOfTheSourceMayBreakIsReported() {
        ImportReport report = importDump("""
                CREATE TABLE t (a integer, b integer);
                COPY t (a, b) FROM stdin;
                -1	\\N
                1	2
                \\.
                ALTER TABLE ONLY t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (b);
                ALTER TABLE ONLY t ADD CONSTRAINT d UNIQUE (a) DEFERRABLE INITIALLY DEFERRED;
                ALTER TABLE ONLY t ADD CONSTRAINT i UNIQUE (a) INCLUDE (b);
                ALTER TABLE t ADD CONSTRAINT c CHECK ((a > 0)) NOT VALID;
                """);

        assertThat(report.rowsWritten()).isEqualTo(2);
        assertThat(report.changed())
                .extracting(ImportReport.Finding::line, ImportReport.Finding::reason)
                .contains(
                        tuple(6L, "it has not NULLS NOT DISTINCT: it takes several NULLs"),
                        tuple(7L, "it has not DEFERRABLE: it is checked at once"),
                        tuple(8L, "it has not INCLUDE (b)"));
        assertThat(report.skipped())
                .extracting(ImportReport.Finding::line, ImportReport.Finding::reason)
                .containsExactly(tuple(9L, "it is NOT VALID, and rows may break it"));
    }
}
