package com.decentdb.r2dbc.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Everything that happens to a database on a bad day, at random and at once, in a JVM with little memory: cancelled and refused
 * work, memory that runs out, errors thrown by the program, statements without an end, pools and deployments that come and
 * go, a second process that is killed. {@code -Dsoak.seconds} sets how long, {@code -Dsoak.without}
 * names {@link Actors} that stay away.
 */
class SoakIT {

    private static final long SECONDS = Long.getLong("soak.seconds", 20);

    @TempDir
    Path folder;

    @Test
    void nothingIsLostNothingHangsAndEverythingIsGivenBack() throws Exception {
        assumeTrue(
                System.getenv("DECENTDB_NATIVE_LIB") == null,
                "DecentDB loses commits of two processes and cannot interrupt a statement");
        ChildJvm.Outcome outcome = ChildJvm.of(SoakProgram.class)
                .mebibytes(192)
                .run(
                        folder,
                        2 * SECONDS + 600,
                        folder.resolve("soak.ddb").toString(),
                        Long.toString(SECONDS),
                        System.getProperty("soak.without", ""));
        System.out.println(outcome.output());

        assertThat(outcome.ended()).as("the program ended by itself").isTrue();
        assertThat(outcome.status()).as(outcome.output()).isZero();
    }
}
