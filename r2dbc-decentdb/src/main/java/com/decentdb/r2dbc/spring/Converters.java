package com.decentdb.r2dbc.spring;

import com.decentdb.r2dbc.api.Interval;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.util.List;
import org.springframework.core.convert.converter.Converter;
import org.springframework.data.convert.ReadingConverter;
import org.springframework.data.convert.WritingConverter;

/**
 * Between what the driver reads by default and the other types an entity may have for the same column. Without the ones
 * that write, Spring Data would turn durations and periods into text.
 */
final class Converters {

    static final List<Object> ALL = List.of(
            DurationToInterval.INSTANCE,
            PeriodToInterval.INSTANCE,
            IntervalToDuration.INSTANCE,
            IntervalToPeriod.INSTANCE,
            OffsetDateTimeToInstant.INSTANCE,
            OffsetDateTimeToZonedDateTime.INSTANCE);

    private Converters() {}

    @WritingConverter
    private enum DurationToInterval implements Converter<Duration, Interval> {
        INSTANCE;

        @Override
        public Interval convert(Duration source) {
            return Interval.of(source);
        }
    }

    @WritingConverter
    private enum PeriodToInterval implements Converter<Period, Interval> {
        INSTANCE;

        @Override
        public Interval convert(Period source) {
            return Interval.of(source);
        }
    }

    @ReadingConverter
    private enum IntervalToDuration implements Converter<Interval, Duration> {
        INSTANCE;

        @Override
        public Duration convert(Interval source) {
            return source.toDuration();
        }
    }

    @ReadingConverter
    private enum IntervalToPeriod implements Converter<Interval, Period> {
        INSTANCE;

        @Override
        public Period convert(Interval source) {
            return source.toPeriod();
        }
    }

    @ReadingConverter
    private enum OffsetDateTimeToInstant implements Converter<OffsetDateTime, Instant> {
        INSTANCE;

        @Override
        public Instant convert(OffsetDateTime source) {
            return source.toInstant();
        }
    }

    @ReadingConverter
    private enum OffsetDateTimeToZonedDateTime implements Converter<OffsetDateTime, ZonedDateTime> {
        INSTANCE;

        @Override
        public ZonedDateTime convert(OffsetDateTime source) {
            return source.toZonedDateTime();
        }
    }
}
