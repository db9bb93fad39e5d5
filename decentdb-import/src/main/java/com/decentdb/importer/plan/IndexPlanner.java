package com.decentdb.importer.plan;

import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.schema.SourceTable.Index;
import com.decentdb.importer.schema.SourceTable.Part;
import com.decentdb.importer.text.Names;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Plans indexes: unique ones before the rows, so that a row that breaks one is known by its line, the others after them. */
final class IndexPlanner {

    private static final Set<String> METHODS = Set.of("btree", "hash");

    private final Plan plan;
    private final Engine scratch;
    private final Findings findings;
    private final Naming names;
    private final Function<SourceTable, Naming> columns;
    private final Expression expression;

    /** An expression of a table as the engine reads it. */
    interface Expression {
        String of(SourceTable table, String text);
    }

    IndexPlanner(
            Plan plan,
            Engine scratch,
            Findings findings,
            Naming names,
            Function<SourceTable, Naming> columns,
            Expression expression) {
        this.plan = plan;
        this.scratch = scratch;
        this.findings = findings;
        this.names = names;
        this.columns = columns;
        this.expression = expression;
    }

    void unique(SourceTable table, String name) {
        table.indexes.stream().filter(Index::unique).forEach(index -> index(table, name, index, plan.before));
    }

    void plain(SourceTable table, String name) {
        table.indexes.stream().filter(index -> !index.unique()).forEach(index -> index(table, name, index, plan.after));
    }

    private void index(SourceTable table, String name, Index index, List<String> to) {
        String object = "index " + index.name() + " on " + table.name;
        @Nullable String method = index.method();
        if (method != null && !METHODS.contains(method)) {
            findings.skipped(object, index.line(), "the engine has no index of the method " + method);
            return;
        }
        if ("hash".equals(method)) {
            findings.changed(object, index.line(), "it is an ordered index, not a hash index");
        }
        for (Part part : index.parts()) {
            if (part.lost() != null) {
                findings.changed(object, index.line(), "it has not " + part.lost());
            }
        }
        String sql = "CREATE " + (index.unique() ? "UNIQUE " : "") + "INDEX "
                + Names.quote(names.give("index ", index.name(), index.line()))
                + " ON " + Names.quote(name)
                + index.parts().stream().map(part -> part(table, part)).collect(Collectors.joining(", ", " (", ")"))
                + (index.included().isEmpty()
                        ? ""
                        : index.included().stream()
                                .map(column -> column(table, column))
                                .collect(Collectors.joining(", ", " INCLUDE (", ")")))
                + (index.where() == null ? "" : " WHERE " + expression.of(table, index.where()));
        @Nullable String refused = scratch.refusal(sql);
        if (refused == null) {
            to.add(sql);
        } else {
            findings.skipped(object + ": " + sql, index.line(), "the engine refuses it: " + refused);
        }
    }

    private String part(SourceTable table, Part part) {
        @Nullable String text = part.expression();
        @Nullable String column = part.column();
        String sql = column == null ? "(" + expression.of(table, String.valueOf(text)) + ")" : column(table, column);
        return part.descending() ? sql + " DESC" : sql;
    }

    private String column(SourceTable table, String column) {
        @Nullable String name = columns.apply(table).of(column);
        return Names.quote(name == null ? column : name);
    }
}
