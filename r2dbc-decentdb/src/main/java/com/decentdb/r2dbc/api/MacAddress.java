package com.decentdb.r2dbc.api;

import java.util.Arrays;
import java.util.HexFormat;

/** A hardware address of six or eight bytes, the value of a {@code MACADDR} or {@code MACADDR8} column. */
public final class MacAddress {

    private static final HexFormat FORMAT = HexFormat.ofDelimiter(":");

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
     */
    public static MacAddress of(byte[] bytes) {
        return new MacAddress(bytes.clone());
    }

    /**
     * Parses {@code 08:00:2b:01:02:03}, colons or hyphens.
     *
     * @param text six or eight pairs of hexadecimal digits
     * @return the address
     */
    public static MacAddress parse(String text) {
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

    @Override
    public String toString() {
        return FORMAT.formatHex(bytes);
    }
}
