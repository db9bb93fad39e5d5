package com.decentdb.r2dbc.embedded;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.open.Database;
import com.decentdb.r2dbc.embedded.open.EmbeddedConfig;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.TransactionOptions;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A handle that says it is broken is replaced; what it held is lost with a clear error, everything else goes on. */
class BrokenHandleTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private @Nullable Database database;

    @BeforeEach
    void open() throws InterruptedException {
        database = start(directory.resolve("test.ddb"));
        run(session(), "CREATE TABLE t (n INTEGER)");
    }

    @AfterEach
    void close() throws InterruptedException {
        stop(database());
    }

    private Database database() {
        return requireNonNull(database);
    }

    private static Database start(@Nullable Path path) throws InterruptedException {
        EmbeddedConfig config = new EmbeddedConfig(
                path,
                "test",
                null,
                EmbeddedConfig.Mode.CREATE,
                false,
                "",
                2,
                2,
                16,
                16,
                16,
                Duration.ZERO,
                Duration.ZERO,
                Set.of());
        Database started = new Database(config, NativeLibrary.load(null));
        CountDownLatch open = new CountDownLatch(1);
        started.open(open::countDown, error -> {});
        assertThat(open.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return started;
    }

    private static void stop(Database started) throws InterruptedException {
        CountDownLatch closed = new CountDownLatch(1);
        started.close(closed::countDown);
        assertThat(closed.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"PANIC, native panic", "INTERNAL, lock poisoned"})
    void aTransactionOnItIsLostAndTheNextOneWorks(Status status, String message) throws InterruptedException {
        EmbeddedSession session = session();
        session.begin(new TransactionOptions(false, PATIENCE, Duration.ZERO, Duration.ZERO, null))
                .block(PATIENCE);
        run(session, "INSERT INTO t VALUES (1)");
        breakHandle(database().shared().writer(), status, message);

        StepVerifier.create(execute(session, "INSERT INTO t VALUES (2)"))
                .expectErrorSatisfies(e -> assertThat(e).isInstanceOf(R2dbcRollbackException.class))
                .verify(PATIENCE);
        StepVerifier.create(session.commit())
                .expectError(R2dbcRollbackException.class)
                .verify(PATIENCE);
        assertThat(database().lease().held()).isFalse();

        session.begin(new TransactionOptions(false, PATIENCE, Duration.ZERO, Duration.ZERO, null))
                .block(PATIENCE);
        run(session, "INSERT INTO t VALUES (3)");
        session.commit().block(PATIENCE);
        assertThat(count(session)).isEqualTo(1);
        assertThat(database().lease().held()).isFalse();
    }

    @Test
    void writesOutsideTransactionsGoOnWithTheNextHandle() throws InterruptedException {
        EmbeddedSession session = session();
        run(session, "INSERT INTO t VALUES (1)");
        breakHandle(database().shared().writer(), Status.PANIC, "native panic");
        run(session, "INSERT INTO t VALUES (2)");
        Value[] none = {};
        assertThat(session.executeQueued(SqlCommand.of("INSERT INTO t VALUES (3)"), none, Duration.ZERO)
                        .block(PATIENCE))
                .isEqualTo(1);
        assertThat(count(session)).isEqualTo(3);
    }

    @Test
    void aResultBeingReadFails() throws InterruptedException {
        EmbeddedSession session = session();
        run(session, "CREATE TEMP TABLE many (n INTEGER)");
        run(session, "INSERT INTO many VALUES (1), (2), (3)");
        Cursor cursor = requireNonNull(execute(session, "SELECT n FROM many").block(PATIENCE));
        breakHandle(session.lanes().writer(), Status.PANIC, "native panic");
        if (database().traits().keepsAuditContext()) {
            StepVerifier.create(cursor.next()).expectError(R2dbcException.class).verify(PATIENCE);
        } else {
            // On DecentDB a connection with TEMP objects reads under the write lock, and each result as a whole.
            StepVerifier.create(cursor.next())
                    .expectNextCount(1)
                    .expectComplete()
                    .verify(PATIENCE);
        }
    }

    @Test
    void sessionStateIsNotLostInSilence() throws InterruptedException {
        EmbeddedSession session = session();
        run(session, "CREATE TEMP TABLE own (n INTEGER)");
        breakHandle(session.lanes().writer(), Status.PANIC, "native panic");
        assertThat(state(execute(session, "SELECT 1"))).isEqualTo("08006");
        assertThat(session.ping().block(PATIENCE)).isFalse();

        session.reset().block(PATIENCE);
        assertThat(session.ping().block(PATIENCE)).isTrue();
    }

    @Test
    void aDatabaseInMemoryIsNotLostInSilence() throws InterruptedException {
        Database memory = start(null);
        EmbeddedSession session = new EmbeddedSession(memory, () -> {}, DriverThreads.newSerial());
        run(session, "CREATE TABLE t (n INTEGER)");
        breakHandle(memory.shared().writer(), Status.PANIC, "native panic");
        assertThat(state(execute(session, "CREATE TABLE t (n INTEGER)"))).isEqualTo("08006");
        stop(memory);
    }

    /** As if a native call of the lane had reported this. */
    private static void breakHandle(Lane lane, Status status, String message) throws InterruptedException {
        CountDownLatch broken = new CountDownLatch(1);
        lane.execute(() -> {
            try {
                lane.call(handle -> {
                    throw new NativeException(status, "", null, message, false, null, Map.of());
                });
            } catch (NativeException e) {
                broken.countDown();
            }
        });
        assertThat(broken.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    private EmbeddedSession session() {
        return new EmbeddedSession(database(), () -> {}, DriverThreads.newSerial());
    }

    private static Mono<Cursor> execute(EmbeddedSession session, String sql) {
        Value[] none = {};
        return session.execute(new Command(SqlCommand.of(sql), List.<Value[]>of(none), 1, PATIENCE))
                .last();
    }

    private static void run(EmbeddedSession session, String sql) {
        execute(session, sql).doOnNext(Cursor::close).block(PATIENCE);
    }

    private static long count(EmbeddedSession session) {
        Cursor cursor = execute(session, "SELECT COUNT(*) FROM t").block(PATIENCE);
        return requireNonNull(requireNonNull(cursor).first()).int64(0, 0);
    }

    private static @Nullable String state(Mono<?> asked) {
        return asked.then(Mono.<String>empty())
                .onErrorResume(R2dbcException.class, e -> Mono.just(String.valueOf(e.getSqlState())))
                .block(PATIENCE);
    }
}
