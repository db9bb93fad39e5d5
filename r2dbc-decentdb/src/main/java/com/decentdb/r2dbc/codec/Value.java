package com.decentdb.r2dbc.codec;

import java.util.UUID;
import reactor.core.publisher.Mono;

/** A bound argument in the form engines understand, free of any transport. Not meant to be compared. */
@SuppressWarnings("ArrayRecordComponent")
public sealed interface Value {

    record Null() implements Value {}

    record Int64(long value) implements Value {

        /** How many bits a value has besides its sign. */
        static final int BITS = 63;
    }

    record Float64(double value) implements Value {}

    record Bool(boolean value) implements Value {}

    record Text(String value) implements Value {}

    record Blob(byte[] value) implements Value {}

    record Decimal(long unscaled, int scale) implements Value {}

    record Uuid(UUID value) implements Value {}

    record Timestamp(long micros) implements Value {}

    record TimestampTz(long micros) implements Value {}

    record Date(int days) implements Value {}

    record Time(long micros) implements Value {}

    record Span(int months, int days, long micros) implements Value {}

    record Enumerated(long typeId, long labelId) implements Value {}

    record IpAddress(byte[] address) implements Value {}

    record Network(byte[] address, int prefixLength) implements Value {}

    record Mac(byte[] address) implements Value {}

    /** WKB or EWKB; a column of either spatial type takes it. */
    record Geometry(byte[] wkb) implements Value {}

    /** WKB or EWKB on the WGS 84 spheroid. */
    record Geography(byte[] wkb) implements Value {}

    /** A large object that arrives as a stream and is gathered before the statement runs. */
    record Streamed(Mono<Value> content) implements Value {}

    /** The SQL NULL. */
    Value NULL = new Null();
}
