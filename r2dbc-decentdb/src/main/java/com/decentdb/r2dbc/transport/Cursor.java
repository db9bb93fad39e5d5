package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.codec.RowBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The outcome of one execution: rows or a count. Read by one subscriber at a time. */
public interface Cursor {

    /** The columns; none if the statement yields no rows. */
    List<Column> columns();

    /** How many rows the statement changed; 0 for one that only reads. */
    long affectedRows();

    /** The first rows, which came with the answer; null if there are no columns. */
    @Nullable
    RowBatch first();

    /** Whether the batch delivered last was the last one; then the cursor holds nothing any more. */
    boolean exhausted();

    /** The next rows, delivered on a worker; empty at the end. Not to be called twice at once. */
    Mono<RowBatch> next();

    /** Gives up what is left. Idempotent, any thread, does not wait. */
    void close();
}
