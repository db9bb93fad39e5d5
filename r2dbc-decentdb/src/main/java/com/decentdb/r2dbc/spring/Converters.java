package com.decentdb.r2dbc.spring;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.codec.Codecs;
import java.time.Duration;
import java.time.Period;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.core.convert.converter.Converter;
import org.springframework.core.convert.converter.GenericConverter;
import org.springframework.data.convert.ReadingConverter;
import org.springframework.data.convert.WritingConverter;

/**
 * Between what the driver reads by default and the other types an entity may have for the same column. Without the ones
 * that write, Spring Data would turn durations and periods into text.
 */
final class Converters {

    static final List<Object> EMBEDDED =
            List.of(DurationToInterval.INSTANCE, PeriodToInterval.INSTANCE, AsRowsAreRead.INSTANCE);

    /** A cluster has no intervals: durations and periods are text there. */
    static final List<Object> CLUSTER = List.of(AsRowsAreRead.INSTANCE);

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

    /**
     * Gives a property what {@code row.get} with its class gives. Spring Data itself reads with the default class of the
     * column, and its own converters know the zone of the JVM, by which an instant would move with every save.
     */
    @ReadingConverter
    private enum AsRowsAreRead implements GenericConverter {
        INSTANCE;

        private static final Set<ConvertiblePair> PAIRS = pairs();

        private static Set<ConvertiblePair> pairs() {
            Set<ConvertiblePair> pairs = new HashSet<>();
            for (DecentDbType type : DecentDbType.values()) {
                Class<?> source = type.getJavaType();
                for (Class<?> target : Codecs.standardTypes()) {
                    if (source != Object.class && !target.isAssignableFrom(source)) {
                        pairs.add(new ConvertiblePair(source, target));
                    }
                }
            }
            return Set.copyOf(pairs);
        }

        @Override
        public Set<ConvertiblePair> getConvertibleTypes() {
            return PAIRS;
        }

        @Override
        public @Nullable Object convert(@Nullable Object source, TypeDescriptor sourceType, TypeDescriptor targetType) {
            if (source == null) {
                return null;
            }
            ValueCell cell = new ValueCell(Codecs.instance().encode(source));
            return Codecs.instance().decode(cell, 0, 0, targetType.getType(), column -> targetType.toString());
        }
    }
}
