package com.decentdb.r2dbc.files;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** The engine forgets a file that is to be deleted and created again. */
class EvictionTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection open(String options) {
        return awaitValue(DecentDb.connect(database.url(options)));
    }

    private void deleteFiles() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(database.directory())) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }

    @Test
    void afterItAnotherFileMayTakeThePlace() throws IOException {
        for (int round = 0; round < 3; round++) {
            DecentDbConnection connection = open("linger=0");
            await(connection.execute("CREATE TABLE t (n INTEGER)"));
            await(connection.execute("INSERT INTO t VALUES ($1)", round));
            assertThat(awaitValue(connection.fetchValue("SELECT SUM(n) FROM t", Long.class)))
                    .isEqualTo(round);
            await(connection.close());
            await(DecentDb.evictSharedWal(database.file()));
            deleteFiles();
        }
    }

    @Test
    void aDatabaseThatOnlyLingersIsClosedBefore() throws IOException {
        DecentDbConnection connection = open("linger=PT1H");
        await(connection.execute("CREATE TABLE t (n INTEGER)"));
        await(connection.close());

        await(DecentDb.evictSharedWal(database.file()));
        deleteFiles();
        connection = open("linger=0");
        await(connection.execute("CREATE TABLE t (n INTEGER)"));
        await(connection.close());
    }

    @Test
    void aDatabaseInUseIsRefusedAndStaysUsable() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (n INTEGER)"));

        DecentDb.evictSharedWal(database.file())
                .as(StepVerifier::create)
                .expectErrorSatisfies(error -> {
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("55006");
                    // Nothing was waited for.
                    assertThat(error)
                            .isInstanceOf(R2dbcNonTransientResourceException.class)
                            .hasMessageContaining(database.file().getFileName().toString());
                })
                .verify(PATIENCE);
        assertThat(awaitValue(connection.execute("INSERT INTO t VALUES (1)"))).isEqualTo(1);
    }

    @Test
    void aFileThatNobodyKnowsIsForgottenAlready() {
        await(DecentDb.evictSharedWal(database.directory().resolve("never.ddb")));
        await(DecentDb.evictSharedWal(Path.of("no", "such", "folder.ddb")));
        assertThatIllegalArgumentException().isThrownBy(() -> DecentDb.evictSharedWal(nothing()));
    }

    @Test
    void theCallersThreadIsNotUsed() {
        AtomicReference<Thread> caller = new AtomicReference<>();
        AtomicReference<Thread> signalled = new AtomicReference<>();

        // BlockHound watches over this scheduler's threads.
        Mono.defer(() -> {
                    caller.set(Thread.currentThread());
                    return DecentDb.evictSharedWal(database.file())
                            .doOnTerminate(() -> signalled.set(Thread.currentThread()));
                })
                .subscribeOn(Schedulers.parallel())
                .as(StepVerifier::create)
                .verifyComplete();
        assertThat(signalled.get()).isNotNull().isNotSameAs(caller.get());
    }
}
