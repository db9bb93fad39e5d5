package com.decentdb.r2dbc.spring;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EnumValue;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.codec.Value;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A value as the only cell of a result, to be read as rows are; it has any type but ENUM, GEOMETRY and GEOGRAPHY. */
record ValueCell(Value value) implements RowBatch {

    private static final Map<Class<? extends Value>, DecentDbType> TYPES = Map.ofEntries(
            Map.entry(Value.Int64.class, DecentDbType.INT64),
            Map.entry(Value.Float64.class, DecentDbType.FLOAT64),
            Map.entry(Value.Bool.class, DecentDbType.BOOL),
            Map.entry(Value.Text.class, DecentDbType.TEXT),
            Map.entry(Value.Blob.class, DecentDbType.BLOB),
            Map.entry(Value.Decimal.class, DecentDbType.DECIMAL),
            Map.entry(Value.Uuid.class, DecentDbType.UUID),
            Map.entry(Value.Timestamp.class, DecentDbType.TIMESTAMP),
            Map.entry(Value.TimestampTz.class, DecentDbType.TIMESTAMPTZ),
            Map.entry(Value.Date.class, DecentDbType.DATE),
            Map.entry(Value.Time.class, DecentDbType.TIME),
            Map.entry(Value.Span.class, DecentDbType.INTERVAL),
            Map.entry(Value.IpAddress.class, DecentDbType.IPADDR),
            Map.entry(Value.Network.class, DecentDbType.CIDR),
            Map.entry(Value.Mac.class, DecentDbType.MACADDR));

    @Override
    public int rows() {
        return 1;
    }

    @Override
    public int columns() {
        return 1;
    }

    @Override
    public DecentDbType type(int row, int column) {
        return TYPES.getOrDefault(value.getClass(), DecentDbType.NULL);
    }

    @Override
    public boolean isNull(int row, int column) {
        return value instanceof Value.Null;
    }

    @Override
    public long int64(int row, int column) {
        return ((Value.Int64) value).value();
    }

    @Override
    public double float64(int row, int column) {
        return ((Value.Float64) value).value();
    }

    @Override
    public boolean bool(int row, int column) {
        return ((Value.Bool) value).value();
    }

    @Override
    public String text(int row, int column) {
        return ((Value.Text) value).value();
    }

    @Override
    public byte[] bytes(int row, int column) {
        return ((Value.Blob) value).value().clone();
    }

    @Override
    public long decimalUnscaled(int row, int column) {
        return ((Value.Decimal) value).unscaled();
    }

    @Override
    public int decimalScale(int row, int column) {
        return ((Value.Decimal) value).scale();
    }

    @Override
    public UUID uuid(int row, int column) {
        return ((Value.Uuid) value).value();
    }

    @Override
    public long micros(int row, int column) {
        return value instanceof Value.Timestamp local ? local.micros() : ((Value.TimestampTz) value).micros();
    }

    @Override
    public int dateDays(int row, int column) {
        return ((Value.Date) value).days();
    }

    @Override
    public long timeMicros(int row, int column) {
        return ((Value.Time) value).micros();
    }

    @Override
    public Interval interval(int row, int column) {
        Value.Span span = (Value.Span) value;
        return new Interval(span.months(), span.days(), span.micros());
    }

    @Override
    public EnumValue enumValue(int row, int column) {
        throw new IllegalStateException("No value by itself is of an ENUM type");
    }

    @Override
    public @Nullable String enumLabel(int row, int column) {
        return null;
    }

    @Override
    public byte[] address(int row, int column) {
        if (value instanceof Value.IpAddress ip) {
            return ip.address();
        }
        return value instanceof Value.Network network ? network.address() : ((Value.Mac) value).address();
    }

    @Override
    public int prefixLength(int row, int column) {
        return ((Value.Network) value).prefixLength();
    }
}
