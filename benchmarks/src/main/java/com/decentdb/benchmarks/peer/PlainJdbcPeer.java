package com.decentdb.benchmarks.peer;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;

/** One thread that calls JDBC: the floor for a caller that needs neither concurrency nor a free thread. */
final class PlainJdbcPeer implements Peer {

    private final SqliteJdbc sqlite;
    private long nextId;

    PlainJdbcPeer(Path file) throws SQLException {
        sqlite = SqliteJdbc.open(file);
        nextId = sqlite.create(Items.ROWS);
    }

    @Override
    public String version() {
        try {
            return sqlite.version();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public boolean supports(Operation operation, int inFlight) {
        return inFlight == 1 && operation != Operation.QUEUED;
    }

    @Override
    public Sample run(Operation operation, int inFlight, Duration time) throws Exception {
        return Loop.blocking(1, operation.rows(), time, caller -> () -> {
            long id = nextId;
            nextId += operation.rows();
            return sqlite.call(operation.next(), id);
        });
    }

    @Override
    public void close() throws SQLException {
        sqlite.close();
    }
}
