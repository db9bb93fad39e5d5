package com.decentdb.importer.load;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.OnError;
import com.decentdb.importer.plan.Engine;
import com.decentdb.importer.plan.Plan;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.source.Source;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * Writes rows in batches. While one is written the next is read, and no more than these two are in memory. Of a batch that is refused the
 * halves are tried, until the rows are found that break it.
 */
final class RowWriter implements Source.Sink {

    private static final int BATCH_ROWS = 512;
    /** The parameters that every server of a cluster takes, of which a statement inserts several rows: each is a question and an answer. */
    private static final int CLUSTER_PARAMETERS = 250;

    private static final int BATCH_SIZE = 1 << 20;

    private final Engine engine;
    private final Plan plan;
    private final int commitEvery;
    private final OnError onError;
    private final SkippedRows rows;
    private final Progress progress;
    private final @Nullable Journal journal;
    /** Rows that an import that goes on wrote before. */
    private final Map<Plan.Table, long[]> done = new HashMap<>();

    private Plan.@Nullable Table table;
    private List<Row> batch = new ArrayList<>();
    private int size;
    private long uncommitted;
    private @Nullable Sent sent;

    /** A row's values, one for each parameter. */
    private record Row(long line, List<@Nullable Object> values) {}

    private record Sent(Plan.Table table, List<Row> rows, CompletableFuture<Long> answer) {}

    RowWriter(
            Engine engine,
            Plan plan,
            int commitEvery,
            OnError onError,
            SkippedRows rows,
            Progress progress,
            @Nullable Journal journal) {
        this.engine = engine;
        this.plan = plan;
        this.commitEvery = commitEvery;
        this.onError = onError;
        this.rows = rows;
        this.progress = progress;
        this.journal = journal;
        plan.tables.stream()
                .filter(each -> rows.of(each).read > 0)
                .forEach(each -> done.put(each, new long[] {rows.of(each).read}));
    }

    private boolean isDone(Plan.Table into) {
        long[] left = done.isEmpty() ? null : done.get(into);
        if (left == null || left[0] == 0) {
            return false;
        }
        left[0]--;
        return true;
    }

    private Plan.Table table(SourceTable source) {
        Plan.Table present = table;
        if (present == null || present.source() != source) {
            send();
            present = plan.of(source);
            table = present;
            progress.table(present.name());
        }
        return present;
    }

    @Override
    public void row(SourceTable source, long line, @Nullable Object[] values) {
        Plan.Table into = table(source);
        progress.read();
        if (isDone(into)) {
            return;
        }
        rows.of(into).read++;
        @Nullable Object[] bound = new @Nullable Object[into.places().size()];
        for (int i = 0; i < bound.length; i++) {
            @Nullable Object value = values[into.places().get(i)];
            try {
                bound[i] = value == null ? null : Values.of(value, into.types().get(i));
            } catch (IllegalArgumentException e) {
                refuse(into, line, "column " + into.columns().get(i) + ": " + e.getMessage(), e);
                return;
            }
            if (engine.isCluster() && bound[i] instanceof String text && text.indexOf(0) >= 0) {
                refuse(into, line, "column " + into.columns().get(i) + ": a cluster cuts texts off at U+0000", null);
                return;
            }
            if (value == null && i == into.id()) {
                refuse(into, line, "column " + into.columns().get(i) + ", the primary key, is NULL", null);
                return;
            }
            size += Values.size(bound[i]);
        }
        batch.add(new Row(line, Arrays.asList(bound)));
        if (batch.size() == batchRows(into) || size >= BATCH_SIZE) {
            send();
        }
    }

    private int batchRows(Plan.Table into) {
        int most = engine.isCluster()
                ? Math.max(1, CLUSTER_PARAMETERS / into.columns().size())
                : BATCH_ROWS;
        return commitEvery > 0 ? Math.min(most, commitEvery) : most;
    }

    @Override
    public void unreadable(SourceTable source, long line, String reason) {
        Plan.Table into = table(source);
        progress.read();
        if (!isDone(into)) {
            rows.of(into).read++;
            refuse(into, line, reason, null);
        }
    }

    private void refuse(Plan.Table into, long line, String reason, @Nullable Throwable cause) {
        if (onError == OnError.STOP) {
            throw new ImportException(line, "table " + into.source().name + ": " + reason, cause);
        }
        rows.skip(into, line, reason);
    }

    /** Sends what was gathered, once the batch before is written. */
    private void send() {
        settle();
        Plan.Table into = table;
        if (into == null || batch.isEmpty()) {
            return;
        }
        List<Row> gathered = batch;
        batch = new ArrayList<>(BATCH_ROWS);
        size = 0;
        uncommitted += gathered.size();
        sent = new Sent(into, gathered, write(into, gathered));
        progress.emit();
        if (commitEvery > 0 && uncommitted >= commitEvery) {
            // Nothing that was read waits now, so that the counts are those of the transaction.
            settle();
            commit(into, gathered.get(gathered.size() - 1).line);
        }
    }

    private void commit(Plan.Table into, long line) {
        Journal kept = journal;
        try {
            if (kept != null) {
                kept.record(engine);
            }
            engine.commit();
            if (kept != null) {
                kept.committed();
            }
            engine.begin();
        } catch (R2dbcException e) {
            throw new ImportException(line, "table " + into.source().name + ", up to this row: " + e.getMessage(), e);
        }
        uncommitted = 0;
    }

    /** All of the rows, or none. On a cluster that holds for one execution, elsewhere for all that are sent together. */
    private CompletableFuture<Long> write(Plan.Table into, List<Row> gathered) {
        boolean single = engine.isCluster();
        int width = into.columns().size();
        Statement statement = engine.connection().createStatement(into.insert(single ? gathered.size() : 1));
        for (int i = 0; i < gathered.size(); i++) {
            if (i > 0 && !single) {
                statement.add();
            }
            List<@Nullable Object> values = gathered.get(i).values;
            for (int j = 0; j < width; j++) {
                @Nullable Object value = values.get(j);
                int place = single ? i * width + j : j;
                try {
                    if (value == null) {
                        statement.bindNull(place, String.class);
                    } else {
                        statement.bind(place, value);
                    }
                } catch (IllegalArgumentException e) {
                    // Of the row, as what the engine refuses: it is found like that.
                    return CompletableFuture.failedFuture(new R2dbcDataIntegrityViolationException(
                            "column " + into.columns().get(j) + ": " + e.getMessage(), "22003", e));
                }
            }
        }
        return Flux.from(statement.execute())
                .concatMap(Result::getRowsUpdated)
                .reduce(0L, Long::sum)
                .toFuture();
    }

    /** Waits for the batch that is being written. */
    private void settle() {
        Sent present = sent;
        if (present == null) {
            return;
        }
        sent = null;
        try {
            written(present.table, present.rows, answer(present.answer));
        } catch (R2dbcException e) {
            find(present.table, present.rows, e);
        }
    }

    private void written(Plan.Table into, List<Row> gathered, long count) {
        if (count != gathered.size()) {
            throw new ImportException(
                    gathered.get(0).line,
                    "table " + into.source().name + ": the engine wrote " + count + " rows of " + gathered.size());
        }
        rows.of(into).written += count;
        progress.written(count);
    }

    private static long answer(CompletableFuture<Long> answer) {
        try {
            return answer.get();
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new ImportException(0, "the import was cancelled", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new CompletionException(e.getCause());
        }
    }

    /** Finds the rows that break a batch, of which nothing was written. Whether a failure is of a row shows in its kind. */
    private void find(Plan.Table into, List<Row> gathered, R2dbcException failure) {
        if (!isOfRow(failure)) {
            throw new ImportException(
                    gathered.get(0).line, "table " + into.source().name + ": " + failure.getMessage(), failure);
        }
        if (gathered.size() == 1) {
            refuse(into, gathered.get(0).line, String.valueOf(failure.getMessage()), failure);
            return;
        }
        int half = gathered.size() / 2;
        for (List<Row> part : List.of(gathered.subList(0, half), gathered.subList(half, gathered.size()))) {
            try {
                written(into, part, answer(write(into, part)));
            } catch (R2dbcException e) {
                find(into, part, e);
            }
        }
    }

    private static boolean isOfRow(R2dbcException failure) {
        @Nullable String state = failure.getSqlState();
        return failure instanceof R2dbcDataIntegrityViolationException
                || (state != null && (state.startsWith("22") || state.startsWith("23") || state.equals("42804")));
    }

    /** Writes the rest. */
    void finish() {
        send();
        settle();
    }
}
