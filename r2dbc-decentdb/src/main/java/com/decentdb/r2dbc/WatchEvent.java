package com.decentdb.r2dbc;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event of a watch. Positions in the log are only good for telling commits apart: the engine restarts them at
 * checkpoints.
 */
public sealed interface WatchEvent {

    /**
     * The engine's event, for fields not modelled here.
     *
     * @return JSON
     */
    String json();

    /**
     * The watch is in place: every later commit will be told.
     *
     * @param commitPosition where in the log the snapshot was taken
     * @param columns the names of the columns of a watched query, else empty
     * @param rows the rows of a watched query in the engine's JSON notation, else empty; read the query itself where exact
     *     types matter
     * @param json the engine's event
     */
    record Initial(long commitPosition, List<String> columns, List<List<@Nullable Object>> rows, String json)
            implements WatchEvent {}

    /**
     * A commit touched what is watched.
     *
     * @param eventId the number of the event, ascending while the database is open
     * @param commitPosition where in the log the commit ends
     * @param source how it was written, such as {@code direct} or {@code queued}
     * @param tables the tables it touched
     * @param schemaChanged whether it changed the schema; then {@code tables} may be empty
     * @param rowChanges the rows it changed, as far as the engine tells
     * @param rowChangesComplete false if the engine says that rows are missing; some engines leave rows out without saying
     * @param json the engine's event
     */
    record Invalidate(
            long eventId,
            long commitPosition,
            String source,
            List<String> tables,
            boolean schemaChanged,
            List<RowChange> rowChanges,
            boolean rowChangesComplete,
            String json)
            implements WatchEvent {}

    /**
     * A commit of a change stream; the fields are those of {@link Invalidate}.
     *
     * @param eventId the number of the event, ascending while the database is open
     * @param commitPosition where in the log the commit ends
     * @param source how it was written, such as {@code direct} or {@code queued}
     * @param tables the tables it touched
     * @param schemaChanged whether it changed the schema
     * @param rowChanges the rows it changed, as far as the engine tells
     * @param rowChangesComplete false if the engine says that rows are missing; some engines leave rows out without saying
     * @param json the engine's event
     */
    record Change(
            long eventId,
            long commitPosition,
            String source,
            List<String> tables,
            boolean schemaChanged,
            List<RowChange> rowChanges,
            boolean rowChangesComplete,
            String json)
            implements WatchEvent {}

    /**
     * The subscriber fell behind and events were dropped; read again what is watched.
     *
     * @param lastSeenEventId the last event delivered
     * @param latestEventId the last event dropped
     * @param reason why, such as {@code queue_overflow}
     * @param json the engine's event
     */
    record Lagged(long lastSeenEventId, long latestEventId, String reason, String json) implements WatchEvent {}

    /**
     * A changed row.
     *
     * @param table its table
     * @param operation {@code insert}, {@code update} or {@code delete}
     * @param primaryKey its key by column name
     * @param before its values before, null if the engine does not tell or there were none
     * @param after its values after, null if the engine does not tell or there are none
     */
    record RowChange(
            String table,
            String operation,
            Map<String, @Nullable Object> primaryKey,
            @Nullable Map<String, @Nullable Object> before,
            @Nullable Map<String, @Nullable Object> after) {}
}
