package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.r2dbc.codec.Codecs;
import com.decentdb.r2dbc.codec.Value;
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
public final class KeyBounds {

    private static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");

    private KeyBounds() {}

    public static @Nullable Object plain(@Nullable Object bound) {
        if (bound == null) {
            return null;
        }
        if (bound instanceof List<?> columns) {
            return columns.stream()
                    .map(column -> plain(Codecs.instance().encode(column)))
                    .toList();
        }
        return plain(Codecs.instance().encode(bound));
    }

    private static Object plain(Value value) {
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
        throw new IllegalArgumentException(
                "A bound of a range of keys is a number, text, a boolean, a UUID, a date or a"
                        + " time, or a list of those; not " + value.getClass().getSimpleName());
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
