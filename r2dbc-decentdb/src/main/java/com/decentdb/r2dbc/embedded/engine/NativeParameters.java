package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.Batch;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.codec.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes bound values into the form the embedded engine reads. */
public final class NativeParameters {

    private NativeParameters() {}

    /** Sets parameters to these values and no others. */
    public static void fill(Parameters parameters, Value[] values) {
        parameters.reset(values.length);
        for (int i = 0; i < values.length; i++) {
            set(parameters, i, values[i]);
        }
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

    /**
     * The types of a batch with these lists of arguments, as {@link Batch} names them; null if one has a value that no batch can
     * hold, or they differ in their types.
     */
    public static @Nullable String signature(List<Value[]> lists) {
        String signature = signature(lists.get(0));
        for (int i = 1; signature != null && i < lists.size(); i++) {
            Value[] list = lists.get(i);
            for (int j = 0; j < list.length; j++) {
                if (letter(list[j]) != signature.charAt(j)) {
                    return null;
                }
            }
        }
        return signature;
    }

    private static @Nullable String signature(Value[] list) {
        StringBuilder letters = new StringBuilder(list.length);
        for (Value value : list) {
            char letter = letter(value);
            if (letter == 0) {
                return null;
            }
            letters.append(letter);
        }
        return letters.isEmpty() ? null : letters.toString();
    }

    private static char letter(Value value) {
        if (value instanceof Value.Int64) {
            return 'i';
        } else if (value instanceof Value.Text) {
            return 't';
        } else if (value instanceof Value.Float64) {
            return 'f';
        } else if (value instanceof Value.Bool) {
            return 'b';
        }
        return 0;
    }

    /** A batch of lists of arguments that have this {@link #signature}. */
    public static Batch batch(String signature, List<Value[]> lists) {
        Batch batch = new Batch(signature, lists.size());
        for (Value[] list : lists) {
            for (Value value : list) {
                if (value instanceof Value.Int64 v) {
                    batch.add(v.value());
                } else if (value instanceof Value.Text v) {
                    batch.add(v.value());
                } else if (value instanceof Value.Float64 v) {
                    batch.add(v.value());
                } else if (value instanceof Value.Bool v) {
                    batch.add(v.value() ? 1L : 0L);
                }
            }
        }
        return batch;
    }
}
