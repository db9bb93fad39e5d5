package com.decentdb.ffi;

/**
 * Offsets inside the 168 bytes of one native value; the layout is the same for parameters, cell copies and row views.
 */
final class CellLayout {

    static final int SIZE = 168;

    static final int TAG = 0;
    static final int BOOL = 4;
    static final int INT64 = 16;
    static final int FLOAT64 = 24;
    static final int DECIMAL_UNSCALED = 32;
    static final int DECIMAL_SCALE = 40;
    static final int DATA = 48;
    static final int LENGTH = 56;
    static final int UUID = 64;
    static final int TIMESTAMP = 80;
    static final int ENUM_TYPE = 88;
    static final int ENUM_LABEL = 96;
    static final int ADDRESS_FAMILY = 104;
    static final int PREFIX_LENGTH = 105;
    static final int ADDRESS = 112;
    static final int DATE = 128;
    static final int TIME = 136;
    static final int TIMESTAMPTZ = 144;
    static final int INTERVAL_MONTHS = 152;
    static final int INTERVAL_DAYS = 156;
    static final int INTERVAL_MICROS = 160;

    private CellLayout() {}

    /** Whether values of a tag keep their content outside the cell, behind DATA and LENGTH. */
    static boolean pointsToData(int tag) {
        // TEXT, BLOB, GEOMETRY and GEOGRAPHY
        return tag == 4 || tag == 5 || tag == 9 || tag == 10;
    }

    static int addressFamily(byte[] address) {
        return switch (address.length) {
            case 4 -> 4;
            case 16 -> 6;
            default -> throw new IllegalArgumentException("an IP address has 4 or 16 bytes, not " + address.length);
        };
    }

    static byte unsignedByte(int value, String noun) {
        if (value < 0 || value > 255) {
            throw new IllegalArgumentException(noun + " must be from 0 to 255: " + value);
        }
        return (byte) value;
    }
}
