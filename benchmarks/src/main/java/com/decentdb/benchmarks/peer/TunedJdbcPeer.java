package com.decentdb.benchmarks.peer;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The best that an application can easily make of JDBC: one thread that writes, two that read, kept statements. */
final class TunedJdbcPeer extends ReactivePeer {

    private static final int READERS = 2;

    private final Lane writer;
    private final List<Lane> readers = new ArrayList<>();
    private final AtomicInteger nextReader = new AtomicInteger();
    private final AtomicLong nextId;

    TunedJdbcPeer(Path file) throws SQLException {
        writer = new Lane(SqliteJdbc.open(file), Schedulers.newSingle("writer"));
        nextId = new AtomicLong(writer.sqlite.create(Items.ROWS));
        for (int i = 0; i < READERS; i++) {
            readers.add(new Lane(SqliteJdbc.open(file), Schedulers.newSingle("reader")));
        }
    }

    @Override
    public String version() {
        try {
            return writer.sqlite.version();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public boolean supports(Operation operation, int inFlight) {
        return operation != Operation.QUEUED;
    }

    @Override
    Mono<Long> call(Operation operation, int caller) {
        Lane lane = operation.durable() ? writer : readers.get(nextReader.getAndIncrement() & (READERS - 1));
        return Mono.fromCallable(() -> lane.sqlite.call(operation, nextId.getAndAdd(operation.rows())))
                .subscribeOn(lane.thread);
    }

    @Override
    public void close() throws SQLException {
        for (Lane reader : readers) {
            reader.close();
        }
        writer.close();
    }

    private record Lane(SqliteJdbc sqlite, Scheduler thread) {

        private void close() throws SQLException {
            thread.dispose();
            sqlite.close();
        }
    }
}
