package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Numbers. Every narrowing is checked: a value that does not fit is an error, never cut. */
final class NumberCodecs {

    private static final long EXACT_IN_DOUBLE = 1L << 53;
    private static final long EXACT_IN_FLOAT = 1L << 24;
    private static final int MAX_SCALE = 18;

    private NumberCodecs() {}

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(
                        Long.class,
                        Value.Int64::new,
                        (r, i, c, t) -> integer(r, i, c, t, Long.MIN_VALUE, Long.MAX_VALUE)),
                new Codec<>(Integer.class, v -> new Value.Int64(v), (r, i, c, t) -> {
                    Long v = integer(r, i, c, t, Integer.MIN_VALUE, Integer.MAX_VALUE);
                    return v == null ? null : v.intValue();
                }),
                new Codec<>(Short.class, v -> new Value.Int64(v), (r, i, c, t) -> {
                    Long v = integer(r, i, c, t, Short.MIN_VALUE, Short.MAX_VALUE);
                    return v == null ? null : v.shortValue();
                }),
                new Codec<>(Byte.class, v -> new Value.Int64(v), (r, i, c, t) -> {
                    Long v = integer(r, i, c, t, Byte.MIN_VALUE, Byte.MAX_VALUE);
                    return v == null ? null : v.byteValue();
                }),
                new Codec<>(Double.class, Value.Float64::new, NumberCodecs::toDouble),
                new Codec<>(Float.class, v -> new Value.Float64(v), NumberCodecs::toFloat),
                new Codec<>(BigDecimal.class, NumberCodecs::encode, NumberCodecs::toBigDecimal),
                new Codec<>(BigInteger.class, v -> encode(new BigDecimal(v)), (r, i, c, t) -> {
                    BigDecimal v = toBigDecimal(r, i, c, t);
                    return v == null ? null : v.toBigIntegerExact();
                }),
                new Codec<>(Boolean.class, Value.Bool::new, NumberCodecs::toBoolean));
    }

    private static @Nullable Long integer(RowBatch rows, int row, int column, DecentDbType type, long min, long max) {
        long value;
        switch (type) {
            case INT64 -> value = rows.int64(row, column);
            case DECIMAL -> value = decimal(rows, row, column).longValueExact();
            case BOOL -> value = rows.bool(row, column) ? 1 : 0;
            case FLOAT64 -> value = new BigDecimal(rows.float64(row, column)).longValueExact();
            default -> {
                return null;
            }
        }
        if (value < min || value > max) {
            throw new ArithmeticException("the value " + value + " is not within " + min + " to " + max);
        }
        return value;
    }

    private static @Nullable Double toDouble(RowBatch rows, int row, int column, DecentDbType type) {
        switch (type) {
            case FLOAT64 -> {
                return rows.float64(row, column);
            }
            case INT64 -> {
                long value = rows.int64(row, column);
                if (Math.abs(value) > EXACT_IN_DOUBLE) {
                    throw new ArithmeticException("the value " + value + " is not exact as a floating point number");
                }
                return (double) value;
            }
            case DECIMAL -> {
                return decimal(rows, row, column).doubleValue();
            }
            default -> {
                return null;
            }
        }
    }

    private static @Nullable Float toFloat(RowBatch rows, int row, int column, DecentDbType type) {
        if (type == DecentDbType.INT64 && Math.abs(rows.int64(row, column)) > EXACT_IN_FLOAT) {
            throw new ArithmeticException("the value " + rows.int64(row, column) + " is not exact as Float");
        }
        Double value = toDouble(rows, row, column, type);
        if (value == null) {
            return null;
        }
        float narrowed = value.floatValue();
        if (Float.isInfinite(narrowed) && !Double.isInfinite(value)) {
            throw new ArithmeticException("the value " + value + " is too large for Float");
        }
        return narrowed;
    }

    private static @Nullable BigDecimal toBigDecimal(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case DECIMAL -> decimal(rows, row, column);
            case INT64 -> BigDecimal.valueOf(rows.int64(row, column));
            case FLOAT64 -> BigDecimal.valueOf(rows.float64(row, column));
            default -> null;
        };
    }

    private static @Nullable Boolean toBoolean(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case BOOL -> rows.bool(row, column);
            case INT64 -> rows.int64(row, column) != 0;
            default -> null;
        };
    }

    private static BigDecimal decimal(RowBatch rows, int row, int column) {
        return BigDecimal.valueOf(rows.decimalUnscaled(row, column), rows.decimalScale(row, column));
    }

    private static Value encode(BigDecimal value) {
        BigDecimal decimal = value.scale() < 0 ? value.setScale(0) : value;
        if (decimal.scale() > MAX_SCALE || decimal.unscaledValue().bitLength() > 63) {
            throw new ArithmeticException("DECIMAL holds 18 digits, " + value + " has more");
        }
        return new Value.Decimal(decimal.unscaledValue().longValueExact(), decimal.scale());
    }
}
