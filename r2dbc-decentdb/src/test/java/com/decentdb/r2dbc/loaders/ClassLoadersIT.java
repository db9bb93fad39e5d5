package com.decentdb.r2dbc.loaders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Class loaders share one engine, since two in a process would drop each other's locks on a file and lose commits. */
class ClassLoadersIT {

    @TempDir
    Path folder;

    @Test
    void noCommitOfTwoClassLoadersOnOneFileIsLost() throws Exception {
        assumeTrue(System.getenv("DECENTDB_NATIVE_LIB") == null, "DecentDB loses commits of two writers on one file");
        Path output = folder.resolve("output.txt");
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        LoaderProgram.class.getName(),
                        "r2dbc:decentdb:///" + folder.resolve("shared.ddb"),
                        "1500")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = program.waitFor(110, TimeUnit.SECONDS);
        program.destroyForcibly();

        assertThat(ended).isTrue();
        assertThat(Files.readAllLines(output)).contains("DONE 1500", "FOUND [3000, 3000]");
    }
}
