package com.decentdb.r2dbc.sql;

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
                "PRAGMA user_version|OTHER",
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

    @Test
    void recognisesReturningOutsideLiterals() {
        assertThat(SqlCommand.of("INSERT INTO a VALUES (1) returning id").returning())
                .isTrue();
        assertThat(SqlCommand.of("INSERT INTO a VALUES ('RETURNING') -- RETURNING")
                        .returning())
                .isFalse();
    }

    @Test
    void namesTheSavepointAndReadOnly() {
        assertThat(SqlCommand.of("ROLLBACK TO \"My Point\"").savepoint()).isEqualTo("\"My Point\"");
        assertThat(SqlCommand.of("BEGIN TRANSACTION READ  ONLY").readOnly()).isTrue();
        assertThat(SqlCommand.of("BEGIN").readOnly()).isFalse();
    }

    private static List<String> texts(String sql) {
        return SqlScript.parse(sql).commands().stream().map(SqlCommand::text).toList();
    }
}
