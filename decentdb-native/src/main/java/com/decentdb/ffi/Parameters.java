package com.decentdb.ffi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;

/**
 * The values bound to {@code $1} to {@code $n} of a statement, each with its tag. Plain data on the Java heap, not
 * thread-safe. Indexes are 0-based; a value that was not set is NULL.
 */
public final class Parameters {

    private static final VarHandle INT = view(int[].class);
    private static final VarHandle LONG = view(long[].class);
    private static final VarHandle DOUBLE = view(double[].class);
    private static final VarHandle BIG_ENDIAN_LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final byte[] NO_BYTES = {};
    private static final int KEPT_BYTES = 1 << 16;

    private int count;
    private byte[] cells;
    private byte[] data = NO_BYTES;
    private int dataSize;

    private Parameters(int count) {
        this.count = count;
        this.cells = new byte[Math.multiplyExact(count, CellLayout.SIZE)];
    }

    /**
     * Creates parameters that are all NULL.
     *
     * @param count how many, 0 or more
     * @return new parameters
     */
    public static Parameters of(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count must not be negative: " + count);
        }
        return new Parameters(count);
    }

    /**
     * Sets all to NULL and changes their number, so that the same object serves one execution after the other.
     *
     * @param newCount how many, 0 or more
     */
    public void reset(int newCount) {
        int size = Math.multiplyExact(newCount, CellLayout.SIZE);
        if (size > cells.length || cells.length > KEPT_BYTES) {
            cells = new byte[size];
        } else {
            Arrays.fill(cells, 0, size, (byte) 0);
        }
        if (data.length > KEPT_BYTES) {
            data = NO_BYTES;
        }
        count = newCount;
        dataSize = 0;
    }

    /**
     * Returns how many parameters there are.
     *
     * @return the count
     */
    public int count() {
        return count;
    }

    /**
     * Returns the tag of a value.
     *
     * @param index 0-based
     * @return the tag, {@link ValueTag#NULL} if the value was not set
     */
    public ValueTag tag(int index) {
        return ValueTag.of(tagCode(index));
    }

    /**
     * Sets NULL.
     *
     * @param index 0-based
     */
    public void setNull(int index) {
        cell(index, ValueTag.NULL);
    }

    /**
     * Sets an integer.
     *
     * @param index 0-based
     * @param value the value
     */
    public void setInt64(int index, long value) {
        LONG.set(cells, cell(index, ValueTag.INT64) + CellLayout.INT64, value);
    }

    /**
     * Sets a double.
     *
     * @param index 0-based
     * @param value the value
     */
    public void setFloat64(int index, double value) {
        DOUBLE.set(cells, cell(index, ValueTag.FLOAT64) + CellLayout.FLOAT64, value);
    }

    /**
     * Sets a truth value.
     *
     * @param index 0-based
     * @param value the value
     */
    public void setBool(int index, boolean value) {
        cells[cell(index, ValueTag.BOOL) + CellLayout.BOOL] = (byte) (value ? 1 : 0);
    }

    /**
     * Sets text, which may contain U+0000.
     *
     * @param index 0-based
     * @param value the value
     * @throws IllegalArgumentException if the text contains an unpaired surrogate
     */
    public void setText(int index, String value) {
        byte[] bytes = Utf8.encode(value, "parameter $" + (index + 1));
        setData(index, ValueTag.TEXT, bytes);
    }

    /**
     * Sets bytes.
     *
     * @param index 0-based
     * @param value the bytes, copied
     */
    public void setBlob(int index, byte[] value) {
        setData(index, ValueTag.BLOB, value);
    }

    /**
     * Sets a decimal, {@code unscaled * 10^-scale}.
     *
     * @param index 0-based
     * @param unscaled the digits
     * @param scale digits behind the point, 0 to 255; the engine may allow fewer
     */
    public void setDecimal(int index, long unscaled, int scale) {
        byte narrow = CellLayout.unsignedByte(scale, "scale");
        int cell = cell(index, ValueTag.DECIMAL);
        LONG.set(cells, cell + CellLayout.DECIMAL_UNSCALED, unscaled);
        cells[cell + CellLayout.DECIMAL_SCALE] = narrow;
    }

    /**
     * Sets a UUID.
     *
     * @param index 0-based
     * @param value the value
     */
    public void setUuid(int index, UUID value) {
        int cell = cell(index, ValueTag.UUID);
        BIG_ENDIAN_LONG.set(cells, cell + CellLayout.UUID, value.getMostSignificantBits());
        BIG_ENDIAN_LONG.set(cells, cell + CellLayout.UUID + Long.BYTES, value.getLeastSignificantBits());
    }

    /**
     * Sets a date and time without a zone.
     *
     * @param index 0-based
     * @param micros microseconds since 1970-01-01T00:00
     */
    public void setTimestamp(int index, long micros) {
        LONG.set(cells, cell(index, ValueTag.TIMESTAMP) + CellLayout.TIMESTAMP, micros);
    }

    /**
     * Sets an instant.
     *
     * @param index 0-based
     * @param micros microseconds since 1970-01-01T00:00Z
     */
    public void setTimestampTz(int index, long micros) {
        LONG.set(cells, cell(index, ValueTag.TIMESTAMPTZ) + CellLayout.TIMESTAMPTZ, micros);
    }

    /**
     * Sets a date.
     *
     * @param index 0-based
     * @param days days since 1970-01-01
     */
    public void setDate(int index, int days) {
        INT.set(cells, cell(index, ValueTag.DATE) + CellLayout.DATE, days);
    }

    /**
     * Sets a time of day.
     *
     * @param index 0-based
     * @param micros microseconds since midnight
     */
    public void setTime(int index, long micros) {
        LONG.set(cells, cell(index, ValueTag.TIME) + CellLayout.TIME, micros);
    }

    /**
     * Sets an interval.
     *
     * @param index 0-based
     * @param months months
     * @param days days
     * @param micros microseconds
     */
    public void setInterval(int index, int months, int days, long micros) {
        int cell = cell(index, ValueTag.INTERVAL);
        INT.set(cells, cell + CellLayout.INTERVAL_MONTHS, months);
        INT.set(cells, cell + CellLayout.INTERVAL_DAYS, days);
        LONG.set(cells, cell + CellLayout.INTERVAL_MICROS, micros);
    }

    /**
     * Sets a label of an enumeration.
     *
     * @param index 0-based
     * @param typeId the enumeration's number, unsigned
     * @param labelId the label's number, unsigned
     */
    public void setEnum(int index, long typeId, long labelId) {
        int cell = cell(index, ValueTag.ENUM);
        LONG.set(cells, cell + CellLayout.ENUM_TYPE, typeId);
        LONG.set(cells, cell + CellLayout.ENUM_LABEL, labelId);
    }

    /**
     * Sets an IP address.
     *
     * @param index 0-based
     * @param address 4 or 16 bytes in network order
     */
    public void setIpAddr(int index, byte[] address) {
        int family = CellLayout.addressFamily(address);
        setAddress(cell(index, ValueTag.IPADDR), family, address);
    }

    /**
     * Sets an IP network.
     *
     * @param index 0-based
     * @param address 4 or 16 bytes in network order
     * @param prefixLength leading bits that name the network, at most 32 or 128
     */
    public void setCidr(int index, byte[] address, int prefixLength) {
        int family = CellLayout.addressFamily(address);
        if (prefixLength < 0 || prefixLength > address.length * Byte.SIZE) {
            throw new IllegalArgumentException(
                    "prefix length must be from 0 to " + address.length * Byte.SIZE + ": " + prefixLength);
        }
        int cell = cell(index, ValueTag.CIDR);
        setAddress(cell, family, address);
        cells[cell + CellLayout.PREFIX_LENGTH] = (byte) prefixLength;
    }

    /**
     * Sets a MAC address.
     *
     * @param index 0-based
     * @param address 6 or 8 bytes
     */
    public void setMacAddr(int index, byte[] address) {
        if (address.length != 6 && address.length != 8) {
            throw new IllegalArgumentException("a MAC address has 6 or 8 bytes, not " + address.length);
        }
        setAddress(cell(index, ValueTag.MACADDR), address.length, address);
    }

    /**
     * Sets a planar geometry.
     *
     * @param index 0-based
     * @param wkb WKB or EWKB, copied
     */
    public void setGeometry(int index, byte[] wkb) {
        setData(index, ValueTag.GEOMETRY, wkb);
    }

    /**
     * Sets a geometry on the WGS 84 spheroid.
     *
     * @param index 0-based
     * @param wkb WKB or EWKB, copied
     */
    public void setGeography(int index, byte[] wkb) {
        setData(index, ValueTag.GEOGRAPHY, wkb);
    }

    int tagCode(int index) {
        return (int) INT.get(cells, Objects.checkIndex(index, count) * CellLayout.SIZE);
    }

    /** The number in a field of a value, by the field's offset in {@link CellLayout}. */
    long longAt(int index, int field) {
        return (long) LONG.get(cells, index * CellLayout.SIZE + field);
    }

    double doubleAt(int index, int field) {
        return (double) DOUBLE.get(cells, index * CellLayout.SIZE + field);
    }

    byte byteAt(int index, int field) {
        return cells[index * CellLayout.SIZE + field];
    }

    /** Copies the 16 bytes of a UUID to the start of {@code target}. */
    void copyUuid(int index, ByteBuffer target) {
        target.put(0, cells, index * CellLayout.SIZE + CellLayout.UUID, 2 * Long.BYTES);
    }

    /** The length of a text or byte array, in bytes. */
    int dataLength(int index) {
        return (int) Objects.checkIndex(longAt(index, CellLayout.LENGTH), dataSize + 1L);
    }

    /**
     * Copies a text or byte array to the start of {@code target}. The caller passes the length it read before and gives
     * native code the same one, so that a racing change of this object cannot make native code read beyond the copy.
     */
    void copyData(int index, int length, ByteBuffer target) {
        target.put(0, data, (int) longAt(index, CellLayout.DATA), length);
    }

    int encodedSize() {
        return Math.addExact(count * CellLayout.SIZE, dataSize);
    }

    /**
     * Writes the values to the start of {@code target}, which lies at {@code address}, and their data behind them. It
     * checks every place in the written copy, so that a racing change of this object cannot mislead native code.
     */
    void encode(ByteBuffer target, long address) {
        int size = dataSize;
        int end = count * CellLayout.SIZE;
        target.put(0, cells, 0, end);
        target.put(end, data, 0, size);
        for (int cell = 0; cell < end; cell += CellLayout.SIZE) {
            if (CellLayout.pointsToData(target.getInt(cell + CellLayout.TAG))) {
                long offset = target.getLong(cell + CellLayout.DATA);
                Objects.checkFromIndexSize(offset, target.getLong(cell + CellLayout.LENGTH), (long) size);
                target.putLong(cell + CellLayout.DATA, address + end + offset);
            }
        }
    }

    private int cell(int index, ValueTag tag) {
        int cell = Objects.checkIndex(index, count) * CellLayout.SIZE;
        if (tagCode(index) != 0) {
            Arrays.fill(cells, cell, cell + CellLayout.SIZE, (byte) 0);
        }
        INT.set(cells, cell + CellLayout.TAG, tag.code());
        return cell;
    }

    private void setData(int index, ValueTag tag, byte[] source) {
        int length = source.length;
        int cell = cell(index, tag);
        int offset = dataSize;
        int size = Math.addExact(offset, length);
        if (size > data.length) {
            data = Arrays.copyOf(data, Math.max(size, (int) Math.min(2L * data.length, Integer.MAX_VALUE - 8)));
        }
        dataSize = size;
        LONG.set(cells, cell + CellLayout.DATA, (long) offset);
        LONG.set(cells, cell + CellLayout.LENGTH, (long) length);
        System.arraycopy(source, 0, data, offset, length);
    }

    private void setAddress(int cell, int family, byte[] address) {
        cells[cell + CellLayout.ADDRESS_FAMILY] = (byte) family;
        System.arraycopy(address, 0, cells, cell + CellLayout.ADDRESS, address.length);
    }

    private static VarHandle view(Class<?> type) {
        return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.nativeOrder());
    }
}
