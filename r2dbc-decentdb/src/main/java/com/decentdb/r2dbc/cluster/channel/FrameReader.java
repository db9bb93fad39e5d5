package com.decentdb.r2dbc.cluster.channel;

import com.decentdb.r2dbc.cluster.wire.Replies;
import com.decentdb.r2dbc.cluster.wire.WireException;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Cuts what arrives into frames. It takes as much memory as has arrived, whatever a header claims. */
final class FrameReader {

    private static final int WORD = 8;
    private static final int SHOWN = 16;
    private static final int SMALL = 64 * 1024;
    private static final byte TLS_ALERT = 0x15;
    private static final byte TLS_VERSION = 3;
    /** The longest array that every JVM can make. */
    private static final int LARGEST = Integer.MAX_VALUE - 8;

    /** A reply that is not decoded. */
    @SuppressWarnings("ArrayRecordComponent")
    record Frame(int type, int schema, byte[] body) {}

    /** A frame is larger than allowed. */
    static final class TooLarge extends RuntimeException {

        private static final long serialVersionUID = 1L;

        TooLarge(long size, long most) {
            super("an answer of " + size + " bytes is larger than maxFrameSize, which is " + most);
        }
    }

    private final long most;
    private byte[] bytes = new byte[4096];
    private ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    private int start;
    private int end;

    FrameReader(long most) {
        this.most = most;
    }

    /** Takes all readable bytes. */
    void feed(ByteBuf in) {
        int more = in.readableBytes();
        room(more);
        in.readBytes(bytes, end, more);
        end += more;
    }

    /**
     * The next frame, null if it has not arrived whole.
     *
     * @throws WireException if these are not the bytes of a node
     * @throws TooLarge if it is larger than allowed
     */
    @Nullable
    Frame poll() {
        if (end - start < WORD) {
            return null;
        }
        int type = bytes[start + 4] & 0xff;
        int schema = bytes[start + 5] & 0xff;
        long size = Integer.toUnsignedLong(view.getInt(start)) * WORD;
        if (type > Replies.LAST_TYPE || view.getShort(start + 6) != 0 || size == 0) {
            throw new WireException("not a dqlite node: it sent " + rest());
        }
        if (size > most) {
            throw new TooLarge(size, most);
        }
        if (end - start - WORD < size) {
            return null;
        }
        int body = start + WORD;
        start = body + (int) size;
        byte[] copy = Arrays.copyOfRange(bytes, body, start);
        if (start == end) {
            start = 0;
            end = 0;
            if (bytes.length > SMALL) {
                replace(new byte[SMALL]);
            }
        }
        return new Frame(type, schema, copy);
    }

    boolean isEmpty() {
        return start == end;
    }

    /** The first bytes that belong to no frame yet, in hexadecimal digits. */
    String rest() {
        int shown = Math.min(SHOWN, end - start);
        boolean tls = end - start > 1 && bytes[start] == TLS_ALERT && bytes[start + 1] == TLS_VERSION;
        return HexFormat.of().formatHex(bytes, start, start + shown)
                + (end - start > shown ? ".." : "")
                + (tls ? ", an alert of TLS: begin the URL with r2dbcs:" : "");
    }

    private void room(int more) {
        int held = end - start;
        if (bytes.length - end >= more) {
            return;
        }
        byte[] to = bytes.length - held >= more
                ? bytes
                : new byte[Math.toIntExact(Math.max(Math.min(2L * bytes.length, LARGEST), (long) held + more))];
        System.arraycopy(bytes, start, to, 0, held);
        start = 0;
        end = held;
        replace(to);
    }

    private void replace(byte[] to) {
        if (to != bytes) {
            bytes = to;
            view = ByteBuffer.wrap(to).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
