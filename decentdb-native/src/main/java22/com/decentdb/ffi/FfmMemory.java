package com.decentdb.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Native memory by its addresses. */
@SuppressWarnings("restricted") // This class and its neighbours are the gateway.
abstract class FfmMemory implements Abi {

    /** The address space as a whole, in which an address is an offset. */
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    // The JDK's own search for the end of a string reads up to 7 bytes beyond it, where no page may be.
    private static final MethodHandle STRLEN = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().find("strlen").orElseThrow(),
                    FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    @Override
    public final long addressOf(ByteBuffer direct) {
        return MemorySegment.ofBuffer(direct.duplicate().clear()).address();
    }

    @Override
    public final ByteBuffer view(long address, int length) {
        return MEMORY.asSlice(address, length).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    @Override
    public final void copy(long address, byte[] target, int offset, int length) {
        MemorySegment.copy(MEMORY, ValueLayout.JAVA_BYTE, address, target, offset, length);
    }

    @Override
    public final String cString(long address) {
        return text(address);
    }

    static String text(long address) {
        if (address == 0) {
            return "";
        }
        byte[] bytes = new byte[Math.toIntExact(FfmCalls.address(STRLEN, address))];
        MemorySegment.copy(MEMORY, ValueLayout.JAVA_BYTE, address, bytes, 0, bytes.length);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
