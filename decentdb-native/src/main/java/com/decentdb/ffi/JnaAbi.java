package com.decentdb.ffi;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Calls native code by JNA's direct mapping, which registers each native method here with the C function of its name.
 */
final class JnaAbi implements Abi {

    static final String INTERRUPT = "ddb_ext_db_interrupt";
    static final String REPORT_WRITE_QUEUE = "ddb_ext_db_report_write_queue";

    private final @Nullable Function interrupt;
    private final @Nullable Function reportWriteQueue;

    /**
     * Calls the functions that are registered.
     *
     * @param interrupt null if the library does not have it, and so is the other one
     */
    JnaAbi(@Nullable Function interrupt, @Nullable Function reportWriteQueue) {
        this.interrupt = interrupt;
        this.reportWriteQueue = reportWriteQueue;
    }

    @Override
    public long addressOf(ByteBuffer direct) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    @Override
    public ByteBuffer view(long address, int length) {
        return new Pointer(address).getByteBuffer(0, length).order(ByteOrder.nativeOrder());
    }

    @Override
    public void copy(long address, byte[] target, int offset, int length) {
        new Pointer(address).read(0, target, offset, length);
    }

    @Override
    public String cString(long address) {
        return address == 0 ? "" : new Pointer(address).getString(0, "UTF-8");
    }

    @Override
    public native int ddb_abi_version();

    @Override
    public native long ddb_version();

    @Override
    public native long ddb_last_error_message();

    @Override
    public native int ddb_last_error_json(long outJson);

    @Override
    public native int ddb_string_free(long value);

    @Override
    public native int ddb_value_init(long value);

    @Override
    public native int ddb_value_dispose(long value);

    @Override
    public native int ddb_db_create_with_options(byte[] path, byte[] options, long outDb);

    @Override
    public native int ddb_db_open_with_options(byte[] path, byte[] options, long outDb);

    @Override
    public native int ddb_db_open_or_create_with_options(byte[] path, byte[] options, long outDb);

    @Override
    public native int ddb_db_free(long db);

    @Override
    public native int ddb_db_execute(long db, byte[] sql, long params, long count, long outResult);

    @Override
    public native int ddb_db_execute_queued(
            long db, byte[] sql, long params, long count, long timeoutMillis, long outResult);

    @Override
    public native int ddb_db_write_queue_metrics(long db, long outMetrics);

    @Override
    public native int ddb_db_prepare(long db, byte[] sql, long outStatement);

    @Override
    public native int ddb_db_begin_transaction(long db);

    @Override
    public native int ddb_db_commit_transaction(long db, long outLsn);

    @Override
    public native int ddb_db_rollback_transaction(long db);

    @Override
    public native int ddb_db_in_transaction(long db, long outFlag);

    @Override
    public native int ddb_db_checkpoint(long db);

    @Override
    public native int ddb_db_save_as(long db, byte[] path);

    @Override
    public native int ddb_db_set_audit_context_text(long db, byte[] key, byte[] value, long length);

    @Override
    public native int ddb_db_clear_audit_context(long db, byte[] key);

    @Override
    public native int ddb_evict_shared_wal(byte[] path);

    @Override
    public native int ddb_db_describe_query_json(long db, byte[] sql, long outJson);

    @Override
    public native int ddb_db_list_tables_json(long db, long outJson);

    @Override
    public native int ddb_db_describe_table_json(long db, byte[] name, long outJson);

    @Override
    public native int ddb_db_get_table_ddl(long db, byte[] name, long outDdl);

    @Override
    public native int ddb_db_list_indexes_json(long db, long outJson);

    @Override
    public native int ddb_db_list_views_json(long db, long outJson);

    @Override
    public native int ddb_db_get_view_ddl(long db, byte[] name, long outDdl);

    @Override
    public native int ddb_db_list_triggers_json(long db, long outJson);

    @Override
    public native int ddb_db_get_schema_snapshot_json(long db, long outJson);

    @Override
    public native int ddb_db_get_tooling_metadata_json(long db, long outJson);

    @Override
    public native int ddb_db_watch_table_json(long db, byte[] request, long outWatch);

    @Override
    public native int ddb_db_watch_range_json(long db, byte[] request, long outWatch);

    @Override
    public native int ddb_db_watch_query_json(long db, byte[] request, long outWatch);

    @Override
    public native int ddb_db_change_stream_json(long db, byte[] request, long outWatch);

    @Override
    public native int ddb_watch_next_json(long watch, int timeoutMillis, long outJson);

    @Override
    public native int ddb_watch_close(long watch);

    @Override
    public native int ddb_result_free(long result);

    @Override
    public native int ddb_result_row_count(long result, long outRows);

    @Override
    public native int ddb_result_column_count(long result, long outColumns);

    @Override
    public native int ddb_result_affected_rows(long result, long outRows);

    @Override
    public native int ddb_result_column_name_copy(long result, long column, long outName);

    @Override
    public native int ddb_result_value_copy(long result, long row, long column, long outValue);

    @Override
    public native int ddb_stmt_free(long statement);

    @Override
    public native int ddb_stmt_reset(long statement);

    @Override
    public native int ddb_stmt_clear_bindings(long statement);

    @Override
    public native int ddb_stmt_bind_null(long statement, long index);

    @Override
    public native int ddb_stmt_bind_int64(long statement, long index, long value);

    @Override
    public native int ddb_stmt_bind_float64(long statement, long index, double value);

    @Override
    public native int ddb_stmt_bind_bool(long statement, long index, byte value);

    @Override
    public native int ddb_stmt_bind_text(long statement, long index, long text, long length);

    @Override
    public native int ddb_stmt_bind_blob(long statement, long index, long data, long length);

    @Override
    public native int ddb_stmt_bind_geometry_wkb(long statement, long index, long data, long length);

    @Override
    public native int ddb_stmt_bind_geography_wkb(long statement, long index, long data, long length);

    @Override
    public native int ddb_stmt_bind_uuid(long statement, long index, long bytes);

    @Override
    public native int ddb_stmt_bind_decimal(long statement, long index, long unscaled, byte scale);

    @Override
    public native int ddb_stmt_bind_timestamp_micros(long statement, long index, long micros);

    @Override
    public native int ddb_stmt_column_count(long statement, long outColumns);

    @Override
    public native int ddb_stmt_column_name_copy(long statement, long column, long outName);

    @Override
    public native int ddb_stmt_affected_rows(long statement, long outRows);

    @Override
    public native int ddb_stmt_execute_batch_typed(
            long statement,
            long rows,
            long signature,
            long integers,
            long doubles,
            long texts,
            long textLengths,
            long outAffected);

    @Override
    public native int ddb_stmt_fetch_row_views(
            long statement, byte includeCurrent, long maxRows, long outValues, long outRows, long outColumns);

    @Override
    public int ddb_ext_db_interrupt(long db) {
        return interrupt == null ? ABSENT : interrupt.invokeInt(new Object[] {db});
    }

    @Override
    public int ddb_ext_db_report_write_queue(long db, long metrics) {
        return reportWriteQueue == null ? ABSENT : reportWriteQueue.invokeInt(new Object[] {db, metrics});
    }
}
