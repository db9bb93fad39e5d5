package com.decentdb.r2dbc.codec;

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
    NULL(Object.class),
    INT64(Long.class),
    FLOAT64(Double.class),
    BOOL(Boolean.class),
    TEXT(String.class),
    BLOB(ByteBuffer.class),
    DECIMAL(BigDecimal.class),
    UUID(UUID.class),
    TIMESTAMP(LocalDateTime.class),
    GEOMETRY(ByteBuffer.class),
    GEOGRAPHY(ByteBuffer.class),
    ENUM(EnumValue.class),
    IPADDR(InetAddress.class),
    CIDR(Cidr.class),
    DATE(LocalDate.class),
    TIME(LocalTime.class),
    TIMESTAMPTZ(OffsetDateTime.class),
    INTERVAL(Interval.class),
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

    /** The R2DBC type of the same meaning, or this type itself where R2DBC has none. */
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

    /** The type of a value with this tag. */
    public static DecentDbType ofTag(int tag) {
        if (tag < 0 || tag >= BY_TAG.length) {
            throw new IllegalArgumentException(
                    "The engine returned a value with the unknown tag " + tag + "; a newer driver may know it");
        }
        return BY_TAG[tag];
    }

    /** The type with this name as engines spell it in their metadata, or {@link #NULL} if it is unknown. */
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
