package com.decentdb.importer.plan;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.schema.TableColumn;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/** One connection, and the thread of the import that waits for its answers. */
public final class Engine implements AutoCloseable {

    private final DecentDbConnectionFactory factory;
    private final DecentDbConnection connection;
    private final boolean cluster;
    private boolean undone;

    /** On a cluster foreign keys are not checked row by row on this connection, since their tables come in any order. */
    public Engine(ConnectionFactoryOptions options) {
        cluster = "dqlite".equals(options.getValue(ConnectionFactoryOptions.PROTOCOL));
        factory = DecentDb.factory(options);
        try {
            connection = await(factory.create());
            if (cluster) {
                execute("PRAGMA foreign_keys = 0");
            }
        } catch (RuntimeException | Error e) {
            finish(factory.close());
            throw e;
        }
    }

    /** A connection with a transaction that is undone when it is closed. */
    public static Engine undone(ConnectionFactoryOptions options) {
        Engine engine = new Engine(options);
        try {
            engine.begin();
            engine.undone = true;
            return engine;
        } catch (RuntimeException | Error e) {
            engine.close();
            throw e;
        }
    }

    public void begin() {
        connection.beginTransaction().block();
    }

    public void commit() {
        connection.commitTransaction().block();
    }

    /** Whether statements are those of SQLite. */
    public boolean isCluster() {
        return cluster;
    }

    public DecentDbConnection connection() {
        return connection;
    }

    /** Executes a statement; returns the rows it changed. */
    public long execute(String sql, Object... arguments) {
        @Nullable Long changed = connection.execute(sql, arguments).block();
        return changed == null ? 0 : changed;
    }

    public List<List<@Nullable Object>> fetch(String sql) {
        return await(connection.fetchLists(sql).collectList());
    }

    public List<TableColumn> columns(String table) {
        return await(connection.tableColumns(table).collectList());
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
            if (isOfConnection(e)) {
                throw e;
            }
            return e.getMessage();
        }
    }

    /** Whether a failure says nothing about its statement: the engine could not be reached, or lost the transaction. */
    public static boolean isOfConnection(R2dbcException e) {
        @Nullable String state = e.getSqlState();
        return e instanceof R2dbcTransientException
                || e instanceof R2dbcNonTransientResourceException
                || (state != null && (state.startsWith("08") || state.startsWith("40") || state.startsWith("57")));
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
            if (undone) {
                rollback();
            }
        } finally {
            disconnect();
        }
    }

    private void disconnect() {
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
