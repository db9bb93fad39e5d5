package com.decentdb.r2dbc.live;

import io.r2dbc.spi.Row;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Knows whether a result has the rows of the one before, whatever they are mapped to, and keeps none of them. Used by one thread at a time. */
final class ResultDigest {

    private final MessageDigest digest;
    private byte @Nullable [] before;

    ResultDigest() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    /** A mapping that takes notice of the rows of a result that begins now. */
    <T> Function<Row, T> reading(Function<? super Row, ? extends T> mapping) {
        digest.reset();
        return row -> {
            add(row);
            return mapping.apply(row);
        };
    }

    private void add(Row row) {
        int columns = row.getMetadata().getColumnMetadatas().size();
        for (int i = 0; i < columns; i++) {
            String name = row.getMetadata().getColumnMetadata(i).getName();
            Object value = row.get(i);
            byte[] bytes = value instanceof ByteBuffer buffer ? bytes(buffer) : text(String.valueOf(value));
            String type = value == null ? "" : value.getClass().getName();
            digest.update(text(name.length() + " " + name + " " + type + " " + bytes.length + " "));
            digest.update(bytes);
        }
        digest.update((byte) '\n');
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Whether the result that was read had the same rows as the one before, in the same order. */
    boolean repeats() {
        byte[] now = digest.digest();
        boolean same = Arrays.equals(before, now);
        before = now;
        return same;
    }
}
