package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EnumValue;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.api.MacAddress;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.netty.util.NetUtil;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One row in the engine's JSON notation: numbers, booleans and NULL as themselves, a TIMESTAMP as its microseconds, an
 * ENUM as its label, bytes in hex, everything else as its text. Bound to the types of its columns; a value that does not
 * fit keeps the type it has in JSON. Immutable.
 */
final class JsonRow implements RowBatch {

    private record Cell(DecentDbType type, @Nullable Object value) {}

    private final List<Cell> cells;

    private JsonRow(List<Cell> cells) {
        this.cells = cells;
    }

    /** The values of a row in the order of the table's columns; columns that the table lacks by now come last, untyped. */
    static WatchedEvent.Image image(Map<String, @Nullable Object> values, List<Column> table) {
        List<Column> columns = new ArrayList<>(values.size());
        table.stream().filter(column -> values.containsKey(column.name())).forEach(columns::add);
        if (columns.size() < values.size()) {
            Set<String> known = columns.stream().map(Column::name).collect(Collectors.toSet());
            values.keySet().stream()
                    .filter(name -> !known.contains(name))
                    .forEach(name -> columns.add(Column.named(name)));
        }
        List<@Nullable Object> ordered = new ArrayList<>(columns.size());
        columns.forEach(column -> ordered.add(values.get(column.name())));
        // The one list of a table is shared, so that its rows need no list each.
        List<Column> shared = columns.equals(table) ? table : List.copyOf(columns);
        return new WatchedEvent.Image(
                shared, of(ordered, shared.stream().map(Column::type).toList()));
    }

    /**
     * Reads a row.
     *
     * @param values as a JSON parser gives them
     * @param types of the columns, {@link DecentDbType#NULL} where unknown
     */
    static JsonRow of(List<@Nullable Object> values, List<DecentDbType> types) {
        Cell[] cells = new Cell[values.size()];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = cell(values.get(i), types.get(i));
        }
        return new JsonRow(List.of(cells));
    }

    private static Cell cell(@Nullable Object json, DecentDbType type) {
        if (json == null) {
            return new Cell(type, null);
        }
        try {
            return json instanceof String text ? fromText(text, type) : fromOther(json, type);
        } catch (RuntimeException written) {
            // The column had another type when the value was written.
            return untyped(json);
        }
    }

    private static Cell fromText(String text, DecentDbType type) {
        Object value = switch (type) {
            case BLOB, GEOMETRY, GEOGRAPHY -> HexFormat.of().parseHex(text);
            case DECIMAL -> new BigDecimal(text);
            case UUID -> UUID.fromString(text);
            case TIMESTAMPTZ -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(text));
            case DATE -> Math.toIntExact(LocalDate.parse(text).toEpochDay());
            case TIME -> LocalTime.parse(text).toNanoOfDay() / 1000;
            case INTERVAL -> interval(text);
            case IPADDR -> address(text);
            case CIDR -> Cidr.parse(text);
            case MACADDR -> MacAddress.of(HexFormat.ofDelimiter(":").parseHex(text));
            default -> null;
        };
        return value == null ? untyped(text) : new Cell(type, value);
    }

    private static Cell fromOther(Object json, DecentDbType type) {
        if (json instanceof Number number) {
            switch (type) {
                case FLOAT64 -> {
                    return new Cell(type, number.doubleValue());
                }
                case DECIMAL -> {
                    return new Cell(type, new BigDecimal(number.toString()));
                }
                case TIMESTAMP -> {
                    return new Cell(type, number.longValue());
                }
                default -> {
                    return untyped(json);
                }
            }
        }
        return untyped(json);
    }

    private static Cell untyped(Object json) {
        if (json instanceof Boolean) {
            return new Cell(DecentDbType.BOOL, json);
        }
        if (json instanceof Integer || json instanceof Long) {
            return new Cell(DecentDbType.INT64, ((Number) json).longValue());
        }
        if (json instanceof Number number && !(json instanceof BigInteger)) {
            return new Cell(DecentDbType.FLOAT64, number.doubleValue());
        }
        return new Cell(DecentDbType.TEXT, json.toString());
    }

    private static Interval interval(String text) {
        String[] parts = text.split(" ", 3);
        return new Interval(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Long.parseLong(parts[2]));
    }

    private static byte[] address(String text) {
        byte[] address = NetUtil.createByteArrayFromIpAddressString(text);
        if (address == null) {
            throw new IllegalArgumentException("No IP address: " + text);
        }
        return address;
    }

    private <T> T value(int column, Class<T> type) {
        Object value = cells.get(column).value();
        if (value == null) {
            throw new IllegalStateException("Column " + column + " is NULL");
        }
        return type.cast(value);
    }

    @Override
    public int rows() {
        return 1;
    }

    @Override
    public int columns() {
        return cells.size();
    }

    @Override
    public DecentDbType type(int row, int column) {
        return cells.get(column).type();
    }

    @Override
    public boolean isNull(int row, int column) {
        return cells.get(column).value() == null;
    }

    @Override
    public long int64(int row, int column) {
        return value(column, Long.class);
    }

    @Override
    public double float64(int row, int column) {
        return value(column, Double.class);
    }

    @Override
    public boolean bool(int row, int column) {
        return value(column, Boolean.class);
    }

    @Override
    public String text(int row, int column) {
        return value(column, String.class);
    }

    @Override
    public byte[] bytes(int row, int column) {
        return value(column, byte[].class).clone();
    }

    @Override
    public long decimalUnscaled(int row, int column) {
        return value(column, BigDecimal.class).unscaledValue().longValueExact();
    }

    @Override
    public int decimalScale(int row, int column) {
        return value(column, BigDecimal.class).scale();
    }

    @Override
    public UUID uuid(int row, int column) {
        return value(column, UUID.class);
    }

    @Override
    public long micros(int row, int column) {
        return value(column, Long.class);
    }

    @Override
    public int dateDays(int row, int column) {
        return value(column, Integer.class);
    }

    @Override
    public long timeMicros(int row, int column) {
        return value(column, Long.class);
    }

    @Override
    public Interval interval(int row, int column) {
        return value(column, Interval.class);
    }

    /** Never called: no cell is of that type. */
    @Override
    public @Nullable String enumLabel(int row, int column) {
        return value(column, String.class);
    }

    @Override
    public EnumValue enumValue(int row, int column) {
        throw new IllegalStateException("Column " + column + " holds the label of an enum, not its numbers");
    }

    @Override
    public byte[] address(int row, int column) {
        Object value = value(column, Object.class);
        if (value instanceof Cidr network) {
            return network.address().getAddress();
        }
        return value instanceof MacAddress mac ? mac.toByteArray() : ((byte[]) value).clone();
    }

    @Override
    public int prefixLength(int row, int column) {
        return value(column, Cidr.class).prefixLength();
    }
}
