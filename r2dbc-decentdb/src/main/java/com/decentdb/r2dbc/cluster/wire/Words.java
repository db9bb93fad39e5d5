package com.decentdb.r2dbc.cluster.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A frame under construction. */
final class Words {

    static final int WORD = 8;

    private byte[] bytes = new byte[128];
    private ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    private int size = WORD;

    Words int64(long value) {
        room(WORD);
        view.putLong(size, value);
        size += WORD;
        return this;
    }

    Words int32(int value) {
        room(Integer.BYTES);
        view.putInt(size, value);
        size += Integer.BYTES;
        return this;
    }

    Words oneByte(int value) {
        room(1);
        bytes[size++] = (byte) value;
        return this;
    }

    /**
     * Appends a text.
     *
     * @throws IllegalArgumentException if it has U+0000, where it would end for the node
     */
    Words text(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "A text has U+0000 at index " + text.indexOf('\0') + ", where it would end for a dqlite node");
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        bytes(utf8);
        return oneByte(0).pad();
    }

    Words blob(byte[] content) {
        int64(content.length);
        bytes(content);
        return pad();
    }

    private void bytes(byte[] content) {
        room(content.length);
        System.arraycopy(content, 0, bytes, size, content.length);
        size += content.length;
    }

    /** Fills the last word with zeros. */
    Words pad() {
        int end = Math.toIntExact((size + WORD - 1L) / WORD * WORD);
        room(end - size);
        size = end;
        return this;
    }

    /** The whole frame. */
    byte[] frame(int type, int schema) {
        view.putInt(0, size / WORD - 1);
        bytes[Integer.BYTES] = (byte) type;
        bytes[Integer.BYTES + 1] = (byte) schema;
        return Arrays.copyOf(bytes, size);
    }

    private void room(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.toIntExact(Math.max(2L * bytes.length, (long) size + more)));
            view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
