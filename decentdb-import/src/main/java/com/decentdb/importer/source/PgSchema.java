package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.schema.SourceTable.Check;
import com.decentdb.importer.source.PgScript.Statement;
import com.decentdb.importer.text.Dialect;
import com.decentdb.importer.text.Expressions;
import com.decentdb.importer.text.TableText;
import com.decentdb.importer.text.TableText.NamedIndex;
import com.decentdb.importer.text.TokenReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Gathers the schema of a dump, statement by statement. */
final class PgSchema {

    private static final Set<String> SETTINGS = Set.of("set", "begin", "commit", "start", "reset");

    final SourceSchema schema = new SourceSchema();
    final PgTypes types = new PgTypes();
    private final Findings findings;
    private final Predicate<String> wanted;
    private final Map<String, Domain> domains = new LinkedHashMap<>();

    private record Domain(
            String base, boolean notNull, @Nullable String defaultValue, List<String> checks) {}

    PgSchema(Predicate<String> wanted, Findings findings) {
        this.wanted = wanted;
        this.findings = findings;
    }

    /** A statement that is neither rows nor read elsewhere. */
    void statement(Statement statement) {
        TokenReader reader = new TokenReader(statement.text(), statement.line(), Dialect.POSTGRESQL);
        if (reader.take("CREATE", "TABLE") || reader.take("CREATE", "UNLOGGED", "TABLE")) {
            createTable(reader);
        } else if (reader.take("CREATE", "INDEX")) {
            index(reader, false);
        } else if (reader.take("CREATE", "UNIQUE", "INDEX")) {
            index(reader, true);
        } else if (reader.take("ALTER", "TABLE")) {
            alterTable(reader, statement);
        } else if (reader.take("CREATE", "SEQUENCE")) {
            reader.take("IF", "NOT", "EXISTS");
            String name = reader.qualifiedName();
            schema.sequences.put(name, new SourceSchema.Sequence(name, options(reader.rest()), statement.line()));
        } else if (reader.take("CREATE", "VIEW") || reader.take("CREATE", "OR", "REPLACE", "VIEW")) {
            view(reader, statement);
        } else if (reader.take("CREATE", "MATERIALIZED", "VIEW")) {
            String name = view(reader, statement);
            findings.changed("materialized view " + name, statement.line(), "it is a plain view, always up to date");
        } else if (reader.take("CREATE", "TYPE")) {
            type(reader, statement);
        } else if (reader.take("CREATE", "DOMAIN")) {
            domain(reader, statement);
        } else if (reader.take("SELECT")) {
            select(reader, statement);
        } else if (!SETTINGS.contains(reader.peek().value())) {
            skip(reader, statement);
        }
    }

    private void skip(TokenReader reader, Statement statement) {
        boolean comment = reader.peek().word("comment");
        if (reader.peek().word("grant")
                || reader.peek().word("revoke")
                || reader.peek(1).word("default")) {
            findings.skippedOften("privileges (GRANT, REVOKE): there are no users", statement.line());
        } else if (statement.text().contains(" OWNER TO ") || statement.text().contains(" OWNED BY ")) {
            findings.skippedOften("ownership (OWNER TO, OWNED BY): there are no users", statement.line());
        } else if (reader.peek().word("refresh")) {
            return;
        } else if (comment) {
            findings.skipped(shorten(statement.text(), 200), statement.line(), "the engine keeps no comments");
        } else {
            findings.skipped(
                    shorten(statement.text(), 100),
                    statement.line(),
                    "the engine has no such object, or the import does not know it");
        }
    }

    private static String shorten(String text, int length) {
        String line = text.replaceAll("\\s+", " ").trim();
        return line.length() <= length ? line : line.substring(0, length) + "..";
    }

    private void createTable(TokenReader reader) {
        reader.take("IF", "NOT", "EXISTS");
        long line = reader.peek().line();
        if (reader.peek(1).word("partition")
                || reader.peek(3).word("partition")
                || reader.peek(1).word("of")
                || reader.peek(3).word("of")) {
            throw new ImportException(
                    line,
                    "a table OF a type, or written as a PARTITION OF another one, is not supported; dump without it, with"
                            + " pg_dump --exclude-table " + reader.qualifiedName());
        }
        SourceTable table = TableText.table(reader);
        if (!wanted.test(table.name)) {
            schema.tables.put(table.name, table);
            return;
        }
        if (reader.take("INHERITS")) {
            throw new ImportException(
                    line,
                    "table " + table.name + " inherits columns, which is not supported; leave it out with --exclude "
                            + table.name);
        }
        if (reader.take("PARTITION", "BY")) {
            findings.changed("table " + table.name, line, "it is one table with the rows of all its partitions");
        }
        schema.tables.put(table.name, table);
    }

    private SourceTable table(String name, long line) {
        @Nullable SourceTable table = schema.tables.get(name);
        if (table == null) {
            throw new ImportException(
                    line,
                    "the table " + name + " was not defined before; the dump is not complete (pg_dump --data-only?)");
        }
        return table;
    }

    private void index(TokenReader reader, boolean unique) {
        NamedIndex index = TableText.index(reader, unique);
        if (schema.tables.containsKey(index.table())) {
            table(index.table(), index.index().line()).indexes.add(index.index());
        } else {
            findings.skipped(
                    "index " + index.index().name(),
                    index.index().line(),
                    index.table() + " is not a table of the import");
        }
    }

    private void alterTable(TokenReader reader, Statement statement) {
        reader.take("ONLY");
        reader.take("IF", "EXISTS");
        String name = reader.qualifiedName();
        if (reader.peek().word("owner")) {
            findings.skippedOften("ownership (OWNER TO, OWNED BY): there are no users", statement.line());
        } else if (reader.take("ATTACH", "PARTITION")) {
            table(reader.qualifiedName(), statement.line()).partitionOf = name;
        } else if (reader.peek().word("add") && reader.peek(1).word("constraint")) {
            reader.next();
            if (reader.peek(2).word("exclude")) {
                findings.skipped(
                        "constraint " + reader.peek(1).value() + " of table " + name,
                        statement.line(),
                        "the engine has no EXCLUDE");
                return;
            }
            if (statement.text().strip().endsWith("NOT VALID")) {
                findings.skipped(
                        shorten(statement.text(), 200), statement.line(), "it is NOT VALID, and rows may break it");
                return;
            }
            TableText.constraint(reader, table(name, statement.line()));
            if (!reader.atEnd()) {
                findings.changed(shorten(statement.text(), 200), statement.line(), "it has not " + reader.rest());
            }
        } else if (reader.take("ALTER", "COLUMN")) {
            alterColumn(reader, table(name, statement.line()), statement);
        } else {
            findings.skipped(
                    shorten(statement.text(), 100), statement.line(), "the engine has no such setting of a table");
        }
    }

    private void alterColumn(TokenReader reader, SourceTable table, Statement statement) {
        String name = reader.name();
        @Nullable SourceColumn column = table.column(name);
        if (column == null) {
            throw new ImportException(statement.line(), "the table " + table.name + " has no column " + name);
        }
        if (reader.take("SET", "DEFAULT")) {
            TableText.setDefault(column, reader.rest());
        } else if (reader.take("ADD", "GENERATED")) {
            boolean always = reader.take("ALWAYS");
            if (!always) {
                reader.take("BY", "DEFAULT");
            }
            reader.expect("AS");
            reader.expect("IDENTITY");
            identity(reader, table, column, always, statement);
        } else if (reader.take("SET", "NOT", "NULL")) {
            column.notNull = true;
        } else {
            findings.skipped(
                    shorten(statement.text(), 100), statement.line(), "the engine has no such setting of a column");
        }
    }

    private void identity(
            TokenReader reader, SourceTable table, SourceColumn column, boolean always, Statement statement) {
        String sequence = table.name + "_" + column.name + "_seq";
        String options = "";
        if (reader.peek().symbol("(")) {
            TokenReader inner = new TokenReader(reader.parenthesised(), statement.line(), Dialect.POSTGRESQL);
            if (inner.take("SEQUENCE", "NAME")) {
                sequence = inner.qualifiedName();
            }
            options = options(inner.rest());
        }
        column.sequence = sequence;
        schema.sequences.put(sequence, new SourceSchema.Sequence(sequence, options, statement.line()));
        if (always) {
            findings.changed(
                    "column " + table.name + "." + column.name,
                    statement.line(),
                    "GENERATED ALWAYS AS IDENTITY is the default of a sequence: an INSERT may give another value");
        }
    }

    /** The options of a sequence, on one line. */
    private static String options(String text) {
        return text.replaceAll("\\s+", " ").trim();
    }

    private String view(TokenReader reader, Statement statement) {
        String name = reader.qualifiedName();
        @Nullable String columns = reader.peek().symbol("(") ? reader.parenthesised() : null;
        if (reader.take("WITH")) {
            findings.changed(
                    "view " + name,
                    statement.line(),
                    "its options " + reader.parenthesised() + " have no meaning for the engine");
        }
        reader.expect("AS");
        String query = reader.textUntil(token -> false).replaceFirst("(?is)\\s+WITH\\s+(NO\\s+)?DATA\\s*$", "");
        schema.views.put(name, new SourceSchema.View(name, columns, query, statement.line()));
        return name;
    }

    private void type(TokenReader reader, Statement statement) {
        String name = reader.qualifiedName();
        schema.types.add(name);
        if (!reader.take("AS", "ENUM")) {
            findings.skipped("type " + name, statement.line(), "the engine has no such types; columns of it are TEXT");
            return;
        }
        List<String> labels = new ArrayList<>();
        reader.expect("(");
        while (reader.peek().isString()) {
            labels.add(reader.next().value());
            reader.take(",");
        }
        reader.expect(")");
        types.enums.put(name, labels);
    }

    private void domain(TokenReader reader, Statement statement) {
        String name = reader.qualifiedName();
        reader.expect("AS");
        String base = reader.textUntil(token -> token.word("not")
                        || token.word("default")
                        || token.word("constraint")
                        || token.word("check")
                        || token.word("collate"))
                .trim();
        boolean notNull = false;
        @Nullable String defaultValue = null;
        List<String> checks = new ArrayList<>();
        while (!reader.atEnd()) {
            if (reader.take("NOT", "NULL")) {
                notNull = true;
            } else if (reader.take("DEFAULT")) {
                defaultValue =
                        reader.textUntil(token -> token.word("not") || token.word("constraint") || token.word("check"));
            } else if (reader.take("CHECK")) {
                checks.add(reader.parenthesised());
            } else if (reader.take("CONSTRAINT") || reader.take("COLLATE")) {
                reader.qualifiedName();
            } else {
                throw reader.wrong("a part of the domain " + name);
            }
        }
        schema.types.add(name);
        domains.put(name, new Domain(base, notNull, defaultValue, checks));
        findings.changed(
                "domain " + name,
                statement.line(),
                "columns of it have its type " + base + ", and its constraints of their own");
    }

    private void select(TokenReader reader, Statement statement) {
        String function = reader.qualifiedName();
        if (function.equals("setval")) {
            reader.expect("(");
            String quoted = reader.next().value();
            String name = new TokenReader(quoted, statement.line(), Dialect.POSTGRESQL).qualifiedName();
            reader.expect(",");
            String sign = reader.take("-") ? "-" : "";
            SourceSchema.@Nullable Sequence sequence = schema.sequences.get(name);
            if (sequence != null) {
                sequence.last = Long.valueOf(sign + reader.next().value());
                sequence.called = !reader.take(",", "false");
            }
        } else if (!function.equals("set_config")) {
            findings.skipped(shorten(statement.text(), 100), statement.line(), "a query is not part of a schema");
        }
    }

    /** Decides the types of the columns, once every type is known. */
    void decideTypes() {
        for (SourceTable table : schema.tables.values()) {
            if (!wanted.test(table.name) && table.partitionOf == null) {
                findings.skipped("table " + table.name, table.line, "it was not asked for");
            }
            for (SourceColumn column : table.columns) {
                String declared = column.declared;
                String plain = PgTypes.plain(declared);
                @Nullable Domain domain = domains.get(plain);
                while (domain != null) {
                    declared = domain.base;
                    column.notNull |= domain.notNull;
                    column.defaultValue = column.defaultValue == null ? domain.defaultValue : column.defaultValue;
                    for (String check : domain.checks) {
                        String text = Expressions.of(check, Dialect.POSTGRESQL, Set.of(), Map.of("value", column.name));
                        table.checks.add(new Check(null, text, column.line));
                    }
                    plain = PgTypes.plain(declared);
                    domain = domains.get(plain);
                }
                PgTypes.Mapped mapped = types.map(declared);
                column.type = mapped.type();
                if (mapped.change() != null && wanted.test(table.name)) {
                    findings.changed("column " + table.name + "." + column.name, column.line, mapped.change());
                }
                if (declared.startsWith("serial")
                        || declared.startsWith("bigserial")
                        || declared.startsWith("smallserial")) {
                    column.sequence = table.name + "_" + column.name + "_seq";
                    String sequence = column.sequence;
                    schema.sequences.computeIfAbsent(sequence, key -> new SourceSchema.Sequence(key, "", column.line));
                }
            }
        }
    }

    /** Which of a column's values its type in the engine does not have; null if it has all. */
    @Nullable
    Predicate<String> misfits(SourceColumn column) {
        String declared = column.declared;
        @Nullable Domain domain = domains.get(PgTypes.plain(declared));
        while (domain != null) {
            declared = domain.base;
            domain = domains.get(PgTypes.plain(declared));
        }
        return PgTypes.misfits(types.map(declared).type(), declared);
    }

    /** A column with a value that the engine's type does not have. */
    void keepAsText(SourceTable table, SourceColumn column, long line, String value) {
        String type = column.type().ddl();
        column.type = ColumnType.TEXT;
        findings.changed(
                "column " + table.name + "." + column.name,
                line,
                "this row has " + shorten(value, 60) + ", which "
                        + (type.equals("DECIMAL") ? "a DECIMAL of 18 digits" : type)
                        + " cannot hold; the column is kept, exactly, as TEXT");
    }
}
