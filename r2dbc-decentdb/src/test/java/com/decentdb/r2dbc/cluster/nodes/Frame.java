package com.decentdb.r2dbc.cluster.nodes;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** One message of the wire protocol as bytes, written by the tests' own hand so that it can prove the driver's wrong. */
@SuppressWarnings("ArrayRecordComponent") // compared by bytes below
public record Frame(int type, int schema, byte[] body) {

    /** The first word of a client. */
    public static byte[] handshake() {
        return new byte[] {1, 0, 0, 0, 0, 0, 0, 0};
    }

    /** A message of schema 0. */
    public static Frame of(int type, Body body) {
        return new Frame(type, 0, body.bytes());
    }

    /** A message in hexadecimal digits, with its header; blanks do not matter. */
    public static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replaceAll("\\s", ""));
    }

    static Frame read(DataInputStream in) throws IOException {
        ByteBuffer header = ByteBuffer.wrap(in.readNBytes(8)).order(ByteOrder.LITTLE_ENDIAN);
        if (header.remaining() < 8) {
            throw new EOFException(
                    "The connection ended within or before a header, after " + header.remaining() + " bytes");
        }
        int words = header.getInt();
        int type = header.get() & 0xff;
        int schema = header.get() & 0xff;
        byte[] body = in.readNBytes(Math.multiplyExact(words, 8));
        if (body.length < words * 8) {
            throw new EOFException(
                    "The connection ended within a body, after " + body.length + " of " + words * 8 + " bytes");
        }
        return new Frame(type, schema, body);
    }

    /** With its header. */
    public byte[] bytes() {
        return ByteBuffer.allocate(8 + body.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(body.length / 8)
                .put((byte) type)
                .put((byte) schema)
                .putShort((short) 0)
                .put(body)
                .array();
    }

    public Reader reader() {
        return new Reader(ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Frame frame && Arrays.equals(bytes(), frame.bytes());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes());
    }

    /** The header and the words of the body. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("type " + type + " schema " + schema + ":");
        for (int at = 0; at < body.length; at += 8) {
            byte[] word = Arrays.copyOfRange(body, at, Math.min(body.length, at + 8));
            text.append(' ').append(HexFormat.of().formatHex(word));
        }
        return text.append(" \"")
                .append(new String(body, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", "."))
                .append('"')
                .toString();
    }

    /** Writes the values of a body one after the other. */
    public static final class Body {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        public Body word(long value) {
            return raw(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(value)
                    .array());
        }

        public Body number(double value) {
            return word(Double.doubleToRawLongBits(value));
        }

        public Body half(int value) {
            return raw(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(value)
                    .array());
        }

        public Body text(String value) {
            return raw(value.getBytes(StandardCharsets.UTF_8)).raw(new byte[1]).pad();
        }

        public Body blob(byte[] value) {
            return word(value.length).raw(value).pad();
        }

        /** Bytes as they are. */
        public Body raw(byte[] value) {
            bytes.writeBytes(value);
            return this;
        }

        /** Zeros up to the end of the word. */
        public Body pad() {
            return raw(new byte[Math.floorMod(-bytes.size(), 8)]);
        }

        public byte[] bytes() {
            return bytes.toByteArray();
        }
    }

    /** Reads the values of a body one after the other. */
    public record Reader(ByteBuffer bytes) {

        public long word() {
            return bytes.getLong();
        }

        public int half() {
            return bytes.getInt();
        }

        public double number() {
            return bytes.getDouble();
        }

        public String text() {
            int begin = bytes.position();
            int end = begin;
            while (bytes.get(end) != 0) {
                end++;
            }
            byte[] text = new byte[end - begin];
            bytes.get(text).position(begin + text.length / 8 * 8 + 8);
            return new String(text, StandardCharsets.UTF_8);
        }

        public byte[] blob() {
            byte[] value = new byte[Math.toIntExact(word())];
            bytes.get(value).position(bytes.position() + Math.floorMod(-value.length, 8));
            return value;
        }

        public boolean ended() {
            return !bytes.hasRemaining();
        }
    }
}
