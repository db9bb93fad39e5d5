package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import java.util.ArrayList;
import java.util.List;

/** The outcome of {@link NativeDatabase#execute}. Immutable, but native memory holds it until it is closed. */
public final class NativeResult extends NativeHandle {

    NativeResult() {
        super("result", Integer.MAX_VALUE);
    }

    /**
     * Returns how many rows the statement changed. For a statement that returns rows the number depends on the engine.
     *
     * @return the number of rows
     */
    public long affectedRows() {
        long result = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            Status.check(ABI.ddb_result_affected_rows(result, scratch.zeroedOut(0)));
            return scratch.read(0);
        } finally {
            leave();
        }
    }

    /**
     * Returns how many columns each row has.
     *
     * @return the number of columns, 0 if the statement returns no rows
     */
    public int columnCount() {
        long result = enter();
        try {
            return columnCount(result, Scratch.ofThread());
        } finally {
            leave();
        }
    }

    /**
     * Returns the names of the columns.
     *
     * @return the names, in order
     */
    public List<String> columnNames() {
        long result = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            int columns = columnCount(result, scratch);
            List<String> names = new ArrayList<>(columns);
            for (int i = 0; i < columns; i++) {
                Status.check(ABI.ddb_result_column_name_copy(result, i, scratch.zeroedOut(0)));
                String name = scratch.takeString(0);
                names.add(name == null ? "" : name);
            }
            return List.copyOf(names);
        } finally {
            leave();
        }
    }

    /**
     * Copies all rows by one native call per value. For large results use {@link NativeStatement}.
     *
     * @return all rows
     */
    public RowBlock rows() {
        long result = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            int columns = columnCount(result, scratch);
            Status.check(ABI.ddb_result_row_count(result, scratch.zeroedOut(0)));
            int rows = columns == 0 ? 0 : scratch.readCount(0);
            RowBlockReader reader = new RowBlockReader(rows, columns);
            Status.check(ABI.ddb_value_init(scratch.valueAddress()));
            try {
                for (int row = 0; row < rows; row++) {
                    for (int column = 0; column < columns; column++) {
                        Status.check(ABI.ddb_result_value_copy(result, row, column, scratch.valueAddress()));
                        reader.readCopy(scratch.valueBytes(), scratch.valueOffset(), row * columns + column);
                    }
                }
            } finally {
                Status.check(ABI.ddb_value_dispose(scratch.valueAddress()));
            }
            return reader.finish();
        } finally {
            leave();
        }
    }

    private static int columnCount(long result, Scratch scratch) {
        Status.check(ABI.ddb_result_column_count(result, scratch.zeroedOut(0)));
        return scratch.readCount(0);
    }

    @Override
    int free(long pointerAddress) {
        return ABI.ddb_result_free(pointerAddress);
    }
}
