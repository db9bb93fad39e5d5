package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.schema.ColumnType.Kind;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceSchema.Sequence;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.text.Dialect;
import com.decentdb.importer.text.Names;
import com.decentdb.importer.text.TableText;
import com.decentdb.importer.text.TableText.NamedIndex;
import com.decentdb.importer.text.Token;
import com.decentdb.importer.text.TokenReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;

/** A database of SQLite, read in one transaction. */
public final class SqliteSource implements Source {

    private final Path path;
    private final boolean detectUuid;
    private final Connection connection;
    private long read;
    private long size;

    public SqliteSource(Path path, boolean detectUuid) {
        this.path = path;
        this.detectUuid = detectUuid;
        if (!Files.isRegularFile(path)) {
            throw new ImportException("there is no such file");
        }
        try {
            SQLiteConfig config = new SQLiteConfig();
            config.setReadOnly(true);
            connection = DriverManager.getConnection("jdbc:sqlite:" + path.toAbsolutePath(), config.toProperties());
            connection.setAutoCommit(false);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private static ImportException failed(SQLException e) {
        return new ImportException(0, "SQLite cannot read it: " + e.getMessage(), e);
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
        Path log = path.resolveSibling(path.getFileName() + "-wal");
        return InputFile.identity(path)
                + (Files.exists(log) && InputFile.size(log) > 0 ? " and " + InputFile.identity(log) : "");
    }

    @Override
    public SourceSchema schema(Request request, Findings findings) {
        SourceSchema schema = new SourceSchema();
        try (Statement statement = connection.createStatement()) {
            try (ResultSet own = statement.executeQuery("SELECT 1 FROM sqlite_schema WHERE name = '__ddb_catalog'")) {
                if (own.next()) {
                    throw new ImportException(
                            "it is a database of DecentDB already, of the bundled engine; open it as such");
                }
            }
            Set<String> special = special(statement, findings);
            try (ResultSet rows = statement.executeQuery("SELECT type, name, sql FROM sqlite_schema ORDER BY rowid")) {
                while (rows.next()) {
                    @Nullable String sql = rows.getString(3);
                    String name = rows.getString(2);
                    if (sql != null && !name.startsWith("sqlite_") && !special.contains(name)) {
                        define(schema, rows.getString(1), name, sql, findings);
                    }
                }
            }
            for (SourceTable table : schema.tables.values()) {
                if (request.wanted().test(table.name)) {
                    size += request.cluster()
                            ? StorageTypes.decide(table, statement, findings)
                            : SqliteTypes.decide(table, detectUuid, statement, findings);
                } else {
                    findings.skipped("table " + table.name, 0, "it was not asked for");
                }
            }
            if (!request.cluster()) {
                SqliteTypes.agree(schema, request.wanted(), statement, findings);
            }
            sequences(schema, statement);
        } catch (SQLException e) {
            throw failed(e);
        }
        return schema;
    }

    /** Virtual tables, and those that hold their data. */
    private static Set<String> special(Statement statement, Findings findings) throws SQLException {
        Set<String> names = new HashSet<>();
        try (ResultSet rows = statement.executeQuery(
                "SELECT name, type FROM pragma_table_list WHERE type IN ('virtual', 'shadow')")) {
            while (rows.next()) {
                names.add(rows.getString(1));
                findings.skipped(
                        rows.getString(2) + " table " + rows.getString(1),
                        0,
                        rows.getString(2).equals("virtual")
                                ? "the engine has no such module"
                                : "it belongs to a virtual table");
            }
        }
        return names;
    }

    private static void define(SourceSchema schema, String type, String name, String sql, Findings findings) {
        try {
            TokenReader reader = new TokenReader(sql, 1, Dialect.SQLITE);
            reader.expect("CREATE");
            switch (type) {
                case "table" -> {
                    reader.expect("TABLE");
                    SourceTable table = TableText.table(reader);
                    table.columns.forEach(SqliteSource::unquoteDefault);
                    schema.tables.put(table.name, table);
                }
                case "index" -> {
                    boolean unique = reader.take("UNIQUE");
                    reader.expect("INDEX");
                    NamedIndex index = TableText.index(reader, unique);
                    @Nullable SourceTable table = find(schema, index.table());
                    if (table != null) {
                        table.indexes.add(index.index());
                    }
                }
                case "view" -> {
                    reader.expect("VIEW");
                    String view = reader.qualifiedName();
                    @Nullable String columns = reader.peek().symbol("(") ? reader.parenthesised() : null;
                    reader.expect("AS");
                    schema.views.put(view, new SourceSchema.View(view, columns, reader.rest(), 0));
                }
                default ->
                    findings.skipped(
                            type + " " + name,
                            0,
                            "its statements are not those of the engine: " + sql.replaceAll("\\s+", " "));
            }
        } catch (ImportException e) {
            throw new ImportException(0, type + " " + name + ": " + e.getMessage(), e);
        }
    }

    /** SQLite takes a name in quotes for a text where no column can be. */
    private static void unquoteDefault(SourceColumn column) {
        @Nullable String text = column.defaultValue;
        if (text != null && text.startsWith("\"")) {
            Token token = new TokenReader(text, 1, Dialect.SQLITE).peek();
            column.defaultValue = Names.literal(token.value());
        }
    }

    private static @Nullable SourceTable find(SourceSchema schema, String name) {
        return schema.tables.values().stream()
                .filter(table -> table.name.equalsIgnoreCase(name))
                .findFirst()
                .orElse(null);
    }

    /** A table whose highest ids were deleted goes on behind them. */
    private static void sequences(SourceSchema schema, Statement statement) throws SQLException {
        try (ResultSet there = statement.executeQuery("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'")) {
            if (!there.next()) {
                return;
            }
        }
        for (SourceTable table : schema.tables.values()) {
            SourceTable.@Nullable Key key = table.primaryKey();
            if (key == null || key.columns().size() != 1) {
                continue;
            }
            String id = Names.quote(key.columns().get(0));
            try (ResultSet rows = statement.executeQuery("SELECT seq FROM sqlite_sequence WHERE name = "
                    + Names.literal(table.name) + " AND seq > (SELECT coalesce(max(" + id + "), 0) FROM "
                    + Names.quote(table.name) + ")")) {
                @Nullable SourceColumn column = table.column(key.columns().get(0));
                if (rows.next() && column != null) {
                    String name = table.name + "_" + column.name + "_seq";
                    Sequence sequence = new Sequence(name, "", 0);
                    sequence.last = rows.getLong(1);
                    sequence.called = true;
                    schema.sequences.put(name, sequence);
                    column.sequence = name;
                }
            }
        }
    }

    @Override
    public void rows(List<SourceTable> tables, Sink sink) {
        try (Statement statement = connection.createStatement()) {
            for (SourceTable table : tables) {
                String columns = table.columns.stream()
                        .map(column -> Names.quote(column.name))
                        .collect(Collectors.joining(", "));
                try (ResultSet rows =
                        statement.executeQuery("SELECT " + columns + " FROM " + Names.quote(table.name))) {
                    copy(table, rows, sink);
                }
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private void copy(SourceTable table, ResultSet rows, Sink sink) throws SQLException {
        int width = table.columns.size();
        long number = 0;
        while (rows.next()) {
            number++;
            read++;
            @Nullable Object[] values = new @Nullable Object[width];
            @Nullable String damaged = null;
            for (int i = 0; i < width; i++) {
                Object value = rows.getObject(i + 1);
                if (value instanceof String text && text.indexOf('\uFFFD') >= 0 && isDamaged(rows.getBytes(i + 1))) {
                    damaged = "column " + table.columns.get(i).name + " has a text that is not UTF-8";
                }
                boolean bytes = table.columns.get(i).type().kind() == Kind.BLOB;
                values[i] = bytes && value instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : value;
            }
            if (damaged == null) {
                sink.row(table, number, values);
            } else {
                sink.unreadable(table, number, damaged);
            }
        }
    }

    private static boolean isDamaged(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return false;
        } catch (CharacterCodingException e) {
            return true;
        }
    }

    @Override
    public long position() {
        return read;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failed(e);
        }
    }
}
