package com.decentdb.benchmarks;

import com.decentdb.benchmarks.Items.Item;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Mono;

/**
 * One caller that waits for each answer: a point read, a range of 1000 rows, an auto-commit insert. The reactive figures
 * hold the hand-over to the database thread and back; {@code sqliteJdbc*} is the blocking floor in the same run.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StatementBenchmarks {

    private static final int RANGE = 1_000;

    @State(Scope.Benchmark)
    public static class Reactive {

        @Param({"DECENTDB", "H2"})
        public Peer peer;

        final AtomicLong nextId = new AtomicLong(Items.ROWS);
        Connection connection;

        @Setup
        public void open() throws IOException {
            ConnectionFactory factory = peer.open(Files.createTempDirectory("bench"));
            connection = Mono.from(factory.create()).block();
            Items.create(connection).block();
        }

        @TearDown
        public void close() {
            Mono.from(connection.close()).block();
        }
    }

    @State(Scope.Benchmark)
    public static class Jdbc {

        final AtomicLong nextId = new AtomicLong(Items.ROWS);
        SqliteJdbc sqlite;

        @Setup
        public void open() throws IOException, SQLException {
            Path directory = Files.createTempDirectory("bench");
            sqlite = new SqliteJdbc(directory);
        }

        @TearDown
        public void close() throws SQLException {
            sqlite.close();
        }
    }

    @Benchmark
    public Item point(Reactive state) {
        return Items.point(state.connection, anyId()).block();
    }

    @Benchmark
    public List<Item> range(Reactive state) {
        return Items.range(state.connection, anyId() / 2, RANGE).collectList().block();
    }

    @Benchmark
    public Long insert(Reactive state) {
        return Items.insert(state.connection, state.nextId.getAndIncrement()).block();
    }

    @Benchmark
    public Item sqliteJdbcPoint(Jdbc state) throws SQLException {
        return state.sqlite.point(anyId());
    }

    @Benchmark
    public List<Item> sqliteJdbcRange(Jdbc state) throws SQLException {
        return state.sqlite.range(anyId() / 2, RANGE);
    }

    @Benchmark
    public int sqliteJdbcInsert(Jdbc state) throws SQLException {
        return state.sqlite.insert(state.nextId.getAndIncrement());
    }

    private static long anyId() {
        return ThreadLocalRandom.current().nextInt(Items.ROWS);
    }
}
