package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class EngineCacheTests {

    private static final String ENGINE = "any bytes serve as an engine that is not loaded";

    @TempDir
    Path folder;

    private Path jar;
    private Path cache;

    @BeforeEach
    void engine() throws IOException {
        jar = Files.writeString(folder.resolve("jar"), ENGINE);
        cache = folder.resolve("cache");
    }

    @Test
    void theFileIsNamedAfterItsContentAndPrivate() throws Exception {
        Path file = cache().unpack(cache);

        assertThat(cache.relativize(file)).hasToString("decentdb/1.0-" + sha256() + "/libengine.so");
        assertThat(file).hasContent(ENGINE);
        for (Path own : List.of(file, folderOf(file), cache.resolve("decentdb"))) {
            assertThat(permissions(own)).isEqualTo("rwx------");
        }
        assertThat(namesIn(folderOf(file))).containsExactlyInAnyOrder("libengine.so", "lock");
    }

    @Test
    void theNextProgramTakesTheSameFile() throws Exception {
        Object first = identity(cache().unpack(cache));
        Files.writeString(jar, "the jar is not read again");

        assertThat(identity(cache().unpack(cache))).isEqualTo(first);
    }

    @Test
    void programsThatStartAtOnceAllTakeOneFile() throws Exception {
        ExecutorService programs = Executors.newFixedThreadPool(8);
        try {
            List<Future<Object>> files = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                files.add(programs.submit(() -> identity(cache().unpack(cache))));
            }
            Object first = files.get(0).get();
            for (Future<Object> file : files) {
                assertThat(file.get()).isEqualTo(first);
            }
        } finally {
            programs.shutdownNow();
        }
    }

    @Test
    void aDamagedFileIsReplaced() throws Exception {
        Path file = cache().unpack(cache);

        Files.writeString(file, ENGINE.replace('a', 'b'));
        assertThat(cache().unpack(cache)).hasContent(ENGINE);

        Files.writeString(file, "short");
        assertThat(cache().unpack(cache)).hasContent(ENGINE);

        Files.delete(file);
        Files.createSymbolicLink(file, jar);
        assertThat(cache().unpack(cache)).hasContent(ENGINE).isRegularFile();
        assertThat(file).matches(path -> !Files.isSymbolicLink(path), "is no link");
    }

    @Test
    void aFileOfAnotherTimeIsVerifiedAndKept() throws Exception {
        Path file = cache().unpack(cache);
        Object identity = identity(file);
        FileTime verified = Files.getLastModifiedTime(file);
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()));

        assertThat(identity(cache().unpack(cache))).isEqualTo(identity);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(verified);
    }

    @Test
    void aFileThatOthersCanWriteIsReplaced() throws Exception {
        Path file = cache().unpack(cache);
        Object identity = identity(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThat(permissions(cache().unpack(cache))).isEqualTo("rwx------");
        assertThat(identity(file)).isNotEqualTo(identity);
    }

    @Test
    void aFolderThatOthersCanWriteIsRefused() throws Exception {
        Path home = folderOf(cache().unpack(cache));

        for (Path open : List.of(home, cache.resolve("decentdb"), cache)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
            assertThatIOException().isThrownBy(() -> cache().unpack(cache)).withMessageContaining(open.toString());
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwx------"));
        }
        assertThat(cache().unpack(cache)).hasContent(ENGINE);
    }

    @Test
    void aLinkOrAFileInPlaceOfTheFolderIsRefused() throws Exception {
        Files.createDirectories(cache);
        Files.createSymbolicLink(cache.resolve("decentdb"), Files.createDirectory(folder.resolve("elsewhere")));
        assertThatIOException().isThrownBy(() -> cache().unpack(cache)).withMessageContaining("decentdb");

        assertThatIOException().isThrownBy(() -> cache().unpack(jar)).withMessageContaining(jar.toString());
    }

    @Test
    void theNextWriterDeletesWhatKilledProgramsLeft() throws Exception {
        Path file = cache().unpack(cache);
        Files.delete(file);
        Path home = folderOf(file);
        Files.writeString(home.resolve("libengine.so123.tmp"), "half an eng");
        Path old = Files.writeString(home.resolve("jna1.tmp"), "JNA's own part");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(7200)));
        Files.writeString(home.resolve("jna2.tmp"), "in use by a program that starts");

        cache().unpack(cache);

        assertThat(namesIn(home)).containsExactlyInAnyOrder("libengine.so", "lock", "jna2.tmp");
    }

    @Test
    void aDamagedJarIsRefusedAndLeavesNothing() throws Exception {
        EngineCache damaged = cache();
        Files.writeString(jar, "damaged");

        assertThatIOException().isThrownBy(() -> damaged.unpack(cache)).withMessageContaining("is damaged");
        assertThat(namesIn(cache.resolve("decentdb/1.0-" + sha256()))).containsExactly("lock");
    }

    @Test
    void theCacheIsTheUsersOwnAndFoldersForTemporaryFilesComeNext() {
        Path last = Path.of(System.getProperty("java.io.tmpdir"), "decentdb-" + System.getProperty("user.name"));
        Path home = Path.of(System.getProperty("user.home"), ".cache");

        assertThat(EngineCache.folders(Map.of("XDG_CACHE_HOME", "/var/cache/me")))
                .containsExactly(Path.of("/var/cache/me"), last);
        assertThat(EngineCache.folders(Map.of("XDG_CACHE_HOME", "relative"))).containsExactly(home, last);
        assertThat(EngineCache.folders(Map.of())).containsExactly(home, last);
    }

    private EngineCache cache() throws IOException {
        String description = "1.0 " + ENGINE.length() + " " + sha256() + "\n";
        return new EngineCache(
                jar.toUri().toURL(),
                "libengine.so",
                new ByteArrayInputStream(description.getBytes(StandardCharsets.UTF_8)));
    }

    private static String sha256() {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha.digest(ENGINE.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path folderOf(Path file) {
        return file.resolveSibling(".").normalize();
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static Object identity(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }

    private static List<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
