package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.wire.RowsFrame;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.Cursor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The rows of a statement for users, who are on other threads. */
public final class RowsCursor implements Cursor {

    private final LineCursor cursor;
    private final Executor loop;
    private final Executor delivery;
    private final List<Column> columns;

    public RowsCursor(LineCursor cursor, Executor loop, Executor delivery) {
        this.cursor = cursor;
        this.loop = loop;
        this.delivery = delivery;
        this.columns = columns(cursor.first());
    }

    /** The columns of a result, which has no types but those of the values in its first row. */
    public static List<Column> columns(RowsFrame frame) {
        List<Column> columns = new ArrayList<>(frame.columns());
        for (int i = 0; i < frame.columns(); i++) {
            DecentDbType type = frame.rows() == 0 ? DecentDbType.NULL : frame.type(0, i);
            columns.add(new Column(frame.names().get(i), type, null, null));
        }
        return columns;
    }

    @Override
    public List<Column> columns() {
        return columns;
    }

    @Override
    public long affectedRows() {
        return 0;
    }

    @Override
    public @Nullable RowBatch first() {
        return columns.isEmpty() ? null : cursor.first();
    }

    @Override
    public boolean exhausted() {
        return cursor.exhausted();
    }

    @Override
    public Mono<RowBatch> next() {
        return Exchange.mono(delivery, exchange -> EventLoops.forRequest(loop, exchange, () -> cursor.next(exchange)));
    }

    @Override
    public void close() {
        if (!cursor.exhausted()) {
            EventLoops.giveUp(loop, cursor::closeNow);
        }
    }
}
