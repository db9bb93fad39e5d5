package com.decentdb.r2dbc.files;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** When things are quiet the log is moved into the file, and its space serves the commits to come. */
class LogTests {

    private static final long LONG_LOG = 32L << 20;

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void open() {
        assumeTrue(database.bundled(), "libdecentdb keeps no log beside the file");
        connection =
                database.keep(DecentDb.connect("r2dbc:decentdb:///" + file() + "?linger=0&checkpointIdle=PT0.05S"));
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, content BLOB)"));
    }

    private Path file() {
        return database.directory().resolve("log.ddb");
    }

    private void write(int bytes) {
        await(connection.execute("INSERT INTO t (content) VALUES ($1)", ByteBuffer.allocate(bytes)));
    }

    private long log() throws IOException {
        return Files.size(Path.of(file() + "-wal"));
    }

    /** The number of rows in the file itself, in a copy without the log. */
    private long rowsOfTheFile() throws IOException {
        Path copy = database.directory().resolve("copy.ddb");
        Files.deleteIfExists(copy);
        Files.copy(file(), copy);
        return awaitValue(Mono.usingWhen(
                        DecentDb.connect("r2dbc:decentdb:///" + copy + "?linger=0&mode=open"),
                        reader -> reader.fetchValue("SELECT count(*) FROM t", Long.class),
                        DecentDbConnection::close)
                .onErrorReturn(R2dbcException.class, -1L));
    }

    private void waitForTheFile(long rows) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (rowsOfTheFile() != rows && System.nanoTime() < end) {
            LockSupport.parkNanos(10_000_000);
        }
        assertThat(rowsOfTheFile()).isEqualTo(rows);
    }

    @Test
    void commitsAfterAQuietMomentDoNotExtendTheLog() throws IOException {
        write(1 << 20);
        waitForTheFile(1);
        long kept = log();
        assertThat(kept).isBetween(1L << 20, LONG_LOG);

        for (int i = 0; i < 20; i++) {
            write(100);
        }
        assertThat(log()).isEqualTo(kept);
        waitForTheFile(21);
    }

    @Test
    void aLongLogGivesItsSpaceBack() throws IOException {
        write((int) LONG_LOG + (8 << 20));
        assertThat(log()).isGreaterThan(LONG_LOG);

        // A commit has moved so long a log into the file already; only the quiet moment cuts it.
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (log() > 0 && System.nanoTime() < end) {
            LockSupport.parkNanos(10_000_000);
        }
        assertThat(log()).isZero();
        assertThat(rowsOfTheFile()).isEqualTo(1);
    }
}
