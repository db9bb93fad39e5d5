package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeResult;
import com.decentdb.ffi.NativeStatement;
import com.decentdb.ffi.Parameters;
import com.decentdb.ffi.RowBlock;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One native handle and the one thread that calls it. */
final class Lane implements Executor {

    /**
     * A statement that ran.
     *
     * @param columns none if it yields no rows
     * @param rows the first rows, null if there are no columns
     * @param rest the statement with the rows that are left, null if there are none
     * @param shape what is known of the statement
     */
    record Run(
            List<Column> columns,
            long affectedRows,
            @Nullable RowBatch rows,
            @Nullable NativeStatement rest,
            Shapes.Shape shape) {

        private static Run withoutRows(long affectedRows) {
            return new Run(List.of(), affectedRows, null, null, Shapes.Shape.unknown(false));
        }
    }

    private final EventExecutor thread;
    private final Supplier<NativeDatabase> opener;
    private final Shapes shapes;
    private final StatementCache statements;
    private volatile @Nullable NativeDatabase database;
    private long lastSeen;
    private long schemaVersion;

    Lane(String name, Supplier<NativeDatabase> opener, Shapes shapes, int statementCacheSize) {
        this.thread = new DefaultEventExecutor(Threads.daemon(name));
        this.opener = opener;
        this.shapes = shapes;
        this.statements = new StatementCache(statementCacheSize);
    }

    /** Runs a task on the lane's thread. */
    @Override
    public void execute(Runnable task) {
        thread.execute(task);
    }

    /** The handle, opened on first use; on the lane's thread. */
    NativeDatabase database() {
        NativeDatabase open = database;
        if (open == null) {
            open = opener.get();
            database = open;
        }
        return open;
    }

    /** Notes how many commits the handle is about to see; false if it saw them before. On the lane's thread. */
    boolean seesUpTo(long commits) {
        boolean more = commits != lastSeen;
        lastSeen = commits;
        return more;
    }

    /** Runs a statement up to its first {@code fetchSize} rows; on the lane's thread. */
    Run run(SqlCommand sql, Value[] arguments, int fetchSize) {
        NativeDatabase handle = database();
        Parameters parameters = Arguments.of(arguments);
        try {
            if (sql.kind().compareTo(SqlCommand.Kind.OTHER) >= 0 || readsSystemView(sql)) {
                return runDirectly(handle, sql, parameters);
            }
            try {
                return runPrepared(handle, sql, parameters, fetchSize);
            } catch (NativeException e) {
                if (!String.valueOf(e.getMessage()).contains("schema changed")) {
                    throw e;
                }
                statements.clear();
                return runPrepared(handle, sql, parameters, fetchSize);
            }
        } catch (RuntimeException e) {
            if (Errors.breaksHandle(e)) {
                discardHandle();
            }
            throw e;
        }
    }

    private Run runPrepared(NativeDatabase handle, SqlCommand sql, Parameters parameters, int fetchSize) {
        long version = shapes.version();
        if (version != schemaVersion) {
            // A kept statement still gives the columns its tables had when it was prepared.
            schemaVersion = version;
            statements.clear();
        }
        NativeStatement statement = statements.take(handle, sql.text());
        boolean keep = false;
        try {
            if (!statement.accepts(parameters)) {
                keep = true;
                statements.giveBack(sql.text(), statement);
                return runDirectly(handle, sql, parameters);
            }
            statement.bind(parameters);
            List<String> names = statement.columnNames();
            if (names.isEmpty()) {
                long affected = statement.affectedRows();
                keep = true;
                statements.giveBack(sql.text(), statement);
                return Run.withoutRows(affected);
            }
            Shapes.Shape shape = shapes.get(handle, sql);
            RowBatch rows = shapes.rows(handle, shape, statement.fetch(fetchSize));
            List<Column> columns = shape.resolve(names, rows);
            long affected = sql.kind() == SqlCommand.Kind.QUERY ? 0 : statement.affectedRows();
            keep = true;
            if (rows.rows() < fetchSize) {
                statements.giveBack(sql.text(), statement);
                return new Run(columns, affected, rows, null, shape);
            }
            return new Run(columns, affected, rows, statement, shape);
        } finally {
            if (!keep) {
                statement.close();
            }
        }
    }

    private Run runDirectly(NativeDatabase handle, SqlCommand sql, Parameters parameters) {
        try (NativeResult result = handle.execute(sql.text(), parameters)) {
            if (sql.kind() == SqlCommand.Kind.OTHER) {
                shapes.changing();
            }
            if (result.columnCount() == 0) {
                return Run.withoutRows(result.affectedRows());
            }
            Shapes.Shape shape = shapes.get(handle, sql);
            RowBatch rows = shapes.rows(handle, shape, result.rows());
            List<Column> columns = shape.resolve(result.columnNames(), rows);
            long affected = sql.kind() == SqlCommand.Kind.DML ? result.affectedRows() : 0;
            return new Run(columns, affected, rows, null, shape);
        }
    }

    /** The next rows of {@link Run#rest()}; none at the end. On the lane's thread. */
    RowBatch fetch(Run run, NativeStatement statement, int fetchSize) {
        RowBlock block = statement.fetch(fetchSize);
        return shapes.rows(database(), run.shape(), block);
    }

    /** Gives a statement of {@link Run#rest()} back; on the lane's thread. */
    void finish(SqlCommand sql, NativeStatement statement) {
        statements.giveBack(sql.text(), statement);
    }

    /** Closes the handle after an internal failure; the next use opens a new one. */
    void discardHandle() {
        NativeDatabase broken = database;
        database = null;
        if (broken != null) {
            statements.clear();
            broken.close();
        }
    }

    /** Closes the handle behind all tasks given so far, then ends the thread. */
    void close(Runnable whenClosed) {
        thread.execute(() -> {
            try {
                discardHandle();
            } finally {
                var unused = thread.shutdownGracefully(0, 0, TimeUnit.SECONDS);
                whenClosed.run();
            }
        });
    }

    /** Some views of the engine are only known to its direct path. */
    private static boolean readsSystemView(SqlCommand sql) {
        return sql.text().contains("sys.");
    }
}
