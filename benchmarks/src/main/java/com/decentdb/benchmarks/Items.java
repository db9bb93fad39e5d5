package com.decentdb.benchmarks;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.Statement;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The table every peer is measured on, and the operations on it, in plain R2DBC. */
final class Items {

    static final int ROWS = 100_000;

    private Items() {}

    record Item(long id, String name, double score, long stamp) {

        static Item of(Row row) {
            return new Item(
                    row.get(0, Long.class), row.get(1, String.class), row.get(2, Double.class), row.get(3, Long.class));
        }
    }

    static Mono<Void> create(Connection connection) {
        return Mono.from(connection
                        .createStatement("CREATE TABLE item (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL,"
                                + " score DOUBLE PRECISION NOT NULL, stamp BIGINT NOT NULL)")
                        .execute())
                .flatMap(result -> Mono.from(result.getRowsUpdated()))
                .then(Mono.from(connection.beginTransaction()))
                .thenMany(Flux.range(0, ROWS).concatMap(id -> insert(connection, id)))
                .then(Mono.from(connection.commitTransaction()));
    }

    static Mono<Long> insert(Connection connection, long id) {
        return Mono.from(connection
                        .createStatement("INSERT INTO item (id, name, score, stamp) VALUES ($1, $2, $3, $4)")
                        .bind(0, id)
                        .bind(1, "item number " + id)
                        .bind(2, id / 3.0)
                        .bind(3, id * 1_000L)
                        .execute())
                .flatMap(result -> Mono.from(result.getRowsUpdated()));
    }

    static Mono<Item> point(Connection connection, long id) {
        return Mono.from(rows(connection
                .createStatement("SELECT id, name, score, stamp FROM item WHERE id = $1")
                .bind(0, id)));
    }

    static Flux<Item> range(Connection connection, long from, int count) {
        return rows(connection
                .createStatement("SELECT id, name, score, stamp FROM item WHERE id >= $1 ORDER BY id LIMIT $2")
                .bind(0, from)
                .bind(1, (long) count));
    }

    private static Flux<Item> rows(Statement statement) {
        Publisher<? extends Result> results = statement.execute();
        return Flux.from(results).concatMap(result -> result.map((row, metadata) -> Item.of(row)));
    }
}
