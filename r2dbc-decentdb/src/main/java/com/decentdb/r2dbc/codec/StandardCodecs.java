package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.api.MacAddress;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The codecs that come with the driver, in order. Each consists of lambdas, which the JVM has to make; those that few first rows
 * need are made when one of them is used.
 */
public final class StandardCodecs {

    private static final List<Codec<?>> ALL = create();

    private StandardCodecs() {}

    static List<Codec<?>> all() {
        return ALL;
    }

    /** Makes them now, unless they are there. */
    public static void load() {
        // The class initializer did it.
    }

    private static List<Codec<?>> create() {
        List<Codec<?>> codecs = new ArrayList<>(NumberCodecs.all());
        for (Class<?> type : List.of(
                LocalDate.class,
                LocalTime.class,
                LocalDateTime.class,
                Instant.class,
                OffsetDateTime.class,
                ZonedDateTime.class,
                Interval.class,
                Period.class,
                Duration.class)) {
            codecs.add(OnFirstUse.codec(type, TemporalCodecs::all));
        }
        codecs.addAll(ContentCodecs.all());
        for (Class<?> type : List.of(InetAddress.class, Cidr.class, MacAddress.class)) {
            codecs.add(OnFirstUse.codec(type, NetworkCodecs::all));
        }
        codecs.addAll(geometryCodecs());
        return List.copyOf(codecs);
    }

    /** None without JTS on the class path; without it, not even the class that would say so can be linked. */
    private static List<Codec<?>> geometryCodecs() {
        try {
            return JtsCodecs.all();
        } catch (NoClassDefFoundError e) {
            return List.of();
        }
    }

    /** Both halves of a codec that is taken from its group when it first has a value to convert. */
    private static final class OnFirstUse<T> implements Function<T, Value>, Codec.Decoder<T> {

        private final Class<T> type;
        private final Supplier<List<Codec<?>>> group;
        private volatile @Nullable Codec<T> codec;

        private OnFirstUse(Class<T> type, Supplier<List<Codec<?>>> group) {
            this.type = type;
            this.group = group;
        }

        static <T> Codec<T> codec(Class<T> type, Supplier<List<Codec<?>>> group) {
            OnFirstUse<T> halves = new OnFirstUse<>(type, group);
            return new Codec<>(type, halves, halves);
        }

        @Override
        public Value apply(T value) {
            return codec().encoder().apply(value);
        }

        @Override
        public @Nullable T decode(RowBatch rows, int row, int column, DecentDbType cellType) {
            return codec().decoder().decode(rows, row, column, cellType);
        }

        @SuppressWarnings("unchecked") // the codec of a type converts that type
        private Codec<T> codec() {
            Codec<T> found = codec;
            if (found == null) {
                found = (Codec<T>) group.get().stream()
                        .filter(each -> each.javaType() == type)
                        .findFirst()
                        .orElseThrow();
                codec = found;
            }
            return found;
        }
    }
}
