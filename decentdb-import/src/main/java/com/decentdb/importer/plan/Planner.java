package com.decentdb.importer.plan;

import com.decentdb.importer.ImportOptions;
import com.decentdb.importer.OnError;
import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.ColumnType.Kind;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceSchema.Sequence;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.schema.SourceTable.Check;
import com.decentdb.importer.schema.SourceTable.ForeignKey;
import com.decentdb.importer.text.Dialect;
import com.decentdb.importer.text.Expressions;
import com.decentdb.importer.text.Names;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes the plan: it asks a scratch database of the same engine, in memory, which parts of the schema that accepts. */
public final class Planner {

    /** The types that clusters have, too. */
    private static final Set<Kind> PLAIN = EnumSet.of(Kind.INT64, Kind.FLOAT64, Kind.TEXT, Kind.BLOB, Kind.ANY);

    private final SourceSchema schema;
    private final Dialect dialect;
    private final ImportOptions options;
    private final Engine scratch;
    private final Findings findings;
    private final Plan plan = new Plan();
    private final Naming names;
    private final Map<SourceTable, Naming> columnNames = new HashMap<>();
    private final Map<String, String> sequences = new LinkedHashMap<>();

    private Planner(SourceSchema schema, Dialect dialect, ImportOptions options, Engine scratch, Findings findings) {
        this.schema = schema;
        this.dialect = dialect;
        this.options = options;
        this.scratch = scratch;
        this.findings = findings;
        this.names = new Naming(options.preserveCase(), findings);
    }

    /**
     * Plans the import of these tables.
     *
     * @param ordered the tables, in the order of their rows
     */
    public static Plan plan(
            SourceSchema schema,
            List<SourceTable> ordered,
            Dialect dialect,
            ImportOptions options,
            Engine scratch,
            Findings findings) {
        Planner planner = new Planner(schema, dialect, options, scratch, findings);
        for (SourceTable table : ordered) {
            planner.names.give("table ", table.name, table.line);
            // The columns of a table that exists have its names.
            Naming columns = new Naming(options.preserveCase() || table.existing != null, findings);
            table.columns.forEach(column -> columns.give("column " + table.name + ".", column.name, column.line));
            planner.columnNames.put(table, columns);
        }
        planner.sequences(ordered);
        ordered.forEach(planner::table);
        ordered.forEach(planner::lateReferences);
        IndexPlanner indexes =
                new IndexPlanner(planner.plan, scratch, findings, planner.names, planner::columns, planner::expression);
        ordered.forEach(table -> indexes.plain(table, planner.plan.of(table).name()));
        planner.positions();
        new ViewPlanner(planner.plan, scratch, findings, planner.names)
                .views(
                        schema,
                        dialect,
                        planner.columnNames.values().stream()
                                .anyMatch(columns -> !columns.renamed().isEmpty()));
        return planner.plan;
    }

    private Naming columns(SourceTable table) {
        Naming columns = columnNames.get(table);
        if (columns == null) {
            throw new IllegalStateException("the table " + table.name + " is not imported");
        }
        return columns;
    }

    private String expression(SourceTable table, String text) {
        Map<String, String> renamed = new HashMap<>(names.renamed());
        renamed.putAll(columns(table).renamed());
        return Expressions.of(text, dialect, schema.types, renamed);
    }

    /** The sequences that columns of the import use, and those that no column uses. */
    private void sequences(List<SourceTable> tables) {
        for (Sequence sequence : schema.sequences.values()) {
            boolean used = schema.tables.values().stream()
                    .flatMap(table -> table.columns.stream())
                    .anyMatch(column -> sequence.name.equals(column.sequence));
            boolean mine = tables.stream()
                    .flatMap(table -> table.columns.stream())
                    .anyMatch(column -> sequence.name.equals(column.sequence));
            if (used && !mine) {
                continue;
            }
            String name = names.give("sequence ", sequence.name, sequence.line);
            String sql = ("CREATE SEQUENCE " + Names.quote(name) + " " + sequence.options).trim();
            @Nullable String refused = scratch.refusal(sql);
            if (refused == null) {
                plan.before.add(sql);
                plan.sequences.add(name);
                sequences.put(sequence.name, name);
            } else {
                findings.skipped("sequence " + sequence.name, sequence.line, "the engine refuses it: " + refused);
            }
        }
    }

    private void positions() {
        sequences.forEach((source, name) -> {
            Sequence sequence = schema.sequences.get(source);
            if (sequence != null && sequence.last != null) {
                plan.after.add("SELECT setval(" + Names.literal(Names.plain(name)) + ", " + sequence.last + ", "
                        + sequence.called + ")");
            }
        });
    }

    private void table(SourceTable table) {
        @Nullable String existing = table.existing;
        Map<SourceColumn, TableDraft.Column> drafts = new LinkedHashMap<>();
        if (existing != null) {
            table.columns.forEach(column -> drafts.put(
                    column, new TableDraft.Column(column.name, column.type().ddl(), false, null)));
            add(table, existing, drafts);
            return;
        }
        String name = String.valueOf(names.of(table.name));
        if (scratch.isCluster()) {
            // The scratch is a transaction of the cluster, which is undone, and tables that exist would stand in its
            // way.
            scratch.refusal("DROP TABLE IF EXISTS " + Names.quote(name));
        }
        TableDraft draft = new TableDraft(name);
        for (SourceColumn column : table.columns) {
            column.type = supported(table, column);
            TableDraft.Column drafted = new TableDraft.Column(
                    String.valueOf(columns(table).of(column.name)),
                    column.type().ddl(),
                    column.notNull,
                    value(table, column));
            draft.column(drafted);
            drafts.put(column, drafted);
        }
        for (SourceTable.Key key : table.keys) {
            String sql =
                    constraint(key.name()) + (key.primary() ? "PRIMARY KEY" : "UNIQUE") + list(table, key.columns());
            draft.constraint(new TableDraft.Piece("table " + table.name, key.line(), sql, false));
            if (key.lost() != null) {
                findings.changed("table " + table.name + ": " + sql, key.line(), "it has not " + key.lost());
            }
        }
        for (Check check : table.checks) {
            String sql = constraint(check.name()) + "CHECK (" + expression(table, check.expression()) + ")";
            draft.constraint(new TableDraft.Piece("table " + table.name, check.line(), sql, false));
        }
        for (ForeignKey key : table.foreignKeys) {
            if (isEarly(key)) {
                draft.constraint(
                        new TableDraft.Piece("table " + table.name, key.line(), foreignKey(table, key), false));
            }
        }
        plan.before.add(draft.settle(scratch, findings));
        add(table, name, drafts);
        new IndexPlanner(plan, scratch, findings, names, this::columns, this::expression).unique(table, name);
    }

    /** Rows bring all columns but those that the engine generates, and those whose values a dump does not hold. */
    private void add(SourceTable table, String name, Map<SourceColumn, TableDraft.Column> drafts) {
        List<String> filled = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        List<ColumnType> types = new ArrayList<>();
        SourceTable.@Nullable Key primary = table.primaryKey();
        @Nullable
        SourceColumn single = primary == null || primary.columns().size() != 1
                ? null
                : table.column(primary.columns().get(0));
        int id = -1;
        for (int i = 0; i < table.columns.size(); i++) {
            SourceColumn column = table.columns.get(i);
            TableDraft.Column drafted = drafts.get(column);
            TableDraft.@Nullable Piece value = drafted == null ? null : drafted.value;
            boolean generated = column.generated != null;
            if (generated && value != null && !value.taken) {
                findings.changed(
                        "column " + table.name + "." + column.name,
                        column.line,
                        dialect == Dialect.SQLITE
                                ? "it is not generated any more, but a plain column with the values it had"
                                : "it is not generated any more, and NULL in all rows, since a dump has no values of it");
            }
            boolean plain = !generated || (dialect == Dialect.SQLITE && value != null && !value.taken);
            if (drafted != null && plain) {
                boolean numbers = column.type().kind() == Kind.INT64
                        || column.type().ddl().equals("INTEGER");
                id = column == single && numbers ? filled.size() : id;
                filled.add(drafted.name);
                places.add(i);
                types.add(column.type());
            }
        }
        plan.tables.add(new Plan.Table(table, name, filled, places, types, id));
    }

    /** A type that the engine at hand has not becomes TEXT. */
    private ColumnType supported(SourceTable table, SourceColumn column) {
        ColumnType type = column.type();
        if (scratch.isCluster()) {
            ColumnType stored = type.onCluster();
            if (!PLAIN.contains(type.kind())) {
                findings.changed(
                        "column " + table.name + "." + column.name,
                        column.line,
                        "a cluster has no type " + type.ddl() + "; it is " + stored.ddl());
            }
            return stored;
        }
        @Nullable String refused = scratch.refusal("CREATE TABLE decentdb_import_type (a " + type.ddl() + ")");
        if (refused == null) {
            scratch.execute("DROP TABLE decentdb_import_type");
            return type;
        }
        findings.changed(
                "column " + table.name + "." + column.name,
                column.line,
                "the engine refuses the type " + type.ddl() + "; it is TEXT: " + refused);
        return new ColumnType(type.kind() == Kind.JSON ? Kind.JSON : Kind.TEXT, "TEXT", type.element());
    }

    private TableDraft.@Nullable Piece value(SourceTable table, SourceColumn column) {
        String object = "column " + table.name + "." + column.name;
        if (column.generated != null) {
            String sql = "GENERATED ALWAYS AS (" + expression(table, column.generated) + ") "
                    + (column.virtual ? "VIRTUAL" : "STORED");
            return new TableDraft.Piece(object, column.line, sql, true);
        }
        if (column.sequence != null) {
            @Nullable String sequence = sequences.get(column.sequence);
            if (sequence == null) {
                findings.changed(
                        object,
                        column.line,
                        "its default, the next value of " + column.sequence
                                + ", is not there; of an INTEGER PRIMARY KEY the engine gives the highest id plus one");
                return null;
            }
            return new TableDraft.Piece(
                    object, column.line, "DEFAULT nextval(" + Names.literal(Names.plain(sequence)) + ")", false);
        }
        if (column.defaultValue == null) {
            return null;
        }
        String text = expression(table, column.defaultValue);
        if (column.type().kind() == Kind.BOOL && (text.equals("0") || text.equals("1"))) {
            text = text.equals("1") ? "true" : "false";
        }
        if (dialect == Dialect.SQLITE
                && !scratch.isCluster()
                && text.regionMatches(true, 0, "CURRENT_", 0, 8)
                && column.type().kind() == Kind.TEXT) {
            findings.changed(
                    object,
                    column.line,
                    "its default " + text + " is written as PostgreSQL does, with fractions and zone");
        }
        return new TableDraft.Piece(object, column.line, "DEFAULT " + text, false);
    }

    private static String constraint(@Nullable String name) {
        return name == null ? "" : "CONSTRAINT " + Names.quote(name) + " ";
    }

    private String list(SourceTable table, List<String> columns) {
        return columns.stream()
                .map(column -> Names.quote(String.valueOf(columns(table).of(column))))
                .collect(Collectors.joining(", ", " (", ")"));
    }

    /** Whether a foreign key can be checked row by row. Where bad rows are skipped, all are checked last, so that no skipped row is referred to. */
    private boolean isEarly(ForeignKey key) {
        if (scratch.isCluster()) {
            // SQLite takes a foreign key only with its table, and that of a table that is made later, too.
            return target(key) != null;
        }
        @Nullable String target = names.of(key.target());
        return options.onError() == OnError.STOP
                && plan.tables.stream().anyMatch(planned -> planned.name().equals(target));
    }

    private @Nullable SourceTable target(ForeignKey key) {
        return columnNames.keySet().stream()
                .filter(table -> table.name.equalsIgnoreCase(key.target()))
                .findFirst()
                .orElse(null);
    }

    private List<String> targetColumns(SourceTable target, ForeignKey key) {
        if (!key.targetColumns().isEmpty()) {
            return key.targetColumns();
        }
        SourceTable.@Nullable Key primary = target.primaryKey();
        return primary == null ? List.of() : primary.columns();
    }

    private String foreignKey(SourceTable table, ForeignKey key) {
        SourceTable target = target(key);
        if (target == null) {
            throw new IllegalStateException("the table " + key.target() + " is not imported");
        }
        if (key.deferrable()) {
            findings.changed(
                    "foreign key " + list(table, key.columns()) + " of " + table.name,
                    key.line(),
                    "it is not deferrable, but checked at once");
        }
        return constraint(key.name()) + "FOREIGN KEY" + list(table, key.columns()) + " REFERENCES "
                + Names.quote(String.valueOf(names.of(key.target()))) + list(target, targetColumns(target, key))
                + (key.onDelete() == null ? "" : " ON DELETE " + key.onDelete())
                + (key.onUpdate() == null ? "" : " ON UPDATE " + key.onUpdate());
    }

    private void lateReferences(SourceTable table) {
        Plan.Table planned = plan.of(table);
        for (ForeignKey key : table.foreignKeys) {
            SourceTable target = target(key);
            if (target == null) {
                findings.skipped(
                        "foreign key" + list(table, key.columns()) + " of " + table.name,
                        key.line(),
                        "the table " + key.target() + " is not imported");
                continue;
            }
            boolean early = !scratch.isCluster()
                    && options.onError() == OnError.STOP
                    && plan.tables.indexOf(plan.of(target)) < plan.tables.indexOf(planned);
            if (early) {
                continue;
            }
            @Nullable
            String sql = scratch.isCluster()
                    ? null
                    : "ALTER TABLE " + Names.quote(planned.name()) + " ADD " + foreignKey(table, key);
            @Nullable String refused = sql == null ? null : scratch.refusal(sql);
            if (refused != null) {
                findings.skipped("table " + table.name + ": " + sql, key.line(), "the engine refuses it: " + refused);
                continue;
            }
            plan.references.add(new Plan.Reference(
                    sql,
                    planned,
                    key.columns().stream()
                            .map(column -> String.valueOf(columns(table).of(column)))
                            .toList(),
                    plan.of(target).name(),
                    targetColumns(target, key).stream()
                            .map(column -> String.valueOf(columns(target).of(column)))
                            .toList(),
                    key.name(),
                    key.line()));
        }
    }
}
