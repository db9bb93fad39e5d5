package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The engine as users get it: inside the jar, unpacked once for all programs of a user. */
class BundledEngineIT {

    @TempDir
    Path folder;

    @BeforeEach
    void onlyIfThereIsOne() {
        assumeFalse("none".equals(System.getProperty("test.engine.build")), "built without the engine");
    }

    @Test
    void programsThatStartAtOnceUnpackOneEngineFromTheJar() throws Exception {
        Path jar = Path.of(NativeLibrary.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        assertThat(jar.getFileName().toString()).endsWith(".jar");
        List<Process> programs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            programs.add(LibraryProbe.start(cache(), options(), folder.resolve("output" + i)));
        }
        for (int i = 0; i < programs.size(); i++) {
            String output = LibraryProbe.finish(programs.get(i), folder.resolve("output" + i));
            assertThat(output).contains("LOADED BUNDLED 7 " + cached(), "SELECTED 1");
        }
        try (Stream<Path> files = Files.list(cached().getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(System.mapLibraryName("decentdb"), "lock");
        }
    }

    @Test
    void aDamagedEngineIsReplaced() throws Exception {
        assertThat(run(options())).contains("LOADED BUNDLED");
        long size = Files.size(cached());
        Files.write(cached(), new byte[(int) size]);

        assertThat(run(options())).contains("LOADED BUNDLED 7 " + cached(), "SELECTED 1");
    }

    @Test
    void aCacheThatCannotBeWrittenIsPassedOver() throws Exception {
        Files.writeString(folder.resolve("cache"), "a file in place of the folder");
        Path temporary = Files.createDirectory(folder.resolve("temporary"));

        assertThat(run(options("-Djava.io.tmpdir=" + temporary)))
                .contains("LOADED BUNDLED 7 " + temporary.resolve("decentdb-"), "SELECTED 1");
    }

    @Test
    void aFolderNamedForTheEngineIsTheOnlyOne() throws Exception {
        Path named = folder.resolve("named");
        assertThat(run(options("-Ddecentdb.cache.dir=" + named))).contains("LOADED BUNDLED 7 " + named);

        Path file = Files.writeString(folder.resolve("file"), "a file in place of the folder");
        assertThat(run(options("-Ddecentdb.cache.dir=" + file)))
                .contains("REFUSED No usable DecentDB library", file.toString(), "-Ddecentdb.cache.dir=<folder>")
                .contains("SAME REFUSAL true");
    }

    private Map<String, String> cache() {
        return Map.of("XDG_CACHE_HOME", folder.resolve("cache").toString());
    }

    /** The file to which the first program unpacked the engine. */
    private Path cached() throws IOException {
        try (Stream<Path> engines = Files.list(folder.resolve("cache/decentdb"))) {
            return engines.findFirst().orElseThrow().resolve(System.mapLibraryName("decentdb"));
        }
    }

    private static List<String> options(String... more) {
        List<String> options = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path")));
        options.addAll(List.of(more));
        return options;
    }

    private String run(List<String> options) throws Exception {
        Path output = Files.createTempFile(folder, "probe", ".txt");
        return LibraryProbe.finish(LibraryProbe.start(cache(), options, output), output);
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    @DisabledOnOs(OS.WINDOWS)
    void aJarBuiltWithANewerJavaCallsTheEngineByJavasOwnWay() throws Exception {
        assertThat(run(options("--enable-native-access=ALL-UNNAMED")))
                .contains("THROUGH foreign", "LOADED BUNDLED 7 " + cached(), "SELECTED 1")
                .doesNotContain("WARNING");
    }
}
