package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.embedded.engine.StatementShapes;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.Cursor;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The outcome of a statement that ran on a lane; the cursor of one without rows left.
 *
 * @param columns none if it yields no rows
 * @param rows the first rows, null if there are no columns
 * @param rest the statement with the rows that are left, null if there are none
 * @param shape the shape of the statement
 */
public record LaneOutcome(
        List<Column> columns,
        long affectedRows,
        @Nullable RowBatch rows,
        StatementCache.@Nullable Kept rest,
        StatementShapes.Shape shape)
        implements Cursor {

    private static final StatementShapes.Shape WITHOUT_COLUMNS = StatementShapes.Shape.unknown(false);

    static LaneOutcome withoutRows(long affectedRows) {
        return new LaneOutcome(List.of(), affectedRows, null, null, WITHOUT_COLUMNS);
    }

    @Override
    public @Nullable RowBatch first() {
        return rows;
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
        // Its rows are in memory.
    }

    /**
     * Whether its own values show the types that are remembered of its columns. Of one with rows left that is taken
     * for granted: an engine reads all of a result into memory when it is asked for something else meanwhile.
     */
    boolean showsTypes() {
        return rows == null || rest != null || shape.shownBy(rows);
    }

    /** Gives up the rows that are left; in a task of the lane. */
    public void abandon(Lane lane) {
        if (rest != null) {
            lane.finish(rest);
        }
    }

    /** The same outcome with columns of another shape. */
    LaneOutcome as(StatementShapes.Shape other) {
        List<String> names = columns.stream().map(Column::name).toList();
        return rows == null ? this : new LaneOutcome(other.resolve(names, rows), affectedRows, rows, rest, other);
    }
}
