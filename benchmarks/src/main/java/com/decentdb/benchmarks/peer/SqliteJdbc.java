package com.decentdb.benchmarks.peer;

import com.decentdb.benchmarks.peer.Items.Item;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The operations through JDBC on SQLite, on one connection, with statements that are kept until {@link #close}. */
public final class SqliteJdbc implements AutoCloseable {

    // The alias of the row number is SQLite's best case.
    private static final String CREATE = "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
            + " score REAL NOT NULL, stamp INTEGER NOT NULL)";
    private static final String POINT = "SELECT id, name, score, stamp FROM item WHERE id = ?";
    private static final String RANGE = "SELECT id, name, score, stamp FROM item WHERE id >= ? ORDER BY id LIMIT ?";
    private static final String INSERT = "INSERT INTO item (id, name, score, stamp) VALUES (?, ?, ?, ?)";

    private final Connection connection;
    private final Map<String, PreparedStatement> kept = new HashMap<>();

    SqliteJdbc(Connection connection) {
        this.connection = connection;
    }

    /** Every connection of every peer is durable: a commit returns after the sync of the log. */
    static String url(Path file) {
        return "jdbc:sqlite:" + file + "?journal_mode=WAL&synchronous=FULL&busy_timeout=60000";
    }

    public static SqliteJdbc open(Path file) throws SQLException {
        return new SqliteJdbc(DriverManager.getConnection(url(file)));
    }

    /** Creates the table and its rows where it is not there yet; returns the first id that is free. */
    public long create(int rows) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(CREATE);
        }
        long next = nextId();
        if (next < rows) {
            connection.setAutoCommit(false);
            for (long id = next; id < rows; id++) {
                insert(id);
            }
            connection.commit();
            connection.setAutoCommit(true);
        }
        return Math.max(next, rows);
    }

    private long nextId() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(Items.NEXT_ID)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    String version() throws SQLException {
        return "sqlite-jdbc " + connection.getMetaData().getDriverVersion() + ", SQLite "
                + connection.getMetaData().getDatabaseProductVersion();
    }

    /** One execution; returns the number of rows read or written. The identifier is that of the first row to insert. */
    long call(Operation operation, long id) throws SQLException {
        return switch (operation) {
            case POINT -> point(Items.anyId()) == null ? 0 : 1;
            case RANGE -> range(Items.anyStart(Items.RANGE), Items.RANGE).size();
            case SCAN -> range(0, Items.ROWS).size();
            case INSERT -> insert(id);
            case TRANSACTION -> insertOneByOne(id, Items.RANGE);
            case BATCH -> insertBatch(id, Items.RANGE);
            case POINT_BLOCK, MIX, QUEUED -> throw new IllegalArgumentException(operation + " is none of JDBC");
        };
    }

    public Item point(long id) throws SQLException {
        PreparedStatement point = statement(POINT);
        point.setLong(1, id);
        try (ResultSet rows = point.executeQuery()) {
            rows.next();
            return item(rows);
        }
    }

    public List<Item> range(long from, int count) throws SQLException {
        PreparedStatement range = statement(RANGE);
        range.setLong(1, from);
        range.setInt(2, count);
        List<Item> items = new ArrayList<>(count);
        try (ResultSet rows = range.executeQuery()) {
            while (rows.next()) {
                items.add(item(rows));
            }
        }
        return items;
    }

    public int insert(long id) throws SQLException {
        return bind(id).executeUpdate();
    }

    public long insertOneByOne(long from, int count) throws SQLException {
        connection.setAutoCommit(false);
        long rows = 0;
        for (int i = 0; i < count; i++) {
            rows += insert(from + i);
        }
        connection.commit();
        connection.setAutoCommit(true);
        return rows;
    }

    public long insertBatch(long from, int count) throws SQLException {
        connection.setAutoCommit(false);
        for (int i = 0; i < count; i++) {
            bind(from + i).addBatch();
        }
        long rows = 0;
        for (int each : statement(INSERT).executeBatch()) {
            rows += each;
        }
        connection.commit();
        connection.setAutoCommit(true);
        return rows;
    }

    private PreparedStatement bind(long id) throws SQLException {
        PreparedStatement insert = statement(INSERT);
        insert.setLong(1, id);
        insert.setString(2, Item.name(id));
        insert.setDouble(3, Item.score(id));
        insert.setLong(4, Item.stamp(id));
        return insert;
    }

    private PreparedStatement statement(String sql) throws SQLException {
        PreparedStatement statement = kept.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            kept.put(sql, statement);
        }
        return statement;
    }

    private static Item item(ResultSet rows) throws SQLException {
        return new Item(rows.getLong(1), rows.getString(2), rows.getDouble(3), rows.getLong(4));
    }

    /** Drops the kept statements and closes the connection, or gives it back to its pool. */
    @Override
    public void close() throws SQLException {
        for (PreparedStatement statement : kept.values()) {
            statement.close();
        }
        connection.close();
    }
}
