package com.decentdb.r2dbc.api;

import static java.util.regex.Pattern.CASE_INSENSITIVE;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** A hardware address of six or eight bytes, the value of a {@code MACADDR} or {@code MACADDR8} column. */
public final class MacAddress {

    private static final HexFormat FORMAT = HexFormat.ofDelimiter(":");
    private static final Pattern TEXT = Pattern.compile(
            "(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\\1){4}(?:[0-9a-f]{2}\\1[0-9a-f]{2}\\1)?[0-9a-f]{2})", CASE_INSENSITIVE);

    private final byte[] bytes;

    private MacAddress(byte[] bytes) {
        if (bytes.length != 6 && bytes.length != 8) {
            throw new IllegalArgumentException("A MAC address has 6 or 8 bytes, not " + bytes.length);
        }
        this.bytes = bytes;
    }

    /**
     * An address of these bytes.
     *
     * @param bytes six or eight of them, copied
     * @return the address
     * @throws IllegalArgumentException for another number of bytes
     */
    public static MacAddress of(byte[] bytes) {
        return new MacAddress(bytes.clone());
    }

    /**
     * Parses {@code 08:00:2b:01:02:03} or {@code 08-00-2B-01-02-03}.
     *
     * @param text six or eight pairs of hexadecimal digits, all colons or all hyphens between them
     * @return the address
     * @throws IllegalArgumentException if it is none
     */
    public static MacAddress parse(String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("'" + text + "' is no MAC address such as 08:00:2b:01:02:03");
        }
        return new MacAddress(FORMAT.parseHex(text.replace('-', ':')));
    }

    /**
     * The bytes of the address.
     *
     * @return a copy, six or eight bytes long
     */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MacAddress that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /**
     * The text {@link #parse} reads.
     *
     * @return pairs of lower-case hexadecimal digits with colons between them
     */
    @Override
    public String toString() {
        return FORMAT.formatHex(bytes);
    }
}
