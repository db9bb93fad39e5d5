package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.transport.WatchRequest;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes the bounds of a range of keys in the engine's JSON notation. */
final class KeyBounds {

    private static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");

    private KeyBounds() {}

    /** A bound as a number, text or boolean, or a list of those; null for no bound. */
    static @Nullable Object json(WatchRequest.@Nullable Bound bound) {
        if (bound == null) {
            return null;
        }
        List<Object> columns = bound.values().stream().map(KeyBounds::json).toList();
        return bound.single() ? columns.get(0) : columns;
    }

    private static Object json(Value value) {
        if (value instanceof Value.Int64 v) {
            return v.value();
        } else if (value instanceof Value.Float64 v) {
            return v.value();
        } else if (value instanceof Value.Bool v) {
            return v.value();
        } else if (value instanceof Value.Text v) {
            return v.value();
        } else if (value instanceof Value.Uuid v) {
            return v.value().toString();
        } else if (value instanceof Value.Decimal v) {
            return BigDecimal.valueOf(v.unscaled(), v.scale()).toPlainString();
        } else if (value instanceof Value.Date v) {
            return LocalDate.ofEpochDay(v.days()).toString();
        } else if (value instanceof Value.Time v) {
            return LocalTime.ofNanoOfDay(v.micros() * 1000).toString();
        } else if (value instanceof Value.Timestamp v) {
            return TIMESTAMP.format(instant(v.micros()).atOffset(ZoneOffset.UTC));
        } else if (value instanceof Value.TimestampTz v) {
            return instant(v.micros()).toString();
        }
        throw new IllegalStateException("A value that no key holds: " + value);
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
