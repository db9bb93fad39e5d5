package com.decentdb.r2dbc.api;

import java.time.Duration;
import java.time.Period;

/**
 * A value of an {@code INTERVAL} column: months, days and microseconds are kept apart because neither a month nor a day
 * has a fixed length.
 *
 * @param months whole months
 * @param days whole days
 * @param micros microseconds
 */
public record Interval(int months, int days, long micros) {

    /**
     * An interval of days and months; years count as twelve months.
     *
     * @param period the period
     * @return the interval
     */
    @SuppressWarnings("JavaPeriodGetDays") // the months are kept apart on purpose
    public static Interval of(Period period) {
        return new Interval(Math.toIntExact(period.toTotalMonths()), period.getDays(), 0);
    }

    /**
     * An interval of exact time.
     *
     * @param duration the duration
     * @return the interval
     * @throws ArithmeticException if it is finer than a microsecond or too long
     */
    public static Interval of(Duration duration) {
        if (duration.getNano() % 1000 != 0) {
            throw new ArithmeticException("An interval keeps microseconds, " + duration + " is finer");
        }
        return new Interval(
                0, 0, Math.addExact(Math.multiplyExact(duration.getSeconds(), 1_000_000L), duration.getNano() / 1000));
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
        return Duration.ofSeconds(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1000L);
    }
}
