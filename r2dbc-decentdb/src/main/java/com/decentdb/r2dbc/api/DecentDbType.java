package com.decentdb.r2dbc.api;

import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Type;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.UUID;

/** The types a DecentDB value can have, in the order of their tags; each names the Java type it is read as by default. */
public enum DecentDbType implements Type {
    /** No value, or a type the engine does not report. */
    NULL(Object.class),
    /** {@code INTEGER}, {@code BIGINT} and the like: 64 bits, signed. */
    INT64(Long.class),
    /** {@code REAL}, {@code DOUBLE PRECISION}. */
    FLOAT64(Double.class),
    /** {@code BOOLEAN}. */
    BOOL(Boolean.class),
    /** {@code TEXT}, {@code VARCHAR}, {@code CHAR}. */
    TEXT(String.class),
    /** {@code BLOB}, {@code BYTEA}. */
    BLOB(ByteBuffer.class),
    /** {@code DECIMAL}, {@code NUMERIC}: exact, up to 18 digits, up to 18 of them behind the point. */
    DECIMAL(BigDecimal.class),
    /** {@code UUID}. */
    UUID(UUID.class),
    /** {@code TIMESTAMP}: date and time of day without zone, in microseconds; dates as of {@link #DATE}. */
    TIMESTAMP(LocalDateTime.class),
    /** {@code GEOMETRY}, as EWKB. To bind EWKB or WKB use {@code Parameters.in(DecentDbType.GEOMETRY, bytes)}. */
    GEOMETRY(ByteBuffer.class),
    /** {@code GEOGRAPHY}, as EWKB. To bind EWKB or WKB use {@code Parameters.in(DecentDbType.GEOGRAPHY, bytes)}. */
    GEOGRAPHY(ByteBuffer.class),
    /** {@code ENUM(..)}, as the label; an {@link EnumValue} where the schema has no labels. */
    ENUM(String.class),
    /** {@code INET}, {@code IPADDR}. */
    IPADDR(InetAddress.class),
    /** {@code CIDR}. */
    CIDR(Cidr.class),
    /** {@code DATE}: from -4712-01-01 to 294247-01-09. */
    DATE(LocalDate.class),
    /** {@code TIME}: time of day in microseconds. */
    TIME(LocalTime.class),
    /** {@code TIMESTAMPTZ}: an instant in microseconds. */
    TIMESTAMPTZ(OffsetDateTime.class),
    /** {@code INTERVAL}: months, days and microseconds. */
    INTERVAL(Interval.class),
    /** {@code MACADDR}, {@code MACADDR8}. */
    MACADDR(MacAddress.class);

    private static final DecentDbType[] BY_TAG = values();

    private final Class<?> javaType;

    DecentDbType(Class<?> javaType) {
        this.javaType = javaType;
    }

    @Override
    public Class<?> getJavaType() {
        return javaType;
    }

    @Override
    public String getName() {
        return name();
    }

    /**
     * The type of R2DBC for this one.
     *
     * @return the R2DBC type of the same meaning, or this type itself where R2DBC has none
     */
    public Type toR2dbcType() {
        return switch (this) {
            case INT64 -> R2dbcType.BIGINT;
            case FLOAT64 -> R2dbcType.DOUBLE;
            case BOOL -> R2dbcType.BOOLEAN;
            case TEXT -> R2dbcType.VARCHAR;
            case BLOB -> R2dbcType.VARBINARY;
            case DECIMAL -> R2dbcType.DECIMAL;
            case TIMESTAMP -> R2dbcType.TIMESTAMP;
            case TIMESTAMPTZ -> R2dbcType.TIMESTAMP_WITH_TIME_ZONE;
            case DATE -> R2dbcType.DATE;
            case TIME -> R2dbcType.TIME;
            default -> this;
        };
    }

    /**
     * The type of a value with this tag.
     *
     * @param tag the tag of the C interface
     * @return the type
     */
    public static DecentDbType ofTag(int tag) {
        if (tag < 0 || tag >= BY_TAG.length) {
            throw new IllegalArgumentException(
                    "The engine returned a value with the unknown tag " + tag + "; a newer driver may know it");
        }
        return BY_TAG[tag];
    }

    /**
     * The type with this name as engines spell it in their metadata.
     *
     * @param name the name, in any case
     * @return the type, or {@link #NULL} if the name is unknown
     */
    public static DecentDbType ofName(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        for (DecentDbType type : BY_TAG) {
            if (type.name().equals(upper)) {
                return type;
            }
        }
        return NULL;
    }
}
