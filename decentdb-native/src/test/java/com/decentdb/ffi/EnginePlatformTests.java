package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which engine a JVM looks for, in which jar it may be, and the error if it is in none. */
class EnginePlatformTests {

    private static final String LIBRARY = System.mapLibraryName("decentdb");

    @TempDir
    Path folder;

    @Test
    void aPlatformIsNamedByItsSystemItsProcessorAndItsCLibrary() {
        assertThat(EnginePlatform.name("Linux", "amd64", false)).isEqualTo("linux-x86-64");
        assertThat(EnginePlatform.name("Linux", "aarch64", true)).isEqualTo("linux-aarch64-musl");
        assertThat(EnginePlatform.name("Windows Server 2022", "amd64", false)).isEqualTo("win32-x86-64");
        assertThat(EnginePlatform.name("Mac OS X", "aarch64", false)).isEqualTo("darwin-aarch64");
        assertThat(EnginePlatform.name("Mac OS X", "x86_64", false)).isEqualTo("darwin-x86-64");
        assertThat(EnginePlatform.name("FreeBSD", "riscv64", false)).isEqualTo("freebsd-riscv64");
    }

    @Test
    void muslIsRecognisedByItsLinkerInTheMemoryOfTheProcess() {
        assertThat(EnginePlatform.muslIn("7f00-7f01 r-xp 00000000 fe:00 32 /lib/ld-musl-x86_64.so.1\n"))
                .isTrue();
        assertThat(EnginePlatform.muslIn("7f00-7f01 r-xp 00000000 fe:00 32 /lib/x86_64-linux-gnu/libc.so.6\n"))
                .isFalse();
    }

    @Test
    void theErrorNamesThePlatformTheEnginesThatAreThereAndTheDependencyToAdd() throws IOException {
        Path engine = Files.createDirectories(folder.resolve("linux-aarch64"));
        Files.createFile(engine.resolve("libdecentdb.so"));
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            assertThat(EnginePlatform.missing("linux-x86-64-musl", loader))
                    .isEqualTo("no engine for linux-x86-64-musl is among the jars, which have those for linux-aarch64:"
                            + " add the dependency com.decentdb:decentdb-native with the classifier"
                            + " linux-x86-64-musl, or other-platforms for all that there are");
        }
    }

    @Test
    void whereNoneIsReleasedTheErrorSaysHowToBuildOne() {
        assertThat(EnginePlatform.missing("darwin-aarch64", ClassLoader.getPlatformClassLoader()))
                .contains(
                        "no engine for darwin-aarch64", "have none", "build it with cargo from decentdb-native/engine");
    }

    @Test
    void anEngineInAJarOfItsOwnIsUsed() throws Exception {
        assertThat(probe(engine(description()))).contains("LOADED BUNDLED 7", "SELECTED 1");
    }

    @Test
    void anEngineOfAnotherVersionIsRefusedWithBoth() throws Exception {
        String own = description();
        String version = own.substring(0, own.indexOf(' '));

        assertThat(probe(engine(own.replaceFirst(version, "0.0.9"))))
                .contains("REFUSED No usable DecentDB library")
                .contains(" has version 0.0.9, and the classes that use it have " + version)
                .contains("engine.jar!/" + EnginePlatform.name() + "/" + LIBRARY)
                .contains("take all jars of decentdb-native in one version", "SAME REFUSAL true");
    }

    /** The line that the build wrote beside this platform's engine. */
    private static String description() throws IOException {
        assumeFalse("none".equals(System.getProperty("test.engine.build")), "built without the engine");
        return Files.readString(classes().resolve(EnginePlatform.name()).resolve(LIBRARY + ".sha256"));
    }

    private Path engine(String description) throws IOException {
        Path jar = folder.resolve("engine.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            String engine = EnginePlatform.name() + "/" + LIBRARY;
            out.putNextEntry(new ZipEntry(engine));
            Files.copy(classes().resolve(engine), out);
            out.putNextEntry(new ZipEntry(engine + ".sha256"));
            out.write(description.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        return jar;
    }

    /** The output of a program with the classes of this module, without the engines among them, and a jar. */
    private String probe(Path jar) throws Exception {
        Path copy = folder.resolve("classes");
        for (String part : List.of("com", "META-INF")) {
            try (Stream<Path> files = Files.walk(classes().resolve(part))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    Path target = copy.resolve(classes().relativize(file).toString());
                    Files.createDirectories(target.resolve("..").normalize());
                    Files.copy(file, target);
                }
            }
        }
        String classPath = System.getProperty("java.class.path")
                .replace(classes().toString(), copy + java.io.File.pathSeparator + jar);
        Path output = folder.resolve("output");
        return LibraryProbe.finish(
                LibraryProbe.start(
                        Map.of("XDG_CACHE_HOME", folder.resolve("cache").toString()),
                        // A folder of classes has no part for newer JVMs, as a jar has.
                        List.of("-D" + AbiLoader.PROPERTY + "=jna", "-cp", classPath),
                        output),
                output);
    }

    private static Path classes() {
        try {
            return Path.of(NativeLibrary.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
