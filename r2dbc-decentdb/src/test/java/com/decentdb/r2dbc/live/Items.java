package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.await;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;

/** The tables of the tests of watches and change streams. */
final class Items {

    private Items() {}

    /** Creates a table with one item, and another one. */
    static void create(TestDatabase database) {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"));
        await(connection.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)"));
        await(connection.execute("INSERT INTO item VALUES (1, 'one')"));
    }
}
