package com.decentdb.ffi;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The one gateway to native code: the functions of the C ABI under their own names, and the memory they share with
 * Java. {@link AbiLoader} binds one implementation for the life of the JVM. Handles, pointers and {@code size_t} are
 * 64-bit numbers, which is exact on every JVM that may load the library: {@link AbiLoader} refuses a 32-bit JVM.
 */
@SuppressWarnings("MemberName") // The C function's name is the Java name.
interface Abi {

    /** The version of the C ABI that these functions belong to. */
    int VERSION = 7;

    /** Stands for the status of a function that the library does not have. */
    int ABSENT = -1;

    /** Returns the names every library must export. */
    static List<String> symbols() {
        List<String> names = new ArrayList<>();
        for (Method method : Abi.class.getDeclaredMethods()) {
            if (method.getName().startsWith("ddb_") && !method.getName().startsWith("ddb_ext_")) {
                names.add(method.getName());
            }
        }
        Collections.sort(names);
        return names;
    }

    /**
     * Returns the address of a direct buffer's memory. The caller keeps the buffer reachable as long as it uses the
     * address.
     */
    long addressOf(ByteBuffer direct);

    /** Returns a view of native memory, in the byte order of the machine. The view does not keep that memory alive. */
    ByteBuffer view(long address, int length);

    /** Copies native memory into an array. */
    void copy(long address, byte[] target, int offset, int length);

    /** Copies UTF-8 text that ends at its first zero byte; address 0 is empty text. */
    String cString(long address);

    int ddb_abi_version();

    long ddb_version();

    long ddb_last_error_message();

    int ddb_last_error_json(long outJson);

    int ddb_string_free(long value);

    int ddb_value_init(long value);

    int ddb_value_dispose(long value);

    int ddb_db_create_with_options(byte[] path, byte[] options, long outDb);

    int ddb_db_open_with_options(byte[] path, byte[] options, long outDb);

    int ddb_db_open_or_create_with_options(byte[] path, byte[] options, long outDb);

    int ddb_db_free(long db);

    int ddb_db_execute(long db, byte[] sql, long params, long count, long outResult);

    int ddb_db_execute_queued(long db, byte[] sql, long params, long count, long timeoutMillis, long outResult);

    int ddb_db_write_queue_metrics(long db, long outMetrics);

    int ddb_db_prepare(long db, byte[] sql, long outStatement);

    int ddb_db_begin_transaction(long db);

    int ddb_db_commit_transaction(long db, long outLsn);

    int ddb_db_rollback_transaction(long db);

    int ddb_db_in_transaction(long db, long outFlag);

    int ddb_db_checkpoint(long db);

    int ddb_db_save_as(long db, byte[] path);

    int ddb_db_set_audit_context_text(long db, byte[] key, byte[] value, long length);

    int ddb_db_clear_audit_context(long db, byte[] key);

    int ddb_evict_shared_wal(byte[] path);

    int ddb_db_describe_query_json(long db, byte[] sql, long outJson);

    int ddb_db_list_tables_json(long db, long outJson);

    int ddb_db_describe_table_json(long db, byte[] name, long outJson);

    int ddb_db_get_table_ddl(long db, byte[] name, long outDdl);

    int ddb_db_list_indexes_json(long db, long outJson);

    int ddb_db_list_views_json(long db, long outJson);

    int ddb_db_get_view_ddl(long db, byte[] name, long outDdl);

    int ddb_db_list_triggers_json(long db, long outJson);

    int ddb_db_get_schema_snapshot_json(long db, long outJson);

    int ddb_db_get_tooling_metadata_json(long db, long outJson);

    int ddb_db_watch_table_json(long db, byte[] request, long outWatch);

    int ddb_db_watch_range_json(long db, byte[] request, long outWatch);

    int ddb_db_watch_query_json(long db, byte[] request, long outWatch);

    int ddb_db_change_stream_json(long db, byte[] request, long outWatch);

    int ddb_watch_next_json(long watch, int timeoutMillis, long outJson);

    int ddb_watch_close(long watch);

    int ddb_result_free(long result);

    int ddb_result_row_count(long result, long outRows);

    int ddb_result_column_count(long result, long outColumns);

    int ddb_result_affected_rows(long result, long outRows);

    int ddb_result_column_name_copy(long result, long column, long outName);

    int ddb_result_value_copy(long result, long row, long column, long outValue);

    int ddb_stmt_free(long statement);

    int ddb_stmt_reset(long statement);

    int ddb_stmt_clear_bindings(long statement);

    int ddb_stmt_bind_null(long statement, long index);

    int ddb_stmt_bind_int64(long statement, long index, long value);

    int ddb_stmt_bind_float64(long statement, long index, double value);

    int ddb_stmt_bind_bool(long statement, long index, byte value);

    int ddb_stmt_bind_text(long statement, long index, long text, long length);

    int ddb_stmt_bind_blob(long statement, long index, long data, long length);

    int ddb_stmt_bind_geometry_wkb(long statement, long index, long data, long length);

    int ddb_stmt_bind_geography_wkb(long statement, long index, long data, long length);

    int ddb_stmt_bind_uuid(long statement, long index, long bytes);

    int ddb_stmt_bind_decimal(long statement, long index, long unscaled, byte scale);

    int ddb_stmt_bind_timestamp_micros(long statement, long index, long micros);

    int ddb_stmt_column_count(long statement, long outColumns);

    int ddb_stmt_column_name_copy(long statement, long column, long outName);

    int ddb_stmt_affected_rows(long statement, long outRows);

    int ddb_stmt_execute_batch_typed(
            long statement,
            long rows,
            long signature,
            long integers,
            long doubles,
            long texts,
            long textLengths,
            long outAffected);

    int ddb_stmt_fetch_row_views(
            long statement, byte includeCurrent, long maxRows, long outValues, long outRows, long outColumns);

    /** Beside the ABI, so that a library may lack it. Ends the call that runs on a handle; returns the status, or {@link #ABSENT}. */
    int ddb_ext_db_interrupt(long db);

    /**
     * Beside the ABI, so that a library may lack it. Gives the database the counters of a write queue that is not the engine's;
     * returns the status, or {@link #ABSENT}.
     */
    int ddb_ext_db_report_write_queue(long db, long metrics);
}
