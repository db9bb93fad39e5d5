package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.source.PgScript.Statement;
import com.decentdb.importer.text.Dialect;
import com.decentdb.importer.text.TokenReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A plain dump of pg_dump, compressed or not. It is read twice: for the schema, whose constraints stand behind the rows, and for the rows. */
public final class PgDumpSource implements Source {

    private final Path path;
    private final long size;
    private @Nullable InputFile file;
    private long before;
    private @Nullable PgSchema schema;

    public PgDumpSource(Path path) {
        this.path = path;
        // It is read twice.
        this.size = 2 * InputFile.size(path);
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public Dialect dialect() {
        return Dialect.POSTGRESQL;
    }

    @Override
    public boolean anyOrder() {
        return false;
    }

    private PgScript open() {
        before += file == null ? 0 : file.position();
        InputFile opened = InputFile.open(path);
        file = opened;
        return new PgScript(new LineReader(opened));
    }

    @Override
    public String identity() {
        return InputFile.identity(path);
    }

    @Override
    public SourceSchema schema(Request request, Findings findings) {
        Predicate<String> wanted = request.wanted();
        PgSchema read = new PgSchema(wanted, findings);
        Set<SourceTable> filled = new LinkedHashSet<>();
        Map<SourceColumn, Misfit> unfit = new HashMap<>();
        try (PgScript script = open()) {
            while (true) {
                @Nullable Statement statement = script.next();
                if (statement == null) {
                    break;
                }
                @Nullable TokenReader rows = rowsOf(statement);
                if (rows == null) {
                    read.statement(statement);
                } else {
                    scan(script, rows, read, filled, unfit, wanted);
                }
            }
            if (!script.isMarked()) {
                findings.warning(
                        name(),
                        0,
                        "the file has not the first and last comment of pg_dump; an import cannot know whether it is complete");
            }
        }
        read.decideTypes();
        order(read, filled);
        for (SourceTable table : read.schema.tables.values()) {
            for (SourceColumn column : table.columns) {
                @Nullable Misfit misfit = unfit.get(column);
                if (misfit != null && wanted.test(table.name)) {
                    read.keepAsText(table, column, misfit.line, misfit.value);
                }
            }
        }
        schema = read;
        return read.schema;
    }

    /** Partitions give their rows to their table; tables are in the order of their rows. */
    private static void order(PgSchema read, Set<SourceTable> filled) {
        Map<String, SourceTable> all = Map.copyOf(read.schema.tables);
        List<SourceTable> ordered = new ArrayList<>();
        Set<SourceTable> first = new LinkedHashSet<>();
        filled.forEach(table -> first.add(whole(table, all)));
        ordered.addAll(first);
        read.schema.tables.values().stream()
                .filter(table -> !first.contains(table))
                .forEach(ordered::add);
        read.schema.tables.clear();
        ordered.forEach(table -> read.schema.tables.put(table.name, table));
    }

    private static SourceTable whole(SourceTable table, Map<String, SourceTable> all) {
        SourceTable whole = table;
        @Nullable SourceTable parent = table;
        while (parent != null) {
            whole = parent;
            parent = whole.partitionOf == null ? null : all.get(whole.partitionOf);
        }
        return whole;
    }

    /** The statement's tokens behind its first words, if it brings rows. */
    private static @Nullable TokenReader rowsOf(Statement statement) {
        String text = statement.text();
        if (!text.regionMatches(true, 0, "COPY ", 0, 5) && !text.regionMatches(true, 0, "INSERT INTO ", 0, 12)) {
            return null;
        }
        return new TokenReader(text, statement.line(), Dialect.POSTGRESQL);
    }

    private static SourceTable target(TokenReader reader, PgSchema read) {
        long line = reader.peek().line();
        String name = reader.qualifiedName();
        @Nullable SourceTable table = read.schema.tables.get(name);
        if (table == null) {
            throw new ImportException(line, "there are rows of the table " + name + ", which was not defined before");
        }
        return table;
    }

    /** The first value of a column that its type in the engine does not have. */
    private record Misfit(long line, String value) {}

    /** Looks on the first reading for values that the engine's types do not have. */
    private static void scan(
            PgScript script,
            TokenReader reader,
            PgSchema read,
            Set<SourceTable> filled,
            Map<SourceColumn, Misfit> unfit,
            Predicate<String> wanted) {
        boolean copy = reader.take("COPY");
        if (!copy) {
            reader.next();
            reader.next();
        }
        SourceTable from = target(reader, read);
        filled.add(from);
        // Partitions stand attached before their rows.
        SourceTable table = whole(from, read.schema.tables);
        List<@Nullable Predicate<String>> misfits = new ArrayList<>();
        if (wanted.test(table.name)) {
            table.columns.forEach(column -> misfits.add(read.misfits(column)));
        }
        Sink looks = new Sink() {
            @Override
            public void row(SourceTable into, long line, @Nullable Object[] values) {
                for (int i = 0; i < values.length; i++) {
                    @Nullable Predicate<String> misfit = misfits.get(i);
                    if (misfit != null && values[i] instanceof String text && misfit.test(text)) {
                        unfit.putIfAbsent(into.columns.get(i), new Misfit(line, text));
                    }
                }
            }

            @Override
            public void unreadable(SourceTable into, long line, String reason) {
                // The second reading reports it.
            }
        };
        rows(script, reader, copy, from, table, misfits.stream().anyMatch(Objects::nonNull) ? looks : null);
    }

    @Override
    public void rows(List<SourceTable> tables, Sink sink) {
        PgSchema known = schema;
        if (known == null) {
            throw new IllegalStateException("the schema is read first");
        }
        Set<SourceTable> wanted = Set.copyOf(tables);
        try (PgScript script = open()) {
            while (true) {
                @Nullable Statement statement = script.next();
                if (statement == null) {
                    return;
                }
                @Nullable TokenReader reader = rowsOf(statement);
                if (reader != null) {
                    boolean copy = reader.take("COPY");
                    if (!copy) {
                        reader.next();
                        reader.next();
                    }
                    SourceTable from = target(reader, known);
                    SourceTable table = whole(from, known.schema.tables);
                    rows(script, reader, copy, from, table, wanted.contains(table) ? sink : null);
                }
            }
        }
    }

    /** Reads the rows of a statement, of which a table has those of its partitions, and gives them away unless nobody wants them. */
    private static void rows(
            PgScript script,
            TokenReader reader,
            boolean copy,
            SourceTable from,
            SourceTable table,
            @Nullable Sink sink) {
        if (copy) {
            int[] places = PgRows.places(reader, from, table);
            PgRows.expectText(reader);
            while (script.nextRow()) {
                if (sink != null) {
                    copyRow(script, places, table, sink);
                }
            }
        } else if (sink != null) {
            PgRows.insert(reader, from, table, sink);
        }
    }

    private static void copyRow(PgScript script, int[] places, SourceTable table, Sink sink) {
        script.requireWhole();
        @Nullable Object[] values;
        try {
            @Nullable String[] texts = CopyText.values(script.row(), places.length, script.line());
            values = new @Nullable Object[table.columns.size()];
            for (int i = 0; i < places.length; i++) {
                values[places[i]] = texts[i];
            }
        } catch (ImportException e) {
            sink.unreadable(table, script.line(), String.valueOf(e.getMessage()));
            return;
        }
        sink.row(table, script.line(), values);
    }

    @Override
    public long position() {
        return before + (file == null ? 0 : file.position());
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void close() {
        // Each reading closes the file.
    }
}
