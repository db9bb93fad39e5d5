package com.decentdb.r2dbc;

import com.decentdb.r2dbc.runtime.Errors;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the engine's watch events. */
final class WatchEvents {

    private WatchEvents() {}

    /** The event, or null for the engine's note that a watch has closed. */
    static @Nullable WatchEvent parse(String json) {
        Map<String, @Nullable Object> event;
        try {
            event = JSON.std.mapFrom(json);
        } catch (IOException e) {
            throw Errors.of("XX000", "The engine sent an event that is no JSON: " + json, null);
        }
        String type = text(event, "type");
        return switch (type) {
            case "initial" ->
                new WatchEvent.Initial(
                        number(event, "snapshot_lsn"), texts(event.get("columns")), rows(event.get("rows")), json);
            case "invalidate" ->
                new WatchEvent.Invalidate(
                        number(event, "event_id"),
                        number(event, "commit_lsn"),
                        text(event, "source"),
                        texts(event.get("tables")),
                        flag(event, "schema_changed"),
                        changes(event.get("row_changes")),
                        !flag(event, "row_changes_truncated"),
                        json);
            case "change" -> change(event, json);
            case "lagged" ->
                new WatchEvent.Lagged(
                        number(event, "last_seen_event_id"),
                        number(event, "latest_event_id"),
                        text(event, "reason"),
                        json);
            case "closed" -> null;
            default -> throw Errors.of("XX000", "The engine sent an event of the unknown type '" + type + "'", null);
        };
    }

    private static WatchEvent change(Map<String, @Nullable Object> event, String json) {
        List<String> tables = new ArrayList<>();
        boolean schemaChanged = false;
        for (Map<String, @Nullable Object> table : maps(event.get("table_changes"))) {
            tables.add(text(table, "table"));
            schemaChanged |= flag(table, "schema_changed");
        }
        return new WatchEvent.Change(
                number(event, "event_id"),
                number(event, "commit_lsn"),
                text(event, "source"),
                List.copyOf(tables),
                schemaChanged,
                changes(event.get("row_changes")),
                !flag(event, "row_changes_truncated"),
                json);
    }

    private static List<WatchEvent.RowChange> changes(@Nullable Object value) {
        List<WatchEvent.RowChange> changes = new ArrayList<>();
        for (Map<String, @Nullable Object> change : maps(value)) {
            Map<String, @Nullable Object> key = map(change.get("primary_key"));
            changes.add(new WatchEvent.RowChange(
                    text(change, "table"),
                    text(change, "operation"),
                    key == null ? Map.of() : key,
                    map(change.get("before")),
                    map(change.get("after"))));
        }
        return List.copyOf(changes);
    }

    private static List<List<@Nullable Object>> rows(@Nullable Object value) {
        List<List<@Nullable Object>> rows = new ArrayList<>();
        if (value instanceof List<?> all) {
            for (Object row : all) {
                rows.add(new ArrayList<>((List<?>) row));
            }
        }
        return rows;
    }

    private static List<Map<String, @Nullable Object>> maps(@Nullable Object value) {
        List<Map<String, @Nullable Object>> maps = new ArrayList<>();
        if (value instanceof List<?> all) {
            for (Object each : all) {
                Map<String, @Nullable Object> map = map(each);
                if (map != null) {
                    maps.add(map);
                }
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

    private static boolean flag(Map<String, @Nullable Object> event, String field) {
        return Boolean.TRUE.equals(event.get(field));
    }
}
