package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.error;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.on;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.once;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The end of transactions that take longer than they may, at each point of their way. */
class ScriptedTransactionTests {

    private static final String WRITE = "INSERT INTO t VALUES (1)";
    private static final String READ = "SELECT a FROM t";
    private static final DecentDbTransactionDefinition SHORT =
            DecentDbTransactionDefinition.create().transactionTimeout(Duration.ofSeconds(1));

    private static void isTimeout(R2dbcException error) {
        assertThat(error)
                .isInstanceOf(R2dbcRollbackException.class)
                .hasMessageContaining("transactionTimeout")
                .hasMessageContaining("1000 ms");
        assertThat(error.getSqlState()).isEqualTo("40001");
    }

    /** Nothing of the transaction runs until it was rolled back, and then a write does. */
    private static void isOver(DecentDbConnection connection) {
        isTimeout(error(connection.execute("DELETE FROM t")));
        isTimeout(error(connection.commitTransaction()));
        await(connection.rollbackTransaction());
        assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
    }

    @Test
    void oneThatDoesNothingIsRolledBack() throws IOException {
        on(ScriptedLeader::usual, "", (connection, leader) -> {
            await(connection.beginTransaction(SHORT));
            await(connection.execute(WRITE));
            leader.awaitStatement("ROLLBACK");

            isOver(connection);
            assertThat(leader.statements()).containsExactly("BEGIN IMMEDIATE", WRITE, "ROLLBACK", "DELETE FROM t");
        });
    }

    @Test
    void aStatementThatDoesNotEndIsEndedWithIt() throws IOException {
        on(once(WRITE, talk -> {}), "statementTimeout=PT10M", (connection, leader) -> {
            await(connection.beginTransaction(SHORT));

            R2dbcException error = error(connection.execute(WRITE));

            isTimeout(error);
            assertThat(error.getSql()).isEqualTo(WRITE);
            isOver(connection);
            assertThat(leader.statements())
                    .as("the node rolls back, since the connection is closed")
                    .containsExactly("BEGIN IMMEDIATE", WRITE, "DELETE FROM t");
        });
    }

    @Test
    void aResultThatIsReadSlowlyIsEndedWithIt() throws IOException {
        on(once(READ, talk -> talk.answer(Wire.rows("a", true, 1))), "statementTimeout=PT10M", (connection, leader) -> {
            await(connection.beginTransaction(SHORT));

            StepVerifier.create(connection.fetchLists(READ))
                    .expectNextCount(1)
                    .expectErrorSatisfies(error -> isTimeout((R2dbcException) error))
                    .verify(PATIENCE);
            isOver(connection);
        });
    }

    @Test
    void statementsThatWaitInItAreNotSent() throws IOException {
        on(once(WRITE, talk -> {}), "statementTimeout=PT10M", (connection, leader) -> {
            await(connection.beginTransaction(SHORT));

            StepVerifier.create(Flux.range(0, 3)
                            .flatMap(i -> connection
                                    .execute(i == 0 ? WRITE : "UPDATE t SET a = " + i)
                                    .map(String::valueOf)
                                    .onErrorResume(
                                            R2dbcException.class,
                                            error -> Flux.just(error.getSqlState())
                                                    .next())))
                    .expectNext("40001", "40001", "40001")
                    .expectComplete()
                    .verify(PATIENCE);
            await(connection.rollbackTransaction());
            assertThat(leader.statements()).containsExactly("BEGIN IMMEDIATE", WRITE);
        });
    }

    @Test
    void aCommitThatIsOnItsWayDecides() throws IOException {
        on(
                once("COMMIT", talk -> talk.pause(Duration.ofMillis(1_500)).answer(Wire.result(0, 0))),
                "",
                (connection, leader) -> {
                    await(connection.beginTransaction(SHORT));
                    await(connection.execute(WRITE));

                    await(connection.commitTransaction());

                    assertThat(leader.statements()).containsExactly("BEGIN IMMEDIATE", WRITE, "COMMIT");
                });
    }

    @Test
    void theWaitForTheRightToWriteDoesNotCount() throws IOException {
        on(
                once(
                        "BEGIN IMMEDIATE",
                        talk -> talk.pause(Duration.ofMillis(1_500)).answer(Wire.result(0, 0))),
                "",
                (connection, leader) -> {
                    await(connection.beginTransaction(SHORT));
                    await(connection.execute(WRITE));
                    await(connection.commitTransaction());

                    assertThat(leader.statements()).containsExactly("BEGIN IMMEDIATE", WRITE, "COMMIT");
                });
    }

    @Test
    void aNodeThatDoesNotRollBackInTimeIsGivenUp() throws IOException {
        on(once("ROLLBACK", talk -> {}), "statementTimeout=PT10M&connectTimeout=PT1S", (connection, leader) -> {
            await(connection.beginTransaction());
            await(connection.execute(WRITE));

            await(connection.rollbackTransaction());

            assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
        });
    }

    @Test
    void whatWasCancelledInItHoldsUpNoRollback() throws IOException {
        on(once(WRITE, talk -> {}), "statementTimeout=PT10M", (connection, leader) -> {
            await(connection.beginTransaction());
            Disposable running = connection.execute(WRITE).subscribe();
            leader.awaitStatement(WRITE);
            running.dispose();

            await(connection.rollbackTransaction());

            assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
        });
        on(once(READ, talk -> talk.answer(Wire.rows("a", true, 1))), "statementTimeout=PT10M", (connection, leader) -> {
            await(connection.beginTransaction());
            assertThat(awaitAll(connection.fetchLists(READ).take(1))).hasSize(1);

            await(connection.rollbackTransaction());

            assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
        });
    }

    @Test
    void oneThatOnlyReadsLeavesAConnectionOnWhichOthersMayWrite() throws IOException {
        on(ScriptedLeader::usual, "", (connection, leader) -> {
            await(connection.beginTransaction(SHORT.readOnly()));
            await(connection.fetchLists(READ));
            leader.awaitStatement("PRAGMA query_only=0");

            isTimeout(error(connection.fetchLists(READ)));
            await(connection.rollbackTransaction());
            assertThat(leader.statements())
                    .containsExactly("PRAGMA query_only=1", "BEGIN", READ, "ROLLBACK", "PRAGMA query_only=0");
        });
    }
}
