package com.decentdb.r2dbc.cluster.changelog;

import com.decentdb.r2dbc.cluster.wire.RowsFrame;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.WatchedEvent;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads rows as triggers have written them. */
final class RowImages {

    private RowImages() {}

    /** The values of a row by column: Long, Double, String, byte[] or null. */
    static Map<String, @Nullable Object> values(String json) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        try {
            JSON.std.mapFrom(json).forEach((column, value) -> values.put(column, value(value)));
        } catch (IOException | ClassCastException | IllegalArgumentException | ArithmeticException e) {
            throw new IllegalStateException("The change log has a row that no trigger of the driver wrote", e);
        }
        return values;
    }

    private static @Nullable Object value(@Nullable Object json) {
        if (json instanceof Map<?, ?> special) {
            Object hex = special.get("hex");
            return hex == null
                    ? (Object) Double.valueOf(String.valueOf(special.get("real")))
                    : HexFormat.of().parseHex(hex.toString());
        }
        if (json instanceof Integer number) {
            return number.longValue();
        }
        if (json instanceof BigInteger number) {
            // The parser takes the least long for one.
            return number.longValueExact();
        }
        if (json == null || json instanceof Long || json instanceof Double || json instanceof String) {
            return json;
        }
        throw new IllegalArgumentException("No value of SQLite: " + json);
    }

    /** The row as a node would answer it to a query of the table. */
    static WatchedEvent.Image image(Map<String, @Nullable Object> values, @Nullable LogTable table) {
        List<String> names = List.copyOf(values.keySet());
        RowsFrame row = RowsFrame.row(
                names,
                names.stream()
                        .map(name -> table == null ? "" : table.type(name))
                        .toList(),
                new ArrayList<>(values.values()));
        List<Column> columns = new ArrayList<>(names.size());
        for (int i = 0; i < names.size(); i++) {
            columns.add(new Column(names.get(i), row.type(0, i), null, null));
        }
        return new WatchedEvent.Image(columns, row);
    }
}
