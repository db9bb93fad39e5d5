package com.decentdb.importer.text;

import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.schema.SourceTable.Check;
import com.decentdb.importer.schema.SourceTable.ForeignKey;
import com.decentdb.importer.schema.SourceTable.Index;
import com.decentdb.importer.schema.SourceTable.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the definitions of tables and indexes. A word that it does not know is an error, since a constraint would be missing. */
public final class TableText {

    private static final Set<String> COLUMN_CONSTRAINTS = Set.of(
            "constraint",
            "not",
            "null",
            "default",
            "primary",
            "unique",
            "check",
            "references",
            "collate",
            "generated",
            "as");
    private static final Pattern NEXTVAL =
            Pattern.compile("\"?nextval\"?\\('((?:[^']|'')+)'(?:::\"?regclass\"?)?\\)", Pattern.CASE_INSENSITIVE);

    private static final String NULLS_NOT_DISTINCT = "NULLS NOT DISTINCT: it takes several NULLs";

    private final TokenReader reader;
    private final SourceTable table;

    private TableText(TokenReader reader, SourceTable table) {
        this.reader = reader;
        this.table = table;
    }

    /** A table, from its name on. */
    public static SourceTable table(TokenReader reader) {
        reader.take("IF", "NOT", "EXISTS");
        long line = reader.peek().line();
        SourceTable table = new SourceTable(reader.qualifiedName(), line);
        TableText text = new TableText(reader, table);
        reader.expect("(");
        if (!reader.take(")")) {
            do {
                text.element();
            } while (reader.take(","));
            reader.expect(")");
        }
        return table;
    }

    /** A constraint of a table, behind {@code ADD}. */
    public static void constraint(TokenReader reader, SourceTable table) {
        if (!new TableText(reader, table).tableConstraint()) {
            throw reader.wrong("a constraint");
        }
    }

    private void element() {
        if (!tableConstraint()) {
            column();
        }
    }

    private boolean tableConstraint() {
        Token first = reader.peek();
        @Nullable String name = null;
        if (first.word("constraint") && reader.peek(1).isName()) {
            reader.next();
            name = reader.name();
        }
        if (reader.take("PRIMARY", "KEY")) {
            key(name, true, reader.names(), first.line(), null);
        } else if ((name != null && reader.peek().word("unique"))
                || (first.word("unique") && !reader.peek(1).isName())) {
            reader.expect("UNIQUE");
            @Nullable String lost = reader.take("NULLS", "NOT", "DISTINCT") ? NULLS_NOT_DISTINCT : null;
            key(name, false, reader.names(), first.line(), lost);
        } else if (reader.peek().word("check") && reader.peek(1).symbol("(")) {
            reader.next();
            table.checks.add(new Check(name, reader.parenthesised(), first.line()));
        } else if (reader.take("FOREIGN", "KEY")) {
            List<String> columns = reader.names();
            reader.expect("REFERENCES");
            references(name, columns, first.line());
        } else if (name != null) {
            throw reader.wrong("a primary key, unique, check or foreign key constraint");
        } else {
            return false;
        }
        suffixes();
        return true;
    }

    private void key(@Nullable String name, boolean primary, List<String> columns, long line, @Nullable String lost) {
        boolean deferrable = suffixes();
        table.keys.add(new SourceTable.Key(
                name, primary, columns, line, deferrable ? "DEFERRABLE: it is checked at once" : lost));
    }

    private void column() {
        Token first = reader.peek();
        String name = reader.name();
        String declared =
                reader.textUntil(this::endsType).replaceAll("\\s+", " ").trim();
        SourceColumn column = new SourceColumn(name, declared, first.line());
        table.columns.add(column);
        @Nullable String constraint = null;
        while (!reader.atEnd() && !reader.peek().symbol(",") && !reader.peek().symbol(")")) {
            if (reader.take("CONSTRAINT")) {
                constraint = reader.name();
                continue;
            }
            columnConstraint(column, constraint);
            constraint = null;
        }
    }

    private boolean endsType(Token token) {
        boolean constraint = token.kind() == Token.Kind.WORD && COLUMN_CONSTRAINTS.contains(Lexer.lower(token.value()));
        return constraint || token.symbol(",") || token.symbol(")");
    }

    private void columnConstraint(SourceColumn column, @Nullable String name) {
        long line = reader.peek().line();
        List<String> itself = List.of(column.name);
        if (reader.take("NOT", "NULL")) {
            column.notNull = true;
        } else if (reader.take("NULL")) {
            return;
        } else if (reader.take("DEFAULT")) {
            setDefault(column, defaultText());
        } else if (reader.take("PRIMARY", "KEY")) {
            if (!reader.take("ASC")) {
                reader.take("DESC");
            }
            key(name, true, itself, line, null);
        } else if (reader.take("UNIQUE")) {
            key(name, false, itself, line, null);
        } else if (reader.take("CHECK")) {
            table.checks.add(new Check(name, reader.parenthesised(), line));
        } else if (reader.take("REFERENCES")) {
            references(name, itself, line);
        } else if (reader.take("COLLATE")) {
            column.collation = reader.qualifiedName();
        } else if (reader.take("GENERATED", "ALWAYS", "AS") || reader.take("AS")) {
            generated(column);
        } else if (reader.take("GENERATED", "BY", "DEFAULT", "AS")) {
            generated(column);
        } else {
            throw reader.wrong("a constraint of column " + column.name);
        }
        suffixes();
    }

    private void generated(SourceColumn column) {
        if (reader.take("IDENTITY")) {
            column.sequence = table.name + "_" + column.name + "_seq";
            if (reader.peek().symbol("(")) {
                reader.parenthesised();
            }
            return;
        }
        column.generated = reader.parenthesised();
        column.virtual = !reader.take("STORED");
        reader.take("VIRTUAL");
    }

    private String defaultText() {
        Token first = reader.peek();
        if (first.symbol("(")) {
            reader.parenthesised();
        } else {
            reader.next();
        }
        reader.textUntil(this::endsType);
        return reader.textSince(first);
    }

    /** Sets a default; one that takes the next value of a sequence names the sequence. */
    public static void setDefault(SourceColumn column, String text) {
        Matcher nextval = NEXTVAL.matcher(text);
        if (nextval.matches()) {
            String quoted = nextval.group(1).replace("''", "'");
            column.sequence = new TokenReader(quoted, column.line, Dialect.POSTGRESQL).qualifiedName();
        } else {
            column.defaultValue = text;
        }
    }

    private void references(@Nullable String name, List<String> columns, long line) {
        String target = reader.qualifiedName();
        List<String> targetColumns = reader.peek().symbol("(") ? reader.names() : List.of();
        @Nullable String onDelete = null;
        @Nullable String onUpdate = null;
        boolean deferrable = false;
        while (true) {
            if (reader.take("ON", "DELETE")) {
                onDelete = action();
            } else if (reader.take("ON", "UPDATE")) {
                onUpdate = action();
            } else if (reader.take("MATCH")) {
                reader.name();
            } else if (reader.take("DEFERRABLE") || reader.take("INITIALLY", "DEFERRED")) {
                deferrable = true;
            } else if (!reader.take("NOT", "DEFERRABLE") && !reader.take("INITIALLY", "IMMEDIATE")) {
                break;
            }
        }
        table.foreignKeys.add(
                new ForeignKey(name, columns, target, targetColumns, onDelete, onUpdate, deferrable, line));
    }

    private @Nullable String action() {
        for (String action : List.of("CASCADE", "RESTRICT")) {
            if (reader.take(action)) {
                return action;
            }
        }
        if (reader.take("SET", "NULL")) {
            return "SET NULL";
        }
        if (reader.take("SET", "DEFAULT")) {
            return "SET DEFAULT";
        }
        if (reader.take("NO", "ACTION")) {
            return null;
        }
        throw reader.wrong("an action of a foreign key");
    }

    /** The words behind a constraint that have no meaning for an import, where rows are complete; whether it is deferrable. */
    private boolean suffixes() {
        boolean deferrable = false;
        while (true) {
            if (reader.take("ON", "CONFLICT")) {
                reader.name();
            } else if (reader.take("WITH")) {
                reader.parenthesised();
            } else if (reader.take("DEFERRABLE")) {
                deferrable = true;
            } else if (!(reader.take("AUTOINCREMENT")
                    || reader.take("NO", "INHERIT")
                    || reader.take("NOT", "VALID")
                    || reader.take("NOT", "DEFERRABLE")
                    || reader.take("INITIALLY", "DEFERRED")
                    || reader.take("INITIALLY", "IMMEDIATE"))) {
                return deferrable;
            }
        }
    }

    /** An index, behind {@code CREATE [UNIQUE] INDEX}; its table is put before it. */
    public static NamedIndex index(TokenReader reader, boolean unique) {
        long line = reader.peek().line();
        reader.take("CONCURRENTLY");
        reader.take("IF", "NOT", "EXISTS");
        String name = reader.qualifiedName();
        reader.expect("ON");
        reader.take("ONLY");
        String table = reader.qualifiedName();
        @Nullable String method = reader.nameIf("USING");
        List<Part> parts = new ArrayList<>();
        reader.expect("(");
        do {
            parts.add(part(reader));
        } while (reader.take(","));
        reader.expect(")");
        List<String> included = reader.take("INCLUDE") ? reader.names() : List.of();
        if (reader.take("NULLS", "NOT", "DISTINCT")) {
            Part last = parts.remove(parts.size() - 1);
            parts.add(new Part(last.column(), last.expression(), last.descending(), NULLS_NOT_DISTINCT));
        }
        if (reader.take("WITH")) {
            reader.parenthesised();
        }
        reader.nameIf("TABLESPACE");
        @Nullable String where = reader.take("WHERE") ? reader.rest() : null;
        return new NamedIndex(table, new Index(name, unique, parts, included, where, method, line));
    }

    /** An index and the name of its table. */
    public record NamedIndex(String table, Index index) {}

    private static Part part(TokenReader reader) {
        Token first = reader.peek();
        @Nullable String column = null;
        @Nullable String expression = null;
        Token second = reader.peek(1);
        if (first.isName() && !second.symbol("(") && !second.symbol(".")) {
            column = reader.name();
        }
        String text = reader.textUntil(token -> token.symbol(",")
                || token.symbol(")")
                || token.word("asc")
                || token.word("desc")
                || token.word("nulls")
                || token.word("collate"));
        @Nullable String lost = null;
        if (column == null) {
            expression = text;
        } else if (!text.isBlank()) {
            if (text.trim().matches("\\w+_ops(\\(.*\\))?")) {
                lost = "the operator class " + text.trim();
            } else {
                // SQLite allows expressions without parentheses, such as a || b.
                column = null;
                expression = reader.textSince(first);
            }
        }
        if (reader.take("COLLATE")) {
            String collation = reader.qualifiedName();
            lost = collation.equals("C") || collation.equalsIgnoreCase("BINARY") ? lost : "COLLATE " + collation;
        }
        boolean descending = reader.take("DESC");
        reader.take("ASC");
        if (reader.take("NULLS")) {
            lost = "NULLS " + reader.name();
        }
        return new Part(column, expression, descending, lost);
    }
}
