package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.RowBlock;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EnumValue;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.codec.RowBatch;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A block of rows of the embedded engine, with the labels its ENUM cells may have. */
record NativeRows(RowBlock block, EnumLabels labels) implements RowBatch {

    @Override
    public int rows() {
        return block.rows();
    }

    @Override
    public int columns() {
        return block.columns();
    }

    @Override
    public DecentDbType type(int row, int column) {
        return DecentDbType.ofTag(block.tag(row, column).code());
    }

    @Override
    public boolean isNull(int row, int column) {
        return block.isNull(row, column);
    }

    @Override
    public long int64(int row, int column) {
        return block.int64(row, column);
    }

    @Override
    public double float64(int row, int column) {
        return block.float64(row, column);
    }

    @Override
    public boolean bool(int row, int column) {
        return block.bool(row, column);
    }

    @Override
    public String text(int row, int column) {
        return block.text(row, column);
    }

    @Override
    public byte[] bytes(int row, int column) {
        return block.bytes(row, column);
    }

    @Override
    public long decimalUnscaled(int row, int column) {
        return block.decimalUnscaled(row, column);
    }

    @Override
    public int decimalScale(int row, int column) {
        return block.decimalScale(row, column);
    }

    @Override
    public UUID uuid(int row, int column) {
        return block.uuid(row, column);
    }

    @Override
    public long micros(int row, int column) {
        return type(row, column) == DecentDbType.TIMESTAMPTZ
                ? block.timestampTzMicros(row, column)
                : block.timestampMicros(row, column);
    }

    @Override
    public int dateDays(int row, int column) {
        return block.dateDays(row, column);
    }

    @Override
    public long timeMicros(int row, int column) {
        return block.timeMicros(row, column);
    }

    @Override
    public Interval interval(int row, int column) {
        return new Interval(
                block.intervalMonths(row, column), block.intervalDays(row, column), block.intervalMicros(row, column));
    }

    @Override
    public EnumValue enumValue(int row, int column) {
        return new EnumValue(block.enumTypeId(row, column), block.enumLabelId(row, column));
    }

    @Override
    public @Nullable String enumLabel(int row, int column) {
        return labels.find(block.enumTypeId(row, column), block.enumLabelId(row, column));
    }

    @Override
    public byte[] address(int row, int column) {
        return type(row, column) == DecentDbType.MACADDR ? block.macAddress(row, column) : block.ipAddress(row, column);
    }

    @Override
    public int prefixLength(int row, int column) {
        return block.cidrPrefixLength(row, column);
    }
}
