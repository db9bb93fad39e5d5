package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.wire.RowsFrame;
import java.util.List;

/**
 * The effect of one execution of a write.
 *
 * @param lastRowId of the last row inserted, by this statement if it inserted one
 * @param rows what it returned, none for a statement that returns nothing
 */
public record WriteResult(long changed, long lastRowId, List<RowsFrame> rows) {

    /** A write with RETURNING returns a row for each that it changed. */
    public static WriteResult ofRows(List<RowsFrame> frames) {
        long rows = 0;
        for (RowsFrame frame : frames) {
            rows += frame.rows();
        }
        return new WriteResult(rows, 0, frames);
    }
}
