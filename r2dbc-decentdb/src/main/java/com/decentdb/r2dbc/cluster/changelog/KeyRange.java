package com.decentdb.r2dbc.cluster.changelog;

import com.decentdb.r2dbc.cluster.statement.Arguments;
import com.decentdb.r2dbc.cluster.wire.Param;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.transport.WatchRequest;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A range of keys of a table. What cannot be compared as the server compares it counts as within the range, so that no change
 * of the range is missed: a key of another kind than its bound, or text that is not ordered by its bytes.
 */
record KeyRange(WatchRequest.Range range, LogTable table) {

    boolean holds(Map<String, @Nullable Object> row) {
        return beyond(row, range.lower(), 1) && beyond(row, range.upper(), -1);
    }

    private boolean beyond(Map<String, @Nullable Object> row, WatchRequest.@Nullable Bound bound, int direction) {
        List<Value> values = bound == null ? List.of() : bound.values();
        List<String> key = table.key();
        for (int i = 0; i < Math.min(values.size(), key.size()); i++) {
            Integer order = order(key.get(i), row.get(key.get(i)), values.get(i));
            if (order == null) {
                return true;
            }
            if (order != 0) {
                return Integer.signum(order) == direction;
            }
        }
        return true;
    }

    private @Nullable Integer order(String column, @Nullable Object value, Value bound) {
        Object other = plain(Arguments.param(bound));
        if (value instanceof Number number) {
            BigDecimal left = decimal(number);
            BigDecimal right = decimal(other);
            return left == null || right == null ? null : (Integer) left.compareTo(right);
        }
        if (value instanceof String text && other instanceof String limit && table.ordersBytes(column)) {
            return Arrays.compareUnsigned(
                    text.getBytes(StandardCharsets.UTF_8), limit.getBytes(StandardCharsets.UTF_8));
        }
        return null;
    }

    private static @Nullable Object plain(Param bound) {
        if (bound instanceof Param.Int number) {
            return number.value();
        } else if (bound instanceof Param.Real number) {
            return number.value();
        } else if (bound instanceof Param.Bool flag) {
            return flag.value() ? 1L : 0L;
        } else if (bound instanceof Param.Text text) {
            return text.value();
        } else if (bound instanceof Param.Iso iso) {
            return iso.value();
        }
        return null;
    }

    /** The number that SQLite compares; null if it is none, or has no digits. */
    private static @Nullable BigDecimal decimal(@Nullable Object number) {
        if (number instanceof Long whole) {
            return BigDecimal.valueOf(whole);
        }
        if (number instanceof Double real) {
            return Double.isFinite(real) ? new BigDecimal(real) : null;
        }
        try {
            return number instanceof String text && text.length() < 64 ? new BigDecimal(text) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
