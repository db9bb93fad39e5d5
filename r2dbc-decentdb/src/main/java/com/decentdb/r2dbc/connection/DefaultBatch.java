package com.decentdb.r2dbc.connection;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Result;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;

/** Statements without parameters, run one after another; the first that fails ends the batch. */
final class DefaultBatch implements Batch {

    private final DefaultConnection connection;
    private final List<String> statements = new ArrayList<>();

    DefaultBatch(DefaultConnection connection) {
        this.connection = connection;
    }

    @Override
    public DefaultBatch add(String sql) {
        if (connection.settings().parse(sql).parameterCount() > 0) {
            throw new IllegalArgumentException(
                    "A batch has no arguments, but this statement has parameters; use createStatement(sql).add(): "
                            + sql);
        }
        statements.add(sql);
        return this;
    }

    @Override
    public Flux<Result> execute() {
        List<String> all = List.copyOf(statements);
        if (all.isEmpty()) {
            throw new IllegalStateException("The batch is empty; add statements before execute()");
        }
        return Flux.fromIterable(all)
                .concatMap(sql -> connection.createStatement(sql).execute(), 0);
    }
}
