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
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** One import, run by one thread that waits for files and for the engine. An interrupt ends it. */
public final class Importer {

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

    /** Imports everything, or fails and leaves the target as it was. */
    public ImportReport run() {
        ImportReport report;
        try (Target target = Target.of(url, options)) {
            progress.phase(Phase.READING_SCHEMA);
            SourceSchema schema = source.schema(this::isWanted, findings);
            List<SourceTable> tables = chosen(schema);
            Plan plan;
            try (Engine scratch = new Engine(target.scratch())) {
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
        }
        return schema.tables.values().stream()
                .filter(table -> isWanted(table.name))
                .filter(table -> table.partitionOf == null)
                .toList();
    }

    private void fill(Target target, Plan plan) {
        try (Engine engine = new Engine(target.writing())) {
            try {
                requireFree(engine, plan);
                engine.connection().beginTransaction().block();
                plan.before.forEach(sql -> apply(engine, sql));
                copy(engine, plan, target.isFresh() ? options.commitEvery() : 0);
                verify(engine, plan);
                engine.connection().commitTransaction().block();
            } catch (RuntimeException | Error e) {
                try {
                    engine.rollback();
                } catch (RuntimeException suppressed) {
                    e.addSuppressed(suppressed);
                }
                throw e;
            }
        }
        target.complete();
    }

    private static void requireFree(Engine engine, Plan plan) {
        Set<String> there = engine.fetch("SELECT name FROM sqlite_schema").stream()
                .map(row -> Names.lower(String.valueOf(row.get(0))))
                .collect(Collectors.toSet());
        List<String> both = plan.tables.stream()
                .map(Plan.Table::name)
                .filter(name -> there.contains(Names.lower(name)))
                .toList();
        if (!both.isEmpty()) {
            throw new ImportException(
                    "the target has already " + both + "; choose others with --table or --exclude, drop them,"
                            + " or replace the whole file with --overwrite");
        }
    }

    private void copy(Engine engine, Plan plan, int commitEvery) {
        progress.phase(Phase.COPYING_ROWS);
        RowWriter writer = new RowWriter(engine, plan, commitEvery, options.onError(), rows, progress);
        source.rows(plan.tables.stream().map(Plan.Table::source).toList(), writer);
        writer.finish();
        progress.phase(Phase.FINISHING);
        new References(engine, plan, source, rows).add(options.onError());
        plan.after.forEach(sql -> apply(engine, sql));
    }

    private static void apply(Engine engine, String sql) {
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

    /** Counts the rows again: a report is not better than the database it speaks of. */
    private void verify(Engine engine, Plan plan) {
        for (Plan.Table table : plan.tables) {
            long there = engine.number("SELECT count(*) FROM " + Names.quote(table.name()));
            if (there != rows.of(table).written) {
                throw new ImportException("the table " + table.name() + " has " + there + " rows after "
                        + rows.of(table).written + " were written");
            }
        }
    }

    private ImportReport report(Plan plan) {
        List<ImportReport.Table> tables = new ArrayList<>();
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
