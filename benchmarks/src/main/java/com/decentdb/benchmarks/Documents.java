package com.decentdb.benchmarks;

import io.r2dbc.spi.Connection;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Rows that fill a file fast: a text of about a page each. */
final class Documents {

    /** About the bytes that a row takes in the file. */
    static final int BYTES = 4_000;

    private static final int ROWS_OF_A_TRANSACTION = 10_000;
    private static final String INSERT = "INSERT INTO document (id, body) VALUES ($1, $2)";

    private Documents() {}

    static Mono<Void> create(Connection connection, int rows) {
        return update(connection, "CREATE TABLE document (id BIGINT PRIMARY KEY, body TEXT NOT NULL)")
                .thenMany(Flux.range(0, rows)
                        .window(ROWS_OF_A_TRANSACTION)
                        .concatMap(ids -> Mono.from(connection.beginTransaction())
                                .thenMany(ids.concatMap(id -> insert(connection, id)))
                                .then(Mono.from(connection.commitTransaction()))))
                .then();
    }

    static Mono<Long> insert(Connection connection, long id) {
        return Mono.from(connection
                        .createStatement(INSERT)
                        .bind(0, id)
                        .bind(1, body(id))
                        .execute())
                .flatMap(result -> Mono.from(result.getRowsUpdated()));
    }

    /** Reads one row whole; emits 1. */
    static Mono<Long> point(Connection connection, long id) {
        return Mono.from(connection
                        .createStatement("SELECT body FROM document WHERE id = $1")
                        .bind(0, id)
                        .execute())
                .flatMap(result -> Mono.from(result.map((row, metadata) ->
                        Objects.requireNonNull(row.get(0, String.class)).length())))
                .map(length -> 1L);
    }

    private static Mono<Long> update(Connection connection, String sql) {
        return Mono.from(connection.createStatement(sql).execute())
                .flatMap(result -> Mono.from(result.getRowsUpdated()));
    }

    private static String body(long id) {
        String word = "document " + id + ' ';
        return word.repeat((BYTES - 60) / word.length());
    }
}
