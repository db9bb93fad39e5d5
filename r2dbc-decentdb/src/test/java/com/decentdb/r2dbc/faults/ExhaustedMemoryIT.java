package com.decentdb.r2dbc.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many queries, writes and transactions at once exhaust the memory of a process: each gets a signal, the database goes on. */
class ExhaustedMemoryIT {

    private static final int ROUNDS = Integer.getInteger("exhausted.rounds", 1);

    @TempDir
    Path folder;

    @Test
    void everyUserGetsASignalAndTheDatabaseGoesOn() throws Exception {
        ChildJvm.Outcome outcome = ChildJvm.of(ExhaustedProgram.class)
                .mebibytes(64)
                .run(folder, 100 + 60L * ROUNDS, folder.resolve("a.ddb").toString(), Integer.toString(ROUNDS));

        assertThat(outcome.ended()).as(outcome.output()).isTrue();
        assertThat(outcome.status()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("DONE");
    }
}
