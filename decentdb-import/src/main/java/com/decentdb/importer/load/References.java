package com.decentdb.importer.load;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.OnError;
import com.decentdb.importer.plan.Engine;
import com.decentdb.importer.plan.Plan;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.source.Source;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Adds the foreign keys that are checked last, or on a cluster checks those that are there. Rows that refer to nothing are found in the source again, for their lines. */
final class References {

    private static final int KEYS = 10_000;

    private final Engine engine;
    private final Plan plan;
    private final Source source;
    private final SkippedRows rows;

    References(Engine engine, Plan plan, Source source, SkippedRows rows) {
        this.engine = engine;
        this.plan = plan;
        this.source = source;
        this.rows = rows;
    }

    void add(OnError onError) {
        if (onError == OnError.SKIP) {
            removeOrphans();
        }
        for (Plan.Reference reference : plan.references) {
            @Nullable R2dbcException refused = refusal(reference.sql());
            if (refused == null && reference.sql() != null) {
                continue;
            }
            Set<List<Object>> orphans = orphans(reference, 1);
            if (!orphans.isEmpty()) {
                List<Long> lines = lines(reference, orphans, true);
                throw new ImportException(
                        lines.isEmpty() ? 0 : lines.get(0),
                        reason(reference, orphans.iterator().next()),
                        refused);
            }
            if (refused != null) {
                throw new ImportException(
                        reference.line(),
                        "the engine refuses " + reference.sql() + ": " + refused.getMessage(),
                        refused);
            }
        }
    }

    private @Nullable R2dbcException refusal(@Nullable String sql) {
        try {
            if (sql != null) {
                engine.execute(sql);
            }
            return null;
        } catch (R2dbcException e) {
            return e;
        }
    }

    private static String reason(Plan.Reference reference, List<Object> key) {
        return "table " + reference.table().source().name + ": " + reference.columns() + " = " + key + " is no row of "
                + reference.target() + ", to which " + (reference.name() == null ? "its foreign key" : reference.name())
                + " refers";
    }

    /** A row that is removed may be referred to by others, of which the next round takes care. */
    private void removeOrphans() {
        boolean again = true;
        while (again) {
            again = false;
            for (Plan.Reference reference : plan.references) {
                long count = engine.number(reference.countOrphans());
                if (count == 0) {
                    continue;
                }
                again = true;
                Set<List<Object>> keys = orphans(reference, KEYS);
                engine.execute(reference.deleteOrphans());
                SkippedRows.Count counted = rows.of(reference.table());
                counted.written -= count;
                counted.skipped += count;
                for (long line : lines(reference, keys, false)) {
                    if (!rows.isListed(reference.table(), line)) {
                        rows.list(
                                reference.table(),
                                line,
                                reason(reference, List.of()).replace(" = []", ""));
                    }
                }
            }
        }
    }

    private Set<List<Object>> orphans(Plan.Reference reference, int limit) {
        Set<List<Object>> keys = new HashSet<>();
        for (List<@Nullable Object> row : engine.fetch(reference.orphans(limit))) {
            List<Object> key = new ArrayList<>();
            row.forEach(value -> key.add(String.valueOf(value)));
            keys.add(key);
        }
        return keys;
    }

    /** The lines of the source's rows with these keys. */
    private List<Long> lines(Plan.Reference reference, Set<List<Object>> keys, boolean first) {
        Plan.Table table = reference.table();
        int[] places =
                reference.columns().stream().mapToInt(table.columns()::indexOf).toArray();
        List<Long> lines = new ArrayList<>();
        source.rows(List.of(table.source()), new Source.Sink() {
            @Override
            public void row(SourceTable read, long line, @Nullable Object[] values) {
                if (first && !lines.isEmpty()) {
                    return;
                }
                List<Object> key = new ArrayList<>();
                try {
                    for (int place : places) {
                        @Nullable Object value = values[table.places().get(place)];
                        key.add(
                                value == null
                                        ? "null"
                                        : String.valueOf(
                                                Values.of(value, table.types().get(place))));
                    }
                } catch (IllegalArgumentException e) {
                    return;
                }
                if (keys.contains(key)) {
                    lines.add(line);
                }
            }

            @Override
            public void unreadable(SourceTable read, long line, String reason) {
                // It was reported when the rows were written.
            }
        });
        return lines;
    }
}
