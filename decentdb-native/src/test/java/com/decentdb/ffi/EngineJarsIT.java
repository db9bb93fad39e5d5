package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The jars of a release: which engines are in them, and what each engine has beside it. */
class EngineJarsIT {

    private static final Set<String> COMMON = Set.of("linux-aarch64", "linux-x86-64");

    static List<String> others() {
        return EnginePlatform.RELEASED.stream()
                .filter(each -> !COMMON.contains(each))
                .toList();
    }

    @BeforeEach
    void onlyWithEngines() {
        assumeFalse("none".equals(System.getProperty("test.engine.build")), "built without the engine");
    }

    @Test
    void theJarThatEveryProgramHasCarriesTheCommonOnes() throws Exception {
        Set<String> expected = new TreeSet<>(COMMON);
        // A build on another system packs its own besides.
        expected.add(EnginePlatform.name());
        assertThat(checkedEngines("")).containsExactlyInAnyOrderElementsOf(expected);
    }

    @ParameterizedTest
    @MethodSource("others")
    void eachOtherOneHasAJarOfItsOwn(String platform) throws Exception {
        assertThat(checkedEngines("-" + platform)).containsExactly(platform);
        assertThat(module("-" + platform)).isEqualTo("com.decentdb.ffi." + platform.replace('-', '_'));
    }

    @Test
    void oneJarCarriesAllOthers() throws Exception {
        assertThat(checkedEngines("-" + EnginePlatform.OTHERS)).containsExactlyInAnyOrderElementsOf(others());
        assertThat(module("-" + EnginePlatform.OTHERS)).isEqualTo("com.decentdb.ffi.other_platforms");
    }

    /** The platforms of the engines in a jar, each of which is as the line beside it says. */
    private static Set<String> checkedEngines(String classifier) throws Exception {
        try (JarFile jar = new JarFile(jar(classifier).toFile())) {
            assertThat(text(jar, "META-INF/LICENSE")).contains("Apache License");
            assertThat(text(jar, "META-INF/THIRD-PARTY.txt")).contains("SQLite");
            Set<String> engines = jar.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.endsWith("decentdb.so") || name.endsWith(".dll") || name.endsWith(".dylib"))
                    .collect(Collectors.toSet());
            for (String engine : engines) {
                byte[] library = bytes(jar, engine);
                String sha = HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(library));
                assertThat(text(jar, engine + ".sha256")).endsWith(" " + library.length + " " + sha + "\n");
            }
            // While the engine is being changed, the libraries of other platforms are not, and are left out.
            assumeTrue(!engines.isEmpty() || System.getenv("CI") != null, "to be refreshed");
            return engines.stream()
                    .map(engine -> engine.substring(0, engine.indexOf('/')))
                    .collect(Collectors.toSet());
        }
    }

    private static String module(String classifier) {
        return ModuleFinder.of(jar(classifier))
                .findAll()
                .iterator()
                .next()
                .descriptor()
                .name();
    }

    private static Path jar(String classifier) {
        try {
            Path own = Path.of(NativeLibrary.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return own.resolveSibling(own.getFileName().toString().replace(".jar", classifier + ".jar"));
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] bytes(JarFile jar, String entry) throws IOException {
        try (InputStream in = jar.getInputStream(
                Objects.requireNonNull(jar.getJarEntry(entry), () -> jar.getName() + " lacks " + entry))) {
            return in.readAllBytes();
        }
    }

    private static String text(JarFile jar, String entry) throws IOException {
        return new String(bytes(jar, entry), StandardCharsets.UTF_8);
    }
}
