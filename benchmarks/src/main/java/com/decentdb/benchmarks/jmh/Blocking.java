package com.decentdb.benchmarks.jmh;

import com.decentdb.benchmarks.DataFolder;
import com.decentdb.benchmarks.peer.Items;
import com.decentdb.benchmarks.peer.SqliteJdbc;
import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A JDBC connection with kept statements to the same rows: the floor without any change of thread. */
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls open().
public class Blocking {

    SqliteJdbc sqlite;
    AtomicLong nextId;
    private DataFolder folder;

    @Setup
    public void open() throws IOException, SQLException {
        folder = DataFolder.create();
        sqlite = SqliteJdbc.open(folder.path().resolve("bench.sqlite"));
        nextId = new AtomicLong(sqlite.create(Items.ROWS));
    }

    @TearDown
    public void close() throws IOException, SQLException {
        sqlite.close();
        folder.close();
    }
}
