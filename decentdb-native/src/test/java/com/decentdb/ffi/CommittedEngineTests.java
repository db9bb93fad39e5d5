package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The libraries in the repository run wherever they are said to: they ask for nothing but the system's own libraries, in old
 * versions. The test shares no code with the build that makes them.
 */
class CommittedEngineTests {

    private static final Path PREBUILT =
            Path.of(System.getProperty("test.engine.folder")).resolve("prebuilt");
    /** A JVM of today runs on nothing older. */
    private static final int NEWEST_GLIBC_MINOR = 17;

    private static final long MEGABYTES_5 = 5_000_000;
    private static final List<String> GLIBC = List.of(
            "libc.so.6",
            "libm.so.6",
            "libdl.so.2",
            "libpthread.so.0",
            "librt.so.1",
            "ld-linux-x86-64.so.2",
            "ld-linux-aarch64.so.1");

    /** The libraries that Windows 10 has by itself, and the name of this one. */
    private static final List<String> WINDOWS =
            List.of("kernel32.dll", "ntdll.dll", "bcryptprimitives.dll", "decentdb.dll");

    static List<String> platforms() {
        return EnginePlatform.RELEASED;
    }

    static List<String> linux() {
        return platforms().stream().filter(each -> each.startsWith("linux")).toList();
    }

    @Test
    void thereIsOneForEachReleasedPlatform() throws IOException {
        try (Stream<Path> folders = Files.list(PREBUILT)) {
            assertThat(folders.map(each -> each.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(platforms());
        }
    }

    @ParameterizedTest
    @MethodSource("platforms")
    void eachWasBuiltFromTheSourcesBesideIt(String platform) throws Exception {
        Matcher digest = Pattern.compile("ddb-engine-source-digest:([0-9a-f]{64})")
                .matcher(new String(library(platform), StandardCharsets.ISO_8859_1));
        assertThat(digest.find()).isTrue();
        boolean current =
                digest.group(1).equals(EngineDigestTests.digestOf(Path.of(System.getProperty("test.engine.folder"))));
        // While the engine is being changed, its libraries are not; what lands has them refreshed.
        assumeTrue(current || System.getenv("CI") != null, "to be refreshed: " + platform);
        assertThat(current)
                .as("%s is current; refresh it: mvn -pl decentdb-native -Dengine.refresh process-resources", platform)
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("linux")
    void eachNeedsTheSystemsOwnLibrariesAlone(String platform) throws IOException {
        ElfFile library = ElfFile.read(library(platform));

        assertThat(library.machine()).isEqualTo(platform.contains("x86-64") ? ElfFile.X86_64 : ElfFile.AARCH64);
        if (platform.endsWith("-musl")) {
            assertThat(library.needed()).containsExactly("libc.so");
            assertThat(library.versions()).isEmpty();
        } else {
            assertThat(library.needed()).contains("libc.so.6").isSubsetOf(GLIBC);
            assertThat(library.versions()).isNotEmpty().allSatisfy(CommittedEngineTests::assertOldEnough);
        }
    }

    private static void assertOldEnough(String version) {
        Matcher glibc = Pattern.compile("GLIBC_2\\.(\\d+)(\\.\\d+)?").matcher(version);
        assertThat(glibc.matches()).as(version).isTrue();
        assertThat(Integer.parseInt(glibc.group(1))).as(version).isLessThanOrEqualTo(NEWEST_GLIBC_MINOR);
    }

    @Test
    void thatOfWindowsNeedsNoLibrariesOfACompiler() throws IOException {
        byte[] bytes = library("win32-x86-64");
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);

        // The header is where the one for DOS says; the processor is behind its four bytes "PE".
        assertThat(file.getShort(file.getInt(0x3c) + 4)).isEqualTo((short) 0x8664);
        assertThat(Pattern.compile("[\\w-]+\\.dll", Pattern.CASE_INSENSITIVE)
                        .matcher(new String(bytes, StandardCharsets.ISO_8859_1))
                        .results()
                        .map(found -> found.group().toLowerCase(Locale.ROOT)))
                .contains("kernel32.dll")
                .allMatch(name -> name.startsWith("api-ms-win-") || WINDOWS.contains(name));
    }

    @ParameterizedTest
    @MethodSource("platforms")
    void eachExportsTheWholeInterface(String platform) throws IOException {
        String text = new String(library(platform), StandardCharsets.ISO_8859_1);
        assertThat(Abi.symbols()).isNotEmpty().allMatch(symbol -> text.contains("\0" + symbol + "\0"));
    }

    @ParameterizedTest
    @MethodSource("platforms")
    void noneNamesTheMachineThatBuiltIt(String platform) throws IOException {
        String text = new String(library(platform), StandardCharsets.ISO_8859_1);
        assertThat(List.of("/.cargo/", "/.rustup/", "/registry/src/index")).noneMatch(text::contains);
    }

    @ParameterizedTest
    @MethodSource("platforms")
    void eachIsSmall(String platform) throws IOException {
        assertThat(Files.size(file(platform))).isLessThan(MEGABYTES_5);
    }

    private static Path file(String platform) {
        String name = platform.startsWith("win32") ? "decentdb.dll" : "libdecentdb.so";
        return PREBUILT.resolve(platform).resolve(name + ".gz");
    }

    private static byte[] library(String platform) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file(platform)))) {
            return in.readAllBytes();
        }
    }
}
