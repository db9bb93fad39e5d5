package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import com.decentdb.r2dbc.api.TransactionState;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The engine is asked for the transaction of a connection. */
class TransactionStateTests {

    private static final String ENDLESS_WRITE =
            "INSERT INTO t (n) WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void createTable() {
        connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"));
    }

    private TransactionState state() {
        return awaitValue(connection.transactionState());
    }

    @Test
    void followsATransactionFromItsBeginToItsEnd() {
        assertThat(state()).isEqualTo(TransactionState.NONE);
        await(connection.beginTransaction());
        assertThat(state()).isEqualTo(TransactionState.BEGUN);
        await(connection.execute("INSERT INTO t (n) VALUES (1)"));
        assertThat(state()).isEqualTo(TransactionState.ACTIVE);
        await(connection.commitTransaction());
        assertThat(state()).isEqualTo(TransactionState.NONE);

        await(connection.beginTransaction(DecentDbTransactionDefinition.create().readOnly()));
        await(connection.execute("SELECT 1"));
        assertThat(state()).isEqualTo(TransactionState.ACTIVE);
        await(connection.rollbackTransaction());
        assertThat(state()).isEqualTo(TransactionState.NONE);
    }

    @Test
    void concernsTheOwnTransactionAlone() {
        holdWriteLock(database.connect());

        assertThat(state()).isEqualTo(TransactionState.NONE);
        await(connection.beginTransaction());
        connection.execute("INSERT INTO t (n) VALUES (1)").subscribe();
        assertThat(state()).as("its first statement waits").isEqualTo(TransactionState.BEGUN);
    }

    @Test
    void isThatOfThePinnedHandleWhereThereIsOne() {
        await(connection.execute("CREATE TEMP TABLE own (n INTEGER)"));

        assertThat(state()).isEqualTo(TransactionState.NONE);
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO own VALUES (1)"));
        assertThat(state()).isEqualTo(TransactionState.ACTIVE);
        await(connection.rollbackTransaction());
        assertThat(state()).isEqualTo(TransactionState.NONE);
    }

    @Test
    void findsOutThatAnIdleTransactionWasRolledBack() {
        DecentDbConnection other = database.connect();
        connection = database.keep(DecentDb.connect(database.url("linger=0&idleTransactionTimeout=PT0.05S")));
        holdWriteLock(connection);
        // It waits until the lock is free.
        await(other.execute("INSERT INTO t (n) VALUES (1)"));

        assertThat(state()).isEqualTo(TransactionState.LOST);
        await(connection.rollbackTransaction());
        assertThat(state()).isEqualTo(TransactionState.NONE);
    }

    @Test
    void findsOutThatTheEngineRolledATransactionBack() {
        assumeTrue(database.bundled(), "DecentDB cannot stop a statement");
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO t (n) VALUES (1)"));
        await(connection.setStatementTimeout(Duration.ofMillis(50)));
        await(connection.execute(ENDLESS_WRITE).onErrorComplete());

        assertThat(connection.isAutoCommit())
                .as("the connection has one to end")
                .isFalse();
        assertThat(state()).isEqualTo(TransactionState.LOST);
        await(connection.rollbackTransaction());
        assertThat(state()).isEqualTo(TransactionState.NONE);
    }

    @Test
    void knowsATransactionInADatabaseInMemory() {
        connection = database.keep(DecentDb.connect("r2dbc:decentdb:mem:///state"));
        DecentDbConnection other = database.keep(DecentDb.connect("r2dbc:decentdb:mem:///state"));
        holdWriteLock(connection);

        assertThat(state()).isEqualTo(TransactionState.ACTIVE);
        assertThat(awaitValue(other.transactionState())).isEqualTo(TransactionState.NONE);
    }
}
