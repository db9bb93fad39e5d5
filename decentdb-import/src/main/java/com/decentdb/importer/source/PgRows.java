package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.source.Source.Sink;
import com.decentdb.importer.text.Token;
import com.decentdb.importer.text.TokenReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows of {@code INSERT}, and the columns that rows are for. */
final class PgRows {

    /** Stands for a value that the statement leaves to the table. */
    private static final Object DEFAULT = new Object();

    private PgRows() {}

    /** The places in the table of the columns that a statement names; without names, of all columns of the table it names. */
    static int[] places(TokenReader reader, SourceTable from, SourceTable table) {
        long line = reader.peek().line();
        List<String> names = reader.peek().symbol("(")
                ? reader.names()
                : from.columns.stream().map(column -> column.name).toList();
        int[] places = new int[names.size()];
        boolean[] given = new boolean[table.columns.size()];
        for (int i = 0; i < places.length; i++) {
            @Nullable SourceColumn column = table.column(names.get(i));
            if (column == null) {
                throw new ImportException(line, "the table " + table.name + " has no column " + names.get(i));
            }
            places[i] = table.columns.indexOf(column);
            given[places[i]] = true;
        }
        for (int i = 0; i < given.length; i++) {
            SourceColumn column = table.columns.get(i);
            if (!given[i] && column.generated == null) {
                throw new ImportException(
                        line, "there are rows of the table " + table.name + " without its column " + column.name);
            }
        }
        return places;
    }

    /** The end of a {@code COPY} whose rows have the text form. */
    static void expectText(TokenReader reader) {
        if (!reader.take("FROM", "STDIN") || !reader.atEnd()) {
            throw reader.wrong("FROM stdin without options, as pg_dump writes it");
        }
    }

    static void insert(TokenReader reader, SourceTable from, SourceTable table, Sink sink) {
        int[] places = places(reader, from, table);
        if (reader.take("OVERRIDING")) {
            reader.next();
            reader.expect("VALUE");
        }
        if (!reader.take("VALUES")) {
            throw reader.wrong("VALUES");
        }
        do {
            long line = reader.peek().line();
            List<@Nullable Object> values = new ArrayList<>();
            reader.expect("(");
            do {
                values.add(value(reader));
            } while (reader.take(","));
            reader.expect(")");
            row(values, places, table, line, sink);
        } while (reader.take(","));
        reader.take("ON", "CONFLICT", "DO", "NOTHING");
        if (!reader.atEnd()) {
            throw reader.wrong("the end of the INSERT");
        }
    }

    private static void row(List<@Nullable Object> values, int[] places, SourceTable table, long line, Sink sink) {
        if (values.size() != places.length) {
            sink.unreadable(
                    table,
                    line,
                    "the row has " + values.size() + (values.size() == 1 ? " value" : " values") + " for "
                            + places.length + " columns");
            return;
        }
        @Nullable Object[] row = new @Nullable Object[table.columns.size()];
        for (int i = 0; i < places.length; i++) {
            @Nullable Object value = values.get(i);
            SourceColumn column = table.columns.get(places[i]);
            if (value == DEFAULT && column.generated == null) {
                sink.unreadable(
                        table, line, "the value of column " + column.name + " is DEFAULT, which no row of a dump is");
                return;
            }
            row[places[i]] = value == DEFAULT ? null : value;
        }
        sink.row(table, line, row);
    }

    private static @Nullable Object value(TokenReader reader) {
        boolean negative = reader.take("-");
        Token token = reader.peek();
        if (token.symbol(",") || token.symbol(")") || token.isEnd()) {
            throw reader.wrong("a value");
        }
        reader.next();
        if (negative) {
            return "-" + token.value();
        }
        if (token.word("null")) {
            return null;
        }
        if (token.word("default")) {
            return DEFAULT;
        }
        if (token.word("b") && reader.peek().isString()) {
            return reader.next().value();
        }
        if (token.word("true") || token.word("false")) {
            return token.value();
        }
        if (token.isName() || token.symbol("(")) {
            throw new ImportException(
                    token.line(), "a value is an expression, '" + token.value() + "'; pg_dump writes constants");
        }
        return token.value();
    }
}
