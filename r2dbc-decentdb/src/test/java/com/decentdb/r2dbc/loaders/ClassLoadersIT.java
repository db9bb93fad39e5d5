package com.decentdb.r2dbc.loaders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Class loaders share one engine, since two in a process would drop each other's locks on a file and lose commits. */
class ClassLoadersIT {

    @TempDir
    Path folder;

    @Test
    void noCommitOfTwoClassLoadersOnOneFileIsLost() throws Exception {
        assumeTrue(System.getenv("DECENTDB_NATIVE_LIB") == null, "DecentDB loses commits of two writers on one file");
        ChildJvm.Outcome outcome = ChildJvm.of(LoaderProgram.class)
                .run(folder, 110, "r2dbc:decentdb:///" + folder.resolve("shared.ddb"), "1500");

        assertThat(outcome.ended()).isTrue();
        assertThat(outcome.output().lines()).contains("DONE 1500", "FOUND [3000, 3000]");
    }
}
