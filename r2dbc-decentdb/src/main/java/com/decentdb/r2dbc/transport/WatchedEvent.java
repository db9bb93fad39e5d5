package com.decentdb.r2dbc.transport;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event of a watch, with values in the engine's JSON notation.
 *
 * @param type what it tells
 * @param id its number; of a {@link Type#LAGGED} one the number of the last event dropped
 * @param lastSeen of a {@link Type#LAGGED} one the number of the last event before those dropped
 * @param position where in the log the commit ends
 * @param source how the commit was written
 * @param tables the tables it touched
 * @param schemaChanged whether it changed the schema
 * @param rows the rows it changed, as far as the engine tells
 * @param rowsComplete false if the engine says that rows are missing
 * @param reason why events were dropped
 * @param json the event as the engine wrote it
 */
public record WatchedEvent(
        Type type,
        long id,
        long lastSeen,
        long position,
        String source,
        List<String> tables,
        boolean schemaChanged,
        List<RowImage> rows,
        boolean rowsComplete,
        String reason,
        String json) {

    /** What an event tells. */
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
     * @param operation {@code insert}, {@code update} or {@code delete}
     * @param before its values before, null if there were none or the engine does not tell
     * @param after its values after, null if there are none or the engine does not tell
     */
    public record RowImage(
            String table,
            String operation,
            Map<String, @Nullable Object> key,
            @Nullable Map<String, @Nullable Object> before,
            @Nullable Map<String, @Nullable Object> after) {}

    /** Reads an event; null for the note that a watch has closed. */
    public static @Nullable WatchedEvent parse(String json) {
        Map<String, @Nullable Object> event;
        try {
            event = JSON.std.mapFrom(json);
        } catch (IOException e) {
            throw new IllegalStateException("The engine sent an event that is no JSON: " + json, e);
        }
        String type = text(event, "type");
        return switch (type) {
            case "initial" -> plain(Type.INITIAL, 0, 0, number(event, "snapshot_lsn"), "", json);
            case "invalidate" ->
                commit(event, texts(event.get("tables")), Boolean.TRUE.equals(event.get("schema_changed")), json);
            case "change" -> {
                List<Map<String, @Nullable Object>> tables = maps(event.get("table_changes"));
                yield commit(
                        event,
                        tables.stream().map(table -> text(table, "table")).toList(),
                        tables.stream().anyMatch(table -> Boolean.TRUE.equals(table.get("schema_changed"))),
                        json);
            }
            case "lagged" ->
                plain(
                        Type.LAGGED,
                        number(event, "latest_event_id"),
                        number(event, "last_seen_event_id"),
                        number(event, "latest_commit_lsn"),
                        text(event, "reason"),
                        json);
            case "closed" -> null;
            default -> throw new IllegalStateException("The engine sent an event of the unknown type '" + type + "'");
        };
    }

    /** The same event for somebody who joins after a commit at that position. */
    public WatchedEvent at(long newPosition) {
        return plain(type, id, lastSeen, newPosition, reason, json);
    }

    /** What to tell a subscriber whose queue overflowed. */
    public static WatchedEvent lagged(long lastSeen, WatchedEvent latest) {
        String json = "{\"schema_version\":1,\"type\":\"lagged\",\"last_seen_event_id\":" + lastSeen
                + ",\"latest_event_id\":" + latest.id + ",\"latest_commit_lsn\":" + latest.position
                + ",\"reason\":\"queue_overflow\"}";
        return plain(Type.LAGGED, latest.id, lastSeen, latest.position, "queue_overflow", json);
    }

    private static WatchedEvent plain(Type type, long id, long lastSeen, long position, String reason, String json) {
        return new WatchedEvent(type, id, lastSeen, position, "", List.of(), false, List.of(), true, reason, json);
    }

    private static WatchedEvent commit(
            Map<String, @Nullable Object> event, List<String> tables, boolean schemaChanged, String json) {
        return new WatchedEvent(
                Type.COMMIT,
                number(event, "event_id"),
                0,
                number(event, "commit_lsn"),
                text(event, "source"),
                tables,
                schemaChanged,
                rows(event.get("row_changes")),
                !Boolean.TRUE.equals(event.get("row_changes_truncated")),
                "",
                json);
    }

    private static List<RowImage> rows(@Nullable Object value) {
        return maps(value).stream()
                .map(row -> {
                    Map<String, @Nullable Object> key = map(row.get("primary_key"));
                    return new RowImage(
                            text(row, "table"),
                            text(row, "operation"),
                            key == null ? Map.of() : key,
                            map(row.get("before")),
                            map(row.get("after")));
                })
                .toList();
    }

    private static List<Map<String, @Nullable Object>> maps(@Nullable Object value) {
        List<Map<String, @Nullable Object>> maps = new ArrayList<>();
        for (Object each : value instanceof List<?> all ? all : List.of()) {
            Map<String, @Nullable Object> map = map(each);
            if (map != null) {
                maps.add(map);
            }
        }
        return maps;
    }

    @SuppressWarnings("unchecked")
    private static @Nullable Map<String, @Nullable Object> map(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, @Nullable Object>) map : null;
    }

    private static List<String> texts(@Nullable Object value) {
        return value instanceof List<?> all ? all.stream().map(String::valueOf).toList() : List.of();
    }

    private static String text(Map<String, @Nullable Object> event, String field) {
        Object value = event.get(field);
        return value == null ? "" : value.toString();
    }

    private static long number(Map<String, @Nullable Object> event, String field) {
        return event.get(field) instanceof Number number ? number.longValue() : -1;
    }
}
