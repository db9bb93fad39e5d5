package com.decentdb.r2dbc.processes;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/**
 * A write waits for whoever writes to the file no longer than its deadline says. A native handle that the driver does not know
 * stands for the other process.
 */
class LockedFileTests {

    /** Shorter than the engine itself would wait. */
    private static final Duration SOON = Duration.ofSeconds(15);

    private static final Duration SHORT = Duration.ofMillis(200);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private @Nullable NativeDatabase other;
    private @Nullable FileChannel lockFile;

    @BeforeEach
    void lockTheFile() throws IOException {
        await(database.connect().execute("CREATE TABLE t (n INTEGER)"));
        NativeDatabase handle = NativeLibrary.load(null).open(database.file().toString(), OpenMode.OPEN, "");
        other = handle;
        // A transaction of DecentDB locks nothing until it commits; the driver in another process locks a file of its
        // own.
        if (!database.bundled()) {
            lockFile = FileChannel.open(
                    database.directory().resolve("test.ddb.r2dbc-lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE);
            lockFile.lock();
        }
        handle.beginWriting();
    }

    @AfterEach
    void closeTheOther() throws IOException {
        if (other != null) {
            other.close();
        }
        unlock();
    }

    private void rollback() throws IOException {
        other().rollback();
        unlock();
    }

    private void unlock() throws IOException {
        if (lockFile != null) {
            lockFile.close();
        }
    }

    private NativeDatabase other() {
        return requireNonNull(other);
    }

    private DecentDbConnection connection(Duration lockWait) {
        DecentDbConnection connection = database.connect();
        await(connection.setLockWaitTimeout(lockWait));
        return connection;
    }

    private long rows() {
        return awaitValue(database.connect().fetchValue("SELECT count(*) FROM t", Long.class));
    }

    private static <T> CompletableFuture<T> begun(Mono<T> write) {
        return write.toFuture();
    }

    private static void expectState(Mono<?> mono, String sqlState) {
        StepVerifier.create(mono)
                .expectErrorSatisfies(
                        e -> assertThat(((R2dbcException) e).getSqlState()).isEqualTo(sqlState))
                .verify(SOON);
    }

    @Test
    void theLockWaitEndsWithAnErrorThatNamesTheHolderAndTheOption() {
        StepVerifier.create(connection(SHORT).execute("INSERT INTO t VALUES (1)"))
                .expectErrorSatisfies(e -> assertThat(e)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageContaining("another process")
                        .hasMessageContaining("lockWaitTimeout"))
                .verify(SOON);
    }

    @ParameterizedTest
    @ValueSource(strings = {"CREATE TABLE u (n INTEGER)", "INSERT INTO t VALUES (1) RETURNING n", "DELETE FROM t"})
    void everyKindOfWriteWaitsForItsTimeOnly(String sql) {
        expectState(connection(SHORT).execute(sql), "55P03");
        expectState(connection(Duration.ZERO).execute(sql), "55P03");
    }

    @Test
    void aWriteBehindOneThatMayWaitLongerExpiresByItsOwnDeadline() throws IOException {
        CompletableFuture<Long> patient =
                begun(connection(TestDatabase.PATIENCE).execute("INSERT INTO t VALUES (1)"));
        expectState(connection(SHORT).execute("INSERT INTO t VALUES (2)"), "55P03");
        assertThat(patient).isNotDone();

        rollback();
        assertThat(patient).succeedsWithin(SOON);
        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void queuedWritesExpireByTheirOwnTimeoutOrElseByTheLockWait() throws IOException {
        DecentDbConnection connection = connection(SHORT);
        expectState(
                DecentDb.connect(database.url("linger=0&writeQueueDefaultTimeout=PT0.2S"))
                        .flatMap(timely -> timely.executeQueued("INSERT INTO t VALUES (1)")
                                .onErrorResume(e -> timely.close().then(Mono.error(e)))),
                "HYT00");
        expectState(connection.executeQueued("INSERT INTO t VALUES (1)"), "55P03");
        CompletableFuture<Long> before = begun(connection(TestDatabase.PATIENCE).execute("DELETE FROM t"));
        expectState(connection.executeQueued("INSERT INTO t VALUES (1)"), "55P03");
        rollback();
        assertThat(before).succeedsWithin(SOON);
        assertThat(awaitValue(connection.executeQueued("INSERT INTO t VALUES (2)")))
                .isEqualTo(1);
        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void aTransactionThatWaitedInVainMayBeTriedAgain() throws IOException {
        DecentDbConnection connection = connection(SHORT);
        await(connection.beginTransaction());
        expectState(connection.execute("INSERT INTO t VALUES (1)"), "55P03");

        rollback();
        await(connection.execute("INSERT INTO t VALUES (2)"));
        await(connection.commitTransaction());
        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void aTransactionSeesWhatTheOtherCommittedWhileItWaited() throws IOException {
        DecentDbConnection connection = connection(TestDatabase.PATIENCE);
        await(connection.beginTransaction());
        CompletableFuture<Long> seen = begun(connection.fetchValue("SELECT count(*) FROM t", Long.class));
        await(connection(SHORT).execute("DELETE FROM t").onErrorComplete());
        other().execute("INSERT INTO t VALUES (7)", Parameters.of(0)).close();
        other().commit();
        unlock();

        assertThat(seen).succeedsWithin(SOON).isEqualTo(1L);
        await(connection.execute("UPDATE t SET n = 8"));
        await(connection.commitTransaction());
    }

    @Test
    void whatWaitsIsWrittenInOrderOnceTheFileIsFree() throws IOException {
        DecentDbConnection connection = connection(TestDatabase.PATIENCE);
        List<CompletableFuture<Long>> writes = List.of(
                begun(connection.execute("INSERT INTO t VALUES (1)")),
                begun(connection.execute("CREATE TABLE u (n INTEGER)")),
                begun(connection.execute("INSERT INTO u SELECT n FROM t")),
                begun(connection.executeQueued("INSERT INTO t VALUES (2)")));
        expectState(connection(SHORT).execute("DELETE FROM t"), "55P03");

        rollback();
        writes.forEach(write -> assertThat(write).succeedsWithin(SOON));
        assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM u", Long.class)))
                .isEqualTo(1);
        assertThat(rows()).isEqualTo(2);
    }

    @Test
    void aCancelledWriteIsNotWrittenAndTheLaneServesOthersMeanwhile() throws IOException {
        DecentDbConnection connection = connection(TestDatabase.PATIENCE);
        connection.execute("INSERT INTO t VALUES (1)").subscribe().dispose();
        var waiting = connection.execute("INSERT INTO t VALUES (2)").subscribe();
        assertThat(connection.writeQueueMetrics().block(SOON)).isNotNull();
        waiting.dispose();
        // A try of the write that was under way has ended before the lane serves this.
        assertThat(connection.writeQueueMetrics().block(SOON)).isNotNull();

        rollback();
        await(connection.execute("DELETE FROM t WHERE FALSE"));
        assertThat(rows()).isZero();
    }

    @Test
    void closingTheConnectionEndsItsWaitingWritesAndWaitsForNobody() throws IOException {
        DecentDbConnection connection = connection(TestDatabase.PATIENCE);
        CompletableFuture<Long> write = begun(connection.execute("INSERT INTO t VALUES (1)"));
        CompletableFuture<Long> queued = begun(connection.executeQueued("INSERT INTO t VALUES (2)"));
        connection.close().block(SOON);

        for (CompletableFuture<Long> each : List.of(write, queued)) {
            assertThat(each)
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .havingCause()
                    .isInstanceOfSatisfying(
                            R2dbcException.class,
                            // The one whose try to begin runs just now is interrupted.
                            closed -> assertThat(closed.getSqlState()).isIn("08003", "57014"));
        }
        rollback();
        await(connection(TestDatabase.PATIENCE).execute("DELETE FROM t WHERE FALSE"));
        assertThat(rows()).isZero();
    }

    @Test
    void aConnectionWithTemporaryTablesWaitsAlike() throws IOException {
        DecentDbConnection connection = connection(SHORT);
        // DecentDB writes to the file as a handle is opened, so that has to wait, too.
        if (database.bundled()) {
            await(connection.execute("CREATE TEMP TABLE s (n INTEGER)"));
            await(connection.execute("INSERT INTO s VALUES (1)").onErrorComplete());
        } else {
            expectState(connection.execute("CREATE TEMP TABLE s (n INTEGER)"), "55P03");
        }
        expectState(connection.execute("INSERT INTO t VALUES (1)"), "55P03");
        rollback();
        await(connection.execute("INSERT INTO t VALUES (1)"));
    }

    @Test
    void aCheckpointThatCannotFinishGivesUp() {
        DecentDbConnection connection = connection(SHORT);
        expectState(connection.checkpoint(), "55P03");
    }
}
