package com.decentdb.r2dbc.processes;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.test.StepVerifier;

/** Writes wait for a transaction of another process as long as they may, and go on when it ends. */
class OtherProcessIT {

    private static final Duration SOON = Duration.ofSeconds(15);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Test
    void writesWaitForATransactionOfAnotherProcessAsLongAsTheyMay() throws Exception {
        assumeTrue(database.bundled(), "a transaction of DecentDB locks nothing until it commits");
        DecentDbConnection patient = database.connect();
        await(patient.execute("CREATE TABLE t (n INTEGER)"));
        DecentDbConnection hasty = database.connect();
        await(hasty.setLockWaitTimeout(Duration.ofMillis(500)));
        Process holder = holder();
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

    private Process holder() throws IOException {
        Process holder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        LockHolder.class.getName(),
                        database.file().toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.US_ASCII));
        assertThat(output.readLine()).isEqualTo("LOCKED");
        return holder;
    }
}
