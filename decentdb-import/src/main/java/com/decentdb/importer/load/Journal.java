package com.decentdb.importer.load;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.Unfinished;
import com.decentdb.importer.plan.Engine;
import com.decentdb.importer.plan.Plan;
import com.decentdb.importer.text.Names;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The state of an import with commits in between, in a table of the target. It changes in the transactions that write the rows, so that it is
 * exact whatever ends the import, and goes with the last of them.
 */
final class Journal {

    static final String TABLE = "decentdb_import";

    private static final String SEQUENCE = "sequence";

    private final Plan plan;
    private final String identity;
    private final SkippedRows rows;
    private final Map<Plan.Table, SkippedRows.Count> committed = new LinkedHashMap<>();
    private boolean begun;
    private long steps;
    private long commits;

    /** A row of the table, about a table or a sequence. */
    private record Entry(
            String name, String kind, String source, boolean made, long read, long written, long skipped, long steps) {}

    Journal(Plan plan, String source, SkippedRows rows) {
        this.plan = plan;
        this.rows = rows;
        if (plan.tables.stream().anyMatch(table -> Names.lower(table.name()).equals(TABLE))) {
            throw new ImportException("the source has a table " + TABLE
                    + ", in which imports with commits in between keep their state; leave it out with --exclude, or import everything"
                    + " in one transaction");
        }
        List<Object> work = new ArrayList<>(plan.statements());
        plan.tables.forEach(table -> work.add(table.insert() + table.places()));
        this.identity = source + ", plan " + Integer.toHexString(work.hashCode());
    }

    /** The steps that are done: 0 while rows are copied, then one more for each step. */
    long steps() {
        return steps;
    }

    /** The commits that are known. */
    long commits() {
        return commits;
    }

    /**
     * Begins the import, or finds out how far it came.
     *
     * @param again whether this process began it before, and lost the connection
     */
    void begin(Engine engine, Unfinished unfinished, boolean replaces, boolean again) {
        List<Entry> there = entries(engine);
        Map<String, Entry> own = there.stream()
                .filter(entry -> entry.source.equals(identity))
                .collect(Collectors.toMap(Entry::name, entry -> entry));
        boolean mine = plan.tables.stream().allMatch(table -> own.containsKey(table.name()));
        if (mine && !plan.tables.isEmpty() && (again || unfinished == Unfinished.RESUME)) {
            plan.tables.forEach(table -> load(table, own.get(table.name())));
            begun = true;
            return;
        }
        List<Entry> left = unfinished(there, plan);
        if (!left.isEmpty() && !replaces && unfinished != Unfinished.RESTART) {
            throw refused(left, unfinished);
        }
        if (!left.isEmpty()) {
            // In a transaction of its own: libdecentdb confuses a table with one that is dropped in the same.
            engine.begin();
            drop(engine, left);
            engine.commit();
        }
        engine.begin();
        if (replaces) {
            dropTables(engine, plan);
        }
        requireFree(engine, plan);
        plan.before.forEach(sql -> Importer.apply(engine, sql));
        create(engine);
        engine.commit();
        begun = true;
        commits++;
    }

    private void load(Plan.Table table, @Nullable Entry entry) {
        if (entry != null) {
            SkippedRows.Count count = rows.of(table);
            count.read = entry.read;
            count.written = entry.written;
            count.skipped = entry.skipped;
            committed.put(table, count.copy());
            steps = entry.steps;
        }
    }

    private static List<Entry> entries(Engine engine) {
        if (!names(engine).contains(TABLE)) {
            return List.of();
        }
        List<Entry> entries = new ArrayList<>();
        for (List<@Nullable Object> row : engine.fetch(
                "SELECT name, kind, source, made, rows_read, rows_written, rows_skipped, steps FROM " + TABLE)) {
            entries.add(new Entry(
                    text(row, 0),
                    text(row, 1),
                    text(row, 2),
                    number(row, 3) == 1,
                    number(row, 4),
                    number(row, 5),
                    number(row, 6),
                    number(row, 7)));
        }
        return entries;
    }

    /** Whether an import that was not finished made this table. */
    static boolean hasMade(Engine engine, String table) {
        return entries(engine).stream()
                .anyMatch(entry -> entry.made && Names.lower(entry.name).equals(Names.lower(table)));
    }

    private static String text(List<@Nullable Object> row, int place) {
        return String.valueOf(row.get(place));
    }

    private static long number(List<@Nullable Object> row, int place) {
        return Long.parseLong(text(row, place));
    }

    private static Set<String> names(Engine engine) {
        return engine.fetch("SELECT name FROM sqlite_schema").stream()
                .map(row -> Names.lower(text(row, 0)))
                .collect(Collectors.toSet());
    }

    /** All entries of those imports that left tables of this plan. */
    private static List<Entry> unfinished(List<Entry> there, Plan plan) {
        Set<String> sources = new HashSet<>();
        for (Plan.Table table : plan.tables) {
            there.stream()
                    .filter(entry -> Names.lower(entry.name).equals(Names.lower(table.name())))
                    .forEach(entry -> sources.add(entry.source));
        }
        return there.stream().filter(entry -> sources.contains(entry.source)).toList();
    }

    private static ImportException refused(List<Entry> left, Unfinished unfinished) {
        String present =
                "an import of " + left.get(0).source + " into this database was not finished; it has these rows: "
                        + left.stream()
                                .filter(entry -> !entry.kind.equals(SEQUENCE))
                                .map(entry -> String.format(Locale.ROOT, "%s %,d", entry.name, entry.written))
                                .collect(Collectors.joining(", "));
        return new ImportException(present
                + (unfinished == Unfinished.RESUME
                        ? "; this one is of another source, or has other options, so that it cannot go on with it"
                        : "; --resume goes on with it")
                + (left.stream().allMatch(Entry::made) ? ", and --restart drops its tables and begins again" : ""));
    }

    private static void drop(Engine engine, List<Entry> left) {
        for (Entry entry : left) {
            if (!entry.made) {
                throw new ImportException(
                        "an import of " + entry.source + " added " + entry.written
                                + " rows to the table " + entry.name
                                + " and was not finished; it can only go on, with --resume, since the table had other rows before");
            }
        }
        List<Entry> reversed = new ArrayList<>(left);
        Collections.reverse(reversed);
        for (String kind : List.of("table", SEQUENCE)) {
            for (Entry entry : reversed) {
                if (entry.kind.equals(kind)) {
                    Importer.apply(
                            engine, "DROP " + kind.toUpperCase(Locale.ROOT) + " IF EXISTS " + Names.quote(entry.name));
                }
            }
        }
        left.stream()
                .map(Entry::source)
                .distinct()
                .forEach(source -> engine.execute("DELETE FROM " + TABLE + " WHERE source = $1", source));
    }

    static void dropTables(Engine engine, Plan plan) {
        List<Plan.Table> reversed = new ArrayList<>(plan.tables);
        Collections.reverse(reversed);
        for (Plan.Table table : reversed) {
            if (table.isMade()) {
                Importer.apply(engine, "DROP TABLE IF EXISTS " + Names.quote(table.name()));
            }
        }
    }

    /** Refuses to touch what is there already. */
    static void requireFree(Engine engine, Plan plan) {
        Set<String> there = names(engine);
        List<Entry> left = unfinished(entries(engine), plan);
        if (!left.isEmpty()) {
            throw refused(left, Unfinished.REFUSE);
        }
        List<String> both = plan.tables.stream()
                .filter(Plan.Table::isMade)
                .map(Plan.Table::name)
                .filter(name -> there.contains(Names.lower(name)))
                .toList();
        if (!both.isEmpty()) {
            throw new ImportException("the target has already " + both + "; choose others with --table or --exclude, "
                    + (engine.isCluster() ? "" : "drop them, ")
                    + "replace "
                    + (engine.isCluster() ? "them" : "the whole file")
                    + " with --overwrite, or let --append add the rows of a CSV file");
        }
    }

    private void create(Engine engine) {
        engine.execute("CREATE TABLE IF NOT EXISTS " + TABLE
                + " (name TEXT PRIMARY KEY, kind TEXT NOT NULL, source TEXT NOT NULL, made INTEGER NOT NULL,"
                + " rows_read INTEGER NOT NULL, rows_written INTEGER NOT NULL, rows_skipped INTEGER NOT NULL,"
                + " steps INTEGER NOT NULL)");
        for (Plan.Table table : plan.tables) {
            insert(engine, table.name(), "table", table.isMade());
            committed.put(table, new SkippedRows.Count());
            rows.of(table).clear();
        }
        plan.sequences.forEach(name -> insert(engine, name, SEQUENCE, true));
    }

    private void insert(Engine engine, String name, String kind, boolean made) {
        engine.execute(
                "INSERT INTO " + TABLE + " VALUES ($1, $2, $3, $4, 0, 0, 0, 0)", name, kind, identity, made ? 1 : 0);
    }

    /** Writes the counts of rows, in the transaction that writes the rows. */
    void record(Engine engine) {
        for (Plan.Table table : plan.tables) {
            SkippedRows.Count now = rows.of(table);
            SkippedRows.Count before = committed.getOrDefault(table, new SkippedRows.Count());
            if (now.read == before.read && now.written == before.written) {
                continue;
            }
            long changed = engine.execute(
                    "UPDATE " + TABLE + " SET rows_read = $1, rows_written = $2, rows_skipped = $3"
                            + " WHERE name = $4 AND source = $5 AND rows_read = $6",
                    now.read,
                    now.written,
                    now.skipped,
                    table.name(),
                    identity,
                    before.read);
            if (changed != 1) {
                throw new ImportException(
                        "another import goes on with the table " + table.name() + "; end one of them");
            }
        }
    }

    /** Writes that a step after the rows is done, in the transaction of the step. */
    void step(Engine engine, long done) {
        engine.execute("UPDATE " + TABLE + " SET steps = $1 WHERE source = $2", done, identity);
        steps = done;
    }

    /** Removes what it wrote, in the last transaction. */
    void end(Engine engine) {
        engine.execute("DELETE FROM " + TABLE + " WHERE source = $1", identity);
        if (engine.number("SELECT count(*) FROM " + TABLE) == 0) {
            engine.execute("DROP TABLE " + TABLE);
        }
    }

    void committed() {
        commits++;
        plan.tables.forEach(table -> committed.put(table, rows.of(table).copy()));
    }

    /** A failure, with what the target has of the import. */
    RuntimeException failed(RuntimeException failure) {
        if (!begun) {
            return failure;
        }
        long line = failure instanceof ImportException known ? known.line() : 0;
        String present = committed.entrySet().stream()
                .map(entry ->
                        String.format(Locale.ROOT, "%s %,d", entry.getKey().name(), entry.getValue().written))
                .collect(Collectors.joining(", "));
        boolean made = plan.tables.stream().allMatch(Plan.Table::isMade);
        return ImportException.partly(
                line,
                failure.getMessage() + "\nCommitted rows: " + present + ", as the table " + TABLE
                        + " of the target says. --resume goes on behind them"
                        + (made ? ", and --restart drops the tables and begins again" : ""),
                failure.getCause() == null ? failure : failure.getCause());
    }
}
