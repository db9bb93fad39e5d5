package com.decentdb.r2dbc.cluster.wire;

import java.util.List;

/** The arguments of one execution, in the order of the parameters. */
public record Tuple(List<Param> params) {

    public static final Tuple NONE = new Tuple(List.of());

    /** The most that servers before 1.15 understand. */
    public static final int MOST_OF_SCHEMA_0 = 255;

    /** The type of each value as its byte in front of the values. */
    static int type(Param param) {
        if (param instanceof Param.Int) {
            return WireType.INTEGER;
        } else if (param instanceof Param.Real) {
            return WireType.FLOAT;
        } else if (param instanceof Param.Text) {
            return WireType.TEXT;
        } else if (param instanceof Param.Blob) {
            return WireType.BLOB;
        } else if (param instanceof Param.Null) {
            return WireType.NULL;
        } else if (param instanceof Param.Iso) {
            return WireType.ISO8601;
        }
        return WireType.BOOLEAN;
    }

    /** The schema of a request with these arguments. */
    int schema() {
        return params.size() > MOST_OF_SCHEMA_0 ? 1 : 0;
    }

    void writeTo(Words out) {
        if (params.isEmpty()) {
            return;
        }
        if (schema() == 0) {
            out.oneByte(params.size());
        } else {
            out.int32(params.size());
        }
        for (Param param : params) {
            out.oneByte(type(param));
        }
        out.pad();
        for (Param param : params) {
            value(out, param);
        }
    }

    private static void value(Words out, Param param) {
        if (param instanceof Param.Int number) {
            out.int64(number.value());
        } else if (param instanceof Param.Real number) {
            out.int64(Double.doubleToRawLongBits(number.value()));
        } else if (param instanceof Param.Text text) {
            out.text(text.value());
        } else if (param instanceof Param.Blob blob) {
            out.blob(blob.value());
        } else if (param instanceof Param.Iso iso) {
            out.text(iso.value());
        } else if (param instanceof Param.Bool flag) {
            out.int64(flag.value() ? 1 : 0);
        } else {
            out.int64(0);
        }
    }
}
