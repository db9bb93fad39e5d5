package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.error;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.on;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.once;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.refusing;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.OutcomeUnknownException;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.Answers;
import com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.First;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The meaning of a failure: a write is certainly not executed, or its error says that nobody knows; and neither is it sent twice. */
class ScriptedFailureTests {

    private static final String WRITE = "INSERT INTO t VALUES (1)";
    private static final String READ = "SELECT a FROM t";

    @ParameterizedTest
    @CsvSource({"10250, not leader", "8202, not leader", "12, no database opened", "7, barrier failed"})
    void whatWasNotExecutedGoesToTheNextLeader(long code, String message) throws IOException {
        on(once(WRITE, refusing(code, message)), "", (connection, leader) -> {
            assertThat(awaitValue(connection.execute(WRITE))).isEqualTo(1);
            assertThat(leader.statements()).containsExactly(WRITE, WRITE);
        });
        on(once(READ, refusing(code, message)), "", (connection, leader) -> {
            await(connection.fetchLists(READ));
            assertThat(leader.statements()).containsExactly(READ, READ);
        });
    }

    /** Codes of Raft that version 1.11 passes on while a write waits to begin. */
    @ParameterizedTest
    @ValueSource(longs = {7, 8, 9})
    void aWriteThatHadNotBegunGoesToTheNextLeader(long code) throws IOException {
        on(once(WRITE, refusing(code, "barrier failed")), "", (connection, leader) -> {
            assertThat(awaitValue(connection.execute(WRITE))).isEqualTo(1);
            assertThat(leader.statements()).containsExactly(WRITE, WRITE);
        });
    }

    @ParameterizedTest
    @CsvSource({"10506, disk I/O error", "10, disk I/O error", "778, disk I/O error", "4, leader exec failed"})
    void aWriteWithWhichLeadershipWasLostIsUndecided(int code, String message) throws IOException {
        on(once(WRITE, refusing(code, message)), "", (connection, leader) -> {
            R2dbcException error = error(connection.execute(WRITE));

            assertThat(error).isInstanceOf(OutcomeUnknownException.class).hasMessageContaining(message);
            assertThat(error.getSqlState()).isEqualTo("08007");
            assertThat(error.getErrorCode()).isEqualTo(code);
            assertThat(error.getSql()).isEqualTo(WRITE);
            assertThat(leader.statements()).containsExactly(WRITE);
            assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
        });
    }

    @Test
    void aWriteWhoseConnectionBrokeIsUndecided() throws IOException {
        on(once(WRITE, Conversation::reset), "", (connection, leader) -> {
            assertThat(error(connection.execute(WRITE))).isInstanceOf(OutcomeUnknownException.class);
            assertThat(leader.statements()).containsExactly(WRITE);
            assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
        });
    }

    @Test
    void aWriteThatIsNotAnsweredIsUndecided() throws IOException {
        on(once(WRITE, Conversation::expectClose), "statementTimeout=PT1S", (connection, leader) -> {
            assertThat(error(connection.execute(WRITE))).isInstanceOf(OutcomeUnknownException.class);
            assertThat(leader.statements()).containsExactly(WRITE);
            assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
        });
    }

    @Test
    void aReadWhoseConnectionBrokeIsNotRepeated() throws IOException {
        on(once(READ, Conversation::reset), "", (connection, leader) -> {
            R2dbcException error = error(connection.fetchLists(READ));

            assertThat(error).isInstanceOf(R2dbcTransientResourceException.class);
            assertThat(error.getSqlState()).isEqualTo("08006");
            assertThat(leader.statements()).containsExactly(READ);
            await(connection.fetchLists("SELECT 1"));
        });
    }

    @Test
    void aReadWithWhichLeadershipWasLostIsNotRepeated() throws IOException {
        on(once(READ, refusing(10_506, "leadership lost")), "", (connection, leader) -> {
            assertThat(error(connection.fetchLists(READ)).getSqlState()).isEqualTo("08006");
            assertThat(leader.statements()).containsExactly(READ);
        });
    }

    @Test
    void aReadThatIsNotAnsweredTimesOut() throws IOException {
        on(once(READ, Conversation::expectClose), "statementTimeout=PT1S", (connection, leader) -> {
            R2dbcException error = error(connection.fetchLists(READ));

            assertThat(error).isInstanceOf(R2dbcTimeoutException.class);
            assertThat(error.getSqlState()).isEqualTo("57014");
            assertThat(leader.statements()).containsExactly(READ);
            await(connection.fetchLists("SELECT 1"));
        });
    }

    @Test
    void rowsBeforeAFailureArrive() throws IOException {
        on(
                once(READ, talk -> talk.answer(Wire.rows("a", true, 1, 2), Wire.failure(1, "overflow"))),
                "",
                (connection, leader) -> StepVerifier.create(
                                connection.fetchLists(READ).map(row -> row.get(0)))
                        .expectNext(1L, 2L)
                        .verifyErrorSatisfies(error -> assertThat(error).hasMessageContaining("overflow")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"database is locked", "checkpoint in progress"})
    void whileOthersWriteItWaits(String message) throws IOException {
        AtomicInteger times = new AtomicInteger();
        Answers answers = (sql, talk) -> {
            if (sql.equals(WRITE) && times.getAndIncrement() < 3) {
                talk.answer(Wire.failure(5, message));
            } else {
                ScriptedLeader.usual(sql, talk);
            }
        };
        on(answers, "", (connection, leader) -> {
            assertThat(awaitValue(connection.execute(WRITE))).isEqualTo(1);
            assertThat(leader.statements()).containsExactly(WRITE, WRITE, WRITE, WRITE);
        });
    }

    @Test
    void itDoesNotWaitForOthersForEver() throws IOException {
        on(
                (sql, talk) -> talk.answer(Wire.failure(5, "database is locked")),
                "lockWaitTimeout=PT0.3S",
                (connection, leader) -> {
                    R2dbcException error = error(connection.execute(WRITE));

                    assertThat(error).isInstanceOf(R2dbcTimeoutException.class);
                    assertThat(error.getSqlState()).isEqualTo("55P03");
                });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        2067 | UNIQUE constraint failed: t.a       | 23505
        1555 | UNIQUE constraint failed: t.id      | 23505
        1299 | NOT NULL constraint failed: t.a     | 23502
        275  | CHECK constraint failed: a          | 23514
        787  | FOREIGN KEY constraint failed       | 23503
        19   | constraint failed                   | 23000
        1    | near "x": syntax error              | 42601
        1    | no such table: t                    | 42P01
        1    | no such column: a                   | 42703
        1    | no such function: f                 | 42883
        1    | cannot start                        | 42000
        18   | string or blob too big              | 54000
        20   | datatype mismatch                   | 22018
        23   | not authorized                      | 42501
        25   | column index out of range           | 07002
        7    | out of memory                       | 53200
        8    | attempt to write a readonly database | 25006
        9    | interrupted                         | 57014
        13   | database or disk is full            | 53100
        11   | database disk image is malformed    | XX001
        1001 | bad request                         | 08P01
        """)
    void everyCodeHasItsMeaning(int code, String message, String sqlState) throws IOException {
        on(once(WRITE, refusing(code, message)), "", (connection, leader) -> {
            R2dbcException error = error(connection.execute(WRITE));

            assertThat(error.getSqlState()).isEqualTo(sqlState);
            assertThat(error.getErrorCode()).isEqualTo(code);
            assertThat(error).hasMessageContaining(message);
            assertThat(error.getSql()).isEqualTo(WRITE);
            assertThat(leader.statements()).containsExactly(WRITE);
        });
    }

    @Test
    void aTransactionWhoseLeaderIsLostIsRolledBackAndHasToBeEnded() throws IOException {
        on(once(WRITE, Conversation::reset), "", (connection, leader) -> {
            await(connection.beginTransaction());

            R2dbcException first = error(connection.execute(WRITE));
            assertThat(first).isInstanceOf(R2dbcRollbackException.class);
            assertThat(first.getSqlState()).isEqualTo("40001");
            assertThat(error(connection.execute("DELETE FROM t")).getSqlState()).isEqualTo("40001");
            assertThat(error(connection.commitTransaction()).getSqlState()).isEqualTo("40001");
            await(connection.rollbackTransaction());

            assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
            assertThat(leader.statements()).containsExactly("BEGIN IMMEDIATE", WRITE, "DELETE FROM t");
        });
    }

    @Test
    void aBeginThatANodeDeniesGoesToTheNextLeader() throws IOException {
        on(once("BEGIN IMMEDIATE", refusing(10_250, "not leader")), "", (connection, leader) -> {
            await(connection.beginTransaction());
            await(connection.execute(WRITE));
            await(connection.commitTransaction());

            assertThat(leader.statements()).containsExactly("BEGIN IMMEDIATE", "BEGIN IMMEDIATE", WRITE, "COMMIT");
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 10_506, 4})
    void aCommitThatIsLostIsUndecided(long code) throws IOException {
        First first = code == 0 ? Conversation::reset : refusing(code, "leadership lost");
        on(once("COMMIT", first), "", (connection, leader) -> {
            await(connection.beginTransaction());
            await(connection.execute(WRITE));

            assertThat(error(connection.commitTransaction())).isInstanceOf(OutcomeUnknownException.class);

            await(connection.rollbackTransaction());
            assertThat(leader.statements().subList(0, 3)).containsExactly("BEGIN IMMEDIATE", WRITE, "COMMIT");
            assertThat(leader.statements()).containsOnlyOnce("COMMIT");
        });
    }

    @ParameterizedTest
    @CsvSource({"10250, not leader", "12, no database opened", "1, cannot commit - no transaction is active"})
    void aCommitOfATransactionThatIsGoneSaysSo(long code, String message) throws IOException {
        on(once("COMMIT", refusing(code, message)), "", (connection, leader) -> {
            await(connection.beginTransaction());
            await(connection.execute(WRITE));

            assertThat(error(connection.commitTransaction()).getSqlState()).isEqualTo("40001");
            assertThat(leader.statements()).containsOnlyOnce("COMMIT");
        });
    }

    @Test
    void aCommitThatIsBusyIsTriedAgain() throws IOException {
        on(once("COMMIT", refusing(5, "checkpoint in progress")), "", (connection, leader) -> {
            await(connection.beginTransaction());
            await(connection.execute(WRITE));
            await(connection.commitTransaction());

            assertThat(leader.statements()).containsExactly("BEGIN IMMEDIATE", WRITE, "COMMIT", "COMMIT");
        });
    }

    @Test
    void statementsThatWaitShareACommit() throws IOException {
        on(ScriptedLeader::usual, "", (connection, leader) -> {
            awaitValue(manyAtOnce(leader, 40));

            assertThat(leader.statements()).contains("BEGIN IMMEDIATE", "COMMIT");
            assertThat(leader.statements().stream().filter(sql -> sql.equals(WRITE)))
                    .hasSize(40);
            assertThat(leader.statements().stream()
                            .filter(sql -> sql.equals("COMMIT"))
                            .count())
                    .isLessThan(20);
        });
    }

    @Test
    void aGroupThatIsLostBeforeItsCommitRunsAgain() throws IOException {
        AtomicInteger inserts = new AtomicInteger();
        Answers answers = (sql, talk) -> {
            if (sql.equals(WRITE) && inserts.incrementAndGet() == 10) {
                talk.reset();
            } else {
                ScriptedLeader.usual(sql, talk);
            }
        };
        try (ScriptedLeader leader = ScriptedLeader.start(answers)) {
            Outcomes outcomes = awaitValue(manyAtOnce(leader, 40));

            // A write on its own, not in a group, may be the one that is lost.
            assertThat(outcomes.done + outcomes.unknown).isEqualTo(40);
            assertThat(outcomes.unknown).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void aGroupWhoseCommitIsLostIsUndecided() throws IOException {
        try (ScriptedLeader leader = ScriptedLeader.start(once("COMMIT", Conversation::reset))) {
            Outcomes outcomes = awaitValue(manyAtOnce(leader, 40));

            assertThat(outcomes.done + outcomes.unknown).isEqualTo(40);
            assertThat(outcomes.unknown).isBetween(2, 40);
            // Nobody's write was sent again.
            assertThat(leader.statements().stream().filter(sql -> sql.equals(WRITE)))
                    .hasSize(40);
        }
    }

    @Test
    void aGroupWhoseCommitBreaksAConstraintRunsOneByOne() throws IOException {
        try (ScriptedLeader leader =
                ScriptedLeader.start(once("COMMIT", refusing(787, "FOREIGN KEY constraint failed")))) {
            Outcomes outcomes = awaitValue(manyAtOnce(leader, 40));

            assertThat(outcomes.done).isEqualTo(40);
        }
    }

    private record Outcomes(int done, int unknown) {}

    /** So many inserts on as many connections at once. */
    private static Mono<Outcomes> manyAtOnce(ScriptedLeader leader, int count) {
        AtomicInteger done = new AtomicInteger();
        AtomicInteger unknown = new AtomicInteger();
        return Mono.usingWhen(
                Mono.fromSupplier(() -> DecentDb.factory(leader.url(""))),
                factory -> Flux.range(0, count)
                        .flatMap(
                                each -> Mono.usingWhen(
                                        factory.create(),
                                        connection -> connection
                                                .execute(WRITE)
                                                .doOnNext(rows -> done.incrementAndGet())
                                                .onErrorResume(OutcomeUnknownException.class, error -> {
                                                    unknown.incrementAndGet();
                                                    return Mono.empty();
                                                }),
                                        DecentDbConnection::close),
                                count)
                        .then(Mono.fromSupplier(() -> new Outcomes(done.get(), unknown.get()))),
                DecentDbConnectionFactory::close);
    }
}
