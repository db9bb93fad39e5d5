package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class LibraryLocatorTests {

    @TempDir
    Path folder;

    @Test
    void aMissingFileIsRefusedWithItsNameAndItsSource() {
        Path missing = folder.resolve("missing.so");
        refused(() -> LibraryLocator.locate(missing, null, Map.of()))
                .contains(missing.toString(), "the option nativeLibrary", "there is no such file");
        refused(() -> LibraryLocator.locate(null, missing.toString(), Map.of()))
                .contains(missing.toString(), "system property decentdb.native.lib");
        refused(() -> LibraryLocator.locate(null, null, Map.of("DECENTDB_NATIVE_LIB_PATH", missing.toString())))
                .contains(missing.toString(), "environment variable DECENTDB_NATIVE_LIB_PATH");
    }

    @Test
    void aFolderIsRefused() {
        refused(() -> LibraryLocator.locate(folder, null, Map.of())).contains("name the library itself");
    }

    @Test
    void aFileThatIsNoLibraryIsRefused() throws IOException {
        Path text = Files.writeString(folder.resolve("libtext.so"), "not a library");
        refused(() -> LibraryLocator.locate(text, null, Map.of())).contains(text.toString(), "cannot be used");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aForeignLibraryIsRefused() {
        Path libc = loadedLibrary("libc.so");
        refused(() -> LibraryLocator.locate(libc, null, Map.of()))
                .contains(libc.toString(), "does not export the DecentDB C ABI");
    }

    @Test
    void halfALibraryIsRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(library());
        Path half = Files.write(folder.resolve("libhalf.so"), Arrays.copyOf(bytes, 1000));
        refused(() -> LibraryLocator.locate(half, null, Map.of())).contains(half.toString(), "cannot be used");
    }

    @Test
    void aLibraryWithANameThatIsNotAsciiIsLoaded() throws Exception {
        Path other = Files.createDirectory(folder.resolve("b\u00fccher"));
        Path copy = Files.copy(library(), other.resolve("libdecentdb.so"));
        assertThat(probe(Map.of("LC_ALL", "C.UTF-8", "DECENTDB_NATIVE_LIB_PATH", copy.toString()), List.of()))
                .contains("LOADED ENVIRONMENT 7", "SELECTED 1");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aNameThatTheLocaleCannotExpressIsRefused() throws Exception {
        Path other = Files.createDirectory(folder.resolve("b\u00fccher"));
        Path copy = Files.copy(library(), other.resolve("libdecentdb.so"));
        assertThat(probe(Map.of("LC_ALL", "C", "DECENTDB_NATIVE_LIB_PATH", copy.toString()), List.of()))
                .contains("REFUSED The native library", "DECENTDB_NATIVE_LIB_PATH", "C.UTF-8")
                .contains("SAME REFUSAL true");
    }

    @Test
    void jnaWithoutItsNativePartIsTheSameErrorAtEachAttempt() throws Exception {
        assertThat(probe(Map.of(), List.of("-Ddecentdb.ffi=jna", "-Djna.noclasspath=true")))
                .contains("REFUSED JNA cannot start its own native part", "-Djna.noclasspath", "SAME REFUSAL true");
        assertThat(probe(Map.of(), List.of("-Ddecentdb.ffi=jna", "-Djna.nounpack=true")))
                .contains("REFUSED JNA cannot start its own native part", "-Djna.nounpack", "SAME REFUSAL true");
        assertThat(probe(Map.of(), List.of("-Ddecentdb.ffi=jna", "-Djna.tmpdir=/proc/nowhere")))
                .contains("REFUSED JNA cannot start its own native part", "/proc/nowhere", "SAME REFUSAL true");
    }

    @Test
    void aSecondLibraryIsRefusedNamingBoth() throws IOException {
        NativeLibrary library = NativeLibrary.load(null);
        Path other = Files.writeString(folder.resolve("libother.so"), "anything");
        refused(() -> NativeLibrary.load(other))
                .contains(other.toString(), library.path().toString());
        assertThat(NativeLibrary.load(library.path())).isSameAs(library);
        assertThat(NativeLibrary.load(null)).isSameAs(library);
    }

    @Test
    void theSameFileByAnotherNameIsTheSameLibrary() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link.so"), library());
        assertThat(probe(Map.of(), List.of(), link.toString(), library().toString()))
                .contains("LOADED OPTION 7", "SAME true", "SELECTED 1");
        Files.delete(link);
    }

    @Test
    void theOptionGoesBeforeThePropertyAndThePropertyBeforeTheEnvironment() throws Exception {
        String file = library().toString();
        Map<String, String> bad = Map.of("DECENTDB_NATIVE_LIB_PATH", "/nowhere", "DECENTDB_NATIVE_LIB", "/nowhere");
        assertThat(probe(bad, List.of("-Ddecentdb.native.lib=/nowhere"), file)).contains("LOADED OPTION");
        assertThat(probe(bad, List.of("-Ddecentdb.native.lib=" + file))).contains("LOADED SYSTEM_PROPERTY");
        assertThat(probe(Map.of("DECENTDB_NATIVE_LIB_PATH", file, "DECENTDB_NATIVE_LIB", "/nowhere"), List.of()))
                .contains("LOADED ENVIRONMENT 7 " + file);
        assertThat(probe(Map.of("DECENTDB_NATIVE_LIB", file), List.of())).contains("LOADED ENVIRONMENT 7 " + file);
        assertThat(probe(bad, List.of())).contains("REFUSED", "/nowhere");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void anotherBindingsFileInTheSharedVariableIsPassedOver() throws Exception {
        String libc = loadedLibrary("libc.so").toString();
        assertThat(probe(
                        Map.of("DECENTDB_NATIVE_LIB", libc),
                        List.of(
                                "-Djna.library.path=" + library().getParent(),
                                "-Djava.library.path=" + library().getParent())))
                .contains("Ignoring DECENTDB_NATIVE_LIB=" + libc)
                .containsAnyOf("LOADED BUNDLED 7", "LOADED SYSTEM 7")
                .contains("SELECTED 1");
    }

    @Test
    void withNoLibraryAnywhereTheErrorListsThePlaces() throws Exception {
        // A copy of the classes without the jar's resources.
        Path classes = Files.createDirectories(folder.resolve("classes"));
        Path own = Path.of(NativeLibrary.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (var files = Files.walk(own)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".class")).toList()) {
                Path copy = classes.resolve(own.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        String classPath = System.getProperty("java.class.path").replace(own.toString(), classes.toString());
        assertThat(run(Map.of(), List.of("-cp", classPath)))
                .contains("REFUSED No usable DecentDB library")
                .contains(EnginePlatform.name())
                .contains("the library path of the system")
                .contains("-Ddecentdb.native.lib=<file>");
    }

    @Test
    void twoProgramsMayStartAtOnce() throws Exception {
        List<Process> processes = new ArrayList<>();
        List<Path> outputs = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Path output = folder.resolve("output" + i);
            outputs.add(output);
            processes.add(
                    LibraryProbe.start(inherited(), List.of("-cp", System.getProperty("java.class.path")), output));
        }
        for (int i = 0; i < 2; i++) {
            assertThat(LibraryProbe.finish(processes.get(i), outputs.get(i))).contains("LOADED", "SELECTED 1");
        }
    }

    private static Path library() {
        return NativeLibrary.load(null).path();
    }

    private static Map<String, String> inherited() {
        String value = System.getenv("DECENTDB_NATIVE_LIB");
        return value == null ? Map.of() : Map.of("DECENTDB_NATIVE_LIB", value);
    }

    private String probe(Map<String, String> environment, List<String> options, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return run(environment, all, arguments);
    }

    private String run(Map<String, String> environment, List<String> options, String... arguments) throws Exception {
        Path output = Files.createTempFile(folder, "probe", ".txt");
        return LibraryProbe.finish(LibraryProbe.start(environment, options, output, arguments), output);
    }

    private static Path loadedLibrary(String name) {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("/" + name))
                    .map(line -> Path.of(line.substring(line.indexOf('/'))))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static org.assertj.core.api.AbstractStringAssert<?> refused(ThrowingCallable call) {
        NativeLibraryException[] caught = new NativeLibraryException[1];
        assertThatExceptionOfType(NativeLibraryException.class).isThrownBy(call).satisfies(e -> caught[0] = e);
        return assertThat(caught[0].getMessage());
    }
}
