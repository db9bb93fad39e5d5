package com.decentdb.r2dbc.cluster.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads a body from its beginning to its end, and nothing behind that. */
final class Reader {

    static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int WORD = Words.WORD;

    private final byte[] body;
    private int position;

    Reader(byte[] body) {
        this.body = body;
    }

    int position() {
        return position;
    }

    int left() {
        return body.length - position;
    }

    long int64() {
        need(WORD);
        long value = (long) LONGS.get(body, position);
        position += WORD;
        return value;
    }

    int int32() {
        need(Integer.BYTES);
        int value = (int) INTS.get(body, position);
        position += Integer.BYTES;
        return value;
    }

    String text() {
        int start = position;
        int length = textLength();
        return new String(body, start, length, StandardCharsets.UTF_8);
    }

    void skipText() {
        int unused = textLength();
    }

    /** Moves behind a text and its padding, and returns how many bytes it has. */
    private int textLength() {
        int start = position;
        int end = start;
        while (end < body.length && body[end] != 0) {
            end++;
        }
        if (end == body.length) {
            throw new WireException("A text has no end");
        }
        position = start;
        skip((end - start) / WORD * WORD + WORD);
        return end - start;
    }

    void skipBlob() {
        skip(padded(length()));
    }

    /** Bytes with the padding that brings them to a whole word. */
    byte[] bytes(long length) {
        int start = position;
        skip(length);
        return Arrays.copyOfRange(body, start, position);
    }

    long length() {
        long length = int64();
        if (length < 0 || length > left()) {
            throw new WireException(
                    "A value claims " + Long.toUnsignedString(length) + " bytes, but " + left() + " follow");
        }
        return length;
    }

    static long padded(long length) {
        return (length + WORD - 1) / WORD * WORD;
    }

    void skip(long bytes) {
        need(bytes);
        position += (int) bytes;
    }

    private void need(long bytes) {
        if (bytes < 0 || bytes > left()) {
            throw new WireException("The body ends in the middle of a value");
        }
    }
}
