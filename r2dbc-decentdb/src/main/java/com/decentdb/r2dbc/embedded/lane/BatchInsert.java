package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.Batch;
import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.embedded.engine.NativeParameters;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.CountCursor;
import com.decentdb.r2dbc.transport.Cursor;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Inserts many rows with few native calls, in the transaction that is open.
 *
 * @param signature the types of the arguments, as the batch names them
 */
public record BatchInsert(SqlCommand sql, List<Value[]> lists, String signature) {

    /** So many executions are passed to the engine at once. */
    private static final int MAX_ROWS = 1000;

    /** One row for each list of arguments; null if the statement or its values need executions of their own. */
    public static @Nullable BatchInsert of(Lane lane, SqlCommand sql, List<Value[]> lists) {
        boolean suitable = lists.size() > 1 && lane.inTransaction() && sql.insertsOneRow() && !sql.returning();
        String signature = suitable ? NativeParameters.signature(lists) : null;
        return signature == null ? null : new BatchInsert(sql, lists, signature);
    }

    /** Whether one native call inserts all rows. */
    public boolean oneCall() {
        return lists.size() <= MAX_ROWS;
    }

    /** Inserts the rows and gives one outcome for each list of arguments; in a task of the lane. */
    public List<Cursor> run(Lane lane) {
        lane.counters.counted(
                sql.kind(),
                lists.size(),
                () -> lane.call(handle -> {
                    for (int i = 0; i < lists.size(); i += MAX_ROWS) {
                        List<Value[]> rows = lists.subList(i, Math.min(lists.size(), i + MAX_ROWS));
                        insert(handle, lane.memory(), NativeParameters.batch(signature, rows), rows.size());
                    }
                    return true;
                }));
        return Collections.nCopies(lists.size(), new CountCursor(1));
    }

    private void insert(NativeDatabase handle, LaneMemory memory, Batch batch, int rows) {
        StatementCache statements = memory.statements;
        StatementCache.Kept kept = statements.take(handle, memory.text(sql));
        boolean whole = false;
        try {
            long inserted = kept.statement().executeBatch(batch);
            if (inserted != rows) {
                throw new IllegalStateException("The engine inserted " + inserted + " rows for " + rows);
            }
            whole = true;
            statements.giveBack(kept, true);
        } finally {
            if (!whole) {
                statements.drop(kept);
            }
        }
    }
}
