package com.decentdb.r2dbc.spring;

import static java.util.Objects.requireNonNull;

import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.EnumValue;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.api.MacAddress;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import java.lang.invoke.MethodType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.PrecisionModel;
import org.reactivestreams.Publisher;
import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Table;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Values of every Java type that goes into a column, and an entity of one property for each type. */
final class JavaValues {

    /** The Java type of a record's property {@code v}, and some of its values. */
    record Kind(Class<?> entity, List<?> values) {

        Class<?> type() {
            return entity.getRecordComponents()[1].getType();
        }

        /** As the README has it. */
        String name() {
            Class<?> type = type();
            return type.isEnum()
                    ? "enum"
                    : MethodType.methodType(type).wrap().returnType().getSimpleName();
        }

        Object entityOf(Object value) throws ReflectiveOperationException {
            return entity.getDeclaredConstructors()[0].newInstance(null, value);
        }

        Object propertyOf(Object entity) throws ReflectiveOperationException {
            return entity.getClass().getDeclaredMethod("v").invoke(entity);
        }
    }

    private static final LocalDate DAY = LocalDate.of(2024, 7, 1);

    /** There is no such time in New York, where clocks were put forward. */
    private static final LocalDateTime GAP = LocalDateTime.of(2024, 3, 10, 2, 30);

    private static final Instant INSTANT = Instant.parse("2024-07-01T12:00:00.123456Z");

    private static final UUID ID = UUID.fromString("00000000-0000-0001-0000-00000000000a");

    /** The text that PostgreSQL writes for some value of each type, as well as text that no other type has. */
    private static final List<String> TEXTS = List.of(
            "hello",
            "7",
            "1.5",
            "1e+20",
            "true",
            ID.toString(),
            "2024-07-01",
            "02:30:00.5",
            "2024-03-10 02:30:00",
            "2024-03-10 02:30:00.5+00",
            "1 year 2 mons 3 days 04:05:06.5",
            "10.0.0.1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "10.0.0.0/8",
            "08:00:2b:01:02:03",
            "RED",
            "\\x00ff");

    private static final InetAddress ADDRESS = Cidr.parse("10.0.0.1/32").address();

    private static final byte[] BYTES = {0, -1};

    private static final byte[] SIXTEEN_BYTES =
            ByteBuffer.allocate(16).putLong(1).putLong(10).array();

    enum Color {
        RED,
        BLUE
    }

    private JavaValues() {}

    static List<Kind> all() {
        return List.of(
                kind(OfLong.class, 0L, 1L, 20_240_701L, 1_719_835_200_000L),
                kind(OfInt.class, 0, 1, 20_240_701),
                kind(OfShort.class, (short) 7),
                kind(OfByte.class, (byte) 7),
                kind(OfBigInteger.class, BigInteger.valueOf(7)),
                kind(OfBigDecimal.class, new BigDecimal("12.50"), BigDecimal.TEN),
                kind(OfDouble.class, 1.5, 3.0, 1e17),
                kind(OfFloat.class, 1.5f, 0.1f, 3f),
                kind(OfBoolean.class, true, false),
                new Kind(OfString.class, TEXTS),
                new Kind(OfCharSequence.class, TEXTS),
                kind(OfCharacter.class, 'x', '7'),
                new Kind(OfClob.class, TEXTS.stream().map(JavaValues::clob).toList()),
                kind(OfEnum.class, Color.RED),
                kind(OfUuid.class, ID),
                kind(OfBytes.class, BYTES, SIXTEEN_BYTES),
                kind(OfByteBuffer.class, ByteBuffer.wrap(BYTES), ByteBuffer.wrap(SIXTEEN_BYTES)),
                kind(OfBlob.class, blob(BYTES), blob(SIXTEEN_BYTES)),
                kind(OfLocalDate.class, DAY),
                kind(OfLocalTime.class, LocalTime.of(2, 30)),
                kind(OfLocalDateTime.class, DAY.atStartOfDay(), GAP),
                kind(OfInstant.class, INSTANT),
                kind(OfOffset.class, INSTANT.atOffset(ZoneOffset.ofHours(2))),
                kind(OfZoned.class, INSTANT.atZone(ZoneId.of("Asia/Kolkata"))),
                kind(OfInterval.class, new Interval(14, 3, 4_500_000)),
                kind(OfPeriod.class, Period.of(1, 2, 3)),
                kind(OfDuration.class, Duration.ofMillis(90_500)),
                kind(OfInet.class, ADDRESS, Cidr.parse("2001:db8::1/128").address()),
                kind(OfCidr.class, Cidr.parse("10.0.0.0/8"), Cidr.of(ADDRESS, 32)),
                kind(OfMac.class, MacAddress.parse("08:00:2b:01:02:03")),
                kind(OfEnumValue.class, new EnumValue(0, 0)),
                kind(OfGeometry.class, point(0), point(4326)),
                kind(OfDate.class, Date.from(INSTANT)));
    }

    private static Kind kind(Class<?> entity, Object... values) {
        return new Kind(entity, List.of(values));
    }

    /** A form of a value that equals another's if the two mean the same: large objects as their content, moments as instants. */
    static Object comparable(Object value) {
        if (value instanceof BigDecimal number) {
            return number.stripTrailingZeros();
        } else if (value instanceof OffsetDateTime moment) {
            return moment.toInstant();
        } else if (value instanceof ZonedDateTime moment) {
            return moment.toInstant();
        } else if (value instanceof byte[] bytes) {
            return ByteBuffer.wrap(bytes);
        } else if (value instanceof Blob blob) {
            return requireNonNull(Mono.from(blob.stream()).block());
        } else if (value instanceof Clob clob) {
            return requireNonNull(Flux.from(clob.stream())
                    .collect(StringBuilder::new, StringBuilder::append)
                    .map(StringBuilder::toString)
                    .block());
        }
        return value;
    }

    private static Geometry point(int referenceSystem) {
        return new GeometryFactory(new PrecisionModel(), referenceSystem).createPoint(new Coordinate(1, 2));
    }

    /** Large objects that may be consumed more than once, unlike those of the SPI. */
    private static Blob blob(byte[] bytes) {
        return new Blob() {
            @Override
            public Publisher<ByteBuffer> stream() {
                return Mono.fromSupplier(() -> ByteBuffer.wrap(bytes));
            }

            @Override
            public Publisher<Void> discard() {
                return Mono.empty();
            }
        };
    }

    private static Clob clob(String text) {
        return new Clob() {
            @Override
            public Publisher<CharSequence> stream() {
                return Mono.just(text);
            }

            @Override
            public Publisher<Void> discard() {
                return Mono.empty();
            }
        };
    }

    @Table("cell")
    record OfLong(@Id @Nullable Long id, long v) {}

    @Table("cell")
    record OfInt(@Id @Nullable Long id, int v) {}

    @Table("cell")
    record OfShort(@Id @Nullable Long id, short v) {}

    @Table("cell")
    record OfByte(@Id @Nullable Long id, byte v) {}

    @Table("cell")
    record OfBigInteger(@Id @Nullable Long id, BigInteger v) {}

    @Table("cell")
    record OfBigDecimal(@Id @Nullable Long id, BigDecimal v) {}

    @Table("cell")
    record OfDouble(@Id @Nullable Long id, double v) {}

    @Table("cell")
    record OfFloat(@Id @Nullable Long id, float v) {}

    @Table("cell")
    record OfBoolean(@Id @Nullable Long id, boolean v) {}

    @Table("cell")
    record OfString(@Id @Nullable Long id, String v) {}

    @Table("cell")
    record OfCharSequence(@Id @Nullable Long id, CharSequence v) {}

    @Table("cell")
    record OfCharacter(@Id @Nullable Long id, char v) {}

    @Table("cell")
    record OfClob(@Id @Nullable Long id, Clob v) {}

    @Table("cell")
    record OfEnum(@Id @Nullable Long id, Color v) {}

    @Table("cell")
    record OfUuid(@Id @Nullable Long id, UUID v) {}

    @SuppressWarnings("ArrayRecordComponent") // what applications write
    @Table("cell")
    record OfBytes(@Id @Nullable Long id, byte[] v) {}

    @Table("cell")
    record OfByteBuffer(@Id @Nullable Long id, ByteBuffer v) {}

    @Table("cell")
    record OfBlob(@Id @Nullable Long id, Blob v) {}

    @Table("cell")
    record OfLocalDate(@Id @Nullable Long id, LocalDate v) {}

    @Table("cell")
    record OfLocalTime(@Id @Nullable Long id, LocalTime v) {}

    @Table("cell")
    record OfLocalDateTime(@Id @Nullable Long id, LocalDateTime v) {}

    @Table("cell")
    record OfInstant(@Id @Nullable Long id, Instant v) {}

    @Table("cell")
    record OfOffset(@Id @Nullable Long id, OffsetDateTime v) {}

    @Table("cell")
    record OfZoned(@Id @Nullable Long id, ZonedDateTime v) {}

    @Table("cell")
    record OfInterval(@Id @Nullable Long id, Interval v) {}

    @Table("cell")
    record OfPeriod(@Id @Nullable Long id, Period v) {}

    @Table("cell")
    record OfDuration(@Id @Nullable Long id, Duration v) {}

    @Table("cell")
    record OfInet(@Id @Nullable Long id, InetAddress v) {}

    @Table("cell")
    record OfCidr(@Id @Nullable Long id, Cidr v) {}

    @Table("cell")
    record OfMac(@Id @Nullable Long id, MacAddress v) {}

    @Table("cell")
    record OfEnumValue(@Id @Nullable Long id, EnumValue v) {}

    @Table("cell")
    record OfGeometry(@Id @Nullable Long id, Geometry v) {}

    @Table("cell")
    record OfDate(@Id @Nullable Long id, Date v) {}
}
