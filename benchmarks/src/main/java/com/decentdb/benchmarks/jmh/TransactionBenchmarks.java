package com.decentdb.benchmarks.jmh;

import com.decentdb.benchmarks.peer.Items;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Inserts in one transaction, one by one and as a batch, by their number. H2's commits are not durable, the others' are. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TransactionBenchmarks {

    @State(Scope.Benchmark)
    public static class Count {

        @Param({"1", "10", "100", "1000"})
        public int rows;
    }

    @Benchmark
    public @Nullable Long oneByOne(Reactive state, Count count) {
        return Items.insertOneByOne(state.connection, state.nextId.getAndAdd(count.rows), count.rows)
                .block();
    }

    @Benchmark
    public @Nullable Long batch(Reactive state, Count count) {
        return Items.insertBatch(state.connection, state.nextId.getAndAdd(count.rows), count.rows)
                .block();
    }

    @Benchmark
    public long sqliteJdbcOneByOne(Blocking state, Count count) throws SQLException {
        return state.sqlite.insertOneByOne(state.nextId.getAndAdd(count.rows), count.rows);
    }

    @Benchmark
    public long sqliteJdbcBatch(Blocking state, Count count) throws SQLException {
        return state.sqlite.insertBatch(state.nextId.getAndAdd(count.rows), count.rows);
    }
}
