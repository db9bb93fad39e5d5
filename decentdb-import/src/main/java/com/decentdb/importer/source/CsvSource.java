package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.text.Dialect;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.QuoteMode;
import org.jspecify.annotations.Nullable;

/** A CSV file as RFC 4180 describes it, with a header. Every column is text, since no value says what else it is. */
public final class CsvSource implements Source {

    /** With this mode an empty value without quotes is null, and one with quotes is empty. */
    private static final CSVFormat FORMAT = CSVFormat.RFC4180
            .builder()
            .setNullString("")
            .setQuoteMode(QuoteMode.ALL_NON_NULL)
            .get();

    private final Path path;
    private final long size;
    private final String table;
    private @Nullable InputFile file;

    public CsvSource(Path path) {
        this.path = path;
        this.size = InputFile.size(path);
        this.table = String.valueOf(path.getFileName()).replaceFirst("\\..*", "");
        if (table.isEmpty()) {
            throw new ImportException(
                    "its name begins with a dot, so that it gives no name to a table; rename the file");
        }
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public Dialect dialect() {
        return Dialect.SQLITE;
    }

    @Override
    public boolean anyOrder() {
        return true;
    }

    private CSVParser open() throws IOException {
        InputFile opened = InputFile.open(path);
        file = opened;
        InputStreamReader text = new InputStreamReader(opened, StandardCharsets.UTF_8.newDecoder());
        return CSVParser.parse(text, FORMAT);
    }

    @Override
    public SourceSchema schema(Predicate<String> wanted, Findings findings) {
        SourceSchema schema = new SourceSchema();
        SourceTable read = new SourceTable(table, 1);
        try (CSVParser parser = open()) {
            Iterator<CSVRecord> records = parser.iterator();
            if (!records.hasNext()) {
                throw new ImportException(1, "the file is empty; its first line has to name the columns");
            }
            Set<String> names = new HashSet<>();
            for (String name : records.next()) {
                if (name == null || name.isBlank() || !names.add(name)) {
                    throw new ImportException(1, "the first line has to name each column once, but has '" + name + "'");
                }
                String plain = read.columns.isEmpty() ? name.replace("\uFEFF", "") : name;
                SourceColumn column = new SourceColumn(plain, "TEXT", 1);
                column.type = ColumnType.TEXT;
                read.columns.add(column);
            }
        } catch (IOException | UncheckedIOException e) {
            throw failed(1, e);
        }
        schema.tables.put(table, read);
        return schema;
    }

    private static ImportException failed(long line, Exception e) {
        return new ImportException(line, "the file cannot be read from here on, as CSV in UTF-8: " + e.getMessage(), e);
    }

    @Override
    public void rows(List<SourceTable> tables, Sink sink) {
        SourceTable into = tables.get(0);
        long line = 1;
        try (CSVParser parser = open()) {
            Iterator<CSVRecord> records = parser.iterator();
            records.next();
            while (true) {
                line = parser.getCurrentLineNumber() + 1;
                if (!records.hasNext()) {
                    return;
                }
                CSVRecord record = records.next();
                if (record.size() != into.columns.size()) {
                    sink.unreadable(
                            into,
                            line,
                            "the row has " + record.size() + (record.size() == 1 ? " value" : " values") + " for "
                                    + into.columns.size() + " columns");
                } else {
                    sink.row(into, line, record.toList().toArray());
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw failed(line, e);
        }
    }

    @Override
    public long position() {
        InputFile present = file;
        return present == null ? 0 : present.position();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void close() {
        // Each reading closes the file.
    }
}
