package com.decentdb.r2dbc.sql;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlScriptTests {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT ';$9'",
                "SELECT 'it''s; $9'",
                "SELECT E'it\\'s; $9'",
                "SELECT \";$9\"",
                "SELECT \"a\"\";$9\"",
                "SELECT 1 -- ; $9",
                "SELECT /* ; $9 /* nested ; */ ; $9 */ 1",
                "SELECT $$ ; $9 $$",
                "SELECT $tag$ ; $9 $$ $tag$",
                "SELECT a$9 FROM t",
                "SELECT 'unterminated ; $9",
            })
    void leavesLiteralsIdentifiersAndCommentsAlone(String sql) {
        SqlScript script = SqlScript.parse(sql);

        assertThat(script.commands()).hasSize(1);
        assertThat(script.parameters()).isEmpty();
    }

    @Test
    void cutsAtSemicolonsAndDropsWhatIsEmpty() {
        assertThat(texts(" SELECT 1 ; ; -- none\n;SELECT ';' ;\n")).containsExactly("SELECT 1", "SELECT ';'");
    }

    @Test
    void keepsTheBodyOfATriggerTogether() {
        String trigger =
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET x = CASE WHEN 1 THEN 2 END; SELECT 1; END";

        assertThat(texts(trigger + "; SELECT 2")).containsExactly(trigger, "SELECT 2");
    }

    @Test
    void findsParametersInAnyOrderAndNumber() {
        SqlScript script = SqlScript.parse("SELECT $3, $1::text || $1; SELECT $12");

        assertThat(script.parameters()).containsExactly(1, 3, 12);
        assertThat(script.parameterCount()).isEqualTo(12);
        assertThat(script.commands().get(1).parameters()).containsExactly(12);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT $0", "SELECT $99999999999"})
    void refusesImpossibleParameters(String sql) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SqlScript.parse(sql))
                .withMessageContaining("$1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "select 1|QUERY",
                "(SELECT 1)|QUERY",
                "/* c */ WITH a AS (SELECT 1) SELECT * FROM a|QUERY",
                "WITH a AS (SELECT 1) DELETE FROM b|DML",
                "insert into a values (1)|DML",
                "CREATE TABLE a (b INT)|OTHER",
                "PRAGMA user_version|PRAGMA",
                "PRAGMA /* c */ table_info(t)|PRAGMA",
                "PRAGMA main.page_size|PRAGMA",
                "PRAGMA user_version = 3|OTHER",
                "PRAGMA wal_checkpoint|OTHER",
                "PRAGMA cache_size(7)|OTHER",
                "begin|BEGIN",
                "START TRANSACTION READ ONLY|BEGIN",
                "END|COMMIT",
                "COMMIT WORK|COMMIT",
                "ROLLBACK|ROLLBACK",
                "ROLLBACK TRANSACTION TO SAVEPOINT a|ROLLBACK_TO",
                "SAVEPOINT a|SAVEPOINT",
                "RELEASE SAVEPOINT a|RELEASE",
                "SET TRANSACTION READ ONLY|SET_TRANSACTION",
            })
    void tellsStatementsApartByTheirWords(String sql, SqlCommand.Kind kind) {
        assertThat(SqlCommand.of(sql).kind()).isEqualTo(kind);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TEMP TABLE a (b INT)",
                "create/**/temporary table a (b INT)",
                "CREATE OR REPLACE TEMP VIEW a AS SELECT 1",
                "CREATE TABLE IF NOT EXISTS temp.a (b INT)",
                "CREATE TABLE \"temp\" . \"a\" (b INT)",
                "PRAGMA busy_timeout = 5",
                "PRAGMA/**/temp.cache_size(7)",
                "SET AUDIT CONTEXT who = 'me'",
                "-- c\nset x = 1",
            })
    void knowsWhatStaysInTheSession(String sql) {
        assertThat(SqlCommand.of(sql).sessionState()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE temp (b INT)",
                "CREATE TABLE a (temp INT)",
                "CREATE TABLE a AS SELECT * FROM temp.b",
                "CREATE VIEW a AS SELECT 'TEMP'",
                "CREATE UNIQUE INDEX i ON temp (b)",
                "PRAGMA busy_timeout",
                "PRAGMA integrity_check()",
                "PRAGMA index_list(temp)",
                "PRAGMA user_version = 5",
                "PRAGMA wal_checkpoint(TRUNCATE)",
                "SET TRANSACTION READ ONLY",
                "UPDATE a SET b = 1",
            })
    void knowsWhatDoesNotStayInTheSession(String sql) {
        assertThat(SqlCommand.of(sql).sessionState()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"SELECT * FROM sys.wal", "SELECT * FROM SYS . wal", "SELECT (SELECT count(*) FROM sys.wal)"})
    void recognisesSystemViews(String sql) {
        assertThat(SqlCommand.of(sql).systemView()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM sys.write_queue_metrics",
                "SELECT q.capacity FROM SYS . Write_Queue_Metrics AS q",
                "SELECT * FROM \"sys\".\"write_queue_metrics\"",
                "SELECT * FROM sys_write_queue_metrics",
                "INSERT INTO kept SELECT executed FROM sys.write_queue_metrics",
            })
    void recognisesTheViewOfTheWriteQueue(String sql) {
        assertThat(SqlCommand.of(sql).readsWriteQueue()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM sys.wal_metrics",
                "SELECT 'sys.write_queue_metrics'",
                "SELECT * FROM write_queue_metrics",
            })
    void takesNothingElseForTheViewOfTheWriteQueue(String sql) {
        assertThat(SqlCommand.of(sql).readsWriteQueue()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 'sys.wal'",
                "SELECT 1 -- sys.wal",
                "SELECT $$sys.wal$$",
                "SELECT sys FROM a",
                "SELECT a.sys, b.c FROM a",
            })
    void takesNothingElseForASystemView(String sql) {
        assertThat(SqlCommand.of(sql).systemView()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "SELECT a LIKE $1;SELECT a LIKE $1 ESCAPE '\\'",
                "SELECT (a NOT LIKE $2) AND $1;SELECT (a NOT LIKE $2 ESCAPE '\\') AND $1",
                "SELECT upper(a) ilike UPPER( $1 ) or b;SELECT upper(a) ilike UPPER( $1 ) ESCAPE '\\' or b",
                "SELECT a LIKE $1 ORDER BY b LIKE $1;SELECT a LIKE $1 ESCAPE '\\' ORDER BY b LIKE $1 ESCAPE '\\'",
                "SELECT a LIKE $1 UNION SELECT b;SELECT a LIKE $1 ESCAPE '\\' UNION SELECT b",
                "SELECT 1 FROM a JOIN b ON c LIKE $1 WHERE d;SELECT 1 FROM a JOIN b ON c LIKE $1 ESCAPE '\\' WHERE d",
                "SELECT a LIKE $1 IS TRUE;SELECT a LIKE $1 ESCAPE '\\' IS TRUE",
                "SELECT a LIKE $1 \"b\";SELECT a LIKE $1 ESCAPE '\\' \"b\"",
                "SELECT a LIKE $1 COLLATE b;SELECT a LIKE $1 COLLATE b",
                "SELECT a LIKE $1 ESCAPE '#';SELECT a LIKE $1 ESCAPE '#'",
                "SELECT a LIKE $1 || '%';SELECT a LIKE $1 || '%'",
                "SELECT a LIKE lower('x');SELECT a LIKE lower('x')",
                "SELECT upper($1) AND a LIKE 'x';SELECT upper($1) AND a LIKE 'x'",
            })
    void theBackslashEscapesInAPatternThatIsAParameter(String sql, String text) {
        assertThat(SqlCommand.of(sql).text()).isEqualTo(text);
        assertThat(SqlCommand.of(sql).source()).isEqualTo(sql);
    }

    @Test
    void theEscapeOfAPatternGoesTogetherWithOtherStylesOfParameters() {
        assertThat(SqlScript.parse("SELECT a LIKE ? AND b ?? ?", ParameterStyle.JDBC)
                        .commands()
                        .get(0)
                        .text())
                .isEqualTo("SELECT a LIKE $1 ESCAPE '\\' AND b ? $2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r", "\n", "\r\n"})
    void theEndOfALineEndsAComment(String end) {
        String sql = "DELETE FROM t -- all of" + end + " WHERE id = 1";

        assertThat(SqlCommand.of(sql).text()).isEqualTo(sql);
    }

    @Test
    void recognisesReturningOutsideLiterals() {
        assertThat(SqlCommand.of("INSERT INTO a VALUES (1) returning id").returning())
                .isTrue();
        assertThat(SqlCommand.of("INSERT INTO a VALUES ('RETURNING') -- RETURNING")
                        .returning())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "ROLLBACK TO \"My Point\"|\"My Point\"|-|-",
                "ROLLBACK WORK TO SAVEPOINT a|a|-|-",
                "SAVEPOINT /* here */ savepoint|savepoint|-|-",
                "RELEASE savepoint|savepoint|-|-",
                "RELEASE SAVEPOINT savepoint|savepoint|-|-",
                "BEGIN|-|-|-",
                "BEGIN WORK READ  ONLY|-|true|-",
                "BEGIN IMMEDIATE TRANSACTION|-|-|-",
                "START TRANSACTION ISOLATION LEVEL repeatable /* ! */ read, READ WRITE|-|false|REPEATABLE READ",
                "SET TRANSACTION READ ONLY ISOLATION LEVEL SNAPSHOT NOT DEFERRABLE|-|true|SNAPSHOT",
                "COMMIT AND NO CHAIN|-|-|-",
                "END TRANSACTION|-|-|-",
            })
    void readsWhatTransactionControlSays(String sql, String savepoint, Boolean readOnly, String level) {
        assertThat(SqlCommand.of(sql).control()).isEqualTo(new TransactionControl(savepoint, readOnly, level, null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "BEGIN READ|the end of the statement",
                "BEGIN READ ONLY,|the end of the statement",
                "BEGIN READ MOSTLY|MOSTLY",
                "BEGIN ISOLATION SERIALIZABLE|SERIALIZABLE",
                "START TRANSACTION ISOLATION LEVEL REPEATABLE|the end of the statement",
                "COMMIT AND CHAIN|CHAIN",
                "COMMIT a|a",
                "SAVEPOINT|the end of the statement",
                "SAVEPOINT 'a'|'..'",
                "SAVEPOINT 1|1",
                "RELEASE a b|b",
                "ROLLBACK TO SAVEPOINT a b|b",
                "SET TRANSACTION|the end of the statement",
            })
    void namesTheWordThatHasNoPlaceInTransactionControl(String sql, String unexpected) {
        TransactionControl control = SqlCommand.of(sql).control();

        assertThat(control).isNotNull();
        assertThat(requireNonNull(control).unexpected()).isEqualTo(unexpected);
    }

    @Test
    void givesEachStatementParametersOfItsOwn() {
        SqlScript script =
                SqlScript.parse("INSERT INTO a VALUES ($2); UPDATE a SET b = $3 /* $3 */ WHERE c = $1 OR d = $3");

        assertThat(script.parameters()).containsExactly(1, 2, 3);
        assertThat(script.commands())
                .extracting(SqlCommand::text)
                .containsExactly("INSERT INTO a VALUES ($1)", "UPDATE a SET b = $2 /* $3 */ WHERE c = $1 OR d = $2");
        assertThat(script.commands().get(0).parameters()).containsExactly(2);
        assertThat(script.commands().get(1).parameters()).containsExactly(1, 3);
        assertThat(script.commands().get(1).source()).isEqualTo("UPDATE a SET b = $3 /* $3 */ WHERE c = $1 OR d = $3");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "JDBC |SELECT ?, ? |SELECT $1, $2",
                "JDBC |SELECT '?', \"?\", E'\\'?', $$?$$, $a$?$a$ -- ?|SELECT '?', \"?\", E'\\'?', $$?$$, $a$?$a$",
                "JDBC |SELECT /* ? */ ?::text|SELECT /* ? */ $1::text",
                "JDBC |SELECT a ?? 'b', a ??& ? FROM t|SELECT a ? 'b', a ?& $1 FROM t",
                "JDBC |SELECT $2, $1|SELECT $2, $1",
                "JDBC |SELECT :a|SELECT :a",
                "NAMED |SELECT :a, :b_1, :a|SELECT $1, $2, $1",
                "NAMED |SELECT a::text, ':a', \":a\", :b::INT|SELECT a::text, ':a', \":a\", $1::INT",
                "NAMED |SELECT $x$ :a $x$ /* :a */ -- :a|SELECT $x$ :a $x$",
                "NAMED |SELECT a -> 'b' ->> :c, a ? 'b', x[1: y]|SELECT a -> 'b' ->> $1, a ? 'b', x[1: y]",
                "NAMED |SELECT :größe|SELECT $1",
                "NAMED |SELECT $1|SELECT $1",
                "NATIVE |SELECT ?, :a, ??, a::text|SELECT ?, :a, ??, a::text",
            })
    void rewritesParametersOfOtherStylesAndNothingElse(ParameterStyle style, String sql, String rewritten) {
        SqlCommand command = SqlScript.parse(sql, style).commands().get(0);

        assertThat(command.text()).isEqualTo(rewritten);
        assertThat(sql).startsWith(command.source());
    }

    @Test
    void numbersParametersOfOtherStylesThroughoutTheScript() {
        SqlScript jdbc = SqlScript.parse("INSERT INTO a VALUES (?, ?); DELETE FROM b WHERE c = ?", ParameterStyle.JDBC);
        SqlScript named =
                SqlScript.parse("INSERT INTO a VALUES (:x, :y); DELETE FROM b WHERE c = :y", ParameterStyle.NAMED);

        assertThat(jdbc.parameterCount()).isEqualTo(3);
        assertThat(jdbc.commands().get(1).text()).isEqualTo("DELETE FROM b WHERE c = $1");
        assertThat(jdbc.commands().get(1).parameters()).containsExactly(3);
        assertThat(jdbc.parameterName(3)).isEqualTo("? number 3");
        assertThat(named.parameterCount()).isEqualTo(2);
        assertThat(named.commands().get(1).parameters()).containsExactly(2);
        assertThat(named.parameter("y")).isEqualTo(2);
        assertThat(named.parameter(":x")).isEqualTo(1);
        assertThat(named.parameter("z")).isZero();
        assertThat(named.parameter("$1")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"JDBC, 'SELECT ?, $1'", "NAMED, 'SELECT $1, :a'"})
    void refusesAMixtureOfStyles(ParameterStyle style, String sql) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SqlScript.parse(sql, style))
                .withMessageContaining("mixes");
    }

    private static List<String> texts(String sql) {
        return SqlScript.parse(sql).commands().stream().map(SqlCommand::text).toList();
    }
}
