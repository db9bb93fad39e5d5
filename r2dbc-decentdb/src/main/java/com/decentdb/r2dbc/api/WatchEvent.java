package com.decentdb.r2dbc.api;

import io.r2dbc.spi.Row;
import java.util.List;

/**
 * An event of a watch. Positions in the log are only good for telling commits apart: the engine restarts them at
 * checkpoints.
 */
public sealed interface WatchEvent {

    /**
     * The engine's event, for fields not modelled here, with the rows that it holds. In them numbers, booleans and NULL stand for
     * themselves, bytes are in hex, a {@code TIMESTAMP} is its microseconds, and everything else is text.
     *
     * @return JSON
     */
    String json();

    /**
     * The watch is in place: every later commit will be reported. A watched query gets it again when the schema has
     * changed, because the query may read other tables since then.
     *
     * @param commitPosition where in the log the last commit ended then
     * @param snapshot the rows of a watched query, read when the watch was in place; else empty
     * @param json the engine's event
     */
    record Initial(long commitPosition, List<Row> snapshot, String json) implements WatchEvent {

        /**
         * The engine's event, with the rows of the snapshot: their {@code columns}, and {@code rows} with a list of values each. They
         * are written when this is called, so nobody pays for them who does not read them.
         *
         * @return JSON
         */
        @Override
        public String json() {
            return SnapshotJson.with(json, snapshot);
        }
    }

    /**
     * A commit touched what is watched.
     *
     * @param eventId the number of the event, ascending while the database is open
     * @param commitPosition where in the log the commit ends
     * @param source how it was written, in the words of the engine, such as {@code direct}
     * @param tables the tables it touched
     * @param schemaChanged whether it changed the schema; then every watch gets the event, and {@code tables} may be others
     * @param rowChanges the rows of these tables that it changed, as far as the engine reports them
     * @param rowChangesComplete whether those are all; false after very many changes, and on engines that leave rows out
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
     * The subscriber fell behind and events were dropped; read again what is watched.
     *
     * @param lastSeenEventId the last event delivered, 0 if there was none
     * @param latestEventId the last event dropped
     * @param reason why, such as {@code queue_overflow}
     * @param json the engine's event
     */
    record Lagged(long lastSeenEventId, long latestEventId, String reason, String json) implements WatchEvent {}
}
