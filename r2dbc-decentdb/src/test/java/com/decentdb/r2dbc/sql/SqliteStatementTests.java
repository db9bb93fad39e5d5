package com.decentdb.r2dbc.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.sql.SqliteStatement.Route;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The meaning of a statement to SQLite, before a node of a cluster gets it. */
class SqliteStatementTests {

    private static final List<String> REFUSED = List.of(
            "ATTACH DATABASE 'x.db' AS other",
            "DETACH other",
            "VACUUM INTO 'copy.db'",
            "VACUUM main INTO 'copy.db'",
            "SELECT load_extension('x')",
            "SELECT \"load_extension\"('x')",
            "PRAGMA wal_checkpoint",
            "PRAGMA wal_checkpoint(TRUNCATE)",
            "PRAGMA wal_autocheckpoint = 0",
            "PRAGMA journal_mode = DELETE",
            "PRAGMA journal_mode(DELETE)",
            "PRAGMA 'journal_mode' = DELETE",
            "PRAGMA \"journal_mode\" = DELETE",
            "PRAGMA [journal_mode] = DELETE",
            "PRAGMA `journal_mode` = DELETE",
            "PRAGMA page_size = 512",
            "PRAGMA synchronous = FULL",
            "PRAGMA locking_mode = EXCLUSIVE",
            "PRAGMA busy_timeout = 1",
            "PRAGMA read_uncommitted = 1",
            "PRAGMA mmap_size = 1",
            "PRAGMA writable_schema = 1",
            "PRAGMA hard_heap_limit = 1",
            "PRAGMA soft_heap_limit = 1",
            "EXPLAIN PRAGMA journal_mode = DELETE",
            "EXPLAIN QUERY PLAN PRAGMA foreign_keys = 0",
            "EXPLAIN ATTACH 'x.db' AS other");

    private static final List<String> BETWEEN = List.of(
            " ",
            "\n",
            "\t",
            "\r\n",
            "\f",
            "/**/",
            "/* PRAGMA */",
            "-- SELECT 1\n",
            "/* ; */ ",
            "/*/ */",
            "--;\n\n",
            "/* -- */");

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT 1                                                   | READ
            VALUES (1)                                                 | READ
            EXPLAIN DELETE FROM t                                      | READ
            EXPLAIN QUERY PLAN INSERT INTO t VALUES (1)                | READ
            WITH a AS (SELECT 1) SELECT * FROM a                       | READ
            WITH replace(x) AS (SELECT 1), b AS (SELECT 2) SELECT 1    | READ
            WITH RECURSIVE a(x) AS (VALUES (1)) SELECT x FROM a        | READ
            WITH recursive AS NOT MATERIALIZED (SELECT 1) SELECT 1     | READ
            PRAGMA table_info(t)                                       | READ
            PRAGMA main.table_info('t')                                | READ
            PRAGMA journal_mode                                        | READ
            PRAGMA data_version                                        | READ
            PRAGMA analysis_limit = 100                                | READ
            INSERT INTO t VALUES (1)                                   | DML
            REPLACE INTO t VALUES (1)                                  | DML
            UPDATE t SET a = 1                                         | DML
            DELETE FROM t                                              | DML
            WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a         | DML
            WITH a AS (SELECT ')' AS "(") DELETE FROM t                | DML
            CREATE TABLE t (a)                                         | OTHER
            DROP TABLE t                                               | OTHER
            VACUUM                                                     | OTHER
            BEGIN IMMEDIATE                                            | OTHER
            COMMIT                                                     | OTHER
            PRAGMA foreign_keys = 0                                    | OTHER
            PRAGMA user_version = 3                                    | OTHER
            """)
    void aStatementHasARoute(String sql, Route route) {
        SqliteStatement statement = read(sql);

        assertThat(statement.route()).isEqualTo(route);
        assertThat(statement.refusal()).isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            INSERT INTO t VALUES (1)                                | t
            INSERT OR IGNORE INTO main.Item (a) SELECT 1            | Item
            REPLACE INTO "my item" VALUES (1)                       | my item
            WITH a AS (SELECT * FROM b) UPDATE OR FAIL c SET x = 1  | c
            UPDATE [a b] SET x = 1                                  | a b
            DELETE FROM main.`t`                                    | t
            CREATE TABLE IF NOT EXISTS t (a)                        | t
            CREATE VIRTUAL TABLE words USING fts5(a)                | words
            CREATE VIEW v AS SELECT 1                               | v
            DROP TABLE IF EXISTS main.t                             | t
            ALTER TABLE t ADD COLUMN x                              | t
            """)
    void itsTargetsAreKnown(String sql, String table) {
        assertThat(read(sql).writtenTables()).containsExactly(table);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM t", "CREATE INDEX i ON t (a)", "DROP TRIGGER x", "PRAGMA foreign_keys = 1"})
    void othersHaveNoTarget(String sql) {
        assertThat(read(sql).writtenTables()).isEmpty();
    }

    @Test
    void aTableThatIsRenamedChangesUnderBothNames() {
        assertThat(read("ALTER TABLE a RENAME TO b").writtenTables()).containsExactly("a", "b");
        assertThat(read("ALTER TABLE a RENAME c TO d").writtenTables()).containsExactly("a");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', textBlock = """
            SELECT $2 || '-' || $1, '$1', "$1", [$1], `$1` -- $1   ~ SELECT ?2 || '-' || ?1, '$1', "$1", [$1], `$1`
            SELECT 1 ; -- the end                                  ~ SELECT 1
            /* before */ SELECT /* within $1 */ $1 /* after */     ~ SELECT /* within $1 */ ?1
            SELECT 'it''s $1', x'01', a$1 FROM t                   ~ SELECT 'it''s $1', x'01', a$1 FROM t
            """)
    void parametersAreNumberedForSqlite(String sql, String text) {
        assertThat(read(sql).text()).isEqualTo(text);
        assertThat(read(sql).refusal()).isNull();
    }

    @Test
    void namedParametersAndQuestionMarksAreNumberedToo() {
        assertThat(read("SELECT :b, :a, :b", ParameterStyle.NAMED).text()).isEqualTo("SELECT ?1, ?2, ?1");
        assertThat(read("SELECT ?, '?'", ParameterStyle.JDBC).text()).isEqualTo("SELECT ?1, '?'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT ?", "SELECT ?3", "SELECT :a", "SELECT @a", "SELECT $a", "SELECT #1", "SELECT $1a"})
    void parametersThatTheDriverDoesNotKnowAreRefused(String sql) {
        assertThat(read(sql).route()).isEqualTo(Route.REFUSED);
        assertThat(read(sql).refusal()).contains("parameter");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1 E'\\'; PRAGMA journal_mode = DELETE; --'",
                "/* /* */ BEGIN",
                "/* /* */ SAVEPOINT a",
                "INSERT INTO t /* /* */ VALUES (1); PRAGMA journal_mode = DELETE; -- */ VALUES (2)",
                "INSERT INTO t VALUES ($a$1); PRAGMA journal_mode = DELETE; --$a$)",
                "INSERT INTO t -- \r VALUES (1);\nPRAGMA page_size = 512\n; SELECT 1",
                "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT case; END; PRAGMA journal_mode = DELETE; END"
            })
    void whatIsOneStatementToTheDriverButMoreToSqliteIsRefused(String sql) {
        assertThat(SqlScript.parse(sql).commands())
                .anySatisfy(command ->
                        assertThat(SqliteStatement.of(command).route()).isEqualTo(Route.REFUSED));
        assertThat(SqlScript.parse(sql).commands())
                .map(command -> SqliteStatement.of(command))
                .noneMatch(statement ->
                        statement.route() != Route.REFUSED && statement.text().contains(";"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN 1 THEN 2 END; DELETE FROM u; END",
                "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END;"
            })
    void aTriggerIsOneStatement(String sql) {
        assertThat(read(sql).route()).isEqualTo(Route.OTHER);
    }

    @Test
    void aTextWithTheCharacterZeroIsRefused() {
        assertThat(read("SELECT 'a\0b'").refusal()).contains("U+0000");
    }

    @Test
    void refusalsSayWhatAndWhy() {
        assertThat(read("pragma main.Journal_Mode=wal").refusal())
                .isEqualTo(
                        "A dqlite cluster does not take PRAGMA journal_mode with a value: dqlite needs the value that it"
                                + " has, and another can end a node");
    }

    /** From the seed of the repetition, so that a failure repeats itself. */
    @RepeatedTest(200)
    void whatKillsNodesIsRefusedHoweverItIsWritten(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        for (String sql : REFUSED) {
            String disguised = disguised(sql, random);

            assertThat(read(disguised).route()).as(disguised).isEqualTo(Route.REFUSED);
        }
    }

    /** In any case, with comments and blanks where blanks may be, and with a schema before the name of a PRAGMA. */
    private static String disguised(String sql, Random random) {
        String schema = random.nextBoolean() ? "main." : random.nextBoolean() ? "\"temp\" . " : "";
        String prefixed = sql.contains("PRAGMA ") ? sql.replace("PRAGMA ", "PRAGMA " + schema) : sql;
        StringBuilder text = new StringBuilder(between(random));
        for (int i = 0; i < prefixed.length(); i++) {
            char c = prefixed.charAt(i);
            if (c == ' ') {
                text.append(random.nextInt(4) == 0 ? ' ' : between(random));
            } else if ("=().".indexOf(c) >= 0) {
                text.append(between(random)).append(c).append(between(random));
            } else {
                String each = String.valueOf(c);
                text.append(random.nextBoolean() ? each.toLowerCase(Locale.ROOT) : each.toUpperCase(Locale.ROOT));
            }
        }
        return text + between(random) + ";" + between(random);
    }

    private static String between(Random random) {
        return random.ints(1 + random.nextInt(3), 0, BETWEEN.size())
                .mapToObj(BETWEEN::get)
                .collect(Collectors.joining());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            CREATE TEMP TABLE a (b)         | true
            CREATE TABLE temp.a (b)         | true
            CREATE TABLE [TEMP].a (b)       | true
            CREATE TEMP VIEW a AS SELECT 1  | true
            PRAGMA foreign_keys = 0         | true
            PRAGMA foreign_keys             | false
            PRAGMA analysis_limit = 100     | true
            PRAGMA user_version = 1         | false
            PRAGMA table_info(t)            | false
            CREATE TABLE a (b)              | false
            """)
    void whatStaysInTheSessionIsKnown(String sql, boolean stays) {
        assertThat(read(sql).setsState()).isEqualTo(stays);
    }

    @Test
    void returningIsSeenOutsideOfQuotes() {
        assertThat(read("INSERT INTO t VALUES (1) returning id").returning()).isTrue();
        assertThat(read("INSERT INTO t VALUES ('RETURNING')").returning()).isFalse();
        assertThat(read("SELECT \"returning\" FROM t").returning()).isFalse();
    }

    @Test
    void insertsAndSchemaChangesAreKnown() {
        assertThat(read("WITH a AS (SELECT 1) INSERT INTO t SELECT 1").insert()).isTrue();
        assertThat(read("REPLACE INTO t VALUES (1)").insert()).isTrue();
        assertThat(read("UPDATE t SET a = 1").insert()).isFalse();
        assertThat(List.of("CREATE TABLE t (a)", "drop index i", "ALTER TABLE t ADD b", "VACUUM"))
                .allMatch(sql -> read(sql).changesSchema());
        assertThat(read("INSERT INTO t VALUES (1)").changesSchema()).isFalse();
    }

    private static SqliteStatement read(String sql) {
        return read(sql, ParameterStyle.NATIVE);
    }

    private static SqliteStatement read(String sql, ParameterStyle style) {
        List<SqlCommand> commands = SqlScript.parse(sql, style).commands();
        assertThat(commands).hasSize(1);
        return SqliteStatement.of(commands.get(0));
    }
}
