package com.decentdb.r2dbc.connection;

import static com.decentdb.r2dbc.TestDatabase.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The calls that a connection makes on its session, whatever transport is behind it. */
class DefaultConnectionTests {

    private final RecordingSession session = new RecordingSession();
    private final DefaultConnection connection = session.connection("");

    @Test
    void doesNothingBeforeItIsSubscribedTo() {
        Flux<?> unused = Flux.from(connection.createStatement("DELETE FROM t").execute());
        unused = connection.beginTransaction().thenMany(unused);

        assertThat(session.calls).isEmpty();
    }

    @Test
    void keepsTheOrderOfAScript() {
        await(connection.execute("INSERT INTO t VALUES (1); DELETE FROM t"));

        assertThat(session.calls).containsExactly("INSERT INTO t VALUES (1)", "DELETE FROM t");
    }

    @Test
    void quotesSavepoints() {
        await(connection.createSavepoint("a\"b"));
        await(connection.releaseSavepoint("a\"b"));

        assertThat(session.calls).containsExactly("begin", "SAVEPOINT \"a\"\"b\"", "RELEASE SAVEPOINT \"a\"\"b\"");
    }

    @Test
    void appendsReturning() {
        await(connection
                .createStatement("INSERT INTO t VALUES (1) -- done")
                .returnGeneratedValues("id", "odd\"name")
                .execute());

        assertThat(session.calls).containsExactly("INSERT INTO t VALUES (1) RETURNING \"id\", \"odd\"\"name\"");
    }

    @Test
    void resetsABorrowedConnectionOnRelease() {
        await(connection.setAutoCommit(false));
        await(connection.execute("DELETE FROM t"));
        await(connection.preRelease());

        assertThat(session.calls).containsExactly("begin", "DELETE FROM t", "rollback");
        assertThat(connection.isAutoCommit()).isTrue();
    }

    @Test
    void sendsPlainWritesThroughTheQueueIfAskedTo() {
        DefaultConnection queueing = session.connection("?writeQueueEnabled=true");
        await(queueing.execute("DELETE FROM t"));
        await(queueing.execute("DELETE FROM t RETURNING id"));
        await(queueing.inTransaction(tx -> tx.execute("DELETE FROM t")));

        assertThat(session.calls)
                .containsExactly(
                        "queued DELETE FROM t", "DELETE FROM t RETURNING id", "begin", "DELETE FROM t", "commit");
    }

    @Test
    void theErrorOfACommitReachesTheSubscriberAsItIs() {
        R2dbcException failure = Errors.of("58030", "The disk is full", null);
        session.commitFailure = failure;

        connection
                .inTransaction(tx -> tx.execute("DELETE FROM t"))
                .as(StepVerifier::create)
                .thenConsumeWhile(rows -> true)
                .verifyErrorSatisfies(error -> assertThat(error).isSameAs(failure));
    }
}
