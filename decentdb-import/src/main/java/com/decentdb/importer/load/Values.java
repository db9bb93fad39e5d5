package com.decentdb.importer.load;

import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.ColumnType.Kind;
import com.decentdb.r2dbc.api.Interval;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.HexFormat;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Values of a source as those that are bound. A value that is not of the column's type is an {@link IllegalArgumentException}. */
final class Values {

    private static final DateTimeFormatter TIMESTAMP = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendPattern("[ ]['T']")
            .appendPattern("HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .toFormatter();
    private static final DateTimeFormatter TIMESTAMPTZ = new DateTimeFormatterBuilder()
            .append(TIMESTAMP)
            .appendPattern("[XXXXX][XXX][X]")
            .toFormatter();

    private Values() {}

    static Object of(Object value, ColumnType type) {
        if (type.kind() == Kind.ANY) {
            return value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : value;
        }
        if (value instanceof String text) {
            return text(text, type);
        }
        if (type.kind() == Kind.BLOB) {
            return ByteBuffer.wrap(
                    value instanceof byte[] bytes ? bytes : value.toString().getBytes(StandardCharsets.UTF_8));
        }
        if (value instanceof Number number) {
            return number(number, type);
        }
        throw wrong(value, type);
    }

    private static Object number(Number number, ColumnType type) {
        return switch (type.kind()) {
            case BOOL -> bool(number);
            case INT64 -> whole(number, type);
            case FLOAT64 -> number.doubleValue();
            case DECIMAL -> new BigDecimal(number.toString());
            case TEXT -> number.toString();
            default -> throw wrong(number, type);
        };
    }

    private static long whole(Number number, ColumnType type) {
        if (number instanceof Integer || number instanceof Long) {
            return number.longValue();
        }
        throw wrong(number, type);
    }

    private static Object bool(Number number) {
        if (number.doubleValue() == 0 || number.doubleValue() == 1) {
            return number.intValue() == 1;
        }
        throw new IllegalArgumentException(number + " is not a BOOL");
    }

    private static Object text(String text, ColumnType type) {
        try {
            return switch (type.kind()) {
                case INT64 -> Long.valueOf(text);
                case FLOAT64 -> number(text);
                case BOOL -> bool(text, type);
                case BLOB -> ByteBuffer.wrap(bytes(text));
                case DECIMAL -> new BigDecimal(text);
                case UUID -> UUID.fromString(text);
                case DATE -> LocalDate.parse(text);
                case TIME -> LocalTime.parse(text);
                case TIMESTAMP -> LocalDateTime.parse(text, TIMESTAMP);
                case TIMESTAMPTZ -> OffsetDateTime.parse(text, TIMESTAMPTZ);
                case INTERVAL -> Interval.parse(text);
                case JSON -> type.element() == null ? text : PgArrays.toJson(text, element(type));
                case TEXT, ENUM, INET, CIDR, MACADDR, ANY -> text;
            };
        } catch (NumberFormatException | DateTimeException e) {
            throw new IllegalArgumentException("'" + shorten(text) + "' is not a value of " + type.ddl(), e);
        }
    }

    private static boolean bool(String text, ColumnType type) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "t", "true", "1" -> true;
            case "f", "false", "0" -> false;
            default -> throw wrong(text, type);
        };
    }

    private static Kind element(ColumnType type) {
        Kind element = type.element();
        return element == null ? Kind.TEXT : element;
    }

    private static Double number(String text) {
        Double number = Double.valueOf(text);
        if (number.isNaN()) {
            throw new IllegalArgumentException("NaN cannot be stored");
        }
        return number;
    }

    /** The text of a {@code bytea}, in hexadecimal or, as older servers write it, with octal escapes. */
    private static byte[] bytes(String text) {
        if (text.startsWith("\\x")) {
            return HexFormat.of().parseHex(text, 2, text.length());
        }
        ByteBuffer bytes = ByteBuffer.allocate(text.length() * 3);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                bytes.put(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
            } else if (text.startsWith("\\\\", i)) {
                bytes.put((byte) '\\');
                i++;
            } else {
                bytes.put((byte) Integer.parseInt(text.substring(i + 1, Math.min(i + 4, text.length())), 8));
                i += 3;
            }
        }
        byte[] exact = new byte[bytes.position()];
        bytes.flip().get(exact);
        return exact;
    }

    private static IllegalArgumentException wrong(Object value, ColumnType type) {
        return new IllegalArgumentException("'" + shorten(value.toString()) + "' is not a value of " + type.ddl());
    }

    private static String shorten(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "..";
    }

    /** The size of a value in memory, about. */
    static int size(@Nullable Object value) {
        return value instanceof String text
                ? text.length()
                : value instanceof ByteBuffer bytes ? bytes.remaining() : 16;
    }
}
