package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The engine as users get it: inside the jar, unpacked by each JVM that starts. */
class BundledEngineIT {

    @TempDir
    Path folder;

    @BeforeEach
    void onlyIfThereIsOne() {
        assumeFalse("none".equals(System.getProperty("test.engine.build")), "built without the engine");
    }

    @Test
    void programsThatStartAtOnceEachUnpackTheEngineFromTheJar() throws Exception {
        Path jar = Path.of(NativeLibrary.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        assertThat(jar.getFileName().toString()).endsWith(".jar");
        List<Process> programs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            List<String> options = List.of("-cp", System.getProperty("java.class.path"));
            programs.add(LibraryProbe.start(Map.of(), options, folder.resolve("output" + i)));
        }
        for (int i = 0; i < programs.size(); i++) {
            String output = LibraryProbe.finish(programs.get(i), folder.resolve("output" + i));
            assertThat(output).contains("LOADED BUNDLED 7 ", "+bundled", "SELECTED 1");
        }
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    @DisabledOnOs(OS.WINDOWS)
    void aJarBuiltWithANewerJavaCallsTheEngineByJavasOwnWayAndLeavesNoFileBehind() throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("temporary"));
        List<String> options = List.of(
                "-cp",
                System.getProperty("java.class.path"),
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + temporary);
        Path output = folder.resolve("output");

        assertThat(LibraryProbe.finish(LibraryProbe.start(Map.of(), options, output), output))
                .contains("THROUGH foreign", "LOADED BUNDLED 7 " + temporary, "SELECTED 1")
                .doesNotContain("WARNING");
        assertThat(temporary).isEmptyDirectory();
    }
}
