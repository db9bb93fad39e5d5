package com.decentdb.importer.plan;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.text.Names;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The definition of a table, piece by piece. A scratch database of the engine judges it: if it refuses the whole, pieces are
 * added one by one, and those that it refuses are left out and reported with its reason.
 */
final class TableDraft {

    private final String name;
    private final List<Column> columns = new ArrayList<>();
    private final List<Piece> constraints = new ArrayList<>();

    static final class Column {
        final String name;
        final String type;
        final boolean notNull;
        final @Nullable Piece value;

        Column(String name, String type, boolean notNull, @Nullable Piece value) {
            this.name = name;
            this.type = type;
            this.notNull = notNull;
            this.value = value;
        }

        private String sql() {
            String plain = Names.quote(name) + " " + type;
            if (value != null && value.taken) {
                return plain + (notNull ? " NOT NULL " : " ") + value.sql;
            }
            boolean orphan = value != null && value.generated;
            return plain + (notNull && !orphan ? " NOT NULL" : "");
        }
    }

    /** A part that the table can do without. */
    static final class Piece {
        final String object;
        final long line;
        final String sql;
        final boolean generated;
        boolean taken = true;

        Piece(String object, long line, String sql, boolean generated) {
            this.object = object;
            this.line = line;
            this.sql = sql;
            this.generated = generated;
        }
    }

    TableDraft(String name) {
        this.name = name;
    }

    void column(Column column) {
        columns.add(column);
    }

    void constraint(Piece piece) {
        constraints.add(piece);
    }

    /** The definition that the engine accepts, which the scratch database has afterwards. */
    String settle(Engine scratch, Findings findings) {
        if (scratch.refusal(sql()) == null) {
            return sql();
        }
        List<Piece> pieces = new ArrayList<>();
        columns.forEach(column -> {
            if (column.value != null) {
                pieces.add(column.value);
            }
        });
        pieces.addAll(constraints);
        pieces.forEach(piece -> piece.taken = false);
        @Nullable String refused = scratch.refusal(sql());
        if (refused != null) {
            throw new ImportException("the engine refuses the table " + name + ", which is " + sql() + ": " + refused);
        }
        for (Piece piece : pieces) {
            scratch.execute("DROP TABLE " + Names.quote(name));
            piece.taken = true;
            @Nullable String reason = scratch.refusal(sql());
            if (reason != null) {
                piece.taken = false;
                scratch.execute(sql());
                findings.skipped(piece.object + ": " + piece.sql, piece.line, "the engine refuses it: " + reason);
            }
        }
        return sql();
    }

    private String sql() {
        List<String> elements = new ArrayList<>();
        columns.forEach(column -> elements.add(column.sql()));
        constraints.stream().filter(piece -> piece.taken).forEach(piece -> elements.add(piece.sql));
        return "CREATE TABLE " + Names.quote(name) + " (" + String.join(", ", elements) + ")";
    }
}
