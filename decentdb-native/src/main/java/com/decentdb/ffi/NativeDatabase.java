package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import org.jspecify.annotations.Nullable;

/**
 * An open database. A transaction is a property of this handle: one thread at a time uses it, except for
 * {@link #executeQueued} and {@link #writeQueueMetrics}. Methods that return metadata return the engine's JSON.
 */
public final class NativeDatabase extends NativeHandle {

    /** The timeout of {@link #executeQueued} that stands for the database's options. */
    public static final long DEFAULT_TIMEOUT = -1;

    NativeDatabase() {
        super("database", Integer.MAX_VALUE);
    }

    /**
     * Runs one statement; parameters may have any tag.
     *
     * @param sql one statement
     * @param parameters the values of {@code $1} to {@code $n}
     * @return its outcome, to be closed
     */
    public NativeResult execute(String sql, Parameters parameters) {
        byte[] text = Utf8.cString(sql, "the SQL text");
        return result((db, scratch) ->
                ABI.ddb_db_execute(db, text, scratch.encode(parameters), parameters.count(), scratch.zeroedOut(0)));
    }

    /**
     * Runs one write through the write queue and returns when its commit is durable. Several threads may call at once;
     * their commits then share syncs.
     *
     * @param sql one statement, not transaction control
     * @param parameters the values of {@code $1} to {@code $n}
     * @param timeoutMillis how long the write may wait for its start, in milliseconds; with 0 it does not wait, with
     *     {@link #DEFAULT_TIMEOUT} as long as the database's options say
     * @return its outcome, to be closed
     */
    public NativeResult executeQueued(String sql, Parameters parameters, long timeoutMillis) {
        if (timeoutMillis < DEFAULT_TIMEOUT) {
            throw new IllegalArgumentException("timeoutMillis must be -1 or more: " + timeoutMillis);
        }
        byte[] text = Utf8.cString(sql, "the SQL text");
        return result((db, scratch) -> ABI.ddb_db_execute_queued(
                db, text, scratch.encode(parameters), parameters.count(), timeoutMillis, scratch.zeroedOut(0)));
    }

    /**
     * Prepares one statement.
     *
     * @param sql one statement, not transaction control
     * @return the statement, to be closed before this database
     */
    public NativeStatement prepare(String sql) {
        byte[] text = Utf8.cString(sql, "the SQL text");
        NativeStatement statement = new NativeStatement();
        statement.adopt(address((db, scratch) -> ABI.ddb_db_prepare(db, text, scratch.zeroedOut(0))));
        return statement;
    }

    /** Begins a transaction on this handle. */
    public void begin() {
        run((db, scratch) -> ABI.ddb_db_begin_transaction(db));
    }

    /**
     * Begins a transaction on this handle that is to write. An engine that has a lock for that takes it now, rather than
     * with the first write.
     */
    public void beginWriting() {
        execute("BEGIN IMMEDIATE", Parameters.of(0)).close();
    }

    /**
     * Commits the transaction of this handle. A conflict ends the transaction; it needs no rollback then.
     *
     * @return the position of the commit in the log; not monotonic over checkpoints
     */
    public long commit() {
        return address((db, scratch) -> ABI.ddb_db_commit_transaction(db, scratch.zeroedOut(0)));
    }

    /** Rolls back the transaction of this handle. */
    public void rollback() {
        run((db, scratch) -> ABI.ddb_db_rollback_transaction(db));
    }

    /**
     * Returns whether this handle has a transaction.
     *
     * @return {@code true} between begin and commit or rollback
     */
    public boolean inTransaction() {
        return address((db, scratch) -> ABI.ddb_db_in_transaction(db, scratch.zeroedOut(0))) != 0;
    }

    /**
     * Ends the call that runs on this handle or on one of its statements; it fails with {@link Status#CANCELED}. Any thread may
     * call this at any time, and it waits for nothing. A call that begins after this method has returned is never ended by it.
     * A write that is ended within a transaction takes the transaction with it.
     *
     * @return {@code false} if the library cannot do this; nothing happened then
     */
    public boolean interrupt() {
        long db = enterAtAnyTime();
        if (db == 0) {
            return true;
        }
        try {
            int status = ABI.ddb_ext_db_interrupt(db);
            if (status != Abi.ABSENT) {
                Status.check(status);
            }
            return status != Abi.ABSENT;
        } finally {
            leave();
        }
    }

    /** Moves the log into the database file; an engine may do nothing while a reader or a transaction is open. */
    public void checkpoint() {
        run((db, scratch) -> ABI.ddb_db_checkpoint(db));
    }

    /**
     * Writes a copy of the database to a new file.
     *
     * @param path the new file
     */
    public void saveAs(String path) {
        byte[] text = Utf8.cString(path, "the path");
        run((db, scratch) -> ABI.ddb_db_save_as(db, text));
    }

    /**
     * Sets a value that audit records of this handle carry.
     *
     * @param key the name
     * @param value the value, or {@code null} to remove it
     */
    public void setAuditContext(String key, @Nullable String value) {
        byte[] name = Utf8.cString(key, "the audit key");
        if (value == null) {
            run((db, scratch) -> ABI.ddb_db_clear_audit_context(db, name));
        } else {
            byte[] text = Utf8.cString(value, "the audit value");
            run((db, scratch) -> ABI.ddb_db_set_audit_context_text(db, name, text, text.length - 1L));
        }
    }

    /**
     * Returns the counters of this handle's write queue. Any thread may call.
     *
     * @return the counters
     */
    public WriteQueueMetrics writeQueueMetrics() {
        long db = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            Status.check(ABI.ddb_db_write_queue_metrics(db, scratch.out(0)));
            return WriteQueueMetrics.read(scratch);
        } finally {
            leave();
        }
    }

    /**
     * Gives the engine the counters of a write queue that the program keeps in place of the engine's:
     * {@code sys.write_queue_metrics} shows them on all handles of the database from now on.
     *
     * @param metrics the counters; {@link WriteQueueMetrics#NOT_COUNTED} for one that is not kept, which becomes NULL
     * @return {@code false} if the library cannot do this; its view shows its own queue then
     */
    public boolean reportWriteQueue(WriteQueueMetrics metrics) {
        long db = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            metrics.write(scratch);
            int status = ABI.ddb_ext_db_report_write_queue(db, scratch.out(0));
            if (status != Abi.ABSENT) {
                Status.check(status);
            }
            return status != Abi.ABSENT;
        } finally {
            leave();
        }
    }

    /**
     * Describes a statement without running it: kind, whether it only reads, parameters, result columns.
     *
     * @param sql one statement
     * @return JSON
     */
    public String describeQuery(String sql) {
        byte[] text = Utf8.cString(sql, "the SQL text");
        return string((db, scratch) -> ABI.ddb_db_describe_query_json(db, text, scratch.zeroedOut(0)));
    }

    /**
     * Lists the tables with their columns and constraints.
     *
     * @return JSON
     */
    public String listTables() {
        return string((db, scratch) -> ABI.ddb_db_list_tables_json(db, scratch.zeroedOut(0)));
    }

    /**
     * Describes one table as {@link #listTables} does.
     *
     * @param name the table
     * @return JSON
     */
    public String describeTable(String name) {
        byte[] text = Utf8.cString(name, "the table name");
        return string((db, scratch) -> ABI.ddb_db_describe_table_json(db, text, scratch.zeroedOut(0)));
    }

    /**
     * Returns the statement that creates a table.
     *
     * @param name the table
     * @return SQL
     */
    public String tableDdl(String name) {
        byte[] text = Utf8.cString(name, "the table name");
        return string((db, scratch) -> ABI.ddb_db_get_table_ddl(db, text, scratch.zeroedOut(0)));
    }

    /**
     * Lists the indexes.
     *
     * @return JSON
     */
    public String listIndexes() {
        return string((db, scratch) -> ABI.ddb_db_list_indexes_json(db, scratch.zeroedOut(0)));
    }

    /**
     * Lists the views.
     *
     * @return JSON
     */
    public String listViews() {
        return string((db, scratch) -> ABI.ddb_db_list_views_json(db, scratch.zeroedOut(0)));
    }

    /**
     * Returns the statement that creates a view.
     *
     * @param name the view
     * @return SQL
     */
    public String viewDdl(String name) {
        byte[] text = Utf8.cString(name, "the view name");
        return string((db, scratch) -> ABI.ddb_db_get_view_ddl(db, text, scratch.zeroedOut(0)));
    }

    /**
     * Lists the triggers.
     *
     * @return JSON
     */
    public String listTriggers() {
        return string((db, scratch) -> ABI.ddb_db_list_triggers_json(db, scratch.zeroedOut(0)));
    }

    /**
     * Returns the whole schema: tables, views, indexes, triggers and their SQL.
     *
     * @return JSON
     */
    public String schemaSnapshot() {
        return string((db, scratch) -> ABI.ddb_db_get_schema_snapshot_json(db, scratch.zeroedOut(0)));
    }

    /**
     * Returns the schema with column type details and the engine's capabilities.
     *
     * @return JSON
     */
    public String toolingMetadata() {
        return string((db, scratch) -> ABI.ddb_db_get_tooling_metadata_json(db, scratch.zeroedOut(0)));
    }

    /**
     * Watches tables for changes.
     *
     * @param requestJson {@code {"tables":["t"],"queue_capacity":n}}
     * @return the watch, to be closed before this database
     */
    public NativeWatch watchTable(String requestJson) {
        return watch(requestJson, ABI::ddb_db_watch_table_json);
    }

    /**
     * Watches a range of primary keys for changes.
     *
     * @param requestJson {@code {"table":"t","lower":v,"upper":v,"lower_inclusive":true,"upper_inclusive":true}}
     * @return the watch, to be closed before this database
     */
    public NativeWatch watchRange(String requestJson) {
        return watch(requestJson, ABI::ddb_db_watch_range_json);
    }

    /**
     * Watches the tables that a query reads for changes.
     *
     * @param requestJson {@code {"sql":"SELECT ..","params":[..]}}
     * @return the watch, to be closed before this database
     */
    public NativeWatch watchQuery(String requestJson) {
        return watch(requestJson, ABI::ddb_db_watch_query_json);
    }

    /**
     * Follows the changes of some or all tables.
     *
     * @param requestJson {@code {}} or {@code {"tables":["t"]}}
     * @return the watch, to be closed before this database
     */
    public NativeWatch changeStream(String requestJson) {
        return watch(requestJson, ABI::ddb_db_change_stream_json);
    }

    @Override
    int free(long pointerAddress) {
        return ABI.ddb_db_free(pointerAddress);
    }

    private void run(Call call) {
        long db = enter();
        try {
            Status.check(call.apply(db, Scratch.ofThread()));
        } finally {
            leave();
        }
    }

    /** Makes a call that stores a number or a handle in the first out-parameter. */
    private long address(Call call) {
        long db = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            Status.check(call.apply(db, scratch));
            return scratch.read(0);
        } finally {
            leave();
        }
    }

    private NativeResult result(Call call) {
        NativeResult result = new NativeResult();
        result.adopt(address(call));
        return result;
    }

    private String string(Call call) {
        long db = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            Status.check(call.apply(db, scratch));
            String value = scratch.takeString(0);
            return value == null ? "" : value;
        } finally {
            leave();
        }
    }

    private NativeWatch watch(String requestJson, WatchCall call) {
        byte[] request = Utf8.cString(requestJson, "the request");
        NativeWatch watch = new NativeWatch();
        watch.adopt(address((db, scratch) -> call.apply(db, request, scratch.zeroedOut(0))));
        return watch;
    }

    @FunctionalInterface
    private interface Call {
        int apply(long db, Scratch scratch);
    }

    @FunctionalInterface
    private interface WatchCall {
        int apply(long db, byte[] request, long outWatch);
    }
}
