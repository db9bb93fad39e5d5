package com.decentdb.r2dbc.api;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Period;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.time.temporal.Temporal;
import java.time.temporal.TemporalAmount;
import java.time.temporal.TemporalUnit;
import java.time.temporal.UnsupportedTemporalTypeException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A value of an {@code INTERVAL} column: months, days and microseconds are kept apart because neither a month nor a day
 * has a fixed length. Each part has its own sign. Two intervals are equal if all three parts are: one month equals
 * neither thirty days nor, in Java, does a day equal 24 hours, although the engine's SQL compares them so.
 *
 * @param months whole months
 * @param days whole days
 * @param micros microseconds
 */
public record Interval(int months, int days, long micros) implements TemporalAmount {

    /** No time at all. */
    public static final Interval ZERO = new Interval(0, 0, 0);

    private static final BigDecimal SIXTY = BigDecimal.valueOf(60);
    private static final long MICROS_PER_SECOND = 1_000_000L;
    private static final List<TemporalUnit> UNITS = List.of(ChronoUnit.MONTHS, ChronoUnit.DAYS, ChronoUnit.MICROS);
    private static final Pattern POSTGRESQL =
            Pattern.compile("(?=\\S)(?!.* $)(?:([-+]?\\d+) years?)? ?(?:([-+]?\\d+) mons?)? ?"
                    + "(?:([-+]?\\d+) days?)? ?(?:([-+]?)(\\d+):(\\d\\d):(\\d\\d(?:\\.\\d{1,6})?))?");
    private static final Pattern ISO = Pattern.compile("([-+]?)P([^T]*)(?:T(.+))?", Pattern.CASE_INSENSITIVE);

    /**
     * An interval of days and months; years count as twelve months.
     *
     * @param period the period
     * @return the interval
     * @throws ArithmeticException if it has more months than an {@code int} holds
     */
    @SuppressWarnings("JavaPeriodGetDays") // the months are kept apart on purpose
    public static Interval of(Period period) {
        return new Interval(Math.toIntExact(period.toTotalMonths()), period.getDays(), 0);
    }

    /**
     * An interval of exact time. Digits finer than a microsecond are cut off, as {@link Duration#truncatedTo} does.
     *
     * @param duration the duration
     * @return the interval
     * @throws ArithmeticException if it has more microseconds than a {@code long} holds, about 292 thousand years
     */
    public static Interval of(Duration duration) {
        Duration cut = duration.truncatedTo(ChronoUnit.MICROS);
        // The seconds of a negative duration are rounded down, which alone may be too many for a long.
        long seconds = cut.getSeconds() < 0 ? cut.getSeconds() + 1 : cut.getSeconds();
        long rest = cut.getNano() / 1000 - (cut.getSeconds() < 0 ? MICROS_PER_SECOND : 0);
        return new Interval(0, 0, Math.addExact(Math.multiplyExact(seconds, MICROS_PER_SECOND), rest));
    }

    /**
     * Parses ISO 8601 such as {@code P1Y2M3DT4H5M6.789S}: {@link #toString} and the texts of {@link Period} and
     * {@link Duration}, also one behind the other; or what PostgreSQL writes and an {@code INTERVAL} is as a {@code String},
     * {@code 1 year 2 mons 3 days 04:05:06.789}.
     *
     * @param text the text; each number may have a sign, and the whole one of ISO 8601 too
     * @return the interval
     * @throws DateTimeParseException if it is none, or too long, or finer than a microsecond
     */
    @SuppressWarnings({"JavaPeriodGetDays", "JavaDurationGetSecondsGetNano"}) // the parts are put together below
    public static Interval parse(CharSequence text) {
        Matcher words = POSTGRESQL.matcher(text);
        if (words.matches()) {
            return ofWords(words, text);
        }
        Matcher parts = ISO.matcher(text);
        if (!parts.matches() || (parts.group(2).isEmpty() && parts.group(3) == null)) {
            throw new DateTimeParseException(
                    "'" + text + "' is no interval such as P1Y2M3DT4H5M6S or 1 day 02:00:00", text, 0);
        }
        try {
            Period period =
                    parts.group(2).isEmpty() ? Period.ZERO : Period.parse(parts.group(1) + "P" + parts.group(2));
            Duration duration =
                    parts.group(3) == null ? Duration.ZERO : Duration.parse(parts.group(1) + "PT" + parts.group(3));
            if (duration.getNano() % 1000 != 0) {
                throw new ArithmeticException("it is finer than a microsecond");
            }
            return new Interval(
                    Math.toIntExact(period.toTotalMonths()),
                    period.getDays(),
                    of(duration).micros());
        } catch (ArithmeticException | DateTimeException e) {
            throw new DateTimeParseException("'" + text + "' is no interval: " + e.getMessage(), text, 0, e);
        }
    }

    private static Interval ofWords(Matcher words, CharSequence text) {
        try {
            long months = Math.addExact(Math.multiplyExact(number(words.group(1)), 12L), number(words.group(2)));
            BigDecimal seconds = BigDecimal.ZERO;
            if (words.group(7) != null) {
                BigDecimal minutes =
                        new BigDecimal(words.group(5)).multiply(SIXTY).add(new BigDecimal(words.group(6)));
                seconds = minutes.multiply(SIXTY).add(new BigDecimal(words.group(7)));
                seconds = words.group(4).equals("-") ? seconds.negate() : seconds;
            }
            int days = Math.toIntExact(number(words.group(3)));
            return new Interval(
                    Math.toIntExact(months), days, seconds.movePointRight(6).longValueExact());
        } catch (ArithmeticException | NumberFormatException e) {
            throw new DateTimeParseException("'" + text + "' is no interval: " + e.getMessage(), text, 0, e);
        }
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    /**
     * This interval as a {@link Period}.
     *
     * @return the period
     * @throws ArithmeticException if it has a part shorter than a day
     */
    public Period toPeriod() {
        if (micros != 0) {
            throw new ArithmeticException(this + " has a time part; read it as Interval");
        }
        return Period.of(months / 12, months % 12, days);
    }

    /**
     * This interval as a {@link Duration}.
     *
     * @return the duration
     * @throws ArithmeticException if it has days or months, whose length is not fixed
     */
    public Duration toDuration() {
        if (months != 0 || days != 0) {
            throw new ArithmeticException(this + " has days or months; read it as Interval");
        }
        return time();
    }

    /**
     * One of the three parts.
     *
     * @param unit {@link ChronoUnit#MONTHS}, {@link ChronoUnit#DAYS} or {@link ChronoUnit#MICROS}
     * @return that part alone
     * @throws UnsupportedTemporalTypeException for another unit
     */
    @Override
    public long get(TemporalUnit unit) {
        if (unit == ChronoUnit.MONTHS) {
            return months;
        } else if (unit == ChronoUnit.DAYS) {
            return days;
        } else if (unit == ChronoUnit.MICROS) {
            return micros;
        }
        throw new UnsupportedTemporalTypeException("An interval has no part in " + unit + "; its parts are " + UNITS);
    }

    /**
     * The units of the parts.
     *
     * @return months, days and microseconds
     */
    @Override
    public List<TemporalUnit> getUnits() {
        return UNITS;
    }

    /**
     * Adds the months, then the days, then the microseconds; parts that are zero are left out, so that an interval of days
     * can be added to a date.
     */
    @Override
    public Temporal addTo(Temporal temporal) {
        Temporal sum = months == 0 ? temporal : temporal.plus(months, ChronoUnit.MONTHS);
        sum = days == 0 ? sum : sum.plus(days, ChronoUnit.DAYS);
        return micros == 0 ? sum : sum.plus(micros, ChronoUnit.MICROS);
    }

    /** Subtracts the months, then the days, then the microseconds; parts that are zero are left out. */
    @Override
    public Temporal subtractFrom(Temporal temporal) {
        Temporal rest = months == 0 ? temporal : temporal.minus(months, ChronoUnit.MONTHS);
        rest = days == 0 ? rest : rest.minus(days, ChronoUnit.DAYS);
        return micros == 0 ? rest : rest.minus(micros, ChronoUnit.MICROS);
    }

    /**
     * ISO 8601, such as {@code P1Y2M3DT4H5M6.789S}; {@link #parse} reads it.
     *
     * @return the text; {@code PT0S} for no time at all
     */
    @Override
    public String toString() {
        String time = time().toString();
        if (months == 0 && days == 0) {
            return time;
        }
        String date = Period.of(months / 12, months % 12, days).toString();
        return micros == 0 ? date : date + time.substring(1);
    }

    private Duration time() {
        return Duration.of(micros, ChronoUnit.MICROS);
    }
}
