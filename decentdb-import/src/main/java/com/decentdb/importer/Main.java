package com.decentdb.importer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
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
        description = "Imports a database into DecentDB: all of it, or nothing.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:everything was imported",
            "1:nothing was",
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

        @Option(names = "--overwrite", description = "Replaces the target's file, once the new one is complete.")
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
                defaultValue = "50000",
                description = "Rows for each transaction of a new file (${DEFAULT-VALUE}); 0 for one transaction.")
        private int commitEvery;

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

        private ImportOptions options(boolean detectUuid) {
            return new ImportOptions(
                    overwrite, tables, excluded, preserveCase, detectUuid, commitEvery, onError, dryRun);
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
        return run(DecentDbImport.sqlite(file, url), options, detectUuid);
    }

    @Command(mixinStandardHelpOptions = true, description = "Imports a plain dump of PostgreSQL's pg_dump.")
    int pgdump(
            @Parameters(paramLabel = "FILE", description = "The dump; it may be compressed by gzip or zstd.") Path file,
            @Parameters(paramLabel = "URL", description = "The target, such as r2dbc:decentdb:///new.ddb.") String url,
            @Mixin Options options) {
        return run(DecentDbImport.pgDump(file, url), options, false);
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = "Imports a CSV file with a header, as a table of texts with the name of the file.")
    int csv(
            @Parameters(paramLabel = "FILE", description = "The file; it may be compressed by gzip or zstd.") Path file,
            @Parameters(paramLabel = "URL", description = "The target, such as r2dbc:decentdb:///new.ddb.") String url,
            @Mixin Options options) {
        return run(DecentDbImport.csv(file, url), options, false);
    }

    private int run(DecentDbImport one, Options options, boolean detectUuid) {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        try {
            ImportReport report = watched(one.with(present -> options.options(detectUuid)));
            if (options.report != null && options.report.toString().equals("-")) {
                out.println(report.toJson());
            } else if (options.report != null) {
                Files.writeString(options.report, report.toJson());
            }
            summarise(report, err);
            return report.rowsSkipped() > 0 ? 3 : 0;
        } catch (IOException e) {
            err.println("The import is complete, but the report cannot be written: " + e);
            return 1;
        } catch (RuntimeException e) {
            err.println(e.getMessage());
            err.println("Nothing was imported.");
            return 1;
        }
    }

    private static void summarise(ImportReport report, PrintWriter err) {
        double seconds = Math.max(report.seconds(), 0.001);
        err.printf(
                Locale.ROOT,
                "%s: %,d rows in %,d tables, %.1f s, %,.0f rows/s; %,d rows skipped; %,d parts of the schema changed, %,d skipped%n",
                report.outcome().name().toLowerCase(Locale.ROOT),
                report.rowsWritten(),
                report.tables().size(),
                seconds,
                report.rowsWritten() / seconds,
                report.rowsSkipped(),
                report.changed().size(),
                report.skipped().size());
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
                Locale.ROOT, "%s, %,d rows, %,.0f rows/s", table, state.rowsWritten(), state.rowsWritten() / seconds);
    }

    private static ImportReport required(@Nullable ImportReport report) {
        if (report == null) {
            throw new IllegalStateException("the import ended without a report");
        }
        return report;
    }
}
