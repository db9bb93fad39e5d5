package com.decentdb.r2dbc.cluster.wire;

/** An argument as the wire knows it. Not meant to be compared. */
@SuppressWarnings("ArrayRecordComponent")
public sealed interface Param {

    record Int(long value) implements Param {}

    record Real(double value) implements Param {}

    record Text(String value) implements Param {}

    record Blob(byte[] value) implements Param {}

    record Null() implements Param {}

    /** A date, or a date and time, in the form of ISO 8601 with a blank. */
    record Iso(String value) implements Param {}

    record Bool(boolean value) implements Param {}

    Param NULL = new Null();
}
