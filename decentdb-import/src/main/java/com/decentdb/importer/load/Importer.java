package com.decentdb.importer.load;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.ImportOptions;
import com.decentdb.importer.ImportProgress;
import com.decentdb.importer.ImportProgress.Phase;
import com.decentdb.importer.ImportReport;
import com.decentdb.importer.ImportReport.Outcome;
import com.decentdb.importer.plan.Engine;
import com.decentdb.importer.plan.LoadOrder;
import com.decentdb.importer.plan.Plan;
import com.decentdb.importer.plan.Planner;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.source.Source;
import com.decentdb.importer.text.Names;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** One import, run by one thread that waits for files and for the engine. An interrupt ends it. */
public final class Importer {

    /** So often an import on a cluster goes on without having committed anything. */
    private static final int ATTEMPTS = 3;

    private final Source source;
    private final String url;
    private final ImportOptions options;
    private final Findings findings = new Findings();
    private final SkippedRows rows = new SkippedRows();
    private final Progress progress;
    private final long began = System.nanoTime();

    public Importer(Source source, String url, ImportOptions options, Consumer<ImportProgress> listener) {
        this.source = source;
        this.url = url;
        this.options = options;
        this.progress = new Progress(source, listener);
    }

    /** Imports everything, or fails and leaves the target as it was, or with what was committed. */
    public ImportReport run() {
        ImportReport report;
        try (Target target = Target.of(url, options, Path.of(source.name()))) {
            progress.phase(Phase.READING_SCHEMA);
            SourceSchema schema =
                    source.schema(new Source.Request(this::isWanted, target.isCluster(), target::existing), findings);
            List<SourceTable> tables = chosen(schema);
            Plan plan;
            try (Engine scratch = target.trial()) {
                plan = Planner.plan(
                        schema,
                        source.anyOrder() ? LoadOrder.of(tables) : tables,
                        source.dialect(),
                        options,
                        scratch,
                        findings);
            }
            if (!options.dryRun()) {
                fill(target, plan);
            }
            report = report(plan);
        }
        progress.completed(report);
        return report;
    }

    private boolean isWanted(String table) {
        return (options.tables().isEmpty() || isNamed(options.tables(), table)) && !isNamed(options.excluded(), table);
    }

    private static boolean isNamed(Set<String> names, String table) {
        return names.stream().anyMatch(name -> name.equalsIgnoreCase(table));
    }

    private List<SourceTable> chosen(SourceSchema schema) {
        Set<String> asked = new HashSet<>(options.tables());
        asked.addAll(options.excluded());
        for (String name : asked) {
            if (schema.tables.keySet().stream().noneMatch(name::equalsIgnoreCase)) {
                throw new ImportException("it has no table " + name + "; its tables are " + schema.tables.keySet());
            }
            for (SourceTable table : schema.tables.values()) {
                if (table.partitionOf != null && table.name.equalsIgnoreCase(name)) {
                    throw new ImportException("the table " + name + " is a partition of " + table.partitionOf
                            + ", which has its rows; name that one");
                }
            }
        }
        return schema.tables.values().stream()
                .filter(table -> isWanted(table.name))
                .filter(table -> table.partitionOf == null)
                .toList();
    }

    private void fill(Target target, Plan plan) {
        if (!target.isHidden() && target.commitEvery() > 0) {
            fillInParts(target, plan);
            return;
        }
        try (Engine engine = target.open()) {
            undoing(engine, () -> {
                engine.begin();
                if (target.replacesTables()) {
                    Journal.dropTables(engine, plan);
                }
                Journal.requireFree(engine, plan);
                plan.before.forEach(sql -> apply(engine, sql));
                Map<Plan.Table, Long> before = counts(engine, plan);
                copy(plan, new RowWriter(engine, plan, target.commitEvery(), options.onError(), rows, progress, null));
                progress.phase(Phase.FINISHING);
                new References(engine, plan, source, rows).add(options.onError());
                plan.after.forEach(sql -> apply(engine, sql));
                verify(engine, plan, before);
                engine.commit();
            });
            if (target.isHidden()) {
                settle(engine);
            }
        }
        target.complete();
    }

    /** A file that is moved to its place goes without the log beside it, which an engine may keep if the disk is full. */
    private static void settle(Engine engine) {
        try {
            engine.connection().checkpoint().block();
        } catch (R2dbcException e) {
            throw new ImportException(
                    0,
                    "the engine cannot write all of its log into the new file, for which the file system may lack space: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Runs a part of the import; what it did not commit is undone if it fails. */
    private static void undoing(Engine engine, Runnable part) {
        try {
            part.run();
        } catch (RuntimeException | Error e) {
            try {
                engine.rollback();
            } catch (RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** An import whose commits everybody sees. When a cluster loses its leader, it goes on behind the last of them. */
    private void fillInParts(Target target, Plan plan) {
        Journal journal = new Journal(plan, source.identity(), rows);
        int idle = 0;
        for (boolean again = false; ; again = true) {
            long commits = journal.commits();
            boolean repeated = again;
            try (Engine engine = target.open()) {
                undoing(engine, () -> {
                    journal.begin(engine, options.unfinished(), target.replacesTables(), repeated);
                    fillInParts(engine, plan, target.commitEvery(), journal);
                });
                return;
            } catch (ImportException | R2dbcException e) {
                idle = journal.commits() > commits ? 0 : idle + 1;
                if (!target.isCluster() || !isOfConnection(e) || idle == ATTEMPTS) {
                    throw journal.failed(e);
                }
            }
        }
    }

    private static boolean isOfConnection(RuntimeException failure) {
        return (failure instanceof R2dbcException own && Engine.isOfConnection(own))
                || (failure.getCause() instanceof R2dbcException cause && Engine.isOfConnection(cause));
    }

    private void fillInParts(Engine engine, Plan plan, int commitEvery, Journal journal) {
        progress.restart(rows.written());
        if (journal.steps() == 0) {
            engine.begin();
            copy(plan, new RowWriter(engine, plan, commitEvery, options.onError(), rows, progress, journal));
            new References(engine, plan, source, rows).add(options.onError());
            journal.record(engine);
            journal.step(engine, 1);
            engine.commit();
            journal.committed();
        }
        progress.phase(Phase.FINISHING);
        List<String> indexes = plan.after.stream()
                .filter(sql -> sql.startsWith("CREATE INDEX"))
                .toList();
        while (journal.steps() <= indexes.size()) {
            engine.begin();
            apply(engine, indexes.get((int) journal.steps() - 1));
            journal.step(engine, journal.steps() + 1);
            engine.commit();
            journal.committed();
        }
        engine.begin();
        plan.after.stream().filter(sql -> !indexes.contains(sql)).forEach(sql -> apply(engine, sql));
        verify(engine, plan);
        journal.end(engine);
        engine.commit();
    }

    private void copy(Plan plan, RowWriter writer) {
        progress.phase(Phase.COPYING_ROWS);
        source.rows(plan.tables.stream().map(Plan.Table::source).toList(), writer);
        writer.finish();
    }

    static void apply(Engine engine, String sql) {
        try {
            if (sql.startsWith("SELECT ")) {
                engine.fetch(sql);
            } else {
                engine.execute(sql);
            }
        } catch (R2dbcException e) {
            throw new ImportException(0, "the engine refuses " + sql + ": " + e.getMessage(), e);
        }
    }

    private static Map<Plan.Table, Long> counts(Engine engine, Plan plan) {
        Map<Plan.Table, Long> counts = new HashMap<>();
        plan.tables.forEach(table -> counts.put(table, count(engine, table)));
        return counts;
    }

    private static long count(Engine engine, Plan.Table table) {
        return engine.number("SELECT count(*) FROM " + Names.quote(table.name()));
    }

    /** Counts the rows again: a report is not better than the database it speaks of. */
    private void verify(Engine engine, Plan plan, Map<Plan.Table, Long> before) {
        for (Plan.Table table : plan.tables) {
            long there = count(engine, table) - before.getOrDefault(table, 0L);
            if (there != rows.of(table).written) {
                throw missing(table, there);
            }
        }
    }

    /** Others see the tables before the import is complete, and may have added rows of theirs. */
    private void verify(Engine engine, Plan plan) {
        for (Plan.Table table : plan.tables) {
            long there = count(engine, table);
            if (there < rows.of(table).written) {
                throw missing(table, there);
            }
            if (there > rows.of(table).written && table.isMade()) {
                findings.warning("table " + table.name(), 0, "it has " + there + " rows, of which others wrote some");
            }
        }
    }

    private ImportException missing(Plan.Table table, long there) {
        return new ImportException("the table " + table.name() + " has " + there + " rows after "
                + rows.of(table).written + " were written");
    }

    private ImportReport report(Plan plan) {
        List<ImportReport.Table> tables = new ArrayList<>();
        if (rows.skipped() > rows.listed().size() && rows.listed().size() < ImportReport.ROWS_LISTED) {
            findings.warning(
                    "skipped rows",
                    0,
                    "those that the run before this one skipped are counted, but not listed; its output has them");
        }
        for (Plan.Table table : plan.tables) {
            SkippedRows.Count count = rows.of(table);
            tables.add(new ImportReport.Table(
                    table.source().name, table.name(), count.read, count.written, count.skipped));
        }
        return new ImportReport(
                source.name(),
                url,
                options.dryRun() ? Outcome.PLANNED : Outcome.IMPORTED,
                tables,
                findings.changed(),
                findings.skipped(),
                findings.warnings(),
                rows.listed(),
                plan.statements(),
                Duration.ofNanos(System.nanoTime() - began).toMillis() / 1000.0);
    }
}
