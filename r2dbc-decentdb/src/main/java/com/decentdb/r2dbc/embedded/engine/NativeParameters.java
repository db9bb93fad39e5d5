package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.codec.Value;

/** Writes bound values into the form the embedded engine reads. */
public final class NativeParameters {

    private NativeParameters() {}

    public static Parameters of(Value[] values) {
        Parameters parameters = Parameters.of(values.length);
        for (int i = 0; i < values.length; i++) {
            set(parameters, i, values[i]);
        }
        return parameters;
    }

    private static void set(Parameters parameters, int i, Value value) {
        if (value instanceof Value.Int64 v) {
            parameters.setInt64(i, v.value());
        } else if (value instanceof Value.Text v) {
            parameters.setText(i, v.value());
        } else if (value instanceof Value.Null) {
            parameters.setNull(i);
        } else if (value instanceof Value.Float64 v) {
            parameters.setFloat64(i, v.value());
        } else if (value instanceof Value.Bool v) {
            parameters.setBool(i, v.value());
        } else if (value instanceof Value.Blob v) {
            parameters.setBlob(i, v.value());
        } else if (value instanceof Value.Decimal v) {
            parameters.setDecimal(i, v.unscaled(), v.scale());
        } else if (value instanceof Value.Uuid v) {
            parameters.setUuid(i, v.value());
        } else if (value instanceof Value.Timestamp v) {
            parameters.setTimestamp(i, v.micros());
        } else if (value instanceof Value.TimestampTz v) {
            parameters.setTimestampTz(i, v.micros());
        } else if (value instanceof Value.Date v) {
            parameters.setDate(i, v.days());
        } else if (value instanceof Value.Time v) {
            parameters.setTime(i, v.micros());
        } else if (value instanceof Value.Span v) {
            parameters.setInterval(i, v.months(), v.days(), v.micros());
        } else if (value instanceof Value.Enumerated v) {
            parameters.setEnum(i, v.typeId(), v.labelId());
        } else if (value instanceof Value.IpAddress v) {
            parameters.setIpAddr(i, v.address());
        } else if (value instanceof Value.Network v) {
            parameters.setCidr(i, v.address(), v.prefixLength());
        } else if (value instanceof Value.Mac v) {
            parameters.setMacAddr(i, v.address());
        } else if (value instanceof Value.Geometry v) {
            parameters.setGeometry(i, v.wkb());
        } else if (value instanceof Value.Geography v) {
            parameters.setGeography(i, v.wkb());
        } else {
            throw new IllegalStateException("A streamed value was not gathered before execution");
        }
    }
}
