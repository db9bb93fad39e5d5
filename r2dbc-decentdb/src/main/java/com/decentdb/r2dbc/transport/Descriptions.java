package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.schema.ForeignKeyInfo;
import com.decentdb.r2dbc.api.schema.IndexInfo;
import com.decentdb.r2dbc.api.schema.TableColumn;
import com.decentdb.r2dbc.api.schema.TableInfo;
import com.decentdb.r2dbc.api.schema.TriggerInfo;
import com.decentdb.r2dbc.api.schema.ViewInfo;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads descriptions of schema objects that are maps in DecentDB's form, whichever transport made them. */
public final class Descriptions {

    private Descriptions() {}

    public static TableInfo table(Map<String, @Nullable Object> table, long rowCount) {
        return new TableInfo(
                text(table, "name"),
                is(table, "temporary"),
                columns(table),
                texts(table, "primary_key_columns"),
                maps(table, "foreign_keys").stream()
                        .map(Descriptions::foreignKey)
                        .toList(),
                texts(table, "checks"),
                rowCount,
                table);
    }

    /** The columns of a described table. */
    public static List<TableColumn> columns(Map<String, @Nullable Object> table) {
        return maps(table, "columns").stream()
                .map(column -> new TableColumn(
                        text(column, "name"),
                        DecentDbType.ofName(text(column, "column_type")),
                        is(column, "nullable"),
                        textOrNull(column, "default_sql"),
                        is(column, "primary_key"),
                        is(column, "unique"),
                        is(column, "auto_increment"),
                        texts(column, "checks"),
                        column))
                .toList();
    }

    private static ForeignKeyInfo foreignKey(Map<String, @Nullable Object> key) {
        return new ForeignKeyInfo(
                textOrNull(key, "name"),
                texts(key, "columns"),
                text(key, "referenced_table"),
                texts(key, "referenced_columns"),
                text(key, "on_delete"),
                text(key, "on_update"),
                key);
    }

    public static IndexInfo index(Map<String, @Nullable Object> index) {
        return new IndexInfo(
                text(index, "name"),
                text(index, "table_name"),
                text(index, "kind"),
                is(index, "unique"),
                texts(index, "columns"),
                texts(index, "include_columns"),
                textOrNull(index, "predicate_sql"),
                index);
    }

    public static ViewInfo view(Map<String, @Nullable Object> view) {
        return new ViewInfo(
                text(view, "name"),
                is(view, "temporary"),
                text(view, "sql_text"),
                texts(view, "column_names"),
                texts(view, "dependencies"),
                view);
    }

    public static TriggerInfo trigger(Map<String, @Nullable Object> trigger) {
        return new TriggerInfo(
                text(trigger, "name"),
                text(trigger, "target_name"),
                text(trigger, "kind").toUpperCase(Locale.ROOT),
                text(trigger, "event").toUpperCase(Locale.ROOT),
                is(trigger, "on_view"),
                text(trigger, "action_sql"),
                trigger);
    }

    /** A field as text, empty if it is absent. */
    public static String text(Map<String, @Nullable Object> described, String field) {
        String text = textOrNull(described, field);
        return text == null ? "" : text;
    }

    public static @Nullable String textOrNull(Map<String, @Nullable Object> described, String field) {
        Object value = described.get(field);
        return value == null ? null : value.toString();
    }

    private static List<String> texts(Map<String, @Nullable Object> described, String field) {
        return described.get(field) instanceof List<?> all
                ? all.stream().map(String::valueOf).toList()
                : List.of();
    }

    /** Whether a field is there and true. */
    public static boolean is(Map<String, @Nullable Object> described, String field) {
        return Boolean.TRUE.equals(described.get(field));
    }

    /** A field as a whole number, 0 if it is none. */
    public static long number(Map<String, @Nullable Object> described, String field) {
        return described.get(field) instanceof Number number ? number.longValue() : 0;
    }

    /** The members of a field that are maps themselves. */
    @SuppressWarnings("unchecked")
    public static List<Map<String, @Nullable Object>> maps(Map<String, @Nullable Object> described, String field) {
        return described.get(field) instanceof List<?> all
                ? all.stream()
                        .filter(Map.class::isInstance)
                        .map(each -> (Map<String, @Nullable Object>) each)
                        .toList()
                : List.of();
    }

    /** Refuses a name that is null or empty. */
    public static void requireName(@Nullable String name) {
        if (name == null || name.isEmpty()) {
            throw new IllegalArgumentException("The name must not be null or empty");
        }
    }
}
