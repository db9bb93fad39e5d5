package com.decentdb.r2dbc.embedded.engine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The labels of a schema's ENUM types. A value only has numbers: that of its type, which the engine makes of the names of
 * table and column and of the labels when the column is created, and that of its label. So what is known of a number
 * stays true whatever becomes of the schema. Immutable.
 */
final class EnumLabels {

    static final EnumLabels NONE = new EnumLabels(new TreeMap<>(), Map.of());

    private final SortedMap<Long, List<String>> byType;
    private final Map<String, List<String>> byColumn;
    /** The same as {@code byType} for finding without objects: the numbers, ascending, and their labels. */
    private final long[] types;

    private final String[][] labels;

    private EnumLabels(SortedMap<Long, List<String>> byType, Map<String, List<String>> byColumn) {
        this.byType = byType;
        this.byColumn = byColumn;
        this.types = byType.keySet().stream().mapToLong(Long::longValue).toArray();
        this.labels =
                byType.values().stream().map(all -> all.toArray(String[]::new)).toArray(String[][]::new);
    }

    /** These labels and those in the engine's snapshot of the schema. */
    EnumLabels with(String schemaJson) {
        SortedMap<Long, List<String>> more = new TreeMap<>(byType);
        Map<String, List<String>> columns = new HashMap<>();
        for (Map<String, @Nullable Object> table :
                EngineJson.objects(EngineJson.object(schemaJson, "the schema").get("tables"))) {
            String name = String.valueOf(table.get("name"));
            ColumnTypes.labels(String.valueOf(table.get("ddl"))).forEach((column, labels) -> {
                more.put(typeId(name, column, labels), labels);
                columns.put(key(name, column), labels);
            });
        }
        return new EnumLabels(more, columns);
    }

    /** The label, null if it is not known. */
    @Nullable
    String find(long typeId, long labelId) {
        int at = Arrays.binarySearch(types, typeId);
        return at >= 0 && labelId >= 0 && labelId < labels[at].length ? labels[at][(int) labelId] : null;
    }

    boolean knows(long typeId) {
        return Arrays.binarySearch(types, typeId) >= 0;
    }

    /**
     * These labels and those of another type, which got its number when its table or column had another name.
     *
     * @param column where a value of the type was found, as {@link #key} makes it; null if that is unknown
     */
    EnumLabels with(long typeId, @Nullable String column) {
        SortedMap<Long, List<String>> more = new TreeMap<>(byType);
        // Remembered even without labels, so that the schema is not read again for every value.
        more.put(typeId, column == null ? List.of() : byColumn.getOrDefault(column, List.of()));
        return new EnumLabels(more, byColumn);
    }

    static String key(Object table, Object column) {
        return (table + "." + column).toLowerCase(Locale.ROOT);
    }

    /** The number the engine gives a type: 64-bit FNV-1a. */
    private static long typeId(String table, String column, List<String> labels) {
        long hash = 0xcbf29ce484222325L;
        hash = hash(hash, table);
        hash = hash(hash, column);
        for (String label : labels) {
            hash = hash(hash, label);
        }
        return hash == 0 ? 1 : hash;
    }

    private static long hash(long start, String text) {
        long hash = start;
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (each & 0xff)) * 0x100000001b3L;
        }
        // The zero that ends each text.
        return hash * 0x100000001b3L;
    }
}
