package com.decentdb.importer.source;

import com.decentdb.importer.CsvOptions;
import com.decentdb.importer.ImportException;
import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.text.Dialect;
import com.decentdb.importer.text.Names;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.QuoteMode;
import org.jspecify.annotations.Nullable;

/** A CSV file as RFC 4180 describes it, with a header. A column is text, unless somebody says or the values show what else it is. */
public final class CsvSource implements Source {

    /** With this mode an empty value without quotes is null, and one with quotes is empty. */
    private static final CSVFormat FORMAT = CSVFormat.RFC4180
            .builder()
            .setNullString("")
            .setQuoteMode(QuoteMode.ALL_NON_NULL)
            .get();

    /** Half of a pair, which no UTF-8 is: it stands where the bytes are none, so that the row and its line are known. */
    private static final char DAMAGED = '\uDFFF';

    private final Path path;
    private final long size;
    private final CsvOptions options;
    private final String table;
    private @Nullable InputFile file;
    private long before;

    public CsvSource(Path path, CsvOptions options) {
        this.path = path;
        this.size = InputFile.size(path);
        this.options = options;
        String named = options.table() == null ? "" : options.table();
        this.table = named.isEmpty() ? String.valueOf(path.getFileName()).replaceFirst("\\..*", "") : named;
        if (table.isEmpty()) {
            throw new ImportException(
                    "its name begins with a dot, so that it gives no name to a table; name one with --into");
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

    @Override
    public String identity() {
        return InputFile.identity(path);
    }

    private CSVParser open() throws IOException {
        before += file == null ? 0 : file.position();
        InputFile opened = InputFile.open(path);
        file = opened;
        BufferedReader text = new BufferedReader(new InputStreamReader(
                opened,
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPLACE)
                        .replaceWith(String.valueOf(DAMAGED))));
        // Before a quote, the mark of the encoding would make a plain character of that.
        text.mark(1);
        if (text.read() != '\uFEFF') {
            text.reset();
        }
        return CSVParser.parse(text, FORMAT);
    }

    private static boolean isDamaged(@Nullable String value) {
        if (value == null) {
            return false;
        }
        int at = value.indexOf(DAMAGED);
        while (at > 0 && Character.isHighSurrogate(value.charAt(at - 1))) {
            at = value.indexOf(DAMAGED, at + 1);
        }
        return at >= 0;
    }

    @Override
    public SourceSchema schema(Request request, Findings findings) {
        SourceSchema schema = new SourceSchema();
        SourceTable read = new SourceTable(table, 1);
        List<String> names = header();
        Source.@Nullable ExistingTable existing =
                options.append() ? request.existing().apply(table) : null;
        if (existing == null) {
            read.columns.addAll(names.stream()
                    .map(name -> new SourceColumn(name, "TEXT", 1))
                    .toList());
            decideTypes(read);
        } else {
            read.existing = existing.name();
            names.forEach(name -> read.columns.add(column(name, existing)));
        }
        schema.tables.put(table, read);
        return schema;
    }

    private List<String> header() {
        Set<String> names = new LinkedHashSet<>();
        try (CSVParser parser = open()) {
            Iterator<CSVRecord> records = parser.iterator();
            if (!records.hasNext()) {
                throw new ImportException(1, "the file is empty; its first line has to name the columns");
            }
            for (String name : records.next()) {
                String plain = name == null ? "" : name;
                if (isDamaged(plain) || plain.indexOf(0) >= 0) {
                    throw new ImportException(1, "the file is not UTF-8; convert it, as with iconv --to-code=UTF-8");
                }
                if (plain.isBlank() || !names.add(plain)) {
                    throw new ImportException(
                            1, "the first line has to name each column once, but has '" + plain + "'");
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw failed(1, e);
        }
        // The progress does not count the header.
        file = null;
        return List.copyOf(names);
    }

    private SourceColumn column(String name, ExistingTable existing) {
        if (!options.columns().isEmpty() || options.detectTypes()) {
            throw new ImportException("the table " + existing.name()
                    + " exists, and its columns have their types; leave --column and --detect-types out");
        }
        for (Map.Entry<String, ColumnType> column : existing.columns().entrySet()) {
            if (Names.lower(column.getKey()).equals(Names.lower(name))) {
                SourceColumn found =
                        new SourceColumn(column.getKey(), column.getValue().ddl(), 1);
                found.type = column.getValue();
                return found;
            }
        }
        throw new ImportException(
                1,
                "the table " + existing.name() + " has no column " + name + "; its columns are "
                        + existing.columns().keySet());
    }

    private void decideTypes(SourceTable read) {
        options.columns().forEach((name, type) -> {
            @Nullable SourceColumn column = read.column(name);
            if (column == null) {
                throw new ImportException(
                        1,
                        "it has no column " + name + "; its columns are "
                                + read.columns.stream().map(each -> each.name).toList());
            }
            column.type = ColumnType.named(type);
            if (column.type == null) {
                throw new ImportException("the column " + name + " cannot be " + type
                        + "; types are INT64, FLOAT64, DECIMAL(10,2), BOOL, TEXT, BLOB, UUID, DATE, TIME, TIMESTAMP,"
                        + " TIMESTAMPTZ, INTERVAL, INET, CIDR, MACADDR and JSON");
            }
        });
        if (options.detectTypes()) {
            detect(read);
        }
        for (SourceColumn column : read.columns) {
            column.type = column.type == null ? ColumnType.TEXT : column.type;
        }
    }

    private void detect(SourceTable read) {
        List<TypeDetector> detectors =
                read.columns.stream().map(column -> new TypeDetector()).toList();
        rows(List.of(read), new Sink() {
            @Override
            public void row(SourceTable from, long line, @Nullable Object[] values) {
                for (int i = 0; i < values.length; i++) {
                    if (values[i] instanceof String value) {
                        detectors.get(i).see(value);
                    }
                }
            }

            @Override
            public void unreadable(SourceTable from, long line, String reason) {
                // It is refused when the rows are written.
            }
        });
        for (int i = 0; i < detectors.size(); i++) {
            SourceColumn column = read.columns.get(i);
            column.type = column.type == null ? detectors.get(i).type() : column.type;
        }
    }

    private static ImportException failed(long line, Exception e) {
        return new ImportException(line, "the file cannot be read from here on, as CSV: " + e.getMessage(), e);
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
                } else if (record.stream().anyMatch(CsvSource::isDamaged)) {
                    sink.unreadable(into, line, "the row is not UTF-8, the encoding of the file");
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
        return present == null ? 0 : Math.min(before + present.position(), size());
    }

    @Override
    public long size() {
        return options.detectTypes() ? 2 * size : size;
    }

    @Override
    public void close() {
        // Each reading closes the file.
    }
}
