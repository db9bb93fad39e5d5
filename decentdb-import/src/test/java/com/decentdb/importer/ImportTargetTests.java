package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.file;
import static com.decentdb.importer.Databases.files;
import static com.decentdb.importer.Databases.url;
import static com.decentdb.importer.Databases.with;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.decentdb.importer.ImportProgress.Phase;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** All of an import, or nothing, whatever the target is and whatever happens. */
class ImportTargetTests {

    private static final String ITEM = "CREATE TABLE item (id integer PRIMARY KEY, name text);\n";

    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void prepare() {
        target = folder.resolve("app.ddb");
    }

    private Path dump(String rows) {
        return file(folder, "dump.sql", ITEM + "COPY item (id, name) FROM stdin;\n" + rows + "\\.\n");
    }

    private void makeTarget(String sql) {
        with(target, connection -> connection.execute(sql));
    }

    @Test
    void anExistingDatabaseGetsTheNewTablesBesideItsOwn() {
        makeTarget("CREATE TABLE mine (a INT64); INSERT INTO mine VALUES (1)");

        DecentDbImport.pgDump(dump("1\tone\n"), url(target)).report().block();

        assertThat(column(target, "SELECT name FROM item")).containsExactly("one");
        assertThat(column(target, "SELECT a FROM mine")).containsExactly("1");
    }

    @Test
    void anErrorLeavesAnExistingDatabaseAsItWas() {
        makeTarget("CREATE TABLE mine (a INT64)");

        assertThatThrownBy(() -> DecentDbImport.pgDump(dump("1\tone\n1\tagain\n"), url(target))
                        .report()
                        .block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("dump.sql:4: table item");

        assertThat(column(target, "SELECT name FROM sqlite_schema")).containsExactly("mine");
    }

    @Test
    void tablesThatExistAreNotTouched() {
        makeTarget("CREATE TABLE item (a INT64); INSERT INTO item VALUES (1)");

        assertThatThrownBy(() -> DecentDbImport.pgDump(dump("1\tone\n"), url(target))
                        .report()
                        .block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("the target has already [item]")
                .hasMessageContaining("--overwrite");

        assertThat(column(target, "SELECT a FROM item")).containsExactly("1");
    }

    @Test
    void anExistingFileIsReplacedOnlyByACompleteOne() {
        makeTarget("CREATE TABLE mine (a INT64); INSERT INTO mine VALUES (7)");
        DecentDbImport failing = DecentDbImport.pgDump(dump("1\tone\nx\ttwo\n"), url(target))
                .with(options -> options.withOverwrite(true));

        assertThatThrownBy(() -> failing.report().block()).isInstanceOf(ImportException.class);
        assertThat(column(target, "SELECT a FROM mine")).containsExactly("7");

        DecentDbImport.pgDump(dump("1\tone\n2\ttwo\n"), url(target))
                .with(options -> options.withOverwrite(true))
                .report()
                .block();
        assertThat(column(target, "SELECT name FROM sqlite_schema WHERE type = 'table'"))
                .containsExactly("item");
        assertThat(column(target, "SELECT name FROM item ORDER BY id")).containsExactly("one", "two");
        assertThat(files(folder)).noneMatch(name -> name.contains("importing"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 700})
    void howManyRowsATransactionHasMakesNoDifference(int commitEvery) {
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            rows.append(i).append("\tname ").append(i).append('\n');
        }

        DecentDbImport.pgDump(dump(rows.toString()), url(target))
                .with(options -> options.withCommitEvery(commitEvery))
                .report()
                .block();

        assertThat(column(target, "SELECT count(*) FROM item WHERE name = 'name ' || id"))
                .containsExactly("3000");
    }

    @Test
    void aDatabaseInMemoryIsATargetWhileItIsOpen() {
        DecentDbConnection open = requireNonNull(
                DecentDb.connect("r2dbc:decentdb:mem:///import-target").block());
        DecentDbImport.pgDump(dump("1\tone\n"), "r2dbc:decentdb:mem:///import-target")
                .report()
                .block();

        StepVerifier.create(open.fetchValue("SELECT name FROM item", String.class))
                .expectNext("one")
                .verifyComplete();
        open.close().block();
    }

    @ParameterizedTest
    @ValueSource(strings = {"r2dbc:decentdb:///no/such/folder/app.ddb", "r2dbc:decentdb:////tmp"})
    void targetsThatCannotBeFilledAreRefusedByName(String url) {
        assertThatThrownBy(() ->
                        DecentDbImport.pgDump(dump("1\tone\n"), url).report().block())
                .isInstanceOf(ImportException.class)
                .hasMessageMatching("(?s).*(no/such/folder|/tmp is a folder).*");
    }

    @Test
    void progressEndsWithTheReport() {
        StepVerifier.create(DecentDbImport.pgDump(dump("1\tone\n"), url(target)).run())
                .thenConsumeWhile(state -> state.phase() != Phase.COMPLETED)
                .assertNext(state -> {
                    assertThat(state.rowsRead()).isEqualTo(1);
                    assertThat(state.done()).isEqualTo(state.total());
                    assertThat(requireNonNull(state.report()).rowsWritten()).isEqualTo(1);
                })
                .verifyComplete();
    }

    @Test
    void cancellingAtAnyPointLeavesNothing() throws IOException {
        Path source = manyRows();
        for (int states = 1; states < 30; states += 4) {
            DecentDbImport.pgDump(source, url(target)).run().take(states, false).blockLast(Duration.ofMinutes(1));
            awaitNothingButTheSource();
        }
    }

    private void awaitNothingButTheSource() {
        StepVerifier.create(Mono.fromCallable(() -> files(folder))
                        .repeat()
                        .delayElements(Duration.ofMillis(20))
                        .takeUntil(names -> names.equals(List.of("many.sql")))
                        .then())
                .expectComplete()
                .verify(Duration.ofMinutes(1));
    }

    @Test
    void aProcessThatIsKilledLeavesNothingHalfAndTheNextImportSucceeds() throws Exception {
        Path source = manyRows();
        makeTarget("CREATE TABLE mine (a INT64); INSERT INTO mine VALUES (7)");
        Path unfinished = folder.resolve("app.ddb.importing");
        for (int round = 0; round < 3; round++) {
            FileTime began = FileTime.from(Instant.now());
            Process child = Databases.program(
                    folder.resolve("log"),
                    List.of(),
                    "pgdump",
                    "--overwrite",
                    "--commit-every=1000",
                    source.toString(),
                    url(target));
            while (child.isAlive() && !hasGrown(unfinished, began, 100_000L * (round + 1))) {
                Thread.sleep(1);
            }
            child.destroyForcibly().waitFor();

            assertThat(unfinished).exists();
            assertThat(column(target, "SELECT a FROM mine")).containsExactly("7");
        }

        DecentDbImport.pgDump(source, url(target))
                .with(options -> options.withOverwrite(true))
                .report()
                .block();

        assertThat(column(target, "SELECT count(*) FROM item")).containsExactly("200000");
        assertThat(files(folder)).noneMatch(name -> name.contains("importing"));
    }

    /** Whether this process has written so much; what one before left does not count. */
    private static boolean hasGrown(Path file, FileTime since, long size) throws IOException {
        try {
            return Files.getLastModifiedTime(file).compareTo(since) > 0 && Files.size(file) > size;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** A file that may not grow stands for a disk that is full. */
    @Test
    void aFullDiskLeavesNothing() throws Exception {
        Path source = manyRows();

        Path log = folder.resolve("log");
        Process child = Databases.program(
                log,
                List.of("bash", "-c", "trap '' XFSZ; ulimit -f 2000; exec \"$@\"", "bash"),
                "pgdump",
                source.toString(),
                url(target));

        assertThat(child.waitFor()).as(Files.readString(log)).isEqualTo(1);
        assertThat(Files.readString(log)).contains("many.sql:", "Nothing was imported.");
        assertThat(files(folder)).containsExactlyInAnyOrder("log", "many.sql");
    }

    /** Too small for the log of the rows, and for the file to which the engine moves it at the end. */
    @ParameterizedTest
    @ValueSource(ints = {4, 10, 20})
    void aFullFileSystemLeavesNothing(int megabytes) throws Exception {
        Assumptions.assumeTrue(megabytes < 20 || !Databases.bundled(), "enough for the bundled engine");
        List<String> own = List.of("unshare", "--map-root-user", "--mount");
        Assumptions.assumeTrue(isAllowed(own), "a file system of its own needs unshare, and the right to mount");
        Path source = manyRows();
        Path disk = Files.createDirectory(folder.resolve("disk"));
        List<String> before = new ArrayList<>(own);
        before.addAll(List.of(
                "bash",
                "-c",
                "mount -t tmpfs -o size=" + megabytes
                        + "m tmpfs \"$0\" && \"$@\"; status=$?; ls -A \"$0\"; exit $status",
                disk.toString()));

        Path log = folder.resolve("log");
        Process child = Databases.program(log, before, "pgdump", source.toString(), url(disk.resolve("app.ddb")));

        assertThat(child.waitFor()).as(Files.readString(log)).isEqualTo(1);
        assertThat(Files.readString(log))
                .contains("many.sql:", "Nothing was imported.")
                .doesNotContain("app.ddb\n");
    }

    private static boolean isAllowed(List<String> own) throws Exception {
        List<String> command = new ArrayList<>(own);
        command.add("true");
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private Path manyRows() throws IOException {
        Path source = folder.resolve("many.sql");
        try (BufferedWriter out = Files.newBufferedWriter(source)) {
            out.write(ITEM + "COPY item (id, name) FROM stdin;\n");
            for (int i = 0; i < 200_000; i++) {
                out.write(i + "\tthe name of the item with the number " + i + "\n");
            }
            out.write("\\.\n");
        }
        return source;
    }

    @Test
    void twoImportsIntoOneFileDoNotMeet() throws IOException {
        Path source = manyRows();
        StepVerifier.create(DecentDbImport.pgDump(source, url(target))
                        .run()
                        .filter(state -> state.rowsWritten() > 0)
                        .next()
                        .then())
                .verifyComplete();
        awaitNothingButTheSource();
        Flux<ImportProgress> first = DecentDbImport.pgDump(source, url(target)).run();

        StepVerifier.create(first.concatMap(state -> state.rowsWritten() > 0 && state.phase() == Phase.COPYING_ROWS
                        ? DecentDbImport.pgDump(source, url(target)).report().then(Mono.just(state))
                        : Mono.just(state)))
                .thenConsumeWhile(state -> true)
                .verifyErrorMatches(
                        e -> e.getMessage() != null && e.getMessage().contains("another import into"));
        awaitNothingButTheSource();
    }

    @Test
    void theSourceIsNeverReplaced() throws IOException {
        Path source = folder.resolve("shop.db");
        Databases.sqlite(source, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)");
        byte[] before = Files.readAllBytes(source);
        Path link = Files.createSymbolicLink(folder.resolve("link.ddb"), source);

        for (Path place : List.of(source, link)) {
            assertThatThrownBy(() -> DecentDbImport.sqlite(source, url(place))
                            .with(options -> options.withOverwrite(true))
                            .report()
                            .block())
                    .isInstanceOf(ImportException.class)
                    .hasMessageContaining("shop.db: the source is the target, too; name another file");
        }

        assertThat(Files.readAllBytes(source)).isEqualTo(before);
    }

    @Test
    void aSymbolicLinkToTheTargetStays() throws IOException {
        Path real = Files.createDirectory(folder.resolve("data")).resolve("real.ddb");
        Files.createSymbolicLink(target, Path.of("data", "real.ddb"));

        for (boolean overwrite : List.of(false, true)) {
            DecentDbImport.pgDump(dump("1\tone\n"), url(target))
                    .with(options -> options.withOverwrite(overwrite))
                    .report()
                    .block();

            assertThat(target).isSymbolicLink();
            assertThat(column(real, "SELECT name FROM item")).containsExactly("one");
        }
        assertThat(files(folder)).containsExactly("app.ddb", "data", "dump.sql");
    }
}
