package com.decentdb.ffi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;

/**
 * Rows copied out of native memory. Immutable, safe on any thread, valid for as long as it is referenced. Rows and
 * columns are 0-based. A method that reads a value as a type it does not have fails with {@link IllegalStateException};
 * it converts nothing.
 */
public final class RowBlock {

    // A head holds the tag, then a decimal's scale, an address family or a MAC address's length, then a prefix length.
    static final int EXTRA_SHIFT = 8;
    static final int PREFIX_SHIFT = 16;
    private static final int BYTE_MASK = 0xFF;

    private final int rows;
    private final int columns;
    private final int[] heads;
    private final long[] words;
    private final byte[] data;

    RowBlock(int rows, int columns, int[] heads, long[] words, byte[] data) {
        this.rows = rows;
        this.columns = columns;
        this.heads = heads;
        this.words = words;
        this.data = data;
    }

    /**
     * Returns how many rows there are.
     *
     * @return the number of rows, 0 at the end of a result
     */
    public int rows() {
        return rows;
    }

    /**
     * Returns how many columns each row has.
     *
     * @return the number of columns, 0 for a statement without a result
     */
    public int columns() {
        return columns;
    }

    /**
     * Returns the tag of a value.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the tag
     */
    public ValueTag tag(int row, int column) {
        return ValueTag.of(heads[cell(row, column)] & BYTE_MASK);
    }

    /**
     * Returns whether a value is NULL.
     *
     * @param row 0-based
     * @param column 0-based
     * @return {@code true} for NULL
     */
    public boolean isNull(int row, int column) {
        return (heads[cell(row, column)] & BYTE_MASK) == 0;
    }

    /**
     * Returns an INT64.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the value
     */
    public long int64(int row, int column) {
        return words[word(row, column, ValueTag.INT64)];
    }

    /**
     * Returns a FLOAT64.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the value
     */
    public double float64(int row, int column) {
        return Double.longBitsToDouble(words[word(row, column, ValueTag.FLOAT64)]);
    }

    /**
     * Returns a BOOL.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the value
     */
    public boolean bool(int row, int column) {
        return words[word(row, column, ValueTag.BOOL)] != 0;
    }

    /**
     * Returns a TEXT.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the value
     */
    public String text(int row, int column) {
        int word = word(row, column, ValueTag.TEXT);
        return new String(data, (int) words[word], (int) words[word + 1], StandardCharsets.UTF_8);
    }

    /**
     * Returns a BLOB, or a GEOMETRY or GEOGRAPHY as EWKB.
     *
     * @param row 0-based
     * @param column 0-based
     * @return a new array
     */
    public byte[] bytes(int row, int column) {
        ValueTag tag = tag(row, column);
        if (tag != ValueTag.GEOMETRY && tag != ValueTag.GEOGRAPHY) {
            tag = ValueTag.BLOB;
        }
        int word = word(row, column, tag);
        int from = (int) words[word];
        return Arrays.copyOfRange(data, from, from + (int) words[word + 1]);
    }

    /**
     * Returns the digits of a DECIMAL.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the unscaled value
     */
    public long decimalUnscaled(int row, int column) {
        return words[word(row, column, ValueTag.DECIMAL)];
    }

    /**
     * Returns how many digits of a DECIMAL are behind the point.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the scale, 0 to 255
     */
    public int decimalScale(int row, int column) {
        return heads[word(row, column, ValueTag.DECIMAL) / 2] >>> EXTRA_SHIFT;
    }

    /**
     * Returns a UUID.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the value
     */
    public UUID uuid(int row, int column) {
        int word = word(row, column, ValueTag.UUID);
        return new UUID(words[word], words[word + 1]);
    }

    /**
     * Returns a TIMESTAMP.
     *
     * @param row 0-based
     * @param column 0-based
     * @return microseconds since 1970-01-01T00:00, of no zone
     */
    public long timestampMicros(int row, int column) {
        return words[word(row, column, ValueTag.TIMESTAMP)];
    }

    /**
     * Returns a DATE.
     *
     * @param row 0-based
     * @param column 0-based
     * @return days since 1970-01-01
     */
    public int dateDays(int row, int column) {
        return (int) words[word(row, column, ValueTag.DATE)];
    }

    /**
     * Returns a TIME.
     *
     * @param row 0-based
     * @param column 0-based
     * @return microseconds since midnight
     */
    public long timeMicros(int row, int column) {
        return words[word(row, column, ValueTag.TIME)];
    }

    /**
     * Returns a TIMESTAMPTZ.
     *
     * @param row 0-based
     * @param column 0-based
     * @return microseconds since 1970-01-01T00:00Z
     */
    public long timestampTzMicros(int row, int column) {
        return words[word(row, column, ValueTag.TIMESTAMPTZ)];
    }

    /**
     * Returns the months of an INTERVAL.
     *
     * @param row 0-based
     * @param column 0-based
     * @return months
     */
    public int intervalMonths(int row, int column) {
        return (int) (words[word(row, column, ValueTag.INTERVAL)] >> Integer.SIZE);
    }

    /**
     * Returns the days of an INTERVAL.
     *
     * @param row 0-based
     * @param column 0-based
     * @return days
     */
    public int intervalDays(int row, int column) {
        return (int) words[word(row, column, ValueTag.INTERVAL)];
    }

    /**
     * Returns the microseconds of an INTERVAL.
     *
     * @param row 0-based
     * @param column 0-based
     * @return microseconds
     */
    public long intervalMicros(int row, int column) {
        return words[word(row, column, ValueTag.INTERVAL) + 1];
    }

    /**
     * Returns the number of an ENUM's type.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the type, unsigned
     */
    public long enumTypeId(int row, int column) {
        return words[word(row, column, ValueTag.ENUM)];
    }

    /**
     * Returns the number of an ENUM's label.
     *
     * @param row 0-based
     * @param column 0-based
     * @return the label's 0-based place in the declaration, unsigned
     */
    public long enumLabelId(int row, int column) {
        return words[word(row, column, ValueTag.ENUM) + 1];
    }

    /**
     * Returns the address of an IPADDR or CIDR.
     *
     * @param row 0-based
     * @param column 0-based
     * @return a new array of 4 or 16 bytes in network order
     */
    public byte[] ipAddress(int row, int column) {
        ValueTag tag = tag(row, column) == ValueTag.CIDR ? ValueTag.CIDR : ValueTag.IPADDR;
        int word = word(row, column, tag);
        int family = heads[word / 2] >>> EXTRA_SHIFT & BYTE_MASK;
        return leadingBytes(word, family == 4 ? 4 : 16);
    }

    /**
     * Returns the prefix length of a CIDR.
     *
     * @param row 0-based
     * @param column 0-based
     * @return leading bits that name the network, 0 to 32 or 128
     */
    public int cidrPrefixLength(int row, int column) {
        return heads[word(row, column, ValueTag.CIDR) / 2] >>> PREFIX_SHIFT & BYTE_MASK;
    }

    /**
     * Returns a MACADDR.
     *
     * @param row 0-based
     * @param column 0-based
     * @return a new array of 6 or 8 bytes
     */
    public byte[] macAddress(int row, int column) {
        int word = word(row, column, ValueTag.MACADDR);
        return leadingBytes(word, (heads[word / 2] >>> EXTRA_SHIFT & BYTE_MASK) == 6 ? 6 : 8);
    }

    private byte[] leadingBytes(int word, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            long half = words[word + i / Long.BYTES];
            bytes[i] = (byte) (half >>> (Long.SIZE - Byte.SIZE * (i % Long.BYTES + 1)));
        }
        return bytes;
    }

    private int cell(int row, int column) {
        return Objects.checkIndex(row, rows) * columns + Objects.checkIndex(column, columns);
    }

    private int word(int row, int column, ValueTag expected) {
        int cell = cell(row, column);
        int tag = heads[cell] & BYTE_MASK;
        if (tag != expected.code()) {
            throw new IllegalStateException(
                    "row " + row + ", column " + column + " holds " + ValueTag.of(tag) + ", not " + expected);
        }
        return 2 * cell;
    }
}
