package com.decentdb.r2dbc.files;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.ProcessResources;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A factory is closed when its database is, so that the file may be moved or deleted. */
class ClosedTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnectionFactory lingering() {
        return DecentDb.factory(database.url("linger=PT1H"));
    }

    private void write(DecentDbConnectionFactory factory) {
        await(Flux.usingWhen(
                factory.create(),
                connection -> connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)"),
                DecentDbConnection::close));
    }

    private void assertClosed() throws IOException {
        assertThat(ProcessResources.descriptors(database.directory())).isZero();
        assertThat(database.directory()).isDirectoryContaining(path -> path.equals(database.file()));
        assertThat(database.directory().resolve("test.ddb-wal")).doesNotExist();
    }

    @Test
    void closingTheFactoryOfTheLastConnectionEndsTheLingerAtOnce() throws IOException {
        DecentDbConnectionFactory factory = lingering();
        write(factory);

        await(factory.close());
        assertClosed();
        await(factory.close());
    }

    @Test
    void closingAPoolAndItsFactoryClosesTheDatabase() throws IOException {
        DecentDbConnectionFactory factory = lingering();
        ConnectionPool pool = new ConnectionPool(
                ConnectionPoolConfiguration.builder(factory).maxSize(4).build());
        await(Flux.range(0, 20)
                .flatMap(i -> Flux.usingWhen(
                        pool.create(),
                        connection -> Flux.from(
                                        connection.createStatement("SELECT 1").execute())
                                .flatMap(result -> result.map((row, metadata) -> 1)),
                        Connection::close)));

        await(pool.disposeLater());
        await(factory.close());
        // A pool does not wait for a connection that it was still opening when it was disposed of; it closes that
        // later.
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (ProcessResources.descriptors(database.directory()) > 0 && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
        }
        assertClosed();
    }

    @Test
    void closingAFactoryEndsItsLiveDataBeforeItCloses() throws IOException {
        DecentDbConnectionFactory factory = lingering();
        write(factory);
        StepVerifier.create(factory.watchTable("t"))
                .expectNextCount(1)
                .then(() -> await(factory.close()))
                .expectComplete()
                .verify(PATIENCE);

        await(factory.close());
        assertClosed();
    }

    @Test
    void aConnectionThatOutlivesItsFactoryClosesTheDatabaseWithoutLinger() throws IOException {
        DecentDbConnectionFactory factory = lingering();
        DecentDbConnection connection = awaitValue(factory.create());
        await(factory.close());
        assertThat(awaitValue(connection.fetchValue("SELECT 1", Long.class))).isEqualTo(1);

        await(connection.close());
        await(factory.close());
        assertClosed();
    }

    @Test
    void theDatabaseOfAnotherFactoryStays() throws IOException {
        DecentDbConnectionFactory one = lingering();
        DecentDbConnectionFactory other = lingering();
        write(one);
        write(other);

        await(one.close());
        assertThat(ProcessResources.descriptors(database.directory())).isPositive();
        await(other.close());
        assertClosed();
    }

    @Test
    void connectingWaitsForAClosingDatabaseNoLongerThanAllowed() {
        DecentDbConnectionFactory factory = lingering();
        write(factory);
        DecentDbConnection busy = awaitValue(factory.create());
        boolean bundled = busy.getMetadata().engine().bundled();
        busy.execute("INSERT INTO t SELECT value FROM generate_series(1, 3000000) AS s(value)")
                .subscribe(rows -> {}, closed -> {});
        DecentDbConnection probe = awaitValue(factory.create());
        await(untilLocked(probe));
        await(probe.close());
        await(busy.close());
        factory.close().subscribe();

        if (bundled) {
            // This engine stops the statement of the closed connection, so that the database closes.
            await(awaitValue(DecentDb.connect(database.url("linger=0&connectTimeout=PT10S")))
                    .close());
            return;
        }
        StepVerifier.create(DecentDb.connect(database.url("linger=0&connectTimeout=PT0.01S")))
                .expectErrorSatisfies(e -> {
                    assertThat(e).hasMessageContaining("still closing");
                    assertThat(((R2dbcException) e).getSqlState()).isEqualTo("08001");
                })
                .verify(PATIENCE);
        await(awaitValue(DecentDb.connect(database.url("linger=0"))).close());
    }

    private static Mono<Void> untilLocked(DecentDbConnection probe) {
        return probe.setLockWaitTimeout(Duration.ofMillis(1))
                .thenMany(probe.execute("DELETE FROM t WHERE FALSE").repeat())
                .onErrorResume(R2dbcTimeoutException.class, locked -> Mono.empty())
                .then();
    }
}
