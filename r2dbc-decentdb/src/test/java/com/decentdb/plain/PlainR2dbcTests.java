package com.decentdb.plain;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class PlainR2dbcTests {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void findsTheDriverByUrlAndItsRowsAfterReopening() {
        ConnectionFactory factory = ConnectionFactories.get("r2dbc:decentdb:///" + directory.resolve("plain.ddb"));

        Flux.usingWhen(
                        factory.create(),
                        connection -> execute(connection, "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
                                .then(insert(connection, 1, "one"))
                                .then(insert(connection, 2, "two")),
                        Connection::close)
                .as(StepVerifier::create)
                .expectNext(1L)
                .verifyComplete();

        names(factory).as(StepVerifier::create).expectNext("one", "two").verifyComplete();
    }

    @Test
    void rollsBackWhatWasNotCommitted() {
        ConnectionFactory factory = ConnectionFactories.get("r2dbc:decentdb:///" + directory.resolve("rollback.ddb"));

        Flux.usingWhen(
                        factory.create(),
                        connection -> execute(connection, "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
                                .then(Mono.from(connection.beginTransaction()))
                                .then(insert(connection, 1, "one"))
                                .then(Mono.from(connection.rollbackTransaction())),
                        Connection::close)
                .as(StepVerifier::create)
                .verifyComplete();

        names(factory).as(StepVerifier::create).verifyComplete();
    }

    @Test
    void reportsAViolatedKeyAsSpringExpectsIt() {
        ConnectionFactory factory = ConnectionFactories.get("r2dbc:decentdb:///" + directory.resolve("key.ddb"));

        Flux.usingWhen(
                        factory.create(),
                        connection -> execute(connection, "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
                                .then(insert(connection, 1, "one"))
                                .then(insert(connection, 1, "again")),
                        Connection::close)
                .as(StepVerifier::create)
                .verifyErrorMatches(error -> error instanceof R2dbcDataIntegrityViolationException violation
                        && "23505".equals(violation.getSqlState())
                        && "INSERT INTO item VALUES ($1, $2)".equals(violation.getSql()));
    }

    private static Flux<String> names(ConnectionFactory factory) {
        return Flux.usingWhen(
                factory.create(),
                connection -> Flux.from(connection
                                .createStatement("SELECT name FROM item ORDER BY id")
                                .execute())
                        .flatMap(result -> result.map((row, metadata) -> row.get("name", String.class))),
                Connection::close);
    }

    private static Mono<Long> insert(Connection connection, int id, String name) {
        return Mono.from(connection
                        .createStatement("INSERT INTO item VALUES ($1, $2)")
                        .bind(0, id)
                        .bind("$2", name)
                        .execute())
                .flatMap(result -> Mono.from(result.getRowsUpdated()));
    }

    private static Mono<Void> execute(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .flatMap(result -> result.getRowsUpdated())
                .then();
    }
}
