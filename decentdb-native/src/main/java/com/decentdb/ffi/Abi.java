package com.decentdb.ffi;

import com.sun.jna.Pointer;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The one gateway to native code. Methods are bound by name, once, by {@link NativeLibrary}. Handles, pointers and
 * {@code size_t} are 64-bit numbers, which is exact wherever the library may be loaded: it refuses a 32-bit JVM.
 */
final class Abi {

    static final int VERSION = 7;

    private Abi() {}

    /** Returns the names every library must export. */
    static List<String> symbols() {
        return Arrays.stream(Abi.class.getDeclaredMethods())
                .filter(method -> Modifier.isNative(method.getModifiers()))
                .map(Method::getName)
                .sorted()
                .toList();
    }

    /** The one place where a status is looked at. */
    static void check(int status) {
        if (status != 0) {
            throw Diagnostics.lastError(status);
        }
    }

    /** Encodes a string argument with its terminator. */
    static byte[] cString(String value, String what) {
        if (value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(what + " contains U+0000 at index " + value.indexOf('\0')
                    + ", which cannot be passed to the engine");
        }
        byte[] bytes = utf8(value, what);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    /** Encodes text, refusing what UTF-8 cannot carry instead of replacing it. */
    static byte[] utf8(String value, String what) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == value.length()
                        || !Character.isLowSurrogate(value.charAt(i + 1))) {
                    throw new IllegalArgumentException(what + " contains an unpaired surrogate at index " + i);
                }
                i++;
            }
        }
        return value.getBytes(StandardCharsets.UTF_8);
    }

    /** Copies a borrowed string. */
    static String borrowedString(long address) {
        return address == 0 ? "" : new Pointer(address).getString(0, "UTF-8");
    }

    static native int ddb_abi_version();

    static native long ddb_version();

    static native long ddb_last_error_message();

    static native int ddb_last_error_json(long outJson);

    static native int ddb_string_free(long value);

    static native int ddb_value_init(long value);

    static native int ddb_value_dispose(long value);

    static native int ddb_db_create_with_options(byte[] path, byte[] options, long outDb);

    static native int ddb_db_open_with_options(byte[] path, byte[] options, long outDb);

    static native int ddb_db_open_or_create_with_options(byte[] path, byte[] options, long outDb);

    static native int ddb_db_free(long db);

    static native int ddb_db_execute(long db, byte[] sql, long params, long count, long outResult);

    static native int ddb_db_execute_queued(
            long db, byte[] sql, long params, long count, long timeoutMillis, long outResult);

    static native int ddb_db_write_queue_metrics(long db, long outMetrics);

    static native int ddb_db_prepare(long db, byte[] sql, long outStatement);

    static native int ddb_db_begin_transaction(long db);

    static native int ddb_db_commit_transaction(long db, long outLsn);

    static native int ddb_db_rollback_transaction(long db);

    static native int ddb_db_in_transaction(long db, long outFlag);

    static native int ddb_db_checkpoint(long db);

    static native int ddb_db_save_as(long db, byte[] path);

    static native int ddb_db_set_audit_context_text(long db, byte[] key, byte[] value, long length);

    static native int ddb_db_clear_audit_context(long db, byte[] key);

    static native int ddb_plan_cache_summary(long db, long outSummary);

    static native int ddb_plan_cache_flush(long db);

    static native int ddb_evict_shared_wal(byte[] path);

    static native int ddb_db_describe_query_json(long db, byte[] sql, long outJson);

    static native int ddb_db_list_tables_json(long db, long outJson);

    static native int ddb_db_describe_table_json(long db, byte[] name, long outJson);

    static native int ddb_db_get_table_ddl(long db, byte[] name, long outDdl);

    static native int ddb_db_list_indexes_json(long db, long outJson);

    static native int ddb_db_list_views_json(long db, long outJson);

    static native int ddb_db_get_view_ddl(long db, byte[] name, long outDdl);

    static native int ddb_db_list_triggers_json(long db, long outJson);

    static native int ddb_db_get_schema_snapshot_json(long db, long outJson);

    static native int ddb_db_get_tooling_metadata_json(long db, long outJson);

    static native int ddb_db_inspect_storage_state_json(long db, long outJson);

    static native int ddb_runtime_tracing_snapshot(long db, byte[] kind, long outJson);

    static native int ddb_runtime_tracing_reset(long db, byte[] kind);

    static native int ddb_db_watch_table_json(long db, byte[] request, long outWatch);

    static native int ddb_db_watch_range_json(long db, byte[] request, long outWatch);

    static native int ddb_db_watch_query_json(long db, byte[] request, long outWatch);

    static native int ddb_db_change_stream_json(long db, byte[] request, long outWatch);

    static native int ddb_watch_next_json(long watch, int timeoutMillis, long outJson);

    static native int ddb_watch_close(long watch);

    static native int ddb_result_free(long result);

    static native int ddb_result_row_count(long result, long outRows);

    static native int ddb_result_column_count(long result, long outColumns);

    static native int ddb_result_affected_rows(long result, long outRows);

    static native int ddb_result_column_name_copy(long result, long column, long outName);

    static native int ddb_result_value_copy(long result, long row, long column, long outValue);

    static native int ddb_stmt_free(long statement);

    static native int ddb_stmt_reset(long statement);

    static native int ddb_stmt_clear_bindings(long statement);

    static native int ddb_stmt_bind_null(long statement, long index);

    static native int ddb_stmt_bind_int64(long statement, long index, long value);

    static native int ddb_stmt_bind_float64(long statement, long index, double value);

    static native int ddb_stmt_bind_bool(long statement, long index, byte value);

    static native int ddb_stmt_bind_text(long statement, long index, long text, long length);

    static native int ddb_stmt_bind_blob(long statement, long index, long data, long length);

    static native int ddb_stmt_bind_geometry_wkb(long statement, long index, long data, long length);

    static native int ddb_stmt_bind_geography_wkb(long statement, long index, long data, long length);

    static native int ddb_stmt_bind_uuid(long statement, long index, long bytes);

    static native int ddb_stmt_bind_decimal(long statement, long index, long unscaled, byte scale);

    static native int ddb_stmt_bind_timestamp_micros(long statement, long index, long micros);

    static native int ddb_stmt_column_count(long statement, long outColumns);

    static native int ddb_stmt_column_name_copy(long statement, long column, long outName);

    static native int ddb_stmt_affected_rows(long statement, long outRows);

    static native int ddb_stmt_fetch_row_views(
            long statement, byte includeCurrent, long maxRows, long outValues, long outRows, long outColumns);
}
