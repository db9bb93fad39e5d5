package com.decentdb.benchmarks.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The peer in C: compiled anew for each run against the SQLite of the system. */
final class CProgram {

    static final String KEY = "c-sqlite";
    static final String TITLE = "SQLite in C: kept statements; reads on as many threads as processors; "
            + "from 2 in flight a thread for each insert, handed to one thread that commits them in groups";

    private static final Path SOURCE = Path.of("src/main/c/sqlite_peer.c");

    private CProgram() {}

    /** Compiles it; where there is no compiler or no SQLite, reports why and returns nothing. */
    static Optional<List<String>> compile(Path data, Consumer<String> report) throws IOException, InterruptedException {
        Path program = data.resolve("sqlite_peer").toAbsolutePath();
        Path errors = Files.createTempFile(data, "cc", ".log");
        try {
            int status = new ProcessBuilder(
                            "cc",
                            "-O2",
                            "-Wall",
                            "-Wextra",
                            "-Werror",
                            "-o",
                            program.toString(),
                            SOURCE.toString(),
                            "-lsqlite3",
                            "-lpthread")
                    .redirectErrorStream(true)
                    .redirectOutput(errors.toFile())
                    .start()
                    .waitFor();
            if (status == 0) {
                return Optional.of(List.of(program.toString()));
            }
            report.accept("`" + KEY + "` is left out: cc failed, SQLite's headers may be missing (Debian: "
                    + "libsqlite3-dev). " + firstLine(errors));
        } catch (IOException e) {
            report.accept("`" + KEY + "` is left out: there is no C compiler named cc.");
        }
        return Optional.empty();
    }

    private static String firstLine(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8)
                .lines()
                .findFirst()
                .orElse("");
    }
}
