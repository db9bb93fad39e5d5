package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EnumValue;
import com.decentdb.r2dbc.api.Interval;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Some rows of a result, copied out of the engine. Immutable, usable on any thread. An accessor may only be called for a
 * cell of its type.
 */
public interface RowBatch {

    int rows();

    int columns();

    DecentDbType type(int row, int column);

    boolean isNull(int row, int column);

    long int64(int row, int column);

    double float64(int row, int column);

    boolean bool(int row, int column);

    String text(int row, int column);

    /** The bytes of a BLOB, GEOMETRY or GEOGRAPHY cell; the caller's own copy. */
    byte[] bytes(int row, int column);

    long decimalUnscaled(int row, int column);

    int decimalScale(int row, int column);

    UUID uuid(int row, int column);

    /** Microseconds since the epoch of a TIMESTAMP (as if UTC) or TIMESTAMPTZ cell. */
    long micros(int row, int column);

    int dateDays(int row, int column);

    long timeMicros(int row, int column);

    Interval interval(int row, int column);

    EnumValue enumValue(int row, int column);

    /** The label of an ENUM cell, null if the schema does not have it. */
    @Nullable
    String enumLabel(int row, int column);

    /** The address bytes of an IPADDR, CIDR or MACADDR cell. */
    byte[] address(int row, int column);

    int prefixLength(int row, int column);
}
