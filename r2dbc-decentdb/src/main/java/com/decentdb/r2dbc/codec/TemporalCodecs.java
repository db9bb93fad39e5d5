package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.Interval;
import java.time.DateTimeException;
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
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Dates and times. The engine keeps microseconds; what is finer is cut off on the way in, because the clocks of the JDK
 * are. A {@code TIMESTAMPTZ} is an instant: it is read at offset zero whatever offset it was written with. A
 * {@code TIMESTAMP} has no zone and is never read as an instant.
 */
final class TemporalCodecs {

    /** The first date that engines can write and read again; they accept earlier parameters and fail later. */
    private static final LocalDate FIRST = LocalDate.of(-4712, 1, 1);

    private static final LocalDate LAST = LocalDate.of(294_247, 1, 9);

    private static final LocalDateTime EPOCH = LocalDate.EPOCH.atStartOfDay();

    private static final long MICROS_PER_SECOND = 1_000_000L;

    private TemporalCodecs() {}

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(
                        LocalDate.class,
                        v -> new Value.Date((int) requireRange(v, v).toEpochDay()),
                        (r, i, c, t) -> switch (t) {
                            case DATE -> LocalDate.ofEpochDay(r.dateDays(i, c));
                            case TIMESTAMP -> {
                                LocalDateTime value = dateTime(r.micros(i, c));
                                if (!value.toLocalTime().equals(LocalTime.MIDNIGHT)) {
                                    throw new Misfit(
                                            Misfit.TEMPORAL,
                                            "the value " + value + " has a time of day; read it as LocalDateTime");
                                }
                                yield value.toLocalDate();
                            }
                            default -> null;
                        }),
                new Codec<>(
                        LocalTime.class,
                        v -> new Value.Time(v.toNanoOfDay() / 1000),
                        (r, i, c, t) ->
                                t == DecentDbType.TIME ? LocalTime.ofNanoOfDay(r.timeMicros(i, c) * 1000) : null),
                new Codec<>(
                        LocalDateTime.class,
                        v -> new Value.Timestamp(
                                micros(requireRange(v.toLocalDate(), v).atTime(v.toLocalTime()))),
                        (r, i, c, t) -> switch (t) {
                            case TIMESTAMP -> dateTime(r.micros(i, c));
                            case DATE -> LocalDate.ofEpochDay(r.dateDays(i, c)).atStartOfDay();
                            default -> null;
                        }),
                instant(Instant.class, v -> v, v -> v),
                instant(OffsetDateTime.class, OffsetDateTime::toInstant, v -> v.atOffset(ZoneOffset.UTC)),
                instant(ZonedDateTime.class, ZonedDateTime::toInstant, v -> v.atZone(ZoneOffset.UTC)),
                interval(Interval.class, v -> v, v -> v),
                interval(Period.class, Interval::of, Interval::toPeriod),
                interval(Duration.class, Interval::of, Interval::toDuration));
    }

    private static <T> Codec<T> instant(Class<T> type, Function<T, Instant> write, Function<Instant, T> read) {
        return new Codec<>(
                type,
                v -> new Value.TimestampTz(micros(inUtc(write.apply(v)))),
                (r, i, c, t) -> t == DecentDbType.TIMESTAMPTZ
                        ? read.apply(Instant.EPOCH.plus(r.micros(i, c), ChronoUnit.MICROS))
                        : null);
    }

    private static <T> Codec<T> interval(Class<T> type, Function<T, Interval> write, Function<Interval, T> read) {
        return new Codec<>(
                type,
                v -> {
                    Interval interval = exact(() -> write.apply(v));
                    return new Value.Span(interval.months(), interval.days(), interval.micros());
                },
                (r, i, c, t) -> t == DecentDbType.INTERVAL ? exact(() -> read.apply(r.interval(i, c))) : null);
    }

    private static <T> T exact(Supplier<T> conversion) {
        try {
            return conversion.get();
        } catch (ArithmeticException e) {
            throw new Misfit(Misfit.TEMPORAL, String.valueOf(e.getMessage()), e);
        }
    }

    private static LocalDateTime inUtc(Instant instant) {
        try {
            LocalDateTime value = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
            return requireRange(value.toLocalDate(), instant).atTime(value.toLocalTime());
        } catch (DateTimeException e) {
            // Instants reach beyond the dates of the JDK.
            throw outOfRange(instant);
        }
    }

    private static LocalDate requireRange(LocalDate date, Object value) {
        if (date.isBefore(FIRST) || date.isAfter(LAST)) {
            throw outOfRange(value);
        }
        return date;
    }

    private static Misfit outOfRange(Object value) {
        return new Misfit(Misfit.TEMPORAL, "dates are within " + FIRST + " to " + LAST + ", and this is " + value);
    }

    private static long micros(LocalDateTime value) {
        // Cut first: the count before the epoch would be cut in the other direction.
        return ChronoUnit.MICROS.between(EPOCH, value.truncatedTo(ChronoUnit.MICROS));
    }

    private static LocalDateTime dateTime(long micros) {
        return LocalDateTime.ofEpochSecond(
                Math.floorDiv(micros, MICROS_PER_SECOND),
                (int) Math.floorMod(micros, MICROS_PER_SECOND) * 1000,
                ZoneOffset.UTC);
    }
}
