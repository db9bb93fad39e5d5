package com.decentdb.ffi;

import static com.decentdb.ffi.FfmCalls.address;
import static com.decentdb.ffi.FfmCalls.call;

/** Calls native code by {@code java.lang.foreign}: each function through the constant handle of its name. */
final class FfmAbi extends FfmMemory {

    FfmAbi() {}

    @Override
    public int ddb_abi_version() {
        return call(FfmFunctions.ABI_VERSION);
    }

    @Override
    public long ddb_version() {
        return address(FfmFunctions.VERSION);
    }

    @Override
    public long ddb_last_error_message() {
        return address(FfmFunctions.LAST_ERROR_MESSAGE);
    }

    @Override
    public int ddb_last_error_json(long outJson) {
        return call(FfmFunctions.LAST_ERROR_JSON, outJson);
    }

    @Override
    public int ddb_string_free(long value) {
        return call(FfmFunctions.STRING_FREE, value);
    }

    @Override
    public int ddb_value_init(long value) {
        return call(FfmFunctions.VALUE_INIT, value);
    }

    @Override
    public int ddb_value_dispose(long value) {
        return call(FfmFunctions.VALUE_DISPOSE, value);
    }

    @Override
    public int ddb_db_create_with_options(byte[] path, byte[] options, long outDb) {
        return call(FfmFunctions.DB_CREATE_WITH_OPTIONS, path, options, outDb);
    }

    @Override
    public int ddb_db_open_with_options(byte[] path, byte[] options, long outDb) {
        return call(FfmFunctions.DB_OPEN_WITH_OPTIONS, path, options, outDb);
    }

    @Override
    public int ddb_db_open_or_create_with_options(byte[] path, byte[] options, long outDb) {
        return call(FfmFunctions.DB_OPEN_OR_CREATE_WITH_OPTIONS, path, options, outDb);
    }

    @Override
    public int ddb_db_free(long db) {
        return call(FfmFunctions.DB_FREE, db);
    }

    @Override
    public int ddb_db_execute(long db, byte[] sql, long params, long count, long outResult) {
        return call(FfmFunctions.DB_EXECUTE, db, sql, params, count, outResult);
    }

    @Override
    public int ddb_db_execute_queued(long db, byte[] sql, long params, long count, long timeoutMillis, long outResult) {
        return call(FfmFunctions.DB_EXECUTE_QUEUED, db, sql, params, count, timeoutMillis, outResult);
    }

    @Override
    public int ddb_db_write_queue_metrics(long db, long outMetrics) {
        return call(FfmFunctions.DB_WRITE_QUEUE_METRICS, db, outMetrics);
    }

    @Override
    public int ddb_db_prepare(long db, byte[] sql, long outStatement) {
        return call(FfmFunctions.DB_PREPARE, db, sql, outStatement);
    }

    @Override
    public int ddb_db_begin_transaction(long db) {
        return call(FfmFunctions.DB_BEGIN_TRANSACTION, db);
    }

    @Override
    public int ddb_db_commit_transaction(long db, long outLsn) {
        return call(FfmFunctions.DB_COMMIT_TRANSACTION, db, outLsn);
    }

    @Override
    public int ddb_db_rollback_transaction(long db) {
        return call(FfmFunctions.DB_ROLLBACK_TRANSACTION, db);
    }

    @Override
    public int ddb_db_in_transaction(long db, long outFlag) {
        return call(FfmFunctions.DB_IN_TRANSACTION, db, outFlag);
    }

    @Override
    public int ddb_db_checkpoint(long db) {
        return call(FfmFunctions.DB_CHECKPOINT, db);
    }

    @Override
    public int ddb_db_save_as(long db, byte[] path) {
        return call(FfmFunctions.DB_SAVE_AS, db, path);
    }

    @Override
    public int ddb_db_set_audit_context_text(long db, byte[] key, byte[] value, long length) {
        return call(FfmFunctions.DB_SET_AUDIT_CONTEXT_TEXT, db, key, value, length);
    }

    @Override
    public int ddb_db_clear_audit_context(long db, byte[] key) {
        return call(FfmFunctions.DB_CLEAR_AUDIT_CONTEXT, db, key);
    }

    @Override
    public int ddb_evict_shared_wal(byte[] path) {
        return call(FfmFunctions.EVICT_SHARED_WAL, path);
    }

    @Override
    public int ddb_db_describe_query_json(long db, byte[] sql, long outJson) {
        return call(FfmFunctions.DB_DESCRIBE_QUERY_JSON, db, sql, outJson);
    }

    @Override
    public int ddb_db_list_tables_json(long db, long outJson) {
        return call(FfmFunctions.DB_LIST_TABLES_JSON, db, outJson);
    }

    @Override
    public int ddb_db_describe_table_json(long db, byte[] name, long outJson) {
        return call(FfmFunctions.DB_DESCRIBE_TABLE_JSON, db, name, outJson);
    }

    @Override
    public int ddb_db_get_table_ddl(long db, byte[] name, long outDdl) {
        return call(FfmFunctions.DB_GET_TABLE_DDL, db, name, outDdl);
    }

    @Override
    public int ddb_db_list_indexes_json(long db, long outJson) {
        return call(FfmFunctions.DB_LIST_INDEXES_JSON, db, outJson);
    }

    @Override
    public int ddb_db_list_views_json(long db, long outJson) {
        return call(FfmFunctions.DB_LIST_VIEWS_JSON, db, outJson);
    }

    @Override
    public int ddb_db_get_view_ddl(long db, byte[] name, long outDdl) {
        return call(FfmFunctions.DB_GET_VIEW_DDL, db, name, outDdl);
    }

    @Override
    public int ddb_db_list_triggers_json(long db, long outJson) {
        return call(FfmFunctions.DB_LIST_TRIGGERS_JSON, db, outJson);
    }

    @Override
    public int ddb_db_get_schema_snapshot_json(long db, long outJson) {
        return call(FfmFunctions.DB_GET_SCHEMA_SNAPSHOT_JSON, db, outJson);
    }

    @Override
    public int ddb_db_get_tooling_metadata_json(long db, long outJson) {
        return call(FfmFunctions.DB_GET_TOOLING_METADATA_JSON, db, outJson);
    }

    @Override
    public int ddb_db_watch_table_json(long db, byte[] request, long outWatch) {
        return call(FfmFunctions.DB_WATCH_TABLE_JSON, db, request, outWatch);
    }

    @Override
    public int ddb_db_watch_range_json(long db, byte[] request, long outWatch) {
        return call(FfmFunctions.DB_WATCH_RANGE_JSON, db, request, outWatch);
    }

    @Override
    public int ddb_db_watch_query_json(long db, byte[] request, long outWatch) {
        return call(FfmFunctions.DB_WATCH_QUERY_JSON, db, request, outWatch);
    }

    @Override
    public int ddb_db_change_stream_json(long db, byte[] request, long outWatch) {
        return call(FfmFunctions.DB_CHANGE_STREAM_JSON, db, request, outWatch);
    }

    @Override
    public int ddb_watch_next_json(long watch, int timeoutMillis, long outJson) {
        return call(FfmFunctions.WATCH_NEXT_JSON, watch, timeoutMillis, outJson);
    }

    @Override
    public int ddb_watch_close(long watch) {
        return call(FfmFunctions.WATCH_CLOSE, watch);
    }

    @Override
    public int ddb_result_free(long result) {
        return call(FfmFunctions.RESULT_FREE, result);
    }

    @Override
    public int ddb_result_row_count(long result, long outRows) {
        return call(FfmFunctions.RESULT_ROW_COUNT, result, outRows);
    }

    @Override
    public int ddb_result_column_count(long result, long outColumns) {
        return call(FfmFunctions.RESULT_COLUMN_COUNT, result, outColumns);
    }

    @Override
    public int ddb_result_affected_rows(long result, long outRows) {
        return call(FfmFunctions.RESULT_AFFECTED_ROWS, result, outRows);
    }

    @Override
    public int ddb_result_column_name_copy(long result, long column, long outName) {
        return call(FfmFunctions.RESULT_COLUMN_NAME_COPY, result, column, outName);
    }

    @Override
    public int ddb_result_value_copy(long result, long row, long column, long outValue) {
        return call(FfmFunctions.RESULT_VALUE_COPY, result, row, column, outValue);
    }

    @Override
    public int ddb_stmt_free(long statement) {
        return call(FfmFunctions.STMT_FREE, statement);
    }

    @Override
    public int ddb_stmt_reset(long statement) {
        return call(FfmFunctions.STMT_RESET, statement);
    }

    @Override
    public int ddb_stmt_clear_bindings(long statement) {
        return call(FfmFunctions.STMT_CLEAR_BINDINGS, statement);
    }

    @Override
    public int ddb_stmt_bind_null(long statement, long index) {
        return call(FfmFunctions.STMT_BIND_NULL, statement, index);
    }

    @Override
    public int ddb_stmt_bind_int64(long statement, long index, long value) {
        return call(FfmFunctions.STMT_BIND_INT64, statement, index, value);
    }

    @Override
    public int ddb_stmt_bind_float64(long statement, long index, double value) {
        return call(FfmFunctions.STMT_BIND_FLOAT64, statement, index, value);
    }

    @Override
    public int ddb_stmt_bind_bool(long statement, long index, byte value) {
        return call(FfmFunctions.STMT_BIND_BOOL, statement, index, value);
    }

    @Override
    public int ddb_stmt_bind_text(long statement, long index, long text, long length) {
        return call(FfmFunctions.STMT_BIND_TEXT, statement, index, text, length);
    }

    @Override
    public int ddb_stmt_bind_blob(long statement, long index, long data, long length) {
        return call(FfmFunctions.STMT_BIND_BLOB, statement, index, data, length);
    }

    @Override
    public int ddb_stmt_bind_geometry_wkb(long statement, long index, long data, long length) {
        return call(FfmFunctions.STMT_BIND_GEOMETRY_WKB, statement, index, data, length);
    }

    @Override
    public int ddb_stmt_bind_geography_wkb(long statement, long index, long data, long length) {
        return call(FfmFunctions.STMT_BIND_GEOGRAPHY_WKB, statement, index, data, length);
    }

    @Override
    public int ddb_stmt_bind_uuid(long statement, long index, long bytes) {
        return call(FfmFunctions.STMT_BIND_UUID, statement, index, bytes);
    }

    @Override
    public int ddb_stmt_bind_decimal(long statement, long index, long unscaled, byte scale) {
        return call(FfmFunctions.STMT_BIND_DECIMAL, statement, index, unscaled, scale);
    }

    @Override
    public int ddb_stmt_bind_timestamp_micros(long statement, long index, long micros) {
        return call(FfmFunctions.STMT_BIND_TIMESTAMP_MICROS, statement, index, micros);
    }

    @Override
    public int ddb_stmt_column_count(long statement, long outColumns) {
        return call(FfmFunctions.STMT_COLUMN_COUNT, statement, outColumns);
    }

    @Override
    public int ddb_stmt_column_name_copy(long statement, long column, long outName) {
        return call(FfmFunctions.STMT_COLUMN_NAME_COPY, statement, column, outName);
    }

    @Override
    public int ddb_stmt_affected_rows(long statement, long outRows) {
        return call(FfmFunctions.STMT_AFFECTED_ROWS, statement, outRows);
    }

    @Override
    public int ddb_stmt_execute_batch_typed(
            long statement,
            long rows,
            long signature,
            long integers,
            long doubles,
            long texts,
            long textLengths,
            long outAffected) {
        return call(
                FfmFunctions.STMT_EXECUTE_BATCH_TYPED,
                statement,
                rows,
                signature,
                integers,
                doubles,
                texts,
                textLengths,
                outAffected);
    }

    @Override
    public int ddb_stmt_fetch_row_views(
            long statement, byte includeCurrent, long maxRows, long outValues, long outRows, long outColumns) {
        return call(
                FfmFunctions.STMT_FETCH_ROW_VIEWS, statement, includeCurrent, maxRows, outValues, outRows, outColumns);
    }

    @Override
    public int ddb_ext_db_interrupt(long db) {
        return FfmFunctions.DB_INTERRUPT == null ? ABSENT : call(FfmFunctions.DB_INTERRUPT, db);
    }

    @Override
    public int ddb_ext_db_report_write_queue(long db, long metrics) {
        return FfmFunctions.DB_REPORT_WRITE_QUEUE == null
                ? ABSENT
                : call(FfmFunctions.DB_REPORT_WRITE_QUEUE, db, metrics);
    }
}
