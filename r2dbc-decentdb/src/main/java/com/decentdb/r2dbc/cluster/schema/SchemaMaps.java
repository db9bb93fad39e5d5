package com.decentdb.r2dbc.cluster.schema;

import com.decentdb.r2dbc.cluster.schema.SchemaRows.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The schema as maps, with the keys that the engine in a process uses in its descriptions. What SQLite does not say without reading
 * the rows, or only in the text of a statement that nothing but its parser understands, is left out: counts of rows, and CHECK constraints.
 */
final class SchemaMaps {

    private final List<Row> rows;

    SchemaMaps(List<Row> rows) {
        this.rows = rows;
    }

    Map<String, Object> all() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("tables", tables());
        all.put("views", views());
        all.put("indexes", indexes());
        all.put("triggers", triggers());
        return all;
    }

    long version() {
        return of("version").stream()
                .mapToLong(row -> row.number(0))
                .findFirst()
                .orElse(0);
    }

    /** The texts of all statements that made the schema, in an order that only depends on them. */
    List<String> statements() {
        return of("object").stream()
                .filter(row -> row.schema().equals("main"))
                .map(row -> row.text(3))
                .sorted()
                .toList();
    }

    List<Map<String, @Nullable Object>> tables() {
        return objects("table").map(this::table).toList();
    }

    private Stream<Row> objects(String type) {
        return of("object").stream()
                .filter(row -> row.text(0).equals(type) && !row.text(1).startsWith("sqlite_"))
                .sorted(Comparator.comparing(row -> row.text(1)));
    }

    private Map<String, @Nullable Object> table(Row object) {
        List<Row> columns = belonging("column", object);
        List<Row> key = columns.stream()
                .filter(column -> column.number(5) > 0)
                .sorted(Comparator.comparingLong(column -> column.number(5)))
                .toList();
        Map<String, @Nullable Object> table = named(object);
        table.put(
                "columns",
                columns.stream().map(column -> column(object, column, key)).toList());
        table.put(
                "primary_key_columns",
                key.stream().map(column -> column.text(1)).toList());
        table.put("foreign_keys", foreignKeys(object));
        table.put("ddl", object.text(3));
        return table;
    }

    private static Map<String, @Nullable Object> named(Row object) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("name", object.text(1));
        map.put("temporary", object.schema().equals("temp"));
        return map;
    }

    private Map<String, @Nullable Object> column(Row table, Row column, List<Row> key) {
        boolean inKey = column.number(5) > 0;
        // SQLite numbers the rows of a table with such a column by itself.
        boolean rowId = key.size() == 1 && inKey && column.text(2).equalsIgnoreCase("INTEGER");
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("name", column.text(1));
        map.put("column_type", Definitions.type(column.text(2)).name());
        map.put("declared_type", column.text(2));
        map.put("nullable", column.number(3) == 0 && !rowId);
        map.put("default_sql", column.textOrNull(4));
        map.put("primary_key", inKey);
        map.put("unique", rowId || unique(table, column.text(1)));
        map.put("auto_increment", rowId);
        return map;
    }

    private boolean unique(Row table, String column) {
        return belonging("index", table).stream()
                .filter(index -> index.number(2) == 1 && index.number(3) == 0)
                .anyMatch(index -> columns(index).equals(List.of(column)));
    }

    private List<Map<String, @Nullable Object>> foreignKeys(Row table) {
        Map<Long, Map<String, @Nullable Object>> keys = new LinkedHashMap<>();
        for (Row part : belonging("key", table)) {
            Map<String, @Nullable Object> key = keys.computeIfAbsent(part.number(1), id -> {
                Map<String, @Nullable Object> first = new LinkedHashMap<>();
                first.put("columns", new ArrayList<String>());
                first.put("referenced_table", part.text(2));
                first.put("referenced_columns", new ArrayList<String>());
                first.put("on_delete", part.text(5));
                first.put("on_update", part.text(6));
                return first;
            });
            add(key, "columns", part.textOrNull(3));
            // Without a name it is the primary key of the other table.
            add(key, "referenced_columns", part.textOrNull(4));
        }
        return List.copyOf(keys.values());
    }

    @SuppressWarnings("unchecked") // made above
    private static void add(Map<String, @Nullable Object> key, String list, @Nullable String name) {
        if (name != null && key.get(list) instanceof List<?> names) {
            ((List<String>) names).add(name);
        }
    }

    List<Map<String, @Nullable Object>> views() {
        List<String> names = of("object").stream()
                .filter(row -> row.text(0).equals("table") || row.text(0).equals("view"))
                .map(row -> row.text(1))
                .toList();
        return objects("view")
                .map(view -> {
                    String query = Definitions.query(view.text(3));
                    Map<String, @Nullable Object> map = named(view);
                    map.put("sql_text", query);
                    map.put(
                            "column_names",
                            belonging("column", view).stream()
                                    .map(row -> row.text(1))
                                    .toList());
                    map.put("dependencies", Definitions.mentioned(query, names));
                    map.put("ddl", view.text(3));
                    return map;
                })
                .toList();
    }

    List<Map<String, @Nullable Object>> indexes() {
        return of("index").stream()
                .sorted(Comparator.comparing(row -> row.text(1)))
                .map(index -> {
                    Map<String, @Nullable Object> map = new LinkedHashMap<>();
                    map.put("name", index.text(1));
                    map.put("table_name", index.text(0));
                    map.put("kind", "btree");
                    map.put("unique", index.number(2) == 1);
                    map.put("columns", columns(index));
                    map.put("predicate_sql", index.number(3) == 1 ? Definitions.predicate(sql(index)) : null);
                    return map;
                })
                .toList();
    }

    /** The columns of an index; an expression has no name. */
    private List<String> columns(Row index) {
        return of("part").stream()
                .filter(part ->
                        part.schema().equals(index.schema()) && part.text(0).equals(index.text(1)))
                .sorted(Comparator.comparingLong(part -> part.number(2)))
                .map(part -> part.textOrNull(1) == null ? "<expression>" : part.text(1))
                .toList();
    }

    private @Nullable String sql(Row index) {
        return of("object").stream()
                .filter(row -> row.text(0).equals("index") && row.text(1).equals(index.text(1)))
                .map(row -> row.text(3))
                .findFirst()
                .orElse(null);
    }

    List<Map<String, @Nullable Object>> triggers() {
        return objects("trigger")
                .map(trigger -> {
                    Definitions.Trigger definition = Definitions.trigger(trigger.text(3));
                    Map<String, @Nullable Object> map = named(trigger);
                    map.put("target_name", trigger.text(2));
                    map.put("kind", definition.timing());
                    map.put("event", definition.event());
                    map.put(
                            "on_view",
                            objects("view").anyMatch(view -> view.text(1).equals(trigger.text(2))));
                    map.put("action_sql", definition.action());
                    map.put("ddl", trigger.text(3));
                    return map;
                })
                .toList();
    }

    private List<Row> of(String kind) {
        return rows.stream().filter(row -> row.kind().equals(kind)).toList();
    }

    private List<Row> belonging(String kind, Row object) {
        return rows.stream()
                .filter(row -> row.kind().equals(kind)
                        && row.schema().equals(object.schema())
                        && row.text(0).equals(object.text(1)))
                .toList();
    }
}
