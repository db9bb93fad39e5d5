package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.Parameters;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Capability;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;

/**
 * The differences between the engines behind the C ABI, and what engines say in words alone. Nothing else in the driver
 * asks which engine it talks to.
 *
 * @param preparesPragmas whether {@code PRAGMA schema_version} can be prepared, rather than only executed
 * @param keptStatementsMayBeStale whether a kept statement may be answered from what its handle holds in memory, until that
 *     handle begins a transaction
 * @param plansMayBeStale whether a statement may be answered with the plan that its handle made of the same text for tables that have
 *     been dropped since
 * @param commitsAlone whether a write without a transaction does what it says: on an engine where it does not, an insert that
 *     is refused can overwrite another row
 * @param locksAtBegin whether a transaction may take the lock of the file as it begins, so that nothing was done yet if
 *     another process has it; on an engine without such a lock, transactions of two processes destroy each other's pages
 * @param opensAtAnyTime whether a handle may be opened while another one has a transaction that writes; on some engines opening
 *     writes, too, and the commit of that transaction fails
 * @param copiesAtAnyTime whether a handle copies the database as it is at one moment while another one writes
 * @param readsFastAtOnce whether a handle that has only read reads as fast as others, rather than read a whole table for a range of
 *     it until {@link #warm} was called
 * @param keepsAuditContext whether a handle keeps its audit context when it reads what other handles committed
 * @param hidesRows whether tables may have policies and masks, on which the audit context decides
 * @param checkpointsAtClose whether the last handle of a file moves the log into it as it is closed
 * @param reusesLog whether {@code PRAGMA wal_checkpoint(PASSIVE)} moves the log into the file, and the next log takes its place
 * @param rowChangesComplete whether an event says so when it leaves changed rows out
 * @param watchesRanges whether a watch on a range of keys reports every change of that range
 * @param undoesBatches whether a batch that fails within a transaction leaves nothing of itself
 * @param interrupts whether the call that runs on a handle can be ended
 */
public record EngineTraits(
        boolean preparesPragmas,
        boolean keptStatementsMayBeStale,
        boolean plansMayBeStale,
        boolean commitsAlone,
        boolean locksAtBegin,
        boolean opensAtAnyTime,
        boolean copiesAtAnyTime,
        boolean readsFastAtOnce,
        boolean keepsAuditContext,
        boolean hidesRows,
        boolean checkpointsAtClose,
        boolean reusesLog,
        boolean rowChangesComplete,
        boolean watchesRanges,
        boolean undoesBatches,
        boolean interrupts) {

    /** The traits of the engine in a library. */
    public static EngineTraits of(NativeLibrary library) {
        boolean bundled = library.bundled();
        return new EngineTraits(
                bundled,
                !bundled,
                !bundled,
                bundled,
                bundled,
                bundled,
                bundled,
                bundled,
                bundled,
                !bundled,
                bundled,
                bundled,
                bundled,
                bundled,
                bundled,
                library.interrupts());
    }

    /**
     * Makes a handle read fast, until it sees what another one commits or the schema changes: analyzing a table, whichever, keeps
     * all tables at hand. It is a write that changes no rows and takes as long as to read the database once.
     */
    public static void warm(NativeDatabase handle) {
        EngineJson.array(handle.listTables(), "the tables").stream()
                .filter(table -> !Boolean.TRUE.equals(table.get("temporary")))
                .min(Comparator.comparingLong(
                        table -> table.get("row_count") instanceof Number rows ? rows.longValue() : Long.MAX_VALUE))
                .ifPresent(smallest -> {
                    String name = String.valueOf(smallest.get("name")).replace("\"", "\"\"");
                    handle.execute("ANALYZE \"" + name + '"', Parameters.of(0)).close();
                });
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

    /** The points in which sessions on it behave differently from others. */
    public Set<Capability> capabilities() {
        Set<Capability> all = EnumSet.of(Capability.NAMES_TABLES);
        if (rowChangesComplete) {
            all.add(Capability.COUNTS_ROWS);
        }
        if (watchesRanges) {
            all.add(Capability.WATCHES_RANGES);
        }
        if (interrupts) {
            all.add(Capability.STOPS_STATEMENTS);
        }
        return all;
    }
}
