package com.decentdb.r2dbc.processes;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.ChildJvm;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.test.StepVerifier;

/** Writes wait for a transaction of another process as long as they may, go on when it ends, and are all kept. */
class OtherProcessIT {

    private static final Duration SOON = Duration.ofSeconds(15);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Test
    void writesWaitForATransactionOfAnotherProcessAsLongAsTheyMay() throws Exception {
        DecentDbConnection patient = database.connect();
        await(patient.execute("CREATE TABLE t (n INTEGER)"));
        DecentDbConnection hasty = database.connect();
        await(hasty.setLockWaitTimeout(Duration.ofMillis(500)));
        Process holder = ChildJvm.of(LockHolder.class).start(database.file().toString());
        assertThat(line(holder)).isEqualTo("LOCKED");
        try {
            CompletableFuture<Long> written =
                    patient.execute("INSERT INTO t VALUES (2)").toFuture();
            StepVerifier.create(hasty.execute("INSERT INTO t VALUES (3)"))
                    .expectErrorSatisfies(
                            e -> assertThat(((R2dbcException) e).getSqlState()).isEqualTo("55P03"))
                    .verify(SOON);
            await(hasty.beginTransaction());
            StepVerifier.create(hasty.execute("INSERT INTO t VALUES (4)"))
                    .expectErrorSatisfies(
                            e -> assertThat(((R2dbcException) e).getSqlState()).isEqualTo("55P03"))
                    .verify(SOON);
            await(hasty.rollbackTransaction());
            assertThat(written).isNotDone();

            holder.getOutputStream().close();
            assertThat(written).succeedsWithin(SOON);
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertThat(awaitValue(patient.fetchValue("SELECT sum(n) FROM t", Long.class)))
                .isEqualTo(3);
    }

    @Test
    void writesOfTwoProcessesAreAllThere() throws Exception {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (n INTEGER)"));
        Process other = ChildJvm.of(DriverWriter.class).start(database.url("linger=0"), "1000000");
        try {
            BufferedReader output = reader(other);
            assertThat(output.readLine()).isEqualTo("LOCKED");
            CompletableFuture<Long> own = DriverWriter.write(connection, 0).toFuture();
            other.getOutputStream().close();

            assertThat(own).succeedsWithin(TestDatabase.PATIENCE).isEqualTo((long) DriverWriter.ROWS);
            assertThat(output.readLine()).isEqualTo(String.valueOf(DriverWriter.ROWS));
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(DISTINCT n) FROM t", Long.class)))
                .isEqualTo(2L * DriverWriter.ROWS);
    }

    private static String line(Process process) throws IOException {
        return reader(process).readLine();
    }

    private static BufferedReader reader(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }
}
