package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prepared statement, to be kept and run many times: {@link #bind}, then {@link #fetch} until it returns no rows, or
 * {@link #affectedRows}. The first call after a bind that needs the outcome runs the statement. One thread uses it at a
 * time; a call while a second thread is inside fails with {@link IllegalStateException}.
 */
public final class NativeStatement extends NativeHandle {

    private static final int NEVER_BOUND = -1;

    private final RowBlockReader reader = new RowBlockReader();
    private int boundCount = NEVER_BOUND;
    private @Nullable List<String> columnNames;
    private @Nullable ByteBuffer views;
    private long viewsAddress;

    NativeStatement() {
        super("statement", 1);
    }

    /**
     * Returns whether {@link #bind} can pass these values. The ABI binds no DATE, TIME, TIMESTAMPTZ, INTERVAL, ENUM,
     * IPADDR, CIDR or MACADDR to a statement; use {@link NativeDatabase#execute} for those.
     *
     * @param parameters the values
     * @return {@code true} if every tag can be bound
     */
    public boolean accepts(Parameters parameters) {
        for (int i = 0; i < parameters.count(); i++) {
            if (parameters.tagCode(i) > ValueTag.GEOGRAPHY.code()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Drops the previous outcome and all previous values and binds new ones to {@code $1} to {@code $n}.
     *
     * @param parameters the values, copied
     * @throws IllegalArgumentException if a tag cannot be bound, see {@link #accepts}; nothing is bound then
     */
    public void bind(Parameters parameters) {
        if (!accepts(parameters)) {
            throw new IllegalArgumentException(
                    "a value's type cannot be bound to a prepared statement; use NativeDatabase.execute");
        }
        long statement = enter();
        try {
            int count = parameters.count();
            // The engine drops the previous outcome when it binds; only values beyond the new last one need clearing.
            if (count == 0) {
                Status.check(ABI.ddb_stmt_reset(statement));
            }
            if (boundCount > count) {
                Status.check(ABI.ddb_stmt_clear_bindings(statement));
            }
            boundCount = count;
            Scratch scratch = Scratch.ofThread();
            scratch.trim();
            for (int i = 0; i < count; i++) {
                Status.check(bind(statement, parameters, i, scratch));
            }
        } finally {
            leave();
        }
    }

    private static int bind(long statement, Parameters values, int i, Scratch scratch) {
        ValueTag tag = values.tag(i);
        long index = i + 1L;
        return switch (tag) {
            case NULL -> ABI.ddb_stmt_bind_null(statement, index);
            case INT64 -> ABI.ddb_stmt_bind_int64(statement, index, values.longAt(i, CellLayout.INT64));
            case FLOAT64 -> ABI.ddb_stmt_bind_float64(statement, index, values.doubleAt(i, CellLayout.FLOAT64));
            case BOOL -> ABI.ddb_stmt_bind_bool(statement, index, values.byteAt(i, CellLayout.BOOL));
            case DECIMAL ->
                ABI.ddb_stmt_bind_decimal(
                        statement,
                        index,
                        values.longAt(i, CellLayout.DECIMAL_UNSCALED),
                        values.byteAt(i, CellLayout.DECIMAL_SCALE));
            case TIMESTAMP ->
                ABI.ddb_stmt_bind_timestamp_micros(statement, index, values.longAt(i, CellLayout.TIMESTAMP));
            case UUID -> ABI.ddb_stmt_bind_uuid(statement, index, scratch.writeUuid(values, i));
            case TEXT, BLOB, GEOMETRY, GEOGRAPHY -> {
                int length = scratch.writeData(values, i);
                yield bindData(statement, index, tag, scratch.areaAddress(), length);
            }
            default -> throw new IllegalArgumentException("no bind function for " + tag);
        };
    }

    private static int bindData(long statement, long index, ValueTag tag, long address, long length) {
        return switch (tag) {
            case TEXT -> ABI.ddb_stmt_bind_text(statement, index, address, length);
            case BLOB -> ABI.ddb_stmt_bind_blob(statement, index, address, length);
            case GEOMETRY -> ABI.ddb_stmt_bind_geometry_wkb(statement, index, address, length);
            default -> ABI.ddb_stmt_bind_geography_wkb(statement, index, address, length);
        };
    }

    /**
     * Returns the names of the result's columns. <b>Runs the statement</b> if it has not run since the last bind: bind
     * first. The statement keeps the names until it reads a block with a different number of columns.
     *
     * @return the names, empty if the statement has no result
     */
    public List<String> columnNames() {
        long statement = enter();
        try {
            List<String> names = columnNames;
            if (names == null) {
                Scratch scratch = Scratch.ofThread();
                Status.check(ABI.ddb_stmt_column_count(statement, scratch.zeroedOut(0)));
                int columns = scratch.readCount(0);
                List<String> asked = new ArrayList<>(columns);
                for (int i = 0; i < columns; i++) {
                    Status.check(ABI.ddb_stmt_column_name_copy(statement, i, scratch.zeroedOut(0)));
                    String name = scratch.takeString(0);
                    asked.add(name == null ? "" : name);
                }
                names = List.copyOf(asked);
                columnNames = names;
            }
            return names;
        } finally {
            leave();
        }
    }

    /**
     * Runs the statement if it has not run since the last bind, and takes the next rows.
     *
     * @param maxRows how many at most, 1 or more
     * @return the rows; a block of no rows at the end, and again after it
     */
    public RowBlock fetch(int maxRows) {
        if (maxRows < 1) {
            throw new IllegalArgumentException("maxRows must be positive: " + maxRows);
        }
        long statement = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            Status.check(ABI.ddb_stmt_fetch_row_views(
                    statement, (byte) 0, maxRows, scratch.zeroedOut(0), scratch.zeroedOut(1), scratch.zeroedOut(2)));
            int rows = scratch.readCount(1);
            int columns = scratch.readCount(2);
            List<String> names = columnNames;
            if (names != null && names.size() != columns) {
                columnNames = null;
            }
            return decode(scratch.read(0), rows, columns);
        } finally {
            leave();
        }
    }

    private RowBlock decode(long address, int rows, int columns) {
        reader.begin(rows, columns);
        int cells = rows * columns;
        for (int first = 0; first < cells; first += RowBlockReader.MAX_CELLS_PER_BUFFER) {
            int count = Math.min(cells - first, RowBlockReader.MAX_CELLS_PER_BUFFER);
            ByteBuffer buffer = viewsAt(address + (long) first * CellLayout.SIZE, count * CellLayout.SIZE);
            reader.readViews(buffer, first, count);
        }
        return reader.finish();
    }

    /**
     * Returns a view of rows. The engine tends to use the same memory in every run, so the statement keeps the last
     * view.
     */
    private ByteBuffer viewsAt(long address, int bytes) {
        ByteBuffer buffer = views;
        if (buffer == null || viewsAddress != address || buffer.capacity() < bytes) {
            buffer = ABI.view(address, bytes);
            views = buffer;
            viewsAddress = address;
        }
        return buffer;
    }

    /**
     * Runs the statement if it has not run since the last bind.
     *
     * @return how many rows it changed; for a statement that returns rows the number depends on the engine
     */
    public long affectedRows() {
        long statement = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            Status.check(ABI.ddb_stmt_affected_rows(statement, scratch.zeroedOut(0)));
            return scratch.read(0);
        } finally {
            leave();
        }
    }

    /**
     * Runs an INSERT, UPDATE or DELETE once for each row of a batch, with one native call. Within a transaction; outside, the
     * engine may commit each row by itself.
     *
     * @param batch the values
     * @return how many rows all executions together changed
     * @throws NativeException if one execution fails; whether those before it are kept depends on the engine
     */
    public long executeBatch(Batch batch) {
        if (!batch.complete()) {
            throw new IllegalArgumentException("the batch lacks values for some of its " + batch.rows() + " rows");
        }
        long statement = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            long address = scratch.encode(batch);
            boundCount = NEVER_BOUND;
            Status.check(ABI.ddb_stmt_execute_batch_typed(
                    statement,
                    batch.rows(),
                    address + batch.signatureOffset(),
                    address,
                    address + batch.doublesOffset(),
                    address + batch.pointersOffset(),
                    address + batch.lengthsOffset(),
                    scratch.zeroedOut(0)));
            scratch.trim();
            return scratch.read(0);
        } finally {
            leave();
        }
    }

    /**
     * Drops the outcome and the native memory it holds; values stay bound. Call it after the last row that is needed.
     */
    public void reset() {
        long statement = enter();
        try {
            Status.check(ABI.ddb_stmt_reset(statement));
        } finally {
            leave();
        }
    }

    @Override
    int free(long pointerAddress) {
        return ABI.ddb_stmt_free(pointerAddress);
    }
}
