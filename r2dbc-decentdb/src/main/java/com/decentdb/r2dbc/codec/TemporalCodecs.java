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
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Dates and times. The engine keeps microseconds; what is finer is cut off on the way in, because the clocks of the JDK
 * are. A {@code TIMESTAMPTZ} is an instant: it is read at offset zero whatever offset it was written with. Where a
 * {@code TIMESTAMP} and an instant meet, the local time is that of UTC, in engines as here, whatever the zone of the JVM.
 */
final class TemporalCodecs {

    /** The first date that engines can write and read again; they accept earlier parameters and fail later. */
    private static final LocalDate FIRST = LocalDate.of(-4712, 1, 1);

    private static final LocalDate LAST = LocalDate.of(294_247, 1, 9);

    private static final LocalDateTime EPOCH = LocalDate.EPOCH.atStartOfDay();

    private static final DateTimeFormatter DATE_TEXT = date(ChronoField.YEAR_OF_ERA);

    private static final DateTimeFormatter TIME_TEXT = new DateTimeFormatterBuilder()
            .appendPattern("HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 6, true)
            .toFormatter(Locale.ROOT);

    /** Reads what engines write into TEXT columns, and ISO 8601. */
    private static final DateTimeFormatter DATE = date(ChronoField.YEAR);

    private static final DateTimeFormatter DATE_TIME = new DateTimeFormatterBuilder()
            .append(DATE)
            .appendPattern("['T'][ ]")
            .append(DateTimeFormatter.ISO_LOCAL_TIME)
            .toFormatter(Locale.ROOT);

    private static final DateTimeFormatter INSTANT = new DateTimeFormatterBuilder()
            .append(DATE_TIME)
            .appendOffset("+HH:mm", "Z")
            .toFormatter(Locale.ROOT);

    private static final String BEFORE_CHRIST = " BC";

    private static final long MICROS_PER_SECOND = 1_000_000L;

    private TemporalCodecs() {}

    private static DateTimeFormatter date(ChronoField year) {
        return new DateTimeFormatterBuilder()
                .appendValue(year, 4, 10, SignStyle.NORMAL)
                .appendPattern("-MM-dd")
                .toFormatter(Locale.ROOT);
    }

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(
                        LocalDate.class,
                        v -> new Value.Date((int) requireRange(v, v).toEpochDay()),
                        (r, i, c, t) -> switch (t) {
                            case DATE -> LocalDate.ofEpochDay(r.dateDays(i, c));
                            case TIMESTAMP, TIMESTAMPTZ -> {
                                LocalDateTime value = dateTime(r.micros(i, c));
                                if (!value.toLocalTime().equals(LocalTime.MIDNIGHT)) {
                                    throw new Misfit(
                                            Misfit.TEMPORAL,
                                            "the value " + value + " has a time of day; read it as LocalDateTime");
                                }
                                yield value.toLocalDate();
                            }
                            case TEXT -> parse(r.text(i, c), "date", text -> LocalDate.parse(text, DATE));
                            default -> null;
                        }),
                new Codec<>(LocalTime.class, v -> new Value.Time(v.toNanoOfDay() / 1000), (r, i, c, t) -> switch (t) {
                    case TIME -> time(r.timeMicros(i, c));
                    case TEXT -> parse(r.text(i, c), "time of day", LocalTime::parse);
                    default -> null;
                }),
                new Codec<>(
                        LocalDateTime.class,
                        v -> new Value.Timestamp(
                                micros(requireRange(v.toLocalDate(), v).atTime(v.toLocalTime()))),
                        (r, i, c, t) -> switch (t) {
                            case TIMESTAMP, TIMESTAMPTZ -> dateTime(r.micros(i, c));
                            case DATE -> LocalDate.ofEpochDay(r.dateDays(i, c)).atStartOfDay();
                            case TEXT ->
                                parse(r.text(i, c), "date and time", text -> LocalDateTime.parse(text, DATE_TIME));
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
        return new Codec<>(type, v -> new Value.TimestampTz(micros(inUtc(write.apply(v)))), (r, i, c, t) -> switch (t) {
            case TIMESTAMP, TIMESTAMPTZ -> read.apply(Instant.EPOCH.plus(r.micros(i, c), ChronoUnit.MICROS));
            case TEXT ->
                read.apply(parse(r.text(i, c), "instant", text -> OffsetDateTime.parse(text, INSTANT))
                        .toInstant());
            default -> null;
        });
    }

    private static <T> Codec<T> interval(Class<T> type, Function<T, Interval> write, Function<Interval, T> read) {
        return new Codec<>(
                type,
                v -> {
                    Interval interval = exact(() -> write.apply(v));
                    return new Value.Span(interval.months(), interval.days(), interval.micros());
                },
                (r, i, c, t) -> switch (t) {
                    case INTERVAL -> exact(() -> read.apply(r.interval(i, c)));
                    case TEXT -> exact(() -> read.apply(parse(r.text(i, c), "interval", Interval::parse)));
                    default -> null;
                });
    }

    private static <T> T parse(String text, String what, Function<String, T> parser) {
        try {
            return parser.apply(astronomical(text));
        } catch (DateTimeException e) {
            throw Misfit.noSuch(text, what, e);
        }
    }

    /** The text with a year before the first, which ends in {@code BC}, as a number that is not positive. */
    private static String astronomical(String text) {
        int end = text.length() - BEFORE_CHRIST.length();
        int dash = text.indexOf('-');
        if (!text.endsWith(BEFORE_CHRIST)
                || dash < 4
                || dash > 6
                || !text.chars().limit(dash).allMatch(Character::isDigit)) {
            return text;
        }
        int year = 1 - Integer.parseInt(text.substring(0, dash));
        return (year < 0 ? "-" : "") + "%04d".formatted(-year) + text.substring(dash, end);
    }

    /** A cell of one of the four types as PostgreSQL writes it. */
    static String text(RowBatch rows, int row, int column, DecentDbType type) {
        if (type == DecentDbType.TIME) {
            return TIME_TEXT.format(time(rows.timeMicros(row, column)));
        }
        LocalDateTime value = type == DecentDbType.DATE
                ? LocalDate.ofEpochDay(rows.dateDays(row, column)).atStartOfDay()
                : dateTime(rows.micros(row, column));
        String time = switch (type) {
            case TIMESTAMP -> " " + TIME_TEXT.format(value);
            case TIMESTAMPTZ -> " " + TIME_TEXT.format(value) + "+00";
            default -> "";
        };
        return DATE_TEXT.format(value) + time + (value.getYear() > 0 ? "" : BEFORE_CHRIST);
    }

    /** {@code 1 year 2 mons 3 days 04:05:06.5}; after a part below zero a sign stands before each one above. */
    static String text(Interval interval) {
        StringBuilder text = new StringBuilder();
        boolean below = false;
        int[] amounts = {interval.months() / 12, interval.months() % 12, interval.days()};
        String[] units = {"year", "mon", "day"};
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] != 0) {
                text.append(text.isEmpty() ? "" : " ").append(below && amounts[i] > 0 ? "+" : "");
                text.append(amounts[i]).append(' ').append(units[i]).append(amounts[i] == 1 ? "" : "s");
                below = amounts[i] < 0;
            }
        }
        long micros = interval.micros();
        if (micros != 0 || text.isEmpty()) {
            String sign = below ? "+" : "";
            text.append(text.isEmpty() ? "" : " ").append(micros < 0 ? "-" : sign);
            // The least long has no opposite; its bits are those of its size.
            long size = Math.abs(micros);
            long seconds = Long.divideUnsigned(size, MICROS_PER_SECOND);
            text.append("%02d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60));
            long rest = Long.remainderUnsigned(size, MICROS_PER_SECOND);
            if (rest != 0) {
                text.append(".%06d".formatted(rest).replaceAll("0+$", ""));
            }
        }
        return text.toString();
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

    /** DecentDB takes any number for a time of day. */
    private static LocalTime time(long micros) {
        if (micros < 0 || micros > LocalTime.MAX.toNanoOfDay() / 1000) {
            throw new Misfit(Misfit.TEMPORAL, "a day does not have " + micros + " microseconds");
        }
        return LocalTime.ofNanoOfDay(micros * 1000);
    }

    private static LocalDateTime dateTime(long micros) {
        return LocalDateTime.ofEpochSecond(
                Math.floorDiv(micros, MICROS_PER_SECOND),
                (int) Math.floorMod(micros, MICROS_PER_SECOND) * 1000,
                ZoneOffset.UTC);
    }
}
