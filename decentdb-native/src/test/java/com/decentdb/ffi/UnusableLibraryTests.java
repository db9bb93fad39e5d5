package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A library that cannot be loaded is the same error at every attempt, with the reason and what helps. The files are copies of
 * the engine in which some bytes differ, and a program of its own tries each.
 */
@EnabledOnOs(OS.LINUX)
@EnabledIfSystemProperty(named = "os.arch", matches = "amd64")
class UnusableLibraryTests {

    @TempDir
    Path folder;

    /** The output of a program that is given this file. */
    private String probe(Path file, String... options) throws Exception {
        List<String> all = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path")));
        all.addAll(List.of(options));
        Path output = Files.createTempFile(folder, "probe", ".txt");
        return LibraryProbe.finish(LibraryProbe.start(Map.of(), all, output, file.toString()), output);
    }

    private static byte[] engine() throws IOException {
        return Files.readAllBytes(NativeLibrary.load(null).path());
    }

    /** A copy of the engine in which one text stands for another of the same length. */
    private Path with(String text, String other) throws IOException {
        String content = new String(engine(), StandardCharsets.ISO_8859_1);
        assertThat(content).contains(text);
        return Files.writeString(
                folder.resolve("libpatched.so"), content.replace(text, other), StandardCharsets.ISO_8859_1);
    }

    @Test
    void oneForAnotherProcessor() throws Exception {
        byte[] bytes = engine();
        // The ELF header names the machine here: 183 is aarch64.
        bytes[18] = (byte) 183;
        Path file = Files.write(folder.resolve("libarm.so"), bytes);
        assertThat(probe(file))
                .contains("REFUSED The native library " + file, "another processor", "linux-x86-64")
                .contains("Name another file there", "SAME REFUSAL true");
    }

    @Test
    void oneOf32Bits() throws Exception {
        byte[] bytes = engine();
        bytes[4] = 1;
        Path file = Files.write(folder.resolve("lib32.so"), bytes);
        assertThat(probe(file)).contains("REFUSED", "another processor", "SAME REFUSAL true");
    }

    @Test
    void aFileThatIsNoLibrary() throws Exception {
        Path file = Files.writeString(folder.resolve("libtext.so"), "not a library".repeat(100));
        assertThat(probe(file)).contains("REFUSED", "not a library of this system", "SAME REFUSAL true");
    }

    @Test
    void oneThatNeedsALibraryThatIsNotThere() throws Exception {
        assertThat(probe(with("libc.so.6", "libq.so.6")))
                .contains("REFUSED", "libq.so.6", "a library that it needs is missing", "SAME REFUSAL true");
    }

    @Test
    void oneThatNeedsANewerSystem() throws Exception {
        assertThat(probe(with("\0GLIBC_2.", "\0GLIBC_9.")))
                .contains("REFUSED", "GLIBC_9.", "needs glibc of a sufficient version", "SAME REFUSAL true");
    }

    @Test
    void oneThatLacksAFunction() throws Exception {
        assertThat(probe(with("\0ddb_db_checkpoint\0", "\0ddb_db_checkpainT\0")))
                .contains("REFUSED", "does not export ddb_db_checkpoint", "SAME REFUSAL true");
    }

    @Test
    void oneOfAnotherVersionOfTheInterface() throws Exception {
        // mov eax, 7; ret
        assertThat(probe(with("\u00b8\u0007\0\0\0\u00c3", "\u00b8\u0006\0\0\0\u00c3")))
                .contains("REFUSED", "version 6 of the C ABI, not 7", "SAME REFUSAL true");
    }

    @Test
    void oneThatThisUserCannotRead() throws Exception {
        Path file = Files.write(folder.resolve("libsecret.so"), engine());
        Files.setPosixFilePermissions(file, Set.of());
        assumeTrue(!Files.isReadable(file), "the administrator reads every file");
        assertThat(probe(file)).contains("REFUSED", "this user cannot read it", "SAME REFUSAL true");
    }

    @Test
    void oneOnAFileSystemThatForbidsToExecuteFiles() throws Exception {
        Path mounted = Files.createDirectory(folder.resolve("noexec"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "noexec,size=64m", "tmpfs", mounted.toString()),
                "only an administrator may mount a file system");
        try {
            Path file = Files.write(mounted.resolve("libdecentdb.so"), engine());
            assertThat(probe(file)).contains("REFUSED", "noexec", "SAME REFUSAL true");
            assertThat(probe(file, "-Ddecentdb.ffi=jna", "-Djava.io.tmpdir=" + mounted, "-Djna.tmpdir=" + mounted))
                    .contains("REFUSED JNA cannot start its own native part", "-Djna.tmpdir", "SAME REFUSAL true");
        } finally {
            assertThat(run("umount", mounted.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    }
}
