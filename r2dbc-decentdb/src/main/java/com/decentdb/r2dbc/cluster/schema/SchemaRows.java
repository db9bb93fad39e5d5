package com.decentdb.r2dbc.cluster.schema;

import com.decentdb.r2dbc.codec.Codecs;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Cursor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The schema as one query returns it, which sees one moment: rows of several kinds, each with the kind in its first column and the
 * schema of the object, {@code main} or {@code temp}, in its second.
 */
final class SchemaRows {

    /** CROSS JOIN keeps the order of the tables: a table function whose argument comes later has no rows. */
    static final SqlCommand QUERY = SqlCommand.of(
            "WITH o AS ("
                    + "SELECT 'main' AS s, type, name, tbl_name, sql FROM main.sqlite_schema UNION ALL "
                    + "SELECT 'temp', type, name, tbl_name, sql FROM temp.sqlite_schema), "
                    + "t AS (SELECT s, name FROM o WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\') "
                    + "SELECT 'object' AS kind, s, type AS a, name AS b, tbl_name AS c, sql AS d, NULL AS e, NULL AS f, NULL AS g FROM o "
                    + "UNION ALL SELECT 'column', t.s, t.name, x.name, x.type, x.\"notnull\", x.dflt_value, x.pk, x.hidden"
                    + " FROM t CROSS JOIN pragma_table_xinfo(t.name, t.s) x "
                    + "UNION ALL SELECT 'key', t.s, t.name, k.id, k.\"table\", k.\"from\", k.\"to\", k.on_delete, k.on_update"
                    + " FROM t CROSS JOIN pragma_foreign_key_list(t.name, t.s) k "
                    + "UNION ALL SELECT 'index', t.s, t.name, i.name, i.\"unique\", i.partial, NULL, NULL, NULL"
                    + " FROM t CROSS JOIN pragma_index_list(t.name, t.s) i "
                    + "UNION ALL SELECT 'part', t.s, i.name, p.name, p.seqno, NULL, NULL, NULL, NULL"
                    + " FROM t CROSS JOIN pragma_index_list(t.name, t.s) i CROSS JOIN pragma_index_xinfo(i.name, t.s) p WHERE p.key = 1 "
                    + "UNION ALL SELECT 'version', 'main', schema_version, NULL, NULL, NULL, NULL, NULL, NULL FROM pragma_schema_version");

    /** A row of any kind. */
    record Row(String kind, String schema, List<@Nullable Object> values) {

        @Nullable
        String textOrNull(int index) {
            Object value = values.get(index);
            return value == null ? null : value.toString();
        }

        String text(int index) {
            String text = textOrNull(index);
            return text == null ? "" : text;
        }

        long number(int index) {
            return values.get(index) instanceof Number number ? number.longValue() : 0;
        }
    }

    private SchemaRows() {}

    /** All rows, in the order in which SQLite gives them. */
    static Mono<List<Row>> read(Flux<Cursor> outcome) {
        return outcome.concatMap(cursor -> Flux.concat(
                                Mono.justOrEmpty(cursor.first()),
                                Mono.defer(() -> cursor.exhausted() ? Mono.empty() : cursor.next())
                                        .repeatWhen(ends -> ends.takeWhile(taken -> taken > 0)))
                        .doFinally(signal -> cursor.close()))
                .collect(ArrayList::new, SchemaRows::add);
    }

    private static void add(List<Row> rows, RowBatch batch) {
        for (int row = 0; row < batch.rows(); row++) {
            List<@Nullable Object> values = new ArrayList<>();
            for (int column = 2; column < batch.columns(); column++) {
                values.add(value(batch, row, column));
            }
            rows.add(new Row(String.valueOf(value(batch, row, 0)), String.valueOf(value(batch, row, 1)), values));
        }
    }

    private static @Nullable Object value(RowBatch batch, int row, int column) {
        return Codecs.instance().decode(batch, row, column, Object.class, index -> "column " + index);
    }
}
