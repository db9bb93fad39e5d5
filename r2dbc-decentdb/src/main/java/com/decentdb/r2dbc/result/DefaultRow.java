package com.decentdb.r2dbc.result;

import com.decentdb.r2dbc.codec.Codecs;
import com.decentdb.r2dbc.codec.RowBatch;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import org.jspecify.annotations.Nullable;

/** One row of a batch; values are decoded when asked for, on the thread that asks. */
public final class DefaultRow implements Row {

    private final RowBatch rows;
    private final int row;
    private final DefaultRowMetadata metadata;

    public DefaultRow(RowBatch rows, int row, DefaultRowMetadata metadata) {
        this.rows = rows;
        this.row = row;
        this.metadata = metadata;
    }

    @Override
    public RowMetadata getMetadata() {
        return metadata;
    }

    @Override
    public <T> @Nullable T get(int index, Class<T> type) {
        requireType(type);
        metadata.check(index);
        return Codecs.instance().decode(rows, row, index, type, metadata);
    }

    @Override
    public <T> @Nullable T get(String name, Class<T> type) {
        requireType(type);
        return Codecs.instance().decode(rows, row, metadata.indexOf(name), type, metadata);
    }

    /** The names of the columns. Values are not shown: what is logged by the way is often not meant for a log. */
    @Override
    public String toString() {
        return "DecentDbRow" + metadata.names();
    }

    private static void requireType(Class<?> type) {
        if (type == null) {
            throw new IllegalArgumentException("The type to read must not be null");
        }
    }
}
