package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Transaction control written as SQL does what the methods do. */
class TransactionControlTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
    }

    @Test
    void understandsTransactionsWrittenAsSql() {
        DecentDbConnection connection = database.connect();

        await(connection.execute(
                "BEGIN; INSERT INTO t VALUES (1); SAVEPOINT a; INSERT INTO t VALUES (2);" + " ROLLBACK TO a; COMMIT"));

        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(ids()).containsExactly(1L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN",
                "begin transaction",
                "/* now */ START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE -- go",
                "BEGIN IMMEDIATE",
                "\uFEFFBEGIN",
                "/* a file of */ \uFEFF BEGIN",
                "BEGIN ISOLATION LEVEL SNAPSHOT NOT DEFERRABLE",
            })
    void transactionsWrittenAsSqlAreTransactions(String begin) {
        DecentDbConnection connection = database.connect();
        await(connection.execute(begin));
        assertThat(connection.isAutoCommit()).isFalse();
        await(insert(connection, 1));
        await(connection.execute("SAVEPOINT \"My; point\""));
        await(insert(connection, 2));
        await(connection.rollbackTransactionToSavepoint("My; point"));
        await(connection.execute("RELEASE /* it */ SAVEPOINT \"My; point\""));
        await(connection.createSavepoint("b"));
        await(insert(connection, 3));
        await(connection.execute("ROLLBACK TRANSACTION TO b"));
        await(connection.execute("COMMIT WORK"));

        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(ids()).containsExactly(1L);
    }

    @ParameterizedTest
    @CsvSource({
        "BEGIN ISOLATION LEVEL CHAOS, 0A000",
        "BEGIN SOMETHING, 42601",
        "COMMIT AND CHAIN, 42601",
        "SAVEPOINT, 42601",
        "SET TRANSACTION READ ONLY, 25P01",
        "SAVEPOINT a, 25P01",
        "RELEASE a, 25P01",
        "ROLLBACK TO a, 25P01",
    })
    void transactionControlThatCannotBeIsRefusedWithItsText(String sql, String sqlState) {
        database.connect().execute(sql).as(StepVerifier::create).verifyErrorSatisfies(error -> {
            hasState(error, sqlState);
            assertThat(((R2dbcException) error).getSql()).isNotNull();
        });
    }

    @Test
    void theIsolationLevelInSqlCounts() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ"));
        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.REPEATABLE_READ);
        await(connection.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"));
        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.SERIALIZABLE);
        await(connection.execute("ROLLBACK"));
        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(DecentDbConnection.SNAPSHOT);
    }

    @Test
    void setTransactionReadOnlyIsKept() {
        DecentDbConnection connection = database.connect();
        await(connection.beginTransaction());
        await(insert(connection, 1));
        await(connection.execute("SET TRANSACTION READ WRITE"));
        await(connection.execute("SET TRANSACTION READ ONLY"));
        insert(connection, 2).as(StepVerifier::create).verifyErrorSatisfies(error -> hasState(error, "25006"));
        connection
                .execute("SET TRANSACTION READ WRITE")
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> hasState(error, "25001"));
        await(connection.commitTransaction());
        assertThat(ids()).containsExactly(1L);

        await(connection.beginTransaction());
        await(insert(connection, 3));
        await(connection.commitTransaction());
        assertThat(ids()).as("only that transaction").containsExactly(1L, 3L);
    }

    @Test
    void springsEnforcedReadOnlyTransactionWorks() {
        DecentDbConnection connection = database.connect();
        await(connection.beginTransaction(DecentDbTransactionDefinition.create().readOnly()));
        await(connection.execute("SET TRANSACTION READ ONLY"));

        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isZero();
        insert(connection, 1).as(StepVerifier::create).verifyErrorSatisfies(error -> hasState(error, "25006"));
        await(connection.commitTransaction());
    }

    @Test
    void withoutAutoCommitSetTransactionBeginsOne() {
        DecentDbConnection connection = database.connect();
        await(connection.setAutoCommit(false));
        await(connection.execute("SET TRANSACTION READ ONLY"));

        insert(connection, 1).as(StepVerifier::create).verifyErrorSatisfies(error -> hasState(error, "25006"));
        await(connection.rollbackTransaction());
        await(insert(connection, 2));
        await(connection.commitTransaction());
        assertThat(ids()).containsExactly(2L);
    }

    @Test
    void commitAndRollbackWithoutATransactionDoNothing() {
        DecentDbConnection connection = database.connect();
        await(connection.commitTransaction());
        await(connection.rollbackTransaction());
        await(connection.execute("COMMIT; ROLLBACK"));

        assertThat(connection.isAutoCommit()).isTrue();
    }

    @Test
    void aSavepointWrittenAsSqlBeginsNoTransaction() {
        DecentDbConnection connection = database.connect();
        connection.execute("SAVEPOINT a").as(StepVerifier::create).verifyErrorSatisfies(error -> {
            hasState(error, "25P01");
            assertThat(error).hasMessageContaining("begin one");
        });
        assertThat(connection.isAutoCommit()).isTrue();
        await(insert(connection, 1));
        assertThat(ids()).containsExactly(1L);

        // The method begins one, as R2DBC's test kit demands.
        await(connection.createSavepoint("a"));
        assertThat(connection.isAutoCommit()).isFalse();
        await(connection.rollbackTransaction());

        // Without auto-commit it is the next statement, which begins a transaction.
        await(connection.setAutoCommit(false));
        await(connection.execute("SAVEPOINT a"));
        await(insert(connection, 2));
        await(connection.rollbackTransaction());
        assertThat(ids()).containsExactly(1L);
    }

    private static void hasState(Throwable error, String sqlState) {
        assertThat(((R2dbcException) error).getSqlState()).isEqualTo(sqlState);
    }

    private static Mono<Long> insert(DecentDbConnection connection, int id) {
        return connection.execute("INSERT INTO t VALUES ($1)", id);
    }

    private List<Object> ids() {
        return awaitAll(
                database.connect().fetchAll("SELECT id FROM t ORDER BY id").map(row -> requireNonNull(row.get(0))));
    }
}
