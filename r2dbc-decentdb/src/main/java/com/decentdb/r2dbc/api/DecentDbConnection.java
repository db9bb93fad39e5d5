package com.decentdb.r2dbc.api;

import com.decentdb.r2dbc.api.schema.IndexInfo;
import com.decentdb.r2dbc.api.schema.QueryDescription;
import com.decentdb.r2dbc.api.schema.SchemaInspection;
import com.decentdb.r2dbc.api.schema.TableColumn;
import com.decentdb.r2dbc.api.schema.TableInfo;
import com.decentdb.r2dbc.api.schema.ToolingMetadata;
import com.decentdb.r2dbc.api.schema.TriggerInfo;
import com.decentdb.r2dbc.api.schema.ViewInfo;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A connection to DecentDB: R2DBC's {@link Connection} and what DecentDB offers beyond it.
 *
 * <p><b>Transactions.</b> A transaction sees one snapshot of the database. At most one that writes exists at a time: it
 * takes the write lock with its first statement, waiting at most the lock-wait timeout, so it never meets a conflict with another
 * transaction of this JVM. It follows that transactions are serializable within the JVM; {@code SERIALIZABLE},
 * {@code REPEATABLE READ}, {@code READ COMMITTED}, {@code READ UNCOMMITTED} and {@link #SNAPSHOT} are accepted and all mean
 * this. Read-only transactions never wait for writers, except in a database in memory, which has one lane.
 *
 * <p><b>Outside transactions</b> every statement is a transaction; those that wait to write share one durable commit.
 *
 * <p><b>Session state.</b> Connections share native handles. The first statement that leaves something in its session,
 * that is {@code CREATE TEMP}, {@code PRAGMA x = v}, {@code SET} or {@link #setAuditContext}, gives the connection a pinned
 * lane, a native handle and thread, on which all of its statements run from then on. Closing the connection or giving it back to a pool
 * ends them. It must not come first within a transaction, there may be {@link DecentDbOptions#MAX_PINNED_CONNECTIONS} such
 * connections, and a database in memory has none.
 *
 * <p>The package documentation states the contracts of all publishers.
 */
public interface DecentDbConnection
        extends Connection, Lifecycle, Wrapped<DecentDbConnection>, LiveData, SchemaInspection {

    /** The isolation the engine provides: every statement of a transaction sees the snapshot taken at its first one. */
    IsolationLevel SNAPSHOT = IsolationLevel.valueOf("SNAPSHOT");

    @Override
    Mono<Void> beginTransaction();

    /**
     * Begins a transaction. Understands {@code READ_ONLY}, {@code LOCK_WAIT_TIMEOUT}, {@code ISOLATION_LEVEL} and
     * {@code NAME}, which appears in the error of a lock wait that timed out.
     *
     * @throws IllegalArgumentException if the definition is null or an attribute is of a wrong type
     * @see DecentDbTransactionDefinition
     */
    @Override
    Mono<Void> beginTransaction(TransactionDefinition definition);

    /** Completes without having done anything if none is open, as {@code COMMIT} does in PostgreSQL. */
    @Override
    Mono<Void> commitTransaction();

    /** Stops the statement that runs in the transaction, drops those that wait, and rolls back; completes at once without one. */
    @Override
    Mono<Void> rollbackTransaction();

    /**
     * Creates a savepoint; begins a transaction for it if none is open, as R2DBC's test kit demands. {@code SAVEPOINT} written as SQL fails
     * with {@code 25P01} then, as in PostgreSQL.
     */
    @Override
    Mono<Void> createSavepoint(String name);

    /** Fails with {@code 25P01} if no transaction is open. */
    @Override
    Mono<Void> releaseSavepoint(String name);

    /** Fails with {@code 25P01} if no transaction is open. The savepoint remains. */
    @Override
    Mono<Void> rollbackTransactionToSavepoint(String name);

    /** With false, the next statement begins a transaction. A change inside a transaction commits it. */
    @Override
    Mono<Void> setAutoCommit(boolean autoCommit);

    @Override
    Mono<Void> setTransactionIsolationLevel(IsolationLevel isolationLevel);

    /** How long writes outside transactions, and the first statements of others, wait for the write lock; zero means not at all. */
    @Override
    Mono<Void> setLockWaitTimeout(Duration timeout);

    /**
     * How long to wait for the first response to a statement; zero, the default, means without limit. After it the
     * subscriber gets an {@link io.r2dbc.spi.R2dbcTimeoutException} with SQLSTATE {@code 57014}, and a statement that had been started
     * is stopped as if its subscriber had cancelled. The open transaction stays open if the statement read; if it had begun to
     * write, the engine rolls the whole transaction back: every further statement fails with {@code 40000} until
     * {@link #rollbackTransaction()}, and so does the commit, which ends it, too. Outside a transaction a write that was about to
     * be committed at that moment may have been. Another engine than the bundled one cannot stop statements: they run on to their end unseen.
     */
    @Override
    Mono<Void> setStatementTimeout(Duration timeout);

    @Override
    DecentDbConnectionMetadata getMetadata();

    /**
     * Never fails. {@code REMOTE}: whether the connection is open and the database answers within the statement timeout
     * or else ten seconds. {@code LOCAL}, which does no work and which pools ask for when a connection is given back:
     * whether it is open and, unless the pool resets it through {@link Lifecycle}, as it was created: without transaction,
     * changed settings and unread results. So a pool over a proxy, which hides the {@code Lifecycle}, drops a connection
     * that its borrower left otherwise.
     */
    @Override
    Mono<Boolean> validate(ValidationDepth depth);

    /** Stops the statements that run, rolls an open transaction back, and ends watches and open results. Idempotent. */
    @Override
    Mono<Void> close();

    /**
     * The rows of a query as maps.
     *
     * @param sql one statement, or several separated by semicolons
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return per row a map from column name to value, in column order
     */
    Flux<Map<String, @Nullable Object>> fetch(String sql, @Nullable Object... arguments);

    /**
     * The rows of a query as lists.
     *
     * @param sql one statement, or several separated by semicolons
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return per row the list of its values
     */
    Flux<List<@Nullable Object>> fetchLists(String sql, @Nullable Object... arguments);

    /**
     * The same as {@link #fetchLists}, under the name that DecentDB's Python package uses.
     *
     * @param sql one statement, or several separated by semicolons
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return per row the list of its values
     */
    default Flux<List<@Nullable Object>> fetchAll(String sql, @Nullable Object... arguments) {
        return fetchLists(sql, arguments);
    }

    /**
     * The first row of a query.
     *
     * @param sql one statement, or several separated by semicolons
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return a map from column name to value, or nothing if there is no row
     */
    default Mono<Map<String, @Nullable Object>> fetchOne(String sql, @Nullable Object... arguments) {
        return fetch(sql, arguments).next();
    }

    /**
     * The first column of the first row of a query.
     *
     * @param <T> the class to read
     * @param sql a query
     * @param type the class to read; {@code Object} for the column's default
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return the value, or nothing if there is no row or it is NULL
     */
    <T> Mono<T> fetchValue(String sql, Class<T> type, @Nullable Object... arguments);

    /**
     * Runs a statement.
     *
     * @param sql one statement, or several separated by semicolons
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return the number of rows changed, all statements together
     */
    Mono<Long> execute(String sql, @Nullable Object... arguments);

    /**
     * Runs an insert, update or delete with each of several lists of arguments, all in one transaction: it is committed when the last
     * list was executed, and nothing is left of any if one fails or the subscriber cancels. Within an open transaction they are one
     * unit, as those of {@link io.r2dbc.spi.Statement#add()}: one that fails undoes all of them by a savepoint, and the transaction goes
     * on. Outside one the write lock is taken when the first lists are there and held until the end, so a slow source holds other
     * writers up; {@link #executeQueued(String, Publisher)} does not, and commits in between.
     *
     * <p>Lists are requested 256 at a time, and the next ones when those before were executed, so that a source of any length takes the
     * memory of that many lists. Their order is kept. The statement timeout bounds each such step. Cancelling stops the write that runs,
     * which takes an open transaction with it as for any other statement.
     *
     * @param sql one statement that changes rows; what it returns is dropped
     * @param arguments one array per execution, in the order of the parameters; null for NULL
     * @return the number of rows changed, all executions together, once committed; 0 if there is no list. An error of the source is
     *     passed on, {@code 42601} refuses other statements, and an {@link IllegalArgumentException} arguments that cannot be bound
     */
    Mono<Long> executeMany(String sql, Publisher<? extends @Nullable Object[]> arguments);

    /**
     * Like {@link #executeMany(String, Publisher)}. The lists are iterated over on a thread of the driver, while they are executed.
     *
     * @param sql one statement that changes rows; what it returns is dropped
     * @param arguments one array per execution, in the order of the parameters; null for NULL
     * @return the number of rows changed, all executions together, once committed; 0 if there is no list
     */
    default Mono<Long> executeMany(String sql, Iterable<? extends @Nullable Object[]> arguments) {
        if (arguments == null) {
            throw new IllegalArgumentException("The lists of arguments must not be null");
        }
        return executeMany(sql, Flux.fromIterable(arguments));
    }

    /**
     * Asks the engine whether a transaction is open, behind the statements submitted so far. Unlike {@link #isAutoCommit()}, which says
     * what the connection remembers, this finds out that the engine rolled one back.
     *
     * @return the state; an error with SQLSTATE {@code 08003} if the connection is closed, with {@code 0A000} on a cluster, which
     *     cannot be asked
     */
    Mono<TransactionState> transactionState();

    /**
     * Runs work in a transaction: commits when it completes, rolls back when it fails or is cancelled. Operators that
     * cancel early, such as {@code next()} or {@code take(n)}, therefore undo it; use {@code last()} or {@code single()}.
     *
     * @param <T> the elements of the work
     * @param work gets this connection
     * @return the elements of the work
     */
    <T> Flux<T> inTransaction(Function<? super DecentDbConnection, ? extends Publisher<T>> work);

    /**
     * Runs a write through the write queue, which commits what several callers wait for with one sync.
     *
     * @param sql one statement
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return the number of rows changed, once durable; {@link io.r2dbc.spi.R2dbcTransientResourceException} if the queue
     *     is full, {@link io.r2dbc.spi.R2dbcTimeoutException} if the write was not started in time. An error if this
     *     connection has a transaction open
     */
    Mono<Long> executeQueued(String sql, @Nullable Object... arguments);

    /**
     * Runs a write for every list of arguments through the write queue. Requests no more lists than there is
     * room for, so a stream of any length needs little memory.
     *
     * @param sql one statement
     * @param arguments one array per execution, in the order of the parameters
     * @return the numbers of rows changed, in order, each once durable; ends with the first error, writes already begun
     *     may be committed nevertheless
     */
    Flux<Long> executeQueued(String sql, Publisher<? extends @Nullable Object[]> arguments);

    /**
     * Sets a value of the audit context, such as the user of this connection. Its statements can read it, on the bundled engine
     * through {@code current_audit_context(key)}; policies and audit records of other engines use it, too. Like
     * {@code TEMP} objects it stays with this connection until that is closed or given back to a pool. Live data that is
     * subscribed to later has it, too.
     *
     * @param key the name
     * @param value the value; null removes it
     * @return completes when it is set; an error if a transaction is open that was begun before there was any such state
     */
    Mono<Void> setAuditContext(String key, @Nullable String value);

    /**
     * Like {@link #executeQueued(String, Publisher)}, but a write that fails is reported as such and does not end the others.
     *
     * @param sql one statement
     * @param arguments one array per execution, in the order of the parameters
     * @return the outcome of each write, in order. Ends with an error if the source does, or with an {@link
     *     IllegalArgumentException} if arguments cannot be bound
     */
    Flux<WriteOutcome> executeQueuedEach(String sql, Publisher<? extends @Nullable Object[]> arguments);

    /**
     * Counters of the write queue. On the bundled engine {@code SELECT * FROM sys.write_queue_metrics} shows the same.
     *
     * @return their values now
     */
    Mono<WriteQueueMetrics> writeQueueMetrics();

    /**
     * Moves the write-ahead log into the database file. The engine does nothing while others read.
     *
     * @return completes when done
     */
    Mono<Void> checkpoint();

    /**
     * Writes a consistent copy of the database, with what was committed when it began. An error or a cancellation leaves nothing of it
     * behind. On the bundled engine it is read beside the one that writes, and takes one of {@code maxReaders}; on libdecentdb, and of a
     * database in memory, it waits for the write lock and holds it. A connection with an open transaction is refused (25001).
     *
     * <p>On a cluster the copy is what the leader has at one moment, in two files: the database in {@code path} and its log beside it, in
     * {@code path-wal}. Together they open with SQLite, not with DecentDB. The copy is read from the leader while it is written, so
     * that one of any size takes little memory; if the leader is lost meanwhile it fails (08006) and may be repeated.
     *
     * @param path a file that does not exist yet; on a cluster neither may there be {@code path-wal}, {@code path-shm} or
     *     {@code path-journal}. Otherwise the error is 58030
     * @return completes when the copy is durable
     */
    Mono<Void> saveAs(Path path);

    /**
     * Descriptions of the schema and of statements, which this connection's own methods of the same names return, too.
     *
     * @return the descriptions
     */
    SchemaInspection inspection();

    @Override
    default Mono<Map<String, Object>> schema() {
        return inspection().schema();
    }

    @Override
    default Flux<TableInfo> listTables() {
        return inspection().listTables();
    }

    @Override
    default Flux<TableColumn> tableColumns(String table) {
        return inspection().tableColumns(table);
    }

    @Override
    default Mono<String> tableDdl(String table) {
        return inspection().tableDdl(table);
    }

    @Override
    default Flux<IndexInfo> listIndexes() {
        return inspection().listIndexes();
    }

    @Override
    default Flux<ViewInfo> listViews() {
        return inspection().listViews();
    }

    @Override
    default Mono<String> viewDdl(String view) {
        return inspection().viewDdl(view);
    }

    @Override
    default Flux<TriggerInfo> listTriggers() {
        return inspection().listTriggers();
    }

    @Override
    default Mono<ToolingMetadata> toolingMetadata() {
        return inspection().toolingMetadata();
    }

    @Override
    default Mono<QueryDescription> describeQuery(String sql) {
        return inspection().describeQuery(sql);
    }

    @Override
    default Mono<String> version() {
        return inspection().version();
    }
}
