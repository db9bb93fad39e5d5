package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.sql.SqlCommand;

/**
 * The differences between the engines behind the C ABI, and what engines say in words alone. Nothing else in the driver
 * asks which engine it talks to.
 *
 * @param schemaVersionIsCheap whether {@code PRAGMA schema_version} reports changes by other processes at little cost
 * @param keptStatementsMayBeStale whether a kept statement may be answered from what its handle holds in memory, until that
 *     handle begins a transaction
 * @param commitsAlone whether a write without a transaction is safe from the writes of other processes
 * @param locksAtBegin whether a transaction may take the lock of the file as it begins, so that nothing was done yet if
 *     another process has it
 * @param checkpointsAtClose whether the last handle of a file moves the log into it as it is closed
 * @param rowChangesComplete whether an event says so when it leaves changed rows out
 * @param watchesRanges whether a watch on a range of keys reports every change of that range
 * @param undoesBatches whether a batch that fails within a transaction leaves nothing of itself
 * @param interrupts whether the call that runs on a handle can be ended
 */
public record EngineTraits(
        boolean schemaVersionIsCheap,
        boolean keptStatementsMayBeStale,
        boolean commitsAlone,
        boolean locksAtBegin,
        boolean checkpointsAtClose,
        boolean rowChangesComplete,
        boolean watchesRanges,
        boolean undoesBatches,
        boolean interrupts) {

    /** The traits of the engine in a library. */
    public static EngineTraits of(NativeLibrary library) {
        boolean bundled = library.bundled();
        return new EngineTraits(
                bundled, !bundled, bundled, bundled, bundled, bundled, bundled, bundled, library.interrupts());
    }

    /** Whether the handle that reported this must not be used any further. */
    public static boolean breaksHandle(Throwable error) {
        return error instanceof NativeException e
                && (e.status() == Status.PANIC || (e.status() == Status.INTERNAL && says(e, "poison")));
    }

    /** Whether the lock of the file was not free, so that nothing was done and the call may be made again. */
    public static boolean lockedElsewhere(Throwable error) {
        return error instanceof NativeException e && "55P03".equals(e.sqlState());
    }

    /** Whether a prepared statement was refused because the schema is no longer the one it was prepared for. */
    public static boolean refusesOldSchema(NativeException error) {
        return says(error, "schema changed");
    }

    /** Whether the engine runs the statement only when it is executed directly, without being prepared. */
    public static boolean needsDirectExecution(SqlCommand sql) {
        return sql.systemView();
    }

    private static boolean says(NativeException error, String words) {
        return String.valueOf(error.getMessage()).contains(words);
    }
}
