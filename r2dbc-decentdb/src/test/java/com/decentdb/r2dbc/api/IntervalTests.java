package com.decentdb.r2dbc.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.Period;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.time.temporal.UnsupportedTemporalTypeException;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IntervalTests {

    @ParameterizedTest
    @CsvSource({
        "P1Y2M3DT4H5M6.789S, 14, 3, 14706789000",
        "P-1M2DT-0.000001S, -1, 2, -1",
        "-P1Y-2DT3S, -12, 2, -3000000",
        "P2W, 0, 14, 0",
        "p1dt1h, 0, 1, 3600000000",
        "PT0S, 0, 0, 0"
    })
    void parsesIso8601(String text, int months, int days, long micros) {
        assertThat(Interval.parse(text)).isEqualTo(new Interval(months, days, micros));
    }

    @ParameterizedTest
    @CsvSource({
        "1 year 2 mons 3 days 04:05:06.789, 14, 3, 14706789000",
        "-1 mons +2 days -00:00:00.000001, -1, 2, -1",
        "1 day, 0, 1, 0",
        "-2562047788:00:54.775808, 0, 0, -9223372036854775808",
        "00:00:00, 0, 0, 0"
    })
    void parsesTheTextOfPostgreSql(String text, int months, int days, long micros) {
        assertThat(Interval.parse(text)).isEqualTo(new Interval(months, days, micros));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "P",
                "PT",
                "P1DT",
                "1D",
                "P1H",
                "PT1D",
                "P1.5D",
                "PT0.0000001S",
                "P9999999999Y",
                "P1D ",
                " ",
                "1",
                "1 day ",
                "1 hour",
                "99999999999 days",
                "99999999999999:00:00",
                "1:2:3"
            })
    void refusesWhatIsNoIntervalOrFinerThanAMicrosecond(String text) {
        assertThatExceptionOfType(DateTimeParseException.class)
                .isThrownBy(() -> Interval.parse(text))
                .withMessageContaining("'" + text + "'");
    }

    @RepeatedTest(200)
    void readsWhatItWrites(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        Interval interval = new Interval(
                random.nextInt() >> random.nextInt(32),
                random.nextInt() >> random.nextInt(32),
                random.nextLong() >> random.nextInt(64));

        assertThat(Interval.parse(interval.toString())).isEqualTo(interval);
    }

    @Test
    void readsAndWritesTheLargestAndTheSmallest() {
        Interval largest = new Interval(Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE);
        Interval smallest = new Interval(Integer.MIN_VALUE, Integer.MIN_VALUE, Long.MIN_VALUE);

        assertThat(Interval.parse(largest.toString())).isEqualTo(largest);
        assertThat(Interval.parse(smallest.toString())).isEqualTo(smallest);
        assertThat(Interval.of(new Interval(0, 0, Long.MIN_VALUE).toDuration()).micros())
                .isEqualTo(Long.MIN_VALUE);
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> Interval.of(Duration.ofSeconds(Long.MAX_VALUE)));
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> Interval.of(Duration.ofSeconds(Long.MIN_VALUE)));
    }

    @Test
    void addsItsPartsFromTheLargestToTheSmallest() {
        Interval interval = Interval.parse("P1M1DT1H");

        assertThat(LocalDateTime.of(2024, 1, 31, 12, 0).plus(interval)).isEqualTo("2024-03-01T13:00");
        assertThat(LocalDateTime.of(2024, 3, 31, 12, 0).minus(interval)).isEqualTo("2024-02-28T11:00");
        assertThat(LocalDate.of(2024, 1, 31).plus(Interval.parse("P1M"))).isEqualTo("2024-02-29");
        assertThatExceptionOfType(UnsupportedTemporalTypeException.class)
                .isThrownBy(() -> LocalDate.EPOCH.plus(interval));
    }

    @Test
    void tellsItsParts() {
        Interval interval = new Interval(14, -3, 5);

        assertThat(interval.getUnits()).containsExactly(ChronoUnit.MONTHS, ChronoUnit.DAYS, ChronoUnit.MICROS);
        assertThat(interval.getUnits()).extracting(interval::get).containsExactly(14L, -3L, 5L);
        assertThatExceptionOfType(UnsupportedTemporalTypeException.class)
                .isThrownBy(() -> interval.get(ChronoUnit.YEARS))
                .withMessageContaining("Months");
    }

    @Test
    void isAPeriodOrADurationWhereThatIsExact() {
        assertThat(Interval.of(Period.of(1, 2, 3)).toPeriod()).isEqualTo(Period.of(1, 2, 3));
        assertThat(Interval.of(Duration.ofMillis(-1500)).toDuration()).isEqualTo(Duration.ofMillis(-1500));
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> Interval.parse("P1DT1S").toPeriod())
                .withMessageContaining("P1DT1S");
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> Interval.parse("P1DT1S").toDuration());
    }

    @Test
    void cutsOffWhatIsFinerThanAMicrosecond() {
        assertThat(Interval.of(Duration.ofNanos(1_999)).micros()).isOne();
        assertThat(Interval.of(Duration.ofNanos(-1_999)).micros()).isEqualTo(-1);
    }
}
