package com.decentdb.benchmarks;

import com.decentdb.benchmarks.Items.Item;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The same operations through JDBC on SQLite, blocking, statements kept: what a caller without reactive needs would write. */
final class SqliteJdbc implements AutoCloseable {

    private final Connection connection;
    private final PreparedStatement point;
    private final PreparedStatement range;
    private final PreparedStatement insert;

    SqliteJdbc(Path directory) throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("bench.sqlite"));
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = FULL");
            statement.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, score REAL NOT NULL,"
                    + " stamp INTEGER NOT NULL)");
        }
        point = connection.prepareStatement("SELECT id, name, score, stamp FROM item WHERE id = ?");
        range = connection.prepareStatement(
                "SELECT id, name, score, stamp FROM item WHERE id >= ? ORDER BY id LIMIT ?");
        insert = connection.prepareStatement("INSERT INTO item (id, name, score, stamp) VALUES (?, ?, ?, ?)");
        connection.setAutoCommit(false);
        for (long id = 0; id < Items.ROWS; id++) {
            insert(id);
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    Item point(long id) throws SQLException {
        point.setLong(1, id);
        try (ResultSet rows = point.executeQuery()) {
            rows.next();
            return item(rows);
        }
    }

    List<Item> range(long from, int count) throws SQLException {
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

    int insert(long id) throws SQLException {
        insert.setLong(1, id);
        insert.setString(2, "item number " + id);
        insert.setDouble(3, id / 3.0);
        insert.setLong(4, id * 1_000L);
        return insert.executeUpdate();
    }

    private static Item item(ResultSet rows) throws SQLException {
        return new Item(rows.getLong(1), rows.getString(2), rows.getDouble(3), rows.getLong(4));
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
