package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.embedded.engine.EngineJson;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.WatchedEvent;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads events in the engine's JSON. */
final class EventParser {

    /** An event that waits for the columns of its tables, which give its values their types. */
    static final class Untyped {

        private final WatchedEvent event;
        private final List<Map<String, @Nullable Object>> rows;

        private Untyped(WatchedEvent event, List<Map<String, @Nullable Object>> rows) {
            this.event = event;
            this.rows = rows;
        }

        /** The event but for its rows. */
        WatchedEvent event() {
            return event;
        }

        /** The tables of its rows. */
        Set<String> tables() {
            Set<String> tables = new LinkedHashSet<>();
            rows.forEach(row -> tables.add(text(row, "table")));
            return tables;
        }

        /** The event as if the engine had not known the rows. */
        WatchedEvent withoutRows() {
            Map<String, @Nullable Object> json = EngineJson.object(event.description(), "an event");
            json.put("row_changes", List.of());
            json.put("row_changes_truncated", true);
            return event(List.of(), false, text(json));
        }

        private WatchedEvent event(List<WatchedEvent.ChangedRow> changed, boolean complete, String description) {
            return new WatchedEvent(
                    event.type(),
                    event.id(),
                    event.lastSeen(),
                    event.position(),
                    event.source(),
                    event.tables(),
                    event.schemaChanged(),
                    changed,
                    complete,
                    event.reason(),
                    description);
        }

        /** The event with its rows. */
        WatchedEvent typed(Function<String, List<Column>> columnsOf) {
            if (rows.isEmpty()) {
                return event;
            }
            List<WatchedEvent.ChangedRow> typed = new ArrayList<>(rows.size());
            for (Map<String, @Nullable Object> row : rows) {
                String table = text(row, "table");
                List<Column> columns = columnsOf.apply(table);
                Map<String, @Nullable Object> key = EngineJson.object(row.get("primary_key"));
                Map<String, @Nullable Object> before = EngineJson.object(row.get("before"));
                Map<String, @Nullable Object> after = EngineJson.object(row.get("after"));
                typed.add(new WatchedEvent.ChangedRow(
                        table,
                        RowChange.Operation.valueOf(text(row, "operation").toUpperCase(Locale.ROOT)),
                        JsonRow.image(key == null ? Map.of() : key, columns),
                        before == null ? null : JsonRow.image(before, columns),
                        after == null ? null : JsonRow.image(after, columns)));
            }
            return event(List.copyOf(typed), event.rowsComplete(), event.description());
        }
    }

    private EventParser() {}

    /** Reads an event; null for the note that a watch has closed. */
    static @Nullable Untyped parse(String json) {
        Map<String, @Nullable Object> event = EngineJson.object(json, "an event");
        String type = text(event, "type");
        return switch (type) {
            case "initial" ->
                new Untyped(
                        WatchedEvent.plain(
                                WatchedEvent.Type.INITIAL,
                                0,
                                0,
                                number(event, "snapshot_lsn"),
                                "",
                                event.containsKey("rows") ? withoutResult(event) : json),
                        List.of());
            case "invalidate" ->
                commit(event, texts(event.get("tables")), Boolean.TRUE.equals(event.get("schema_changed")), json);
            case "change" -> {
                List<Map<String, @Nullable Object>> tables = EngineJson.objects(event.get("table_changes"));
                yield commit(
                        event,
                        tables.stream().map(table -> text(table, "table")).toList(),
                        tables.stream().anyMatch(table -> Boolean.TRUE.equals(table.get("schema_changed"))),
                        json);
            }
            case "lagged" ->
                new Untyped(
                        WatchedEvent.plain(
                                WatchedEvent.Type.LAGGED,
                                number(event, "latest_event_id"),
                                number(event, "last_seen_event_id"),
                                number(event, "latest_commit_lsn"),
                                text(event, "reason"),
                                json),
                        List.of());
            case "closed" -> null;
            default -> throw new IllegalStateException("The engine sent an event of the unknown type '" + type + "'");
        };
    }

    /** The event for a subscriber whose queue overflowed, in the notation of the engine's own. */
    static WatchedEvent lagged(long lastSeen, WatchedEvent latest) {
        String json = "{\"schema_version\":1,\"type\":\"lagged\",\"last_seen_event_id\":" + lastSeen
                + ",\"latest_event_id\":" + latest.id() + ",\"latest_commit_lsn\":" + latest.position()
                + ",\"reason\":\"queue_overflow\"}";
        return WatchedEvent.plain(
                WatchedEvent.Type.LAGGED, latest.id(), lastSeen, latest.position(), "queue_overflow", json);
    }

    /** The engine reads a watched query without its arguments, and without the settings and the audit context of its connection. */
    private static String withoutResult(Map<String, @Nullable Object> initial) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>(initial);
        json.remove("rows");
        json.remove("columns");
        return text(json);
    }

    private static String text(Map<String, @Nullable Object> json) {
        try {
            return JSON.std.asString(json);
        } catch (IOException e) {
            throw new IllegalStateException("An event cannot be written as JSON", e);
        }
    }

    private static Untyped commit(
            Map<String, @Nullable Object> event, List<String> tables, boolean schemaChanged, String json) {
        WatchedEvent commit = new WatchedEvent(
                WatchedEvent.Type.COMMIT,
                number(event, "event_id"),
                0,
                number(event, "commit_lsn"),
                text(event, "source"),
                tables,
                schemaChanged,
                List.of(),
                !Boolean.TRUE.equals(event.get("row_changes_truncated")),
                "",
                json);
        return new Untyped(commit, EngineJson.objects(event.get("row_changes")));
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
