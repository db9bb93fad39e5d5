package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;

/**
 * Copies native values of 168 bytes into a {@link RowBlock}: 20 bytes for each, and the text or bytes it points to. May be used
 * for one block after the other, and keeps nothing of a finished one.
 */
final class RowBlockReader {

    static final int MAX_CELLS_PER_BUFFER = 1 << 20;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final byte[] NO_BYTES = {};
    private static final int[] NO_HEADS = {};
    private static final long[] NO_WORDS = {};

    // The reader copies values that lie closer together than this at once. It may read a gap that is smaller than a
    // page, because every page that such a gap touches also holds a byte of a value.
    private static final int MAX_GAP = 256;

    private int rows;
    private int columns;
    private int[] heads = NO_HEADS;
    private long[] words = NO_WORDS;
    private byte[] data = NO_BYTES;
    private int dataSize;
    private long runStart;
    private long runEnd;

    /** A reader without a block; {@link #begin} comes first. */
    RowBlockReader() {}

    RowBlockReader(int rows, int columns) {
        begin(rows, columns);
    }

    /** Begins a block; what an earlier one that was not finished left is dropped. */
    final void begin(int rows, int columns) {
        long cells = (long) rows * columns;
        if (2 * cells > Integer.MAX_VALUE - 8) {
            throw tooLarge(rows, columns);
        }
        this.rows = rows;
        this.columns = columns;
        this.heads = new int[(int) cells];
        this.words = new long[2 * (int) cells];
        this.data = NO_BYTES;
        this.dataSize = 0;
        this.runStart = 0;
        this.runEnd = 0;
    }

    /** Reads borrowed values that stay valid until {@link #finish()}. */
    void readViews(ByteBuffer source, int firstCell, int count) {
        for (int i = 0; i < count; i++) {
            read(source, i * CellLayout.SIZE, firstCell + i);
        }
    }

    /** Reads a value that is valid only until this returns. */
    void readCopy(ByteBuffer source, int offset, int cell) {
        read(source, offset, cell);
        endRun();
    }

    RowBlock finish() {
        endRun();
        if (data.length - dataSize > dataSize / 4) {
            data = Arrays.copyOf(data, dataSize);
        }
        RowBlock block = new RowBlock(rows, columns, heads, words, data);
        heads = NO_HEADS;
        words = NO_WORDS;
        data = NO_BYTES;
        return block;
    }

    private void read(ByteBuffer source, int at, int cell) {
        int tag = source.getInt(at + CellLayout.TAG);
        int word = 2 * cell;
        int head = tag;
        switch (tag) {
            case 0 -> {}
            case 1 -> words[word] = source.getLong(at + CellLayout.INT64);
            case 2 -> words[word] = source.getLong(at + CellLayout.FLOAT64);
            case 3 -> words[word] = source.get(at + CellLayout.BOOL);
            case 4, 5, 9, 10 ->
                readData(source.getLong(at + CellLayout.DATA), source.getLong(at + CellLayout.LENGTH), word);
            case 6 -> {
                words[word] = source.getLong(at + CellLayout.DECIMAL_UNSCALED);
                head |= Byte.toUnsignedInt(source.get(at + CellLayout.DECIMAL_SCALE)) << RowBlock.EXTRA_SHIFT;
            }
            case 7 -> readBigEndian(source, at + CellLayout.UUID, word);
            case 8 -> words[word] = source.getLong(at + CellLayout.TIMESTAMP);
            case 11 -> {
                words[word] = source.getLong(at + CellLayout.ENUM_TYPE);
                words[word + 1] = source.getLong(at + CellLayout.ENUM_LABEL);
            }
            case 12, 13, 18 -> {
                readBigEndian(source, at + CellLayout.ADDRESS, word);
                head |= Byte.toUnsignedInt(source.get(at + CellLayout.ADDRESS_FAMILY)) << RowBlock.EXTRA_SHIFT;
                head |= Byte.toUnsignedInt(source.get(at + CellLayout.PREFIX_LENGTH)) << RowBlock.PREFIX_SHIFT;
            }
            case 14 -> words[word] = source.getInt(at + CellLayout.DATE);
            case 15 -> words[word] = source.getLong(at + CellLayout.TIME);
            case 16 -> words[word] = source.getLong(at + CellLayout.TIMESTAMPTZ);
            case 17 -> {
                words[word] = (long) source.getInt(at + CellLayout.INTERVAL_MONTHS) << Integer.SIZE
                        | Integer.toUnsignedLong(source.getInt(at + CellLayout.INTERVAL_DAYS));
                words[word + 1] = source.getLong(at + CellLayout.INTERVAL_MICROS);
            }
            default ->
                throw new NativeException(
                        Status.INTERNAL,
                        "",
                        null,
                        "the engine returned unknown value tag " + tag,
                        false,
                        null,
                        Map.of());
        }
        heads[cell] = head;
    }

    private void readBigEndian(ByteBuffer source, int at, int word) {
        long high = source.getLong(at);
        long low = source.getLong(at + Long.BYTES);
        words[word] = LITTLE_ENDIAN ? Long.reverseBytes(high) : high;
        words[word + 1] = LITTLE_ENDIAN ? Long.reverseBytes(low) : low;
    }

    private void readData(long address, long length, int word) {
        words[word + 1] = length;
        if (length == 0) {
            // The engine may leave any number in the pointer of an empty value.
            return;
        }
        if (address < runEnd || address - runEnd > MAX_GAP || runEnd == 0) {
            endRun();
            runStart = address;
        }
        words[word] = dataSize + (address - runStart);
        runEnd = address + length;
    }

    private void endRun() {
        long length = runEnd - runStart;
        if (length == 0) {
            return;
        }
        long size = dataSize + length;
        if (size > Integer.MAX_VALUE - 8) {
            throw tooLarge(rows, columns);
        }
        if (size > data.length) {
            long grown = data.length == 0 ? size : Math.max(size, Math.min(2L * data.length, Integer.MAX_VALUE - 8));
            data = Arrays.copyOf(data, (int) grown);
        }
        ABI.copy(runStart, data, dataSize, (int) length);
        dataSize = (int) size;
        runStart = 0;
        runEnd = 0;
    }

    private static IllegalStateException tooLarge(int rows, int columns) {
        return new IllegalStateException("a block of " + rows + " rows of " + columns
                + " columns does not fit into one Java array; fetch fewer rows at a time");
    }
}
