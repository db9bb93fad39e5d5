package com.decentdb.benchmarks.jmh;

import com.decentdb.benchmarks.peer.Items;
import com.decentdb.benchmarks.peer.Items.Item;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One statement at a time: a point read whose text the driver knows, one whose text is new, an auto-commit insert. The
 * reactive figures hold the hand-over to the database thread and back.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StatementBenchmarks {

    @Benchmark
    public @Nullable Item point(Reactive state) {
        return Items.point(state.connection, Items.anyId()).block();
    }

    /** Each text is another one, so nothing that is kept for a text helps. */
    @Benchmark
    public @Nullable Item pointOfNewText(Reactive state) {
        return Items.pointOfNewText(state.connection, Items.anyId(), state.nextId.getAndIncrement())
                .block();
    }

    @Benchmark
    public @Nullable Long insert(Reactive state) {
        return Items.insert(state.connection, state.nextId.getAndIncrement()).block();
    }

    @Benchmark
    public Item sqliteJdbcPoint(Blocking state) throws SQLException {
        return state.sqlite.point(Items.anyId());
    }

    @Benchmark
    public int sqliteJdbcInsert(Blocking state) throws SQLException {
        return state.sqlite.insert(state.nextId.getAndIncrement());
    }
}
