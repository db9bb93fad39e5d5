package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.codec.RowBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An event of a watch.
 *
 * @param type the kind of event
 * @param id its number; of a {@link Type#LAGGED} one the number of the last event dropped
 * @param lastSeen of a {@link Type#LAGGED} one the number of the last event before those dropped
 * @param position where in the log the commit ends
 * @param source how the commit was written
 * @param tables the tables it touched
 * @param schemaChanged whether it changed the schema
 * @param rows the rows it changed, as far as the engine reports them
 * @param rowsComplete false if the engine says that rows are missing
 * @param reason why events were dropped
 * @param description the event in the words of the transport, which users can read, too
 */
public record WatchedEvent(
        Type type,
        long id,
        long lastSeen,
        long position,
        String source,
        List<String> tables,
        boolean schemaChanged,
        List<ChangedRow> rows,
        boolean rowsComplete,
        String reason,
        String description) {

    /** The kinds of events. */
    public enum Type {
        /** The watch is in place. */
        INITIAL,
        /** A commit touched what is watched. */
        COMMIT,
        /** Events were dropped. */
        LAGGED
    }

    /**
     * A changed row.
     *
     * @param before its values before, null if there were none or the engine does not report them
     * @param after its values after, null if there are none or the engine does not report them
     */
    public record ChangedRow(
            String table,
            RowChange.Operation operation,
            Image key,
            @Nullable Image before,
            @Nullable Image after) {}

    /**
     * Values of a row.
     *
     * @param columns their columns
     * @param values one row
     */
    public record Image(List<Column> columns, RowBatch values) {}

    /** The same event for a subscriber that joins after a commit at that position. */
    public WatchedEvent at(long newPosition) {
        return plain(type, id, lastSeen, newPosition, reason, description);
    }

    /** An event without rows. */
    public static WatchedEvent plain(
            Type type, long id, long lastSeen, long position, String reason, String description) {
        return new WatchedEvent(
                type, id, lastSeen, position, "", List.of(), false, List.of(), true, reason, description);
    }
}
