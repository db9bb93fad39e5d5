package com.decentdb.r2dbc.files;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.ProcessResources;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A file that was copied, deleted, replaced or restored while its database was open. */
class RestoreTests {

    private static final long ROWS_OF_BACKUP = 2_000;

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private Path backup;
    private boolean bundled;

    /** Work that needs one more native handle. */
    enum Use {
        READ,
        WATCH,
        PIN;

        Publisher<?> on(DecentDbConnection connection) {
            return switch (this) {
                case READ -> connection.fetchValue("SELECT count(*) FROM t", Long.class);
                case WATCH -> connection.watchTable("t").next();
                case PIN -> connection.execute("CREATE TEMP TABLE q (n INTEGER)");
            };
        }
    }

    @BeforeEach
    void makeBackup() {
        backup = database.directory().resolve("backup.ddb");
        DecentDbConnectionFactory source = DecentDb.factory("r2dbc:decentdb:///" + backup);
        DecentDbConnection connection = awaitValue(source.create());
        bundled = connection.getMetadata().engine().bundled();
        fill(connection, ROWS_OF_BACKUP);
        await(source.close());
    }

    private static void fill(DecentDbConnection connection, long rows) {
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.execute("INSERT INTO t SELECT value FROM generate_series(1, $1) AS s(value)", rows));
        await(connection.close());
    }

    /** A database with one row in its log. */
    private DecentDbConnection open() {
        fill(awaitValue(database.factory().create()), 1);
        await(database.factory().close());
        DecentDbConnection connection = awaitValue(DecentDb.connect(database.url("linger=0")));
        await(connection.execute("INSERT INTO t VALUES (2)"));
        return connection;
    }

    private Path beside(String suffix) {
        return database.directory().resolve("test.ddb" + suffix);
    }

    private static void refused(Publisher<?> asked, String named) {
        StepVerifier.create(asked)
                .expectErrorSatisfies(e -> {
                    assertThat(e)
                            .isInstanceOf(R2dbcNonTransientResourceException.class)
                            .hasMessageContaining(named);
                    assertThat(((R2dbcException) e).getSqlState()).isEqualTo("58030");
                })
                .verify(PATIENCE);
    }

    @Test
    void aCopyHasWhatIsCommittedWhileOthersWrite() {
        assumeTrue(bundled, "libdecentdb copies under the write lock");
        DecentDbConnection connection = open();
        DecentDbConnection writer = awaitValue(DecentDb.connect(database.url("linger=0")));
        await(writer.beginTransaction());
        for (int copies = 1; copies <= 20; copies++) {
            Path copy = database.directory().resolve("copy-" + copies + ".ddb");
            Mono<Long> writing = writer.executeMany(
                    "INSERT INTO t VALUES ($1)",
                    Flux.range(1_000 * copies, 1_000).map(id -> new Object[] {id}));

            await(Mono.when(writing, connection.saveAs(copy)));

            assertThat(count("r2dbc:decentdb:///" + copy + "?linger=0")).isEqualTo(2 + 1_000 * (copies - 1));
            await(writer.commitTransaction().then(writer.beginTransaction()));
        }
        await(writer.close());
        await(connection.close());
        awaitClosed();
    }

    @ParameterizedTest
    @EnumSource
    void aBackupMovedOverAnOpenDatabaseIsLeftAlone(Use use) throws IOException {
        assumeTrue(bundled, "DecentDB goes on with what it holds in memory, and writes it into the new file");
        byte[] whole = Files.readAllBytes(backup);
        DecentDbConnection connection = open();
        Files.move(backup, database.file(), StandardCopyOption.REPLACE_EXISTING);

        refused(use.on(connection), database.file() + "-wal");
        refused(connection.execute("INSERT INTO t VALUES (3)"), database.file().toString());
        refused(DecentDb.connect(database.url("linger=0")), "Close all connections");
        await(connection.close());
        awaitClosed();

        assertThat(Files.readAllBytes(database.file())).isEqualTo(whole);
        Files.deleteIfExists(beside("-wal"));
        Files.deleteIfExists(beside("-shm"));
        assertThat(count()).isEqualTo(ROWS_OF_BACKUP);
    }

    @Test
    void aDeletedFileIsNotCreatedAnewWhileItsDatabaseIsOpen() throws IOException {
        DecentDbConnection connection = open();
        Files.delete(database.file());

        if (bundled) {
            refused(connection.fetchValue("SELECT count(*) FROM t", Long.class), "deleted");
        } else {
            // The handles that read DecentDB are opened with the database, and read on what was deleted.
            assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM t", Long.class)))
                    .isEqualTo(2);
        }
        refused(DecentDb.connect(database.url("linger=0")), "deleted");
        await(connection.close());
        awaitClosed();
        assertThat(database.file()).doesNotExist();
    }

    @Test
    void aCrashedDatabaseIsOpenedWithItsOwnLog() throws IOException {
        assumeTrue(bundled, "DecentDB gives its log another name");
        crash();

        assertThat(count()).isEqualTo(2);
    }

    /** Leaves the files as a process does that was killed. */
    private void crash() throws IOException {
        DecentDbConnection connection = open();
        Path file = database.directory().resolve("copy");
        Path log = database.directory().resolve("copy-wal");
        Files.copy(database.file(), file);
        Files.copy(beside("-wal"), log);
        await(connection.close());
        awaitClosed();
        Files.move(file, database.file(), StandardCopyOption.REPLACE_EXISTING);
        Files.move(log, beside("-wal"));
    }

    private void awaitClosed() {
        Flux.interval(Duration.ofMillis(1), Schedulers.boundedElastic())
                .onBackpressureDrop()
                .takeUntil(tick -> ProcessResources.descriptors(database.directory()) == 0)
                .blockLast(PATIENCE);
    }

    private long count() {
        return count(database.url("linger=0"));
    }

    private static long count(String url) {
        return awaitValue(Mono.usingWhen(
                DecentDb.connect(url),
                connection -> connection.fetchValue("SELECT count(*) FROM t", Long.class),
                DecentDbConnection::close));
    }
}
