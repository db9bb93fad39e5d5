package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.Interval;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Dates and times. The engine keeps microseconds, so nanoseconds below them are cut off on the way in. A
 * {@code TIMESTAMPTZ} is an instant: it is read at offset zero whatever offset it was written with. A {@code TIMESTAMP}
 * has no zone and is never read as an instant.
 */
final class TemporalCodecs {

    private static final long MICROS_PER_SECOND = 1_000_000L;

    private TemporalCodecs() {}

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(
                        LocalDate.class,
                        v -> new Value.Date(Math.toIntExact(v.toEpochDay())),
                        (r, i, c, t) -> switch (t) {
                            case DATE -> LocalDate.ofEpochDay(r.dateDays(i, c));
                            case TIMESTAMP -> dateTime(r.micros(i, c)).toLocalDate();
                            default -> null;
                        }),
                new Codec<>(LocalTime.class, v -> new Value.Time(v.toNanoOfDay() / 1000), (r, i, c, t) -> switch (t) {
                    case TIME -> LocalTime.ofNanoOfDay(r.timeMicros(i, c) * 1000);
                    case TIMESTAMP -> dateTime(r.micros(i, c)).toLocalTime();
                    default -> null;
                }),
                new Codec<>(
                        LocalDateTime.class,
                        v -> new Value.Timestamp(micros(v.toInstant(ZoneOffset.UTC))),
                        (r, i, c, t) -> switch (t) {
                            case TIMESTAMP -> dateTime(r.micros(i, c));
                            case DATE -> LocalDate.ofEpochDay(r.dateDays(i, c)).atStartOfDay();
                            default -> null;
                        }),
                new Codec<>(
                        OffsetDateTime.class,
                        v -> new Value.TimestampTz(micros(v.toInstant())),
                        (r, i, c, t) -> t == DecentDbType.TIMESTAMPTZ
                                ? instant(r.micros(i, c)).atOffset(ZoneOffset.UTC)
                                : null),
                new Codec<>(
                        ZonedDateTime.class,
                        v -> new Value.TimestampTz(micros(v.toInstant())),
                        (r, i, c, t) -> t == DecentDbType.TIMESTAMPTZ
                                ? instant(r.micros(i, c)).atZone(ZoneOffset.UTC)
                                : null),
                new Codec<>(
                        Instant.class,
                        v -> new Value.TimestampTz(micros(v)),
                        (r, i, c, t) -> t == DecentDbType.TIMESTAMPTZ ? instant(r.micros(i, c)) : null),
                new Codec<>(Interval.class, TemporalCodecs::encode, TemporalCodecs::interval),
                new Codec<>(Period.class, v -> encode(Interval.of(v)), (r, i, c, t) -> {
                    Interval interval = interval(r, i, c, t);
                    return interval == null ? null : interval.toPeriod();
                }),
                new Codec<>(Duration.class, v -> encode(Interval.of(v)), (r, i, c, t) -> {
                    Interval interval = interval(r, i, c, t);
                    return interval == null ? null : interval.toDuration();
                }));
    }

    private static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), MICROS_PER_SECOND), instant.getNano() / 1000);
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    private static LocalDateTime dateTime(long micros) {
        return LocalDateTime.ofEpochSecond(
                Math.floorDiv(micros, MICROS_PER_SECOND),
                (int) Math.floorMod(micros, MICROS_PER_SECOND) * 1000,
                ZoneOffset.UTC);
    }

    private static Value encode(Interval interval) {
        return new Value.Span(interval.months(), interval.days(), interval.micros());
    }

    private static @Nullable Interval interval(RowBatch rows, int row, int column, DecentDbType type) {
        return type == DecentDbType.INTERVAL ? rows.interval(row, column) : null;
    }
}
