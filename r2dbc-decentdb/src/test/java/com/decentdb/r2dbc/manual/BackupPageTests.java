package com.decentdb.r2dbc.manual;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** The page on backups, followed. */
class BackupPageTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @TempDir
    Path folder;

    private static <T> T asked(String url, String sql, Class<T> type) {
        return awaitValue(Mono.usingWhen(
                DecentDb.connect(url), connection -> connection.fetchValue(sql, type), DecentDbConnection::close));
    }

    private static String url(Path file) {
        return "r2dbc:decentdb:///" + file + "?mode=open&linger=0";
    }

    private static Mono<Void> saved(ConnectionFactory connectionFactory, Path folder) {
        DecentDbConnectionFactory factory = DecentDb.factory(connectionFactory);
        Mono<Void> saved = Mono.usingWhen(
                factory.create(),
                connection -> connection.saveAs(folder.resolve("shop-" + LocalDate.now(ZoneOffset.UTC) + ".ddb")),
                DecentDbConnection::close);
        return saved;
    }

    @Test
    void aCopyIsPutInThePlaceOfTheFile() throws IOException {
        ConnectionPool pool = DecentDb.createPool(database.url(""));
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.execute("INSERT INTO t VALUES (1)"));
        await(saved(pool, folder));
        await(connection.execute("INSERT INTO t VALUES (2)"));
        Path copy = folder.resolve("shop-" + LocalDate.now(ZoneOffset.UTC) + ".ddb");

        if (connection.getMetadata().engine().bundled()) { // libdecentdb has no such PRAGMA.
            assertThat(asked(url(copy), "PRAGMA integrity_check", String.class)).isEqualTo("ok");
        }
        await(pool.disposeLater());
        await(DecentDb.factory(pool).close());
        await(connection.close());
        await(database.factory().close());
        Files.move(copy, database.file(), StandardCopyOption.REPLACE_EXISTING);

        assertThat(asked(url(database.file()), "SELECT count(*) FROM t", Long.class))
                .isEqualTo(1);
    }

    @Test
    void theShellOfSqliteCopiesADatabaseInUse() throws Exception {
        assumeTrue(database.bundled(), "libdecentdb has files of its own");
        DecentDbConnection connection = database.connect();
        // With what SQLite itself does not know: an order of decimals, a function in an index, full text.
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(8,2))"));
        await(connection.execute("CREATE INDEX by_name ON t (lower(name))"));
        await(connection.execute("CREATE INDEX by_price ON t (price)"));
        await(connection.execute("CREATE INDEX words ON t USING fulltext (name)"));
        await(connection.execute("INSERT INTO t (name, price) VALUES ('tea', 4.20)"));
        Path copy = folder.resolve("copy.ddb");

        Process shell;
        try {
            shell = new ProcessBuilder("sqlite3", database.file().toString(), ".backup " + copy)
                    .inheritIO()
                    .start();
        } catch (IOException e) {
            assumeTrue(false, "There is no sqlite3");
            return;
        }

        assertThat(shell.waitFor()).isZero();
        assertThat(asked(url(copy), "SELECT count(*) FROM t WHERE fulltext_match('words', 'tea')", Long.class))
                .isEqualTo(1);
        assertThat(asked(url(copy), "PRAGMA integrity_check", String.class)).isEqualTo("ok");
    }
}
