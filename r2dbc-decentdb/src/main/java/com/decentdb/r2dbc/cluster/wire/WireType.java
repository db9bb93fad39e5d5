package com.decentdb.r2dbc.cluster.wire;

/** The storage types of values. */
final class WireType {

    static final int INTEGER = 1;
    static final int FLOAT = 2;
    static final int TEXT = 3;
    static final int BLOB = 4;
    static final int NULL = 5;
    /** Seconds since the epoch, out of a column declared as a date or time. */
    static final int UNIXTIME = 9;
    /** Text out of such a column. */
    static final int ISO8601 = 10;

    static final int BOOLEAN = 11;

    private WireType() {}
}
