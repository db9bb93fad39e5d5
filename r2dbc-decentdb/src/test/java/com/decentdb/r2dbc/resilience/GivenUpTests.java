package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** An engine that cannot stop a statement keeps one handle for it; everything else goes on. Runs on such an engine alone. */
class GivenUpTests {

    /** Takes a good while, and of memory only what one of its inner queries needs. */
    private static final String LONG_READ =
            "SELECT count(*) FROM t a WHERE a.id <= 100 AND (SELECT count(*) FROM t b, t c WHERE a.v + b.v + c.v < 0) > 0";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void fillTable() {
        DecentDbConnection connection = database.connect();
        assumeFalse(connection.getMetadata().engine().bundled(), "the bundled engine stops statements");
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)"));
        await(connection.execute("INSERT INTO t SELECT value, value FROM generate_series(1, 300) AS s(value)"));
        await(connection.close());
    }

    @Test
    void readsThatDoNotEndLeaveLanesForOthers() {
        DecentDbConnection connection = database.keep(DecentDb.connect(database.url("linger=0&maxReaders=2")));
        for (int i = 0; i < 4; i++) {
            timeOut(connection);
        }

        assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM t", Long.class)))
                .isEqualTo(300);
        await(connection.execute("INSERT INTO t VALUES (1000, 1000)"));
    }

    @Test
    void aDatabaseWithAStatementThatDoesNotEndCanBeOpenedAgain() {
        DecentDbConnectionFactory factory = DecentDb.factory(database.url("linger=0"));
        DecentDbConnection connection = awaitValue(factory.create());
        timeOut(connection);
        await(connection.close());
        await(((Closeable) factory).close());

        DecentDbConnection again = database.connect();
        await(again.execute("INSERT INTO t VALUES (1000, 1000)"));
        assertThat(awaitValue(again.fetchValue("SELECT count(*) FROM t", Long.class)))
                .isEqualTo(301);
    }

    private static void timeOut(DecentDbConnection connection) {
        await(connection.setStatementTimeout(Duration.ofMillis(200)));
        Throwable error = requireNonNull(connection
                .fetchValue(LONG_READ, Long.class)
                .cast(Throwable.class)
                .onErrorResume(Mono::just)
                .block(TestDatabase.PATIENCE));
        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("57014");
        await(connection.setStatementTimeout(Duration.ZERO));
    }
}
