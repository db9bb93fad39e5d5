package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.codec.RowBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The outcome of a statement that yields a count and nothing else. */
public record CountCursor(long affectedRows) implements Cursor {

    @Override
    public List<Column> columns() {
        return List.of();
    }

    @Override
    public @Nullable RowBatch first() {
        return null;
    }

    @Override
    public boolean exhausted() {
        return true;
    }

    @Override
    public Mono<RowBatch> next() {
        return Mono.empty();
    }

    @Override
    public void close() {
        // It holds nothing.
    }
}
