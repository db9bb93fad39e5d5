package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Numbers. A value that does not fit is an error, never cut. Only floating point rounds, as it always does: a
 * {@code DECIMAL} read as floating point is the nearest such number, and so is a {@code FLOAT64} read as {@code Float}.
 */
final class NumberCodecs {

    private static final int MAX_SCALE = 18;
    private static final int LONG_DIGITS = 19;
    /** More digits than any double has in decimal notation. */
    private static final int MAX_TEXT = 1200;

    private static final Set<String> NOT_FINITE = Set.of("Infinity", "-Infinity", "NaN");

    private NumberCodecs() {}

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(
                        Long.class,
                        Value.Int64::new,
                        (r, i, c, t) -> t == DecentDbType.INT64
                                ? (Long) r.int64(i, c)
                                : isNumber(t) ? (Long) whole(r, i, c, t) : null),
                new Codec<>(
                        Integer.class,
                        v -> new Value.Int64(v),
                        (r, i, c, t) -> isNumber(t)
                                ? (Integer) (int) within(whole(r, i, c, t), Integer.MIN_VALUE, Integer.MAX_VALUE)
                                : null),
                new Codec<>(
                        Short.class,
                        v -> new Value.Int64(v),
                        (r, i, c, t) -> isNumber(t)
                                ? (Short) (short) within(whole(r, i, c, t), Short.MIN_VALUE, Short.MAX_VALUE)
                                : null),
                new Codec<>(
                        Byte.class,
                        v -> new Value.Int64(v),
                        (r, i, c, t) -> isNumber(t)
                                ? (Byte) (byte) within(whole(r, i, c, t), Byte.MIN_VALUE, Byte.MAX_VALUE)
                                : null),
                new Codec<>(Double.class, Value.Float64::new, NumberCodecs::toDouble),
                new Codec<>(Float.class, v -> new Value.Float64(v), NumberCodecs::toFloat),
                new Codec<>(BigDecimal.class, NumberCodecs::encode, NumberCodecs::toBigDecimal),
                new Codec<>(BigInteger.class, NumberCodecs::encode, NumberCodecs::toBigInteger),
                new Codec<>(Boolean.class, Value.Bool::new, NumberCodecs::toBoolean));
    }

    private static boolean isNumber(DecentDbType type) {
        return switch (type) {
            case INT64, DECIMAL, FLOAT64, BOOL, TEXT -> true;
            default -> false;
        };
    }

    private static long whole(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case INT64 -> rows.int64(row, column);
            case BOOL -> rows.bool(row, column) ? 1 : 0;
            default -> wholeExact(toBigDecimal(rows, row, column, type));
        };
    }

    private static long wholeExact(@Nullable BigDecimal value) {
        if (value == null || (value.signum() != 0 && value.stripTrailingZeros().scale() > 0)) {
            throw new Misfit(Misfit.NUMBER, "the value " + value + " has a fraction; read it as BigDecimal");
        }
        if ((long) value.precision() - value.scale() > LONG_DIGITS
                || value.toBigInteger().bitLength() > Value.Int64.BITS) {
            throw new Misfit(Misfit.NUMBER, outOfRange(value, Long.MIN_VALUE, Long.MAX_VALUE));
        }
        return value.longValue();
    }

    private static long within(long value, long min, long max) {
        if (value < min || value > max) {
            throw new Misfit(Misfit.NUMBER, outOfRange(value, min, max));
        }
        return value;
    }

    private static String outOfRange(Object value, long min, long max) {
        return "the value " + value + " is not within " + min + " to " + max + "; read it as a wider type";
    }

    private static @Nullable Double toDouble(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case FLOAT64 -> rows.float64(row, column);
            case INT64 -> {
                long value = rows.int64(row, column);
                double nearest = value;
                // The nearest to the largest long is one more than it, which casting back would hide.
                if ((long) nearest != value || nearest == 0x1p63) {
                    throw new Misfit(Misfit.NUMBER, notExact(value));
                }
                yield nearest;
            }
            case DECIMAL -> decimal(rows, row, column).doubleValue();
            case TEXT -> {
                String text = rows.text(row, column);
                yield NOT_FINITE.contains(text)
                        ? Double.parseDouble(text)
                        : parse(text).doubleValue();
            }
            default -> null;
        };
    }

    private static @Nullable Float toFloat(RowBatch rows, int row, int column, DecentDbType type) {
        Double value = toDouble(rows, row, column, type);
        if (value == null) {
            return null;
        }
        float nearest = value.floatValue();
        if (Float.isInfinite(nearest) && !Double.isInfinite(value)) {
            throw new Misfit(
                    Misfit.NUMBER,
                    "the value " + value + " is beyond the largest Float, " + Float.MAX_VALUE + "; read it as Double");
        }
        if (type == DecentDbType.INT64 && nearest != value) {
            throw new Misfit(Misfit.NUMBER, notExact(rows.int64(row, column)));
        }
        return nearest;
    }

    private static String notExact(long value) {
        return "the value " + value + " is not exact as a floating point number; read it as Long";
    }

    private static @Nullable BigDecimal toBigDecimal(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case DECIMAL -> decimal(rows, row, column);
            case INT64 -> BigDecimal.valueOf(rows.int64(row, column));
            case FLOAT64 -> {
                double value = rows.float64(row, column);
                if (!Double.isFinite(value)) {
                    throw new Misfit(
                            Misfit.NUMBER, "the value " + value + " has no decimal notation; read it as Double");
                }
                yield BigDecimal.valueOf(value);
            }
            case TEXT -> parse(rows.text(row, column));
            default -> null;
        };
    }

    private static @Nullable BigInteger toBigInteger(RowBatch rows, int row, int column, DecentDbType type) {
        if (type == DecentDbType.INT64) {
            return BigInteger.valueOf(rows.int64(row, column));
        }
        BigDecimal value = toBigDecimal(rows, row, column, type);
        if (value != null && value.signum() != 0 && value.stripTrailingZeros().scale() > 0) {
            throw new Misfit(Misfit.NUMBER, "the value " + value + " has a fraction; read it as BigDecimal");
        }
        return value == null ? null : value.toBigInteger();
    }

    private static @Nullable Boolean toBoolean(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case BOOL -> rows.bool(row, column);
            case INT64 -> {
                long value = rows.int64(row, column);
                if (value != 0 && value != 1) {
                    throw new Misfit(Misfit.NUMBER, "the value " + value + " is neither 0 nor 1; read it as Long");
                }
                yield value == 1;
            }
            case TEXT -> {
                String text = rows.text(row, column);
                if (!text.equals("true") && !text.equals("false")) {
                    throw Misfit.noSuch(text, "Boolean, which is true or false", null);
                }
                yield text.equals("true");
            }
            default -> null;
        };
    }

    private static BigDecimal parse(String text) {
        try {
            // Longer texts, and those with a larger exponent, cost more time and memory than any number is worth.
            if (text.length() <= MAX_TEXT) {
                BigDecimal number = new BigDecimal(text);
                if (Math.abs((long) number.scale()) <= MAX_TEXT) {
                    return number;
                }
            }
        } catch (NumberFormatException e) {
            throw Misfit.noSuch(text, "number", e);
        }
        throw Misfit.noSuch(text, "number that fits", null);
    }

    /** As PostgreSQL writes it: with an exponent below 1e-4 and from 1e15 on. */
    static String text(double value) {
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        BigDecimal digits = BigDecimal.valueOf(value).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (exponent >= -4 && exponent < 15) {
            return digits.toPlainString();
        }
        BigDecimal mantissa = digits.movePointLeft(exponent);
        return "%se%s%02d".formatted(mantissa.toPlainString(), exponent < 0 ? "-" : "+", Math.abs(exponent));
    }

    static BigDecimal decimal(RowBatch rows, int row, int column) {
        return BigDecimal.valueOf(rows.decimalUnscaled(row, column), rows.decimalScale(row, column));
    }

    private static Value encode(BigDecimal value) {
        BigDecimal decimal = fits(value) ? value : withoutZeros(value);
        return new Value.Decimal(decimal.unscaledValue().longValue(), decimal.scale());
    }

    private static boolean fits(BigDecimal value) {
        return value.scale() >= 0
                && value.scale() <= MAX_SCALE
                && value.unscaledValue().bitLength() <= Value.Int64.BITS;
    }

    /** Writes what has too many zeros in the end, or none though it needs some, as a decimal of the engine. */
    private static BigDecimal withoutZeros(BigDecimal value) {
        BigDecimal shortest = value.stripTrailingZeros();
        // Checked first, because a scale may ask for gigabytes of zeros.
        if (shortest.scale() < 0 && (long) shortest.precision() - shortest.scale() <= LONG_DIGITS) {
            shortest = shortest.setScale(0);
        }
        if (!fits(shortest)) {
            throw tooLong(value);
        }
        return shortest;
    }

    private static Misfit tooLong(BigDecimal value) {
        String message = "DECIMAL holds 18 digits, at most 18 of them behind the point, and this has "
                + value.precision() + " digits at a scale of " + value.scale() + "; round it, or bind text";
        // A scale may ask for gigabytes of zeros.
        boolean readable = value.precision() <= MAX_TEXT / 2 && Math.abs((long) value.scale()) <= MAX_TEXT / 2;
        return readable ? Misfit.textOnly(message, value.toPlainString()) : new Misfit(Misfit.NUMBER, message);
    }

    private static Value encode(BigInteger value) {
        if (value.bitLength() > Value.Int64.BITS) {
            throw new Misfit(
                    Misfit.NUMBER,
                    "integers are within " + Long.MIN_VALUE + " to " + Long.MAX_VALUE + ", and this has "
                            + value.bitLength() + " bits; bind text");
        }
        return new Value.Int64(value.longValue());
    }
}
