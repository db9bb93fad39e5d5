package com.decentdb.importer.plan;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/** One connection, and the thread of the import that waits for its answers. */
public final class Engine implements AutoCloseable {

    private final DecentDbConnectionFactory factory;
    private final DecentDbConnection connection;

    public Engine(ConnectionFactoryOptions options) {
        factory = DecentDb.factory(options);
        try {
            connection = await(factory.create());
        } catch (RuntimeException | Error e) {
            finish(factory.close());
            throw e;
        }
    }

    public DecentDbConnection connection() {
        return connection;
    }

    public void execute(String sql) {
        connection.execute(sql).block();
    }

    public List<List<@Nullable Object>> fetch(String sql) {
        return await(connection.fetchLists(sql).collectList());
    }

    public long number(String sql) {
        return await(connection.fetchValue(sql, Long.class));
    }

    /** Runs a statement; the engine's reason if it refuses, else null. */
    @Nullable
    String refusal(String sql) {
        try {
            execute(sql);
            return null;
        } catch (R2dbcException e) {
            return e.getMessage();
        }
    }

    private static <T> T await(Mono<T> answer) {
        T value = answer.block();
        if (value == null) {
            throw new IllegalStateException("the engine gave no answer");
        }
        return value;
    }

    /** Undoes the transaction, even if the import is cancelled meanwhile. */
    public void rollback() {
        finish(connection.rollbackTransaction());
    }

    @Override
    public void close() {
        try {
            finish(connection.close());
        } finally {
            finish(factory.close());
        }
    }

    /** Waits to the end: an interrupt, which ends an import, must not leave its database open. The thread ends with the import. */
    private static void finish(Mono<Void> last) {
        while (true) {
            Thread.interrupted();
            try {
                last.block();
                return;
            } catch (RuntimeException e) {
                if (!(Exceptions.unwrap(e) instanceof InterruptedException)) {
                    throw e;
                }
            }
        }
    }
}
