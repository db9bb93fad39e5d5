package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import com.decentdb.r2dbc.api.DecentDbErrorDetails.Position;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Publisher;

/** The details of errors of a cluster besides their SQLSTATE: as much as SQLite's texts do. */
class ClusterErrorTests {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private final DecentDbConnectionFactory factory = DecentDb.factory(CLUSTER.url("failoverTimeout=PT30S"));
    private @Nullable DecentDbConnection opened;

    @BeforeEach
    void createTables() {
        await(connection()
                .execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INTEGER, c TEXT,"
                        + " CONSTRAINT small CHECK (b < 100), UNIQUE (a, b)); CREATE UNIQUE INDEX t_lower ON t (lower(c));"
                        + " INSERT INTO t VALUES (1, 'x', 1, 'One')"));
    }

    @AfterEach
    void close() {
        await(connection().close());
        await(factory.close());
    }

    private DecentDbConnection connection() {
        DecentDbConnection connection = opened == null ? awaitValue(factory.create()) : opened;
        opened = connection;
        return connection;
    }

    private static R2dbcException error(Publisher<?> publisher) {
        return catchThrowableOfType(R2dbcException.class, () -> await(publisher));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            INSERT INTO t VALUES (1, 'y', 2, 'Two')       | 23505 | -       | t | id  | 1555
            INSERT INTO t VALUES (2, 'x', 1, 'Two')       | 23505 | -       | t | a b | 2067
            INSERT INTO t VALUES (2, 'y', 1, 'ONE')       | 23505 | t_lower | - | -   | 2067
            INSERT INTO t VALUES (2, NULL, 1, 'Two')      | 23502 | -       | t | a   | 1299
            INSERT INTO t VALUES (2, 'y', 1000, 'Two')    | 23514 | small   | - | -   | 275
            INSERT INTO t (nowhere) VALUES (2)            | 42703 | -       | t | nowhere | 1
            SELECT t.nowhere FROM t                       | 42703 | -       | - | nowhere | 1
            SELECT * FROM nowhere                         | 42P01 | -       | nowhere | - | 1
            SELECT frobnicate(1)                          | 42883 | -       | - | -   | 1
            """)
    void namesAreRead(
            String sql,
            String sqlState,
            @Nullable String constraint,
            @Nullable String table,
            @Nullable String columns,
            String code) {
        R2dbcException error = error(connection().execute(sql));

        assertThat(error.getSqlState()).isEqualTo(sqlState);
        assertThat(DecentDbErrorDetails.of(error))
                .contains(new DecentDbErrorDetails(
                        constraint,
                        table,
                        columns == null ? List.of() : List.of(columns.split(" ", -1)),
                        null,
                        code,
                        null));
    }

    @Test
    void aWordThatIsWrongIsPlacedWhereTheStatementHasItOnce() {
        R2dbcException error = error(connection().execute("SELECT 1;\nSELECT a\n  FORM t WHERE b = 1"));
        DecentDbErrorDetails details = DecentDbErrorDetails.of(error).orElseThrow();
        // SQLite takes FORM for an alias of the column, and complains about the next word.
        assertThat(details.position()).isEqualTo(new Position(3, 8));
        assertThat(error).hasMessageContaining("at line 3, column 8");

        assertThat(DecentDbErrorDetails.of(error(connection().execute("SELECT t FORM t t")))
                        .orElseThrow()
                        .position())
                .as("it could be any of them")
                .isNull();
    }

    @Test
    void aQuestionMarkNamesTheOptionThatMakesItAParameter() {
        assertThat(error(connection().execute("SELECT * FROM t WHERE id = ?"))).hasMessageContaining("parameterStyle");
    }

    @Test
    void aSavepointWrittenAsSqlBeginsNoTransaction() {
        assertThat(error(connection().execute("SAVEPOINT a")).getSqlState()).isEqualTo("25P01");
        assertThat(connection().isAutoCommit()).isTrue();
    }

    @Test
    void divisionByZeroIsNull() {
        assertThat(awaitAll(connection().fetchLists("SELECT b / 0, b % 0 FROM t")))
                .singleElement()
                .satisfies(row -> assertThat(row).containsOnlyNulls());
    }

    @Test
    void columnsWithoutAnAliasHaveSqlitesNames() {
        // Its own text, by which an enclosing query knows the column, so the driver leaves it.
        assertThat(awaitValue(connection().fetch("SELECT max(b), b+1 FROM t")).keySet())
                .containsExactly("max(b)", "b+1");
        assertThat(awaitValue(connection().fetchValue("SELECT \"max(b)\" FROM (SELECT max(b) FROM t)", Long.class)))
                .isEqualTo(1);
    }
}
