package com.decentdb.r2dbc.cluster.wire;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EnumValue;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.codec.RowBatch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One frame of rows over the bytes it came in. Building it finds where the values are; each is decoded when it is read. Types
 * belong to cells, since every row has its own.
 */
public final class RowsFrame implements RowBatch {

    private static final long DONE = 0xffffffffffffffffL;
    private static final long MORE = 0xeeeeeeeeeeeeeeeeL;
    private static final int COLUMNS_PER_WORD = 16;
    private static final int BITS = 4;
    private static final int DATE_LENGTH = 10;
    private static final long MICROS_PER_SECOND = 1_000_000;
    /** Beyond this a number in a column declared as a date or time is no time that can be read: it is a number. */
    private static final long LAST_SECOND = 9_000_000_000_000L;

    private final byte[] body;
    private final List<String> names;
    /** For each cell where its value begins. */
    private final int[] starts;

    private final byte[] types;
    private final int rows;
    private final boolean more;

    private RowsFrame(byte[] body, List<String> names, int[] starts, byte[] types, int rows, boolean more) {
        this.body = body;
        this.names = names;
        this.starts = starts;
        this.types = types;
        this.rows = rows;
        this.more = more;
    }

    static RowsFrame decode(Reader in, byte[] body) {
        int columns = Replies.count(in, Words.WORD);
        List<String> names = new ArrayList<>(columns);
        for (int i = 0; i < columns; i++) {
            names.add(in.text());
        }
        int[] starts = new int[16 * Math.max(1, columns)];
        byte[] types = new byte[starts.length];
        int rows = 0;
        while (true) {
            int header = in.position();
            long word = in.int64();
            if (word == DONE || word == MORE) {
                return new RowsFrame(body, List.copyOf(names), starts, types, rows, word == MORE);
            }
            if (columns == 0) {
                throw new WireException("A result without columns has rows");
            }
            in.skip((long) (columns - 1) / COLUMNS_PER_WORD * Words.WORD);
            int cell = rows * columns;
            if (cell + columns > starts.length) {
                starts = Arrays.copyOf(starts, 2 * starts.length);
                types = Arrays.copyOf(types, starts.length);
            }
            for (int column = 0; column < columns; column++, cell++) {
                int pair = body[header + column / 2];
                int type = (column % 2 == 0 ? pair : pair >> BITS) & 0xf;
                types[cell] = (byte) type;
                starts[cell] = in.position();
                skip(in, type);
            }
            rows++;
        }
    }

    /** A result of one number, for what a node reports in another way. */
    public static RowsFrame of(String name, long value) {
        byte[] frame = new Words()
                .int64(1)
                .text(name)
                .int64(WireType.INTEGER)
                .int64(value)
                .int64(DONE)
                .frame(Replies.ROWS, 0);
        byte[] body = Arrays.copyOfRange(frame, Words.WORD, frame.length);
        return decode(new Reader(body), body);
    }

    /**
     * One row as a node would send it, of values that came in another way: Long, Double, String, byte[] or null.
     *
     * @param declared the types of the columns as they were declared
     */
    public static RowsFrame row(List<String> names, List<String> declared, List<? extends @Nullable Object> values) {
        Words words = new Words().int64(names.size());
        names.forEach(words::text);
        int[] all = new int[values.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = type(declared.get(i).toUpperCase(Locale.ROOT), values.get(i));
        }
        for (int i = 0; i < all.length; i += 2) {
            words.oneByte(all[i] | (i + 1 < all.length ? all[i + 1] << BITS : 0));
        }
        words.pad();
        for (Object value : values) {
            if (value instanceof Long number) {
                words.int64(number);
            } else if (value instanceof Double number) {
                words.int64(Double.doubleToRawLongBits(number));
            } else if (value instanceof String text) {
                // Nodes cut it there, too.
                int end = text.indexOf('\0');
                words.text(end < 0 ? text : text.substring(0, end));
            } else if (value instanceof byte[] bytes) {
                words.blob(bytes);
            } else {
                words.int64(0);
            }
        }
        byte[] frame = words.int64(DONE).frame(Replies.ROWS, 0);
        byte[] body = Arrays.copyOfRange(frame, Words.WORD, frame.length);
        return decode(new Reader(body), body);
    }

    private static int type(String declared, @Nullable Object value) {
        boolean time = declared.equals("DATETIME") || declared.equals("DATE") || declared.equals("TIMESTAMP");
        if (value instanceof Long) {
            return time ? WireType.UNIXTIME : declared.equals("BOOLEAN") ? WireType.BOOLEAN : WireType.INTEGER;
        } else if (value instanceof String) {
            return time ? WireType.ISO8601 : WireType.TEXT;
        } else if (value instanceof Double) {
            return WireType.FLOAT;
        }
        return value instanceof byte[] ? WireType.BLOB : WireType.NULL;
    }

    private static void skip(Reader in, int type) {
        switch (type) {
            case WireType.INTEGER, WireType.FLOAT, WireType.NULL, WireType.UNIXTIME, WireType.BOOLEAN ->
                in.skip(Words.WORD);
            case WireType.TEXT, WireType.ISO8601 -> in.skipText();
            case WireType.BLOB -> in.skipBlob();
            default -> throw new WireException("A row has a value of type " + type);
        }
    }

    /** The names of the columns. */
    public List<String> names() {
        return names;
    }

    /** Whether another frame follows. */
    public boolean more() {
        return more;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return names.size();
    }

    @Override
    public DecentDbType type(int row, int column) {
        int cell = cell(row, column);
        return switch (types[cell]) {
            case WireType.INTEGER -> DecentDbType.INT64;
            case WireType.FLOAT -> DecentDbType.FLOAT64;
            case WireType.TEXT -> DecentDbType.TEXT;
            case WireType.BLOB -> DecentDbType.BLOB;
            case WireType.BOOLEAN -> DecentDbType.BOOL;
            case WireType.UNIXTIME -> Math.abs(word(cell)) <= LAST_SECOND ? DecentDbType.TIMESTAMP : DecentDbType.INT64;
            case WireType.ISO8601 -> typeOfIso(cell);
            default -> DecentDbType.NULL;
        };
    }

    /** Text in a column declared as a date or time that is neither is text. */
    private DecentDbType typeOfIso(int cell) {
        String text = text(cell);
        if (text.isEmpty()) {
            return DecentDbType.NULL;
        }
        if (IsoTexts.micros(text) == null) {
            return DecentDbType.TEXT;
        }
        return text.length() == DATE_LENGTH ? DecentDbType.DATE : DecentDbType.TIMESTAMP;
    }

    /** NULL in a column declared as a date or time arrives as an empty text. */
    @Override
    public boolean isNull(int row, int column) {
        int cell = cell(row, column);
        return types[cell] == WireType.NULL || (types[cell] == WireType.ISO8601 && body[starts[cell]] == 0);
    }

    @Override
    public long int64(int row, int column) {
        return word(cell(row, column));
    }

    @Override
    public double float64(int row, int column) {
        return Double.longBitsToDouble(word(cell(row, column)));
    }

    @Override
    public boolean bool(int row, int column) {
        return word(cell(row, column)) != 0;
    }

    @Override
    public String text(int row, int column) {
        return text(cell(row, column));
    }

    @Override
    public byte[] bytes(int row, int column) {
        int start = starts[cell(row, column)];
        int length = (int) (long) Reader.LONGS.get(body, start);
        return Arrays.copyOfRange(body, start + Words.WORD, start + Words.WORD + length);
    }

    @Override
    public long micros(int row, int column) {
        int cell = cell(row, column);
        if (types[cell] == WireType.UNIXTIME) {
            return Math.multiplyExact(word(cell), MICROS_PER_SECOND);
        }
        Long micros = IsoTexts.micros(text(cell));
        if (micros == null) {
            throw otherType(DecentDbType.TIMESTAMP);
        }
        return micros;
    }

    @Override
    public int dateDays(int row, int column) {
        return Math.toIntExact(Math.floorDiv(micros(row, column), 86_400 * MICROS_PER_SECOND));
    }

    private long word(int cell) {
        return (long) Reader.LONGS.get(body, starts[cell]);
    }

    private String text(int cell) {
        int start = starts[cell];
        int end = start;
        while (body[end] != 0) {
            end++;
        }
        return new String(body, start, end - start, StandardCharsets.UTF_8);
    }

    private int cell(int row, int column) {
        return row * names.size() + column;
    }

    @Override
    public long decimalUnscaled(int row, int column) {
        throw otherType(DecentDbType.DECIMAL);
    }

    @Override
    public int decimalScale(int row, int column) {
        throw otherType(DecentDbType.DECIMAL);
    }

    @Override
    public UUID uuid(int row, int column) {
        throw otherType(DecentDbType.UUID);
    }

    @Override
    public long timeMicros(int row, int column) {
        throw otherType(DecentDbType.TIME);
    }

    @Override
    public Interval interval(int row, int column) {
        throw otherType(DecentDbType.INTERVAL);
    }

    @Override
    public EnumValue enumValue(int row, int column) {
        throw otherType(DecentDbType.ENUM);
    }

    @Override
    public @Nullable String enumLabel(int row, int column) {
        throw otherType(DecentDbType.ENUM);
    }

    @Override
    public byte[] address(int row, int column) {
        throw otherType(DecentDbType.IPADDR);
    }

    @Override
    public int prefixLength(int row, int column) {
        throw otherType(DecentDbType.CIDR);
    }

    private static IllegalStateException otherType(DecentDbType type) {
        return new IllegalStateException("No cell of a dqlite result is of type " + type);
    }
}
