package com.decentdb.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The PostgreSQL that is installed makes the dump, with a server of its own that listens on a socket in its folder. */
class RealPostgresTests {

    private static final String SCRIPT =
            "set -e; d=$(mktemp -d); trap '\"$0/pg_ctl\" -D $d/data -m immediate stop >&2 || true; rm -rf $d' EXIT;"
                    + " \"$0/initdb\" -D $d/data -A trust -E UTF8 --locale=C.UTF-8 >&2;"
                    + " \"$0/pg_ctl\" -D $d/data -w -o \"-k $d -F -c listen_addresses=''\" -l $d/log start >&2;"
                    + " \"$0/createdb\" -h $d library; \"$0/psql\" -h $d -q -v ON_ERROR_STOP=1 -d library -f - >&2;"
                    + " \"$0/pg_dump\" -h $d $1 library";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"--encoding=UTF8", "--inserts", "--column-inserts", "--rows-per-insert=2", "--no-owner"})
    void whatPgDumpMakesIsImported(String option) throws Exception {
        Path dump = Files.write(folder.resolve("library.sql"), dump(option));
        Path target = folder.resolve("library.ddb");

        DecentDbImport.pgDump(dump, Databases.url(target)).report().block();

        PgDumpImportTests.assertLibrary(target);
    }

    private static Path programs() throws IOException {
        Path all = Path.of("/usr/lib/postgresql");
        assumeTrue(Files.isDirectory(all), "PostgreSQL is not installed");
        try (Stream<Path> versions = Files.list(all)) {
            Path newest = versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
                    .max(Comparator.naturalOrder())
                    .orElse(null);
            assumeTrue(newest != null, "the server of PostgreSQL is not installed");
            return java.util.Objects.requireNonNull(newest);
        }
    }

    private static byte[] dump(String option) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        if ("root".equals(System.getProperty("user.name"))) {
            // The server refuses to run for root.
            command.addAll(List.of("runuser", "-u", "postgres", "--"));
        }
        command.addAll(List.of("bash", "-c", SCRIPT, programs().toString(), option));
        Path out = Files.createTempFile("library", ".sql");
        Path err = Files.createTempFile("library", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(Path.of("/").toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            process.getOutputStream().write(Databases.resource("library.sql").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().close();
            assertThat(process.waitFor()).as(() -> read(err)).isZero();
            return Files.readAllBytes(out);
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
