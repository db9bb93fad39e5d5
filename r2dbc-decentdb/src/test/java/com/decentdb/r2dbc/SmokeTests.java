package com.decentdb.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

class SmokeTests {
    @TempDir
    Path directory;

    @Test
    void worksEndToEnd() {
        DecentDbConnection c = DecentDb.connect("r2dbc:decentdb:///" + directory.resolve("a.ddb"))
                .block(Duration.ofSeconds(20));
        System.out.println(c.getMetadata().engine());
        c.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n TEXT NOT NULL)").block(Duration.ofSeconds(10));
        assertThat(c.execute("INSERT INTO t(id, n) VALUES ($1, $2)", 1, "a").block(Duration.ofSeconds(10)))
                .isEqualTo(1);
        System.out.println(c.fetch("SELECT * FROM t").collectList().block(Duration.ofSeconds(10)));
        c.inTransaction(x -> x.execute("INSERT INTO t(id, n) VALUES ($1, $2)", 2, "b"))
                .blockLast(Duration.ofSeconds(10));
        System.out.println(Flux.range(3, 1000)
                .flatMap(i -> c.execute("INSERT INTO t(id, n) VALUES ($1, $2)", i, "x" + i))
                .reduce(0L, Long::sum)
                .block(Duration.ofSeconds(20)));
        System.out.println(c.fetchValue("SELECT COUNT(*) FROM t", Long.class).block(Duration.ofSeconds(10)));
        System.out.println(c.fetch("SELECT * FROM t").count().block(Duration.ofSeconds(10)));
        System.out.println(Flux.range(2000, 1000)
                .flatMap(i -> c.executeQueued("INSERT INTO t(id, n) VALUES ($1, $2)", i, "x" + i))
                .reduce(0L, Long::sum)
                .block(Duration.ofSeconds(20)));
        System.out.println(c.writeQueueMetrics().block(Duration.ofSeconds(10)));
        c.close().block(Duration.ofSeconds(10));
    }
}
