package com.decentdb.r2dbc.api;

import com.fasterxml.jackson.jr.ob.JSON;
import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.Row;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rows in the notation of the engine's events. */
final class SnapshotJson {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");
    private static final DateTimeFormatter INSTANT = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

    private SnapshotJson() {}

    /** An event with the columns and the rows of a result behind its own fields; without rows the event as it is. */
    static String with(String event, List<Row> rows) {
        int end = event.lastIndexOf('}');
        if (rows.isEmpty() || end < 0) {
            return event;
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put(
                "columns",
                rows.get(0).getMetadata().getColumnMetadatas().stream()
                        .map(ColumnMetadata::getName)
                        .toList());
        result.put("rows", rows.stream().map(SnapshotJson::values).toList());
        try {
            String fields = JSON.std.asString(result);
            return event.substring(0, end) + "," + fields.substring(1);
        } catch (IOException e) {
            throw new IllegalStateException("The rows of an event cannot be written as JSON", e);
        }
    }

    private static List<@Nullable Object> values(Row row) {
        int columns = row.getMetadata().getColumnMetadatas().size();
        List<@Nullable Object> values = new ArrayList<>(columns);
        for (int i = 0; i < columns; i++) {
            values.add(value(row, i));
        }
        return values;
    }

    private static @Nullable Object value(Row row, int column) {
        Object value = row.get(column);
        if (value == null || value instanceof Long || value instanceof Boolean || value instanceof String) {
            return value;
        } else if (value instanceof Double number) {
            return Double.isFinite(number) ? number : null;
        } else if (value instanceof ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            return HexFormat.of().formatHex(copy);
        } else if (value instanceof LocalDateTime local) {
            return ChronoUnit.MICROS.between(LocalDateTime.ofEpochSecond(0, 0, ZoneOffset.UTC), local);
        } else if (value instanceof OffsetDateTime at) {
            return INSTANT.format(at.withOffsetSameInstant(ZoneOffset.UTC));
        } else if (value instanceof LocalTime time) {
            return TIME.format(time);
        } else if (value instanceof LocalDate) {
            return value.toString();
        } else if (value instanceof Interval interval) {
            return interval.months() + " " + interval.days() + " " + interval.micros();
        }
        return row.get(column, String.class);
    }
}
