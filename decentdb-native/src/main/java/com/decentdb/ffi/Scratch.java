package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Native memory of one thread for the arguments and out-parameters of the call it is making. A call blocks its thread, so one
 * set per thread is enough and costs no allocation per call.
 */
final class Scratch {

    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private static final int OUT_SLOTS = 16;
    private static final int ERROR_SLOT = OUT_SLOTS * Long.BYTES;
    private static final int POINTER_SLOT = ERROR_SLOT + Long.BYTES;
    private static final int VALUE_SLOT = POINTER_SLOT + Long.BYTES;
    private static final int KEPT_BYTES = 1 << 20;

    private final ByteBuffer out = allocate(VALUE_SLOT + CellLayout.SIZE);
    private final long outAddress = ABI.addressOf(out);
    private ByteBuffer area = allocate(1024);
    private long areaAddress = ABI.addressOf(area);

    private Scratch() {}

    static Scratch ofThread() {
        return OF_THREAD.get();
    }

    /** The address of an out-parameter; each slot is 8 bytes, cleared by the callee. */
    long out(int slot) {
        return outAddress + (long) slot * Long.BYTES;
    }

    /** As {@link #out}, with the slot zeroed: for callees that may write fewer than 8 bytes, or nothing. */
    long zeroedOut(int slot) {
        out.putLong(slot * Long.BYTES, 0);
        return out(slot);
    }

    long read(int slot) {
        return out.getLong(slot * Long.BYTES);
    }

    double readDouble(int slot) {
        return out.getDouble(slot * Long.BYTES);
    }

    /** Reads a size or count the engine reports. */
    int readCount(int slot) {
        return Math.toIntExact(read(slot));
    }

    /** Copies and frees the string behind an out-parameter; {@code null} if the callee gave none. */
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
            // Freeing a string the engine has just handed out cannot fail, and checking would overwrite the error being
            // read.
            ABI.ddb_string_free(outAddress + offset);
        }
    }

    /** Stores a handle for a callee that takes a pointer to a pointer, apart from the out-parameters of the call it ends. */
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
        ensureArea(parameters.encodedSize());
        parameters.encode(area, areaAddress);
        return areaAddress;
    }

    /** The memory that {@link #encode} wrote to. */
    ByteBuffer encoded() {
        return area;
    }

    /** Copies the texts and bytes of parameters without their cells to {@link #dataAddress()}; returns their size. */
    int copyData(Parameters parameters) {
        ensureArea(parameters.dataSize());
        return parameters.copyData(area);
    }

    long dataAddress() {
        return areaAddress;
    }

    private void ensureArea(int size) {
        if (size > area.capacity() || area.capacity() > KEPT_BYTES) {
            // One huge parameter must not stay with the thread.
            area = allocate(Math.max(size, 1024));
            areaAddress = ABI.addressOf(area);
        }
    }

    private static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
