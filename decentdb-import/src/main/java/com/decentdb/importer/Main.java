package com.decentdb.importer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The program {@code decentdb-import}. It exits with 0 after a whole import, 3 after one that skipped rows, 1 after a failure, 2 after wrong arguments. */
@Command(
        name = "decentdb-import",
        mixinStandardHelpOptions = true,
        description =
                "Imports a database into DecentDB: all of it, or nothing; with commits in between, a part that --resume completes.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:everything was imported",
            "1:nothing was, or with commits in between a part, of which the message says how much it is",
            "2:wrong arguments",
            "3:everything but the rows of the report was"
        })
public final class Main implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    private Main() {}

    /**
     * Runs the program and ends the JVM.
     *
     * @param arguments those of the command line
     */
    public static void main(String[] arguments) {
        System.exit(program().execute(arguments));
    }

    /** Runs the program; its exit status. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        return program().setOut(out).setErr(err).execute(arguments);
    }

    private static CommandLine program() {
        return new CommandLine(new Main()).setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "Name what to import: sqlite, pgdump or csv");
    }

    private static final class Options {

        @Option(
                names = "--overwrite",
                description =
                        "Replaces the target's file, once the new one is complete. On a cluster it drops the tables of these"
                                + " names first, with the first commit, or the only one.")
        private boolean overwrite;

        @Option(names = "--table", paramLabel = "NAME", description = "Imports no table but this one; may be repeated.")
        private Set<String> tables = Set.of();

        @Option(names = "--exclude", paramLabel = "NAME", description = "Leaves this table out; may be repeated.")
        private Set<String> excluded = Set.of();

        @Option(names = "--preserve-case", description = "Keeps the case of names; else they are lower-case.")
        private boolean preserveCase;

        @Option(
                names = "--commit-every",
                paramLabel = "ROWS",
                defaultValue = "-1",
                description =
                        "Rows for each transaction; 0 for one transaction. Unless you give it, 50000 into a new file, which"
                                + " nobody sees before it is complete, one transaction into a database that exists, and 10000 on a cluster. In"
                                + " the last two, commits in between are seen at once and stay after a failure or a kill; the table"
                                + " decentdb_import has how many rows they were, until the import is complete.")
        private int commitEvery;

        @Option(
                names = "--resume",
                description =
                        "Goes on with an import with commits in between that was not finished, behind its last commit; the source"
                                + " and the options must be the same. If there is none, it begins.")
        private boolean resume;

        @Option(names = "--restart", description = "Drops the tables that such an import left, and begins again.")
        private boolean restart;

        @Option(
                names = "--on-error",
                defaultValue = "stop",
                paramLabel = "stop|skip",
                description = "What to do about rows that are refused (${DEFAULT-VALUE}).")
        @SuppressWarnings("NullAway.Init")
        private OnError onError;

        @Option(names = "--dry-run", description = "Writes nothing, but reports what would be made.")
        private boolean dryRun;

        @Option(
                names = "--report",
                paramLabel = "FILE",
                description = "Writes the report as JSON to this file, or to the output if it is '-'.")
        private @Nullable Path report;

        private ImportOptions options(boolean detectUuid, CsvOptions csv) {
            Unfinished unfinished = resume ? Unfinished.RESUME : restart ? Unfinished.RESTART : Unfinished.REFUSE;
            return new ImportOptions(
                    overwrite,
                    tables,
                    excluded,
                    preserveCase,
                    detectUuid,
                    commitEvery,
                    onError,
                    unfinished,
                    dryRun,
                    csv);
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Imports a database of SQLite.")
    int sqlite(
            @Parameters(paramLabel = "FILE", description = "The database.") Path file,
            @Parameters(paramLabel = "URL", description = "The target, such as r2dbc:decentdb:///new.ddb.") String url,
            @Mixin Options options,
            @Option(
                            names = "--detect-uuid",
                            description = "Makes UUID columns of text columns that hold nothing but UUIDs.")
                    boolean detectUuid) {
        return run(DecentDbImport.sqlite(file, url), file, url, options, detectUuid, CsvOptions.DEFAULTS);
    }

    @Command(mixinStandardHelpOptions = true, description = "Imports a plain dump of PostgreSQL's pg_dump.")
    int pgdump(
            @Parameters(paramLabel = "FILE", description = "The dump; it may be compressed by gzip or zstd.") Path file,
            @Parameters(paramLabel = "URL", description = "The target, such as r2dbc:decentdb:///new.ddb.") String url,
            @Mixin Options options) {
        return run(DecentDbImport.pgDump(file, url), file, url, options, false, CsvOptions.DEFAULTS);
    }

    @Command(
            mixinStandardHelpOptions = true,
            description =
                    "Imports a CSV file with a header, as a table of texts with the name of the file, unless options say otherwise.")
    int csv(
            @Parameters(paramLabel = "FILE", description = "The file; it may be compressed by gzip or zstd.") Path file,
            @Parameters(paramLabel = "URL", description = "The target, such as r2dbc:decentdb:///new.ddb.") String url,
            @Mixin Options options,
            @Option(
                            names = "--into",
                            paramLabel = "TABLE",
                            description = "The table; else it has the name of the file.")
                    @Nullable
                    String into,
            @Option(
                            names = "--append",
                            description =
                                    "Adds the rows to the table if it exists already, in the types of its columns.")
                    boolean append,
            @Option(
                            names = "--column",
                            paramLabel = "NAME=TYPE",
                            description =
                                    "The type of a column of a new table, such as price=DECIMAL(10,2); may be repeated.")
                    @Nullable
                    Map<String, String> columns,
            @Option(
                            names = "--detect-types",
                            description =
                                    "Reads the file once more and gives a column another type than TEXT if every value of it,"
                                            + " read as text, is the same in that type: 007 stays text.")
                    boolean detectTypes) {
        Map<String, String> types = columns == null ? Map.of() : Map.copyOf(columns);
        return run(
                DecentDbImport.csv(file, url),
                file,
                url,
                options,
                false,
                new CsvOptions(into, append, detectTypes, types));
    }

    private int run(DecentDbImport one, Path file, String url, Options options, boolean detectUuid, CsvOptions csv) {
        if (options.resume && options.restart) {
            throw new ParameterException(spec.commandLine(), "--resume and --restart are opposites; give one of them");
        }
        if (options.report != null && isAt(options.report, file, url)) {
            throw new ParameterException(
                    spec.commandLine(), "--report would replace the source or the target; name another file for it");
        }
        if (options.report != null && !options.report.toString().equals("-") && !isFileIn(options.report)) {
            throw new ParameterException(
                    spec.commandLine(), "--report names no file in a folder that exists: " + options.report);
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        try {
            ImportReport report = watched(one.with(present -> options.options(detectUuid, csv)));
            if (options.report != null && options.report.toString().equals("-")) {
                out.println(report.toJson());
            } else if (options.report != null) {
                Files.writeString(options.report, report.toJson() + System.lineSeparator());
            }
            summarise(report, err);
            return report.rowsSkipped() > 0 ? 3 : 0;
        } catch (IOException e) {
            err.println("The import is complete, but the report cannot be written: " + e);
            return 1;
        } catch (RuntimeException e) {
            err.println(e.getMessage());
            err.println(
                    switch (e instanceof ImportException failure ? failure.left() : ImportException.Left.NOTHING) {
                        case NOTHING -> "Nothing was imported.";
                        case PART -> "A part was imported.";
                        case UNKNOWN ->
                            "Whether it was imported is not known: the connection broke at the commit. Look at the tables.";
                    });
            return 1;
        }
    }

    private static boolean isFileIn(Path report) {
        Path place = report.toAbsolutePath();
        return !Files.isDirectory(place) && place.getParent() != null && Files.isDirectory(place.getParent());
    }

    private static boolean isAt(Path report, Path source, String url) {
        Path place = report.toAbsolutePath().normalize();
        boolean target = url.startsWith("r2dbc:decentdb:///")
                && place.equals(
                        Path.of(url.substring("r2dbc:decentdb:///".length()).replaceFirst("\\?.*", ""))
                                .toAbsolutePath()
                                .normalize());
        try {
            return target || (Files.exists(place) && Files.exists(source) && Files.isSameFile(place, source));
        } catch (IOException e) {
            return false;
        }
    }

    private static void summarise(ImportReport report, PrintWriter err) {
        double seconds = Math.max(report.seconds(), 0.001);
        err.printf(
                Locale.ROOT,
                "%s: %s in %s, %.1f s, %,.0f rows/s; %s skipped; %s of the schema changed, %,d skipped%n",
                report.outcome().name().toLowerCase(Locale.ROOT),
                counted(report.rowsWritten(), "row"),
                counted(report.tables().size(), "table"),
                seconds,
                report.rowsWritten() / seconds,
                counted(report.rowsSkipped(), "row"),
                counted(report.changed().size(), "part"),
                report.skipped().size());
    }

    private static String counted(long count, String noun) {
        return String.format(Locale.ROOT, "%,d %s%s", count, noun, count == 1 ? "" : "s");
    }

    /** Runs with a progress bar, on a terminal. */
    private static ImportReport watched(DecentDbImport one) {
        if (!CommandLine.Help.Ansi.AUTO.enabled()) {
            return required(one.report().block());
        }
        long began = System.nanoTime();
        try (ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("import")
                .setStyle(ProgressBarStyle.ASCII)
                .setInitialMax(-1)
                .build()) {
            return required(one.run()
                    .doOnNext(state -> {
                        bar.maxHint(state.total());
                        bar.stepTo(state.done());
                        bar.setExtraMessage(message(state, began));
                    })
                    .last()
                    .mapNotNull(ImportProgress::report)
                    .block());
        }
    }

    private static String message(ImportProgress state, long began) {
        double seconds = Math.max((System.nanoTime() - began) / 1e9, 0.001);
        String table = state.table() == null
                ? state.phase().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                : state.table();
        return String.format(
                Locale.ROOT,
                "%s, %s, %,.0f rows/s",
                table,
                counted(state.rowsWritten(), "row"),
                state.rowsWritten() / seconds);
    }

    private static ImportReport required(@Nullable ImportReport report) {
        if (report == null) {
            throw new IllegalStateException("the import ended without a report");
        }
        return report;
    }
}
