package com.decentdb.importer.plan;

import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.text.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The statements of an import, all of which the engine is known to accept, in their order, and the tables of the rows. */
public final class Plan {

    /** Before the rows: sequences, and each table with its unique indexes. */
    public final List<String> before = new ArrayList<>();
    /** The sequences that are made before the rows. */
    public final List<String> sequences = new ArrayList<>();
    /** The tables, in the order in which they are made. */
    public final List<Table> tables = new ArrayList<>();
    /** Foreign keys that are checked when all rows are there. */
    public final List<Reference> references = new ArrayList<>();
    /** After the rows and references: indexes, positions of sequences, views. */
    public final List<String> after = new ArrayList<>();

    /**
     * A table of the target; the columns that rows bring are at {@code places} of the source's. The column {@code id} is the one for
     * which the engine would make up a value where it is NULL; it is -1 if there is none.
     */
    public record Table(
            SourceTable source,
            String name,
            List<String> columns,
            List<Integer> places,
            List<ColumnType> types,
            int id) {

        /** Whether the import makes the table; else it exists, and gets rows. */
        public boolean isMade() {
            return source.existing == null;
        }

        public String insert() {
            return insert(1);
        }

        /** The statement that inserts so many rows at once. */
        public String insert(int rows) {
            int width = columns.size();
            return "INSERT INTO " + Names.quote(name)
                    + columns.stream().map(Names::quote).collect(Collectors.joining(", ", " (", ") VALUES "))
                    + IntStream.range(0, rows)
                            .mapToObj(row -> IntStream.rangeClosed(1, width)
                                    .mapToObj(i -> "$" + (row * width + i))
                                    .collect(Collectors.joining(", ", "(", ")")))
                            .collect(Collectors.joining(", "));
        }
    }

    /** A foreign key that is added when all rows are there; on a cluster, where its table has it from the start, it is only checked. */
    public record Reference(
            @Nullable String sql,
            Table table,
            List<String> columns,
            String target,
            List<String> targetColumns,
            @Nullable String name,
            long line) {

        private static String quoted(String alias, String column) {
            return alias + "." + Names.quote(column);
        }

        /** The condition of rows that refer to nothing. */
        private String orphaned() {
            String own = Names.quote(table.name());
            String given = columns.stream()
                    .map(column -> quoted(own, column) + " IS NOT NULL")
                    .collect(Collectors.joining(" AND "));
            String same = IntStream.range(0, columns.size())
                    .mapToObj(i -> quoted("parent", targetColumns.get(i)) + " = " + quoted(own, columns.get(i)))
                    .collect(Collectors.joining(" AND "));
            return " FROM " + own + " WHERE " + given + " AND NOT EXISTS (SELECT 1 FROM " + Names.quote(target)
                    + " AS parent WHERE " + same + ")";
        }

        public String orphans(int limit) {
            return "SELECT DISTINCT "
                    + columns.stream()
                            .map(column -> quoted(Names.quote(table.name()), column))
                            .collect(Collectors.joining(", "))
                    + orphaned() + " LIMIT " + limit;
        }

        public String countOrphans() {
            return "SELECT count(*)" + orphaned();
        }

        public String deleteOrphans() {
            return "DELETE" + orphaned();
        }
    }

    public Table of(SourceTable source) {
        return tables.stream()
                .filter(table -> table.source() == source)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the table " + source.name + " was not planned"));
    }

    public List<String> statements() {
        List<String> all = new ArrayList<>(before);
        references.stream().map(Reference::sql).filter(Objects::nonNull).forEach(all::add);
        all.addAll(after);
        return List.copyOf(all);
    }
}
