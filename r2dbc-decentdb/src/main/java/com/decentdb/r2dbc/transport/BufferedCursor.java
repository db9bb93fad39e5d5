package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.codec.RowBatch;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** An outcome held wholly in memory; the answer of a write, or of a database whose only lane must not be kept. */
public final class BufferedCursor implements Cursor {

    private final List<Column> columns;
    private final long affectedRows;
    private final @Nullable RowBatch first;
    /** Null if there is none. */
    private final @Nullable Queue<RowBatch> rest;

    public BufferedCursor(List<Column> columns, long affectedRows, @Nullable RowBatch first, List<RowBatch> rest) {
        this.columns = columns;
        this.affectedRows = affectedRows;
        this.first = first;
        this.rest = rest.isEmpty() ? null : new ConcurrentLinkedQueue<>(rest);
    }

    @Override
    public List<Column> columns() {
        return columns;
    }

    @Override
    public long affectedRows() {
        return affectedRows;
    }

    @Override
    public @Nullable RowBatch first() {
        return first;
    }

    @Override
    public boolean exhausted() {
        return rest == null || rest.isEmpty();
    }

    @Override
    public Mono<RowBatch> next() {
        return rest == null ? Mono.empty() : Mono.fromSupplier(rest::poll);
    }

    @Override
    public void close() {
        if (rest != null) {
            rest.clear();
        }
    }
}
