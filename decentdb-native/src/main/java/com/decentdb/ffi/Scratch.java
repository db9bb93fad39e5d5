package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Native memory of one thread for the arguments and out-parameters of the call it is making. A call blocks its thread,
 * so one set per thread is enough and costs no allocation per call.
 */
final class Scratch {

    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private static final int OUT_SLOTS = 16;
    private static final int ERROR_SLOT = OUT_SLOTS * Long.BYTES;
    private static final int POINTER_SLOT = ERROR_SLOT + Long.BYTES;
    private static final int VALUE_SLOT = POINTER_SLOT + Long.BYTES;
    private static final int INITIAL_BYTES = 1 << 10;
    private static final int KEPT_BYTES = 1 << 20;

    private final ByteBuffer out = allocate(VALUE_SLOT + CellLayout.SIZE);
    private final long outAddress = ABI.addressOf(out);
    private ByteBuffer area = allocate(INITIAL_BYTES);
    private long areaAddress = ABI.addressOf(area);

    private Scratch() {}

    static Scratch ofThread() {
        return OF_THREAD.get();
    }

    /** The address of an out-parameter of 8 bytes. The callee clears it. */
    long out(int slot) {
        return outAddress + (long) slot * Long.BYTES;
    }

    /** As {@link #out}, but set to zero: for callees that may write fewer than 8 bytes, or nothing. */
    long zeroedOut(int slot) {
        out.putLong(slot * Long.BYTES, 0);
        return out(slot);
    }

    long read(int slot) {
        return out.getLong(slot * Long.BYTES);
    }

    /** Stores a number for a callee that reads it, in the place of an out-parameter. */
    void write(int slot, long value) {
        out.putLong(slot * Long.BYTES, value);
    }

    /** Reads a size or count the engine reports. */
    int readCount(int slot) {
        return Math.toIntExact(read(slot));
    }

    /** Copies and frees the string behind an out-parameter; {@code null} if the callee stored none. */
    @Nullable
    String takeString(int slot) {
        return take(slot * Long.BYTES);
    }

    long errorOut() {
        out.putLong(ERROR_SLOT, 0);
        return outAddress + ERROR_SLOT;
    }

    @Nullable
    String takeErrorString() {
        return take(ERROR_SLOT);
    }

    private @Nullable String take(int offset) {
        long address = out.getLong(offset);
        if (address == 0) {
            return null;
        }
        try {
            return ABI.cString(address);
        } finally {
            // The engine cannot fail to free a string it has just returned, and a check would overwrite the error being
            // read.
            ABI.ddb_string_free(outAddress + offset);
        }
    }

    /** Stores a handle for a callee that takes a pointer to a pointer, in a place that no other out-parameter uses. */
    void writePointer(long address) {
        out.putLong(POINTER_SLOT, address);
    }

    long pointerAddress() {
        return outAddress + POINTER_SLOT;
    }

    /** The address of one native value, owned by this thread. */
    long valueAddress() {
        return outAddress + VALUE_SLOT;
    }

    /** Memory that holds the value of {@link #valueAddress()} at {@link #valueOffset()}. */
    ByteBuffer valueBytes() {
        return out;
    }

    int valueOffset() {
        return VALUE_SLOT;
    }

    /** Writes parameters as an array of native values, their text and bytes behind it, and returns its address. */
    long encode(Parameters parameters) {
        reserve(parameters.encodedSize());
        parameters.encode(area, areaAddress);
        return areaAddress;
    }

    /** Writes a batch and returns its address. */
    long encode(Batch batch) {
        reserve(batch.encodedSize());
        batch.encode(area, areaAddress);
        return areaAddress;
    }

    /** Writes one text or byte array to {@link #areaAddress()} and returns its length in bytes. */
    int writeData(Parameters parameters, int index) {
        int length = parameters.dataLength(index);
        reserve(length);
        parameters.copyData(index, length, area);
        return length;
    }

    /** Writes one UUID and returns its address. */
    long writeUuid(Parameters parameters, int index) {
        parameters.copyUuid(index, area);
        return areaAddress;
    }

    /** The address of the parameter written last; valid until the next one is written. */
    long areaAddress() {
        return areaAddress;
    }

    /** Gives up memory that only a huge parameter needed, so that it does not stay with the thread. */
    void trim() {
        if (area.capacity() > KEPT_BYTES) {
            reallocate(INITIAL_BYTES);
        }
    }

    private void reserve(int size) {
        if (size > area.capacity() || area.capacity() > KEPT_BYTES) {
            reallocate(Math.max(size, INITIAL_BYTES));
        }
    }

    private void reallocate(int size) {
        area = allocate(size);
        areaAddress = ABI.addressOf(area);
    }

    private static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
