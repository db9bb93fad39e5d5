package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.util.retry.Retry;

/** Connections and results that were not closed and cannot be reached any more. */
class ForgottenTests {

    private static final int ROWS = 5_000;
    private static final int MORE_THAN_LANES = 100;

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnectionFactory factory;
    private DecentDbConnection connection;

    @BeforeEach
    void fillTable() {
        factory = DecentDb.factory(database.url("linger=0&maxReaders=1"));
        connection = database.keep(factory.create());
        await(connection.setLockWaitTimeout(Duration.ofMillis(100)));
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.execute("INSERT INTO t SELECT value FROM generate_series(1, $1) AS s(value)", ROWS));
    }

    @Test
    void aForgottenConnectionIsRolledBackAndClosed() {
        await(factory.create()
                .flatMap(forgotten ->
                        forgotten.beginTransaction().then(forgotten.execute("INSERT INTO t VALUES (-1)"))));

        eventually(connection.execute("INSERT INTO t VALUES (-2)"));
        assertThat(awaitAll(connection.fetchAll("SELECT id FROM t WHERE id < 0")))
                .containsExactly(List.of(-2L));
    }

    @Test
    void aForgottenResultGivesItsLaneBack() {
        for (int i = 0; i < MORE_THAN_LANES; i++) {
            eventually(connection.createStatement("SELECT id FROM t").execute());
        }
    }

    @Test
    void whatIsStillReadOrWaitedForIsNotForgotten() {
        Flux<Long> rows = Flux.from(factory.create())
                .concatMap(connection -> connection
                        .createStatement("SELECT id FROM t ORDER BY id")
                        .execute())
                .concatMap(result -> result.map((row, metadata) -> collected(row.get(0, Long.class))));

        assertThat(awaitAll(rows)).hasSize(ROWS);
    }

    /** Collects garbage now and then, as would happen while rows are read. */
    private static Long collected(Long id) {
        if (id % 1_000 == 0) {
            System.gc();
        }
        return id;
    }

    /** Tries until what was forgotten has been found. */
    private static void eventually(Publisher<?> attempt) {
        Flux.defer(() -> {
                    System.gc();
                    return attempt;
                })
                .retryWhen(Retry.indefinitely().filter(R2dbcTimeoutException.class::isInstance))
                .blockLast(PATIENCE);
    }
}
