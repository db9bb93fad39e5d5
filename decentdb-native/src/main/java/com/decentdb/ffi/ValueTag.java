package com.decentdb.ffi;

/** The type of one value, as the engine tags it. */
public enum ValueTag {
    /** SQL NULL, of no type. */
    NULL,
    /** A signed 64-bit integer; every SQL integer type. */
    INT64,
    /** An IEEE 754 double. */
    FLOAT64,
    /** A truth value. */
    BOOL,
    /** Text; may contain U+0000. */
    TEXT,
    /** Bytes. */
    BLOB,
    /** A decimal: a 64-bit unscaled value and a scale. */
    DECIMAL,
    /** A UUID. */
    UUID,
    /** A date and time without a zone: microseconds since 1970-01-01T00:00. */
    TIMESTAMP,
    /** A planar geometry as EWKB. */
    GEOMETRY,
    /** A geometry on the WGS 84 spheroid as EWKB. */
    GEOGRAPHY,
    /** A label of an enumeration: the type's and the label's number. */
    ENUM,
    /** An IPv4 or IPv6 address. */
    IPADDR,
    /** An IPv4 or IPv6 network. */
    CIDR,
    /** A date: days since 1970-01-01. */
    DATE,
    /** A time of day: microseconds since midnight. */
    TIME,
    /** An instant: microseconds since 1970-01-01T00:00Z. */
    TIMESTAMPTZ,
    /** An interval of months, days and microseconds, each with its own sign. */
    INTERVAL,
    /** A MAC address of 6 or 8 bytes. */
    MACADDR;

    private static final ValueTag[] BY_CODE = values();

    /**
     * Returns the number the C ABI uses for this tag.
     *
     * @return the code, 0 to 18
     */
    @SuppressWarnings("EnumOrdinal") // The C ABI numbers the constants in this order.
    public int code() {
        return ordinal();
    }

    /**
     * Returns the tag for a code.
     *
     * @param code a number from 0 to 18
     * @return the tag
     * @throws IllegalArgumentException if there is no such tag
     */
    public static ValueTag of(int code) {
        if (code < 0 || code >= BY_CODE.length) {
            throw new IllegalArgumentException("unknown value tag " + code);
        }
        return BY_CODE[code];
    }
}
