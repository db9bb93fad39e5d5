package com.decentdb.ffi;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * The values of many executions of one statement, for {@link NativeStatement#executeBatch}: row after row, each with a value for
 * {@code $1}, {@code $2} and so on, of the types that the signature names. Plain data on the Java heap, not thread-safe.
 */
public final class Batch {

    private final String signature;
    private final int rows;
    private final long[] integers;
    private final double[] doubles;
    private final int[] textEnds;
    private byte[] text = new byte[64];
    private int integerCount;
    private int doubleCount;
    private int textCount;
    private int textSize;

    /**
     * Creates a batch to be filled.
     *
     * @param signature the type of each parameter: {@code i} for an integer, {@code b} for a truth value, {@code f} for a double,
     *     {@code t} for text
     * @param rows how many executions
     */
    public Batch(String signature, int rows) {
        if (rows < 0 || !signature.matches("[ibft]+")) {
            throw new IllegalArgumentException("not a batch: " + rows + " rows of '" + signature + "'");
        }
        this.signature = signature;
        this.rows = rows;
        this.integers = new long[count("ib")];
        this.doubles = new double[count("f")];
        this.textEnds = new int[count("t")];
    }

    private int count(String letters) {
        long perRow =
                signature.chars().filter(letter -> letters.indexOf(letter) >= 0).count();
        return Math.toIntExact(perRow * rows);
    }

    /**
     * Appends an integer, or a truth value as 0 or 1.
     *
     * @param value the value
     */
    public void add(long value) {
        integers[integerCount++] = value;
    }

    /**
     * Appends a double.
     *
     * @param value the value
     */
    public void add(double value) {
        doubles[doubleCount++] = value;
    }

    /**
     * Appends text.
     *
     * @param value the value
     * @throws IllegalArgumentException if the text contains an unpaired surrogate
     */
    public void add(String value) {
        byte[] bytes = Utf8.encode(value, "a text of the batch");
        int end = Math.addExact(textSize, bytes.length);
        if (end > text.length) {
            text = Arrays.copyOf(text, Math.max(end, (int) Math.min(2L * text.length, Integer.MAX_VALUE - 8)));
        }
        System.arraycopy(bytes, 0, text, textSize, bytes.length);
        textSize = end;
        textEnds[textCount++] = end;
    }

    int rows() {
        return rows;
    }

    boolean complete() {
        return integerCount == integers.length && doubleCount == doubles.length && textCount == textEnds.length;
    }

    int encodedSize() {
        long words = (long) integers.length + doubles.length + 2L * textEnds.length;
        return Math.toIntExact(words * Long.BYTES + textSize + signature.length() + 1);
    }

    int doublesOffset() {
        return integers.length * Long.BYTES;
    }

    int pointersOffset() {
        return doublesOffset() + doubles.length * Long.BYTES;
    }

    int lengthsOffset() {
        return pointersOffset() + textEnds.length * Long.BYTES;
    }

    int signatureOffset() {
        return lengthsOffset() + textEnds.length * Long.BYTES;
    }

    private int textOffset() {
        return signatureOffset() + signature.length() + 1;
    }

    /**
     * Writes the arrays to the start of {@code target}, which lies at {@code address}. It checks every text against what it
     * copied, so that a racing change of this object cannot mislead native code.
     */
    void encode(ByteBuffer target, long address) {
        target.clear();
        target.asLongBuffer().put(integers);
        target.position(doublesOffset());
        target.asDoubleBuffer().put(doubles);
        int size = textSize;
        target.put(textOffset(), text, 0, size);
        int start = 0;
        for (int i = 0; i < textEnds.length; i++) {
            int end = textEnds[i];
            Objects.checkFromToIndex(start, end, size);
            target.putLong(pointersOffset() + i * Long.BYTES, address + textOffset() + start);
            target.putLong(lengthsOffset() + i * Long.BYTES, end - start);
            start = end;
        }
        for (int i = 0; i < signature.length(); i++) {
            target.put(signatureOffset() + i, (byte) signature.charAt(i));
        }
        target.put(signatureOffset() + signature.length(), (byte) 0);
    }
}
