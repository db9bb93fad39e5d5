package com.decentdb.r2dbc.cluster.statement;

import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.cluster.wire.IsoTexts;
import com.decentdb.r2dbc.cluster.wire.Param;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.transport.Errors;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Turns arguments into what SQLite stores: numbers, texts, bytes. */
public final class Arguments {

    /** The most parameters of a statement of SQLite. */
    private static final int MOST = 32_766;

    private Arguments() {}

    /**
     * The arguments on the wire.
     *
     * @param many whether the server understands more than 255
     * @throws IllegalArgumentException if a value cannot be stored
     * @throws io.r2dbc.spi.R2dbcException if there are more than the server understands
     */
    public static Tuple tuple(Value[] values, boolean many, String sql) {
        int most = many ? MOST : Tuple.MOST_OF_SCHEMA_0;
        if (values.length > most) {
            throw Errors.of(
                    "54000",
                    "The statement has " + values.length + " parameters, and this dqlite server takes " + most
                            + " at most" + (many ? "" : "; one of version 1.15 takes more"),
                    sql);
        }
        if (values.length == 0) {
            return Tuple.NONE;
        }
        List<Param> params = new ArrayList<>(values.length);
        for (Value value : values) {
            params.add(param(value));
        }
        return new Tuple(params);
    }

    /** A value as the wire knows it. */
    public static Param param(Value value) {
        if (value instanceof Value.Int64 number) {
            return new Param.Int(number.value());
        } else if (value instanceof Value.Text text) {
            return text(text.value());
        } else if (value instanceof Value.Null) {
            return Param.NULL;
        } else if (value instanceof Value.Float64 number) {
            if (Double.isNaN(number.value())) {
                throw new IllegalArgumentException("NaN cannot be stored: SQLite makes NULL of it; bind null or text");
            }
            return new Param.Real(number.value());
        } else if (value instanceof Value.Bool flag) {
            return new Param.Bool(flag.value());
        } else if (value instanceof Value.Blob blob) {
            return new Param.Blob(blob.value());
        }
        return less(value);
    }

    private static Param less(Value value) {
        if (value instanceof Value.Decimal number) {
            return new Param.Text(
                    BigDecimal.valueOf(number.unscaled(), number.scale()).toPlainString());
        } else if (value instanceof Value.Uuid uuid) {
            return new Param.Text(uuid.value().toString());
        } else if (value instanceof Value.Timestamp time) {
            return new Param.Iso(IsoTexts.dateTime(time.micros()));
        } else if (value instanceof Value.TimestampTz time) {
            return new Param.Iso(IsoTexts.instant(time.micros()));
        } else if (value instanceof Value.Date date) {
            return new Param.Iso(IsoTexts.date(date.days()));
        } else if (value instanceof Value.Time time) {
            return new Param.Text(LocalTime.ofNanoOfDay(time.micros() * 1000).toString());
        } else if (value instanceof Value.Span span) {
            return new Param.Text(new Interval(span.months(), span.days(), span.micros()).toString());
        } else if (value instanceof Value.IpAddress address) {
            return new Param.Text(host(address.address()));
        } else if (value instanceof Value.Network network) {
            return new Param.Text(host(network.address()) + "/" + network.prefixLength());
        } else if (value instanceof Value.Mac mac) {
            return new Param.Text(HexFormat.ofDelimiter(":").formatHex(mac.address()));
        } else if (value instanceof Value.Geometry geometry) {
            return new Param.Blob(geometry.wkb());
        } else if (value instanceof Value.Geography geography) {
            return new Param.Blob(geography.wkb());
        }
        throw new IllegalArgumentException("A " + value.getClass().getSimpleName()
                + " of DecentDB cannot be stored on a dqlite cluster; bind its text");
    }

    private static Param text(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("The text has U+0000 at index " + text.indexOf('\0')
                    + ", where dqlite would cut it off; bind bytes");
        }
        return new Param.Text(text);
    }

    private static String host(byte[] address) {
        try {
            return InetAddress.getByAddress(address).getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("An address has 4 or 16 bytes", e);
        }
    }
}
