package com.decentdb.benchmarks.jmh;

import com.decentdb.benchmarks.peer.Items;
import com.decentdb.benchmarks.peer.Items.Item;
import java.sql.SQLException;
import java.util.List;
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

/** One query at a time, by the number of its rows. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RowsBenchmarks {

    @State(Scope.Benchmark)
    public static class Count {

        @Param({"1", "10", "100", "1000", "100000"})
        public int rows;
    }

    @Benchmark
    public @Nullable List<Item> select(Reactive state, Count count) {
        return Items.range(state.connection, Items.anyStart(count.rows), count.rows)
                .collectList()
                .block();
    }

    @Benchmark
    public List<Item> sqliteJdbcSelect(Blocking state, Count count) throws SQLException {
        return state.sqlite.range(Items.anyStart(count.rows), count.rows);
    }
}
