package com.decentdb.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The functions of the bound library as constants, which the JIT inlines. The first call initialises them, after
 * {@link FfmBinding} has bound the library.
 *
 * <p>Every call lets the garbage collector go on while it is inside. With {@code Linker.Option.critical} it would not:
 * all threads of the JVM would wait at the next safepoint for as long as the call takes. None of the functions in
 * frequent use promises to be short. Even binding a value waits for the lock of its database handle, which a second
 * thread may hold while it runs a statement. The gain on the others is too small to measure.
 */
final class FfmFunctions {

    private static final SymbolLookup LIBRARY = FfmBinding.bound();
    private static final Linker LINKER = Linker.nativeLinker();

    static final MethodHandle ABI_VERSION = bind("ddb_abi_version");
    static final MethodHandle VERSION = bind("ddb_version");
    static final MethodHandle LAST_ERROR_MESSAGE = bind("ddb_last_error_message");
    static final MethodHandle LAST_ERROR_JSON = bind("ddb_last_error_json");
    static final MethodHandle STRING_FREE = bind("ddb_string_free");
    static final MethodHandle VALUE_INIT = bind("ddb_value_init");
    static final MethodHandle VALUE_DISPOSE = bind("ddb_value_dispose");
    static final MethodHandle DB_CREATE_WITH_OPTIONS = bind("ddb_db_create_with_options");
    static final MethodHandle DB_OPEN_WITH_OPTIONS = bind("ddb_db_open_with_options");
    static final MethodHandle DB_OPEN_OR_CREATE_WITH_OPTIONS = bind("ddb_db_open_or_create_with_options");
    static final MethodHandle DB_FREE = bind("ddb_db_free");
    static final MethodHandle DB_EXECUTE = bind("ddb_db_execute");
    static final MethodHandle DB_EXECUTE_QUEUED = bind("ddb_db_execute_queued");
    static final MethodHandle DB_WRITE_QUEUE_METRICS = bind("ddb_db_write_queue_metrics");
    static final MethodHandle DB_PREPARE = bind("ddb_db_prepare");
    static final MethodHandle DB_BEGIN_TRANSACTION = bind("ddb_db_begin_transaction");
    static final MethodHandle DB_COMMIT_TRANSACTION = bind("ddb_db_commit_transaction");
    static final MethodHandle DB_ROLLBACK_TRANSACTION = bind("ddb_db_rollback_transaction");
    static final MethodHandle DB_IN_TRANSACTION = bind("ddb_db_in_transaction");
    static final MethodHandle DB_CHECKPOINT = bind("ddb_db_checkpoint");
    static final MethodHandle DB_SAVE_AS = bind("ddb_db_save_as");
    static final MethodHandle DB_SET_AUDIT_CONTEXT_TEXT = bind("ddb_db_set_audit_context_text");
    static final MethodHandle DB_CLEAR_AUDIT_CONTEXT = bind("ddb_db_clear_audit_context");
    static final MethodHandle EVICT_SHARED_WAL = bind("ddb_evict_shared_wal");
    static final MethodHandle DB_DESCRIBE_QUERY_JSON = bind("ddb_db_describe_query_json");
    static final MethodHandle DB_LIST_TABLES_JSON = bind("ddb_db_list_tables_json");
    static final MethodHandle DB_DESCRIBE_TABLE_JSON = bind("ddb_db_describe_table_json");
    static final MethodHandle DB_GET_TABLE_DDL = bind("ddb_db_get_table_ddl");
    static final MethodHandle DB_LIST_INDEXES_JSON = bind("ddb_db_list_indexes_json");
    static final MethodHandle DB_LIST_VIEWS_JSON = bind("ddb_db_list_views_json");
    static final MethodHandle DB_GET_VIEW_DDL = bind("ddb_db_get_view_ddl");
    static final MethodHandle DB_LIST_TRIGGERS_JSON = bind("ddb_db_list_triggers_json");
    static final MethodHandle DB_GET_SCHEMA_SNAPSHOT_JSON = bind("ddb_db_get_schema_snapshot_json");
    static final MethodHandle DB_GET_TOOLING_METADATA_JSON = bind("ddb_db_get_tooling_metadata_json");
    static final MethodHandle DB_WATCH_TABLE_JSON = bind("ddb_db_watch_table_json");
    static final MethodHandle DB_WATCH_RANGE_JSON = bind("ddb_db_watch_range_json");
    static final MethodHandle DB_WATCH_QUERY_JSON = bind("ddb_db_watch_query_json");
    static final MethodHandle DB_CHANGE_STREAM_JSON = bind("ddb_db_change_stream_json");
    static final MethodHandle WATCH_NEXT_JSON = bind("ddb_watch_next_json");
    static final MethodHandle WATCH_CLOSE = bind("ddb_watch_close");
    static final MethodHandle RESULT_FREE = bind("ddb_result_free");
    static final MethodHandle RESULT_ROW_COUNT = bind("ddb_result_row_count");
    static final MethodHandle RESULT_COLUMN_COUNT = bind("ddb_result_column_count");
    static final MethodHandle RESULT_AFFECTED_ROWS = bind("ddb_result_affected_rows");
    static final MethodHandle RESULT_COLUMN_NAME_COPY = bind("ddb_result_column_name_copy");
    static final MethodHandle RESULT_VALUE_COPY = bind("ddb_result_value_copy");
    static final MethodHandle STMT_FREE = bind("ddb_stmt_free");
    static final MethodHandle STMT_RESET = bind("ddb_stmt_reset");
    static final MethodHandle STMT_CLEAR_BINDINGS = bind("ddb_stmt_clear_bindings");
    static final MethodHandle STMT_BIND_NULL = bind("ddb_stmt_bind_null");
    static final MethodHandle STMT_BIND_INT64 = bind("ddb_stmt_bind_int64");
    static final MethodHandle STMT_BIND_FLOAT64 = bind("ddb_stmt_bind_float64");
    static final MethodHandle STMT_BIND_BOOL = bind("ddb_stmt_bind_bool");
    static final MethodHandle STMT_BIND_TEXT = bind("ddb_stmt_bind_text");
    static final MethodHandle STMT_BIND_BLOB = bind("ddb_stmt_bind_blob");
    static final MethodHandle STMT_BIND_GEOMETRY_WKB = bind("ddb_stmt_bind_geometry_wkb");
    static final MethodHandle STMT_BIND_GEOGRAPHY_WKB = bind("ddb_stmt_bind_geography_wkb");
    static final MethodHandle STMT_BIND_UUID = bind("ddb_stmt_bind_uuid");
    static final MethodHandle STMT_BIND_DECIMAL = bind("ddb_stmt_bind_decimal");
    static final MethodHandle STMT_BIND_TIMESTAMP_MICROS = bind("ddb_stmt_bind_timestamp_micros");
    static final MethodHandle STMT_COLUMN_COUNT = bind("ddb_stmt_column_count");
    static final MethodHandle STMT_COLUMN_NAME_COPY = bind("ddb_stmt_column_name_copy");
    static final MethodHandle STMT_AFFECTED_ROWS = bind("ddb_stmt_affected_rows");
    static final MethodHandle STMT_EXECUTE_BATCH_TYPED = bind("ddb_stmt_execute_batch_typed");
    static final MethodHandle STMT_FETCH_ROW_VIEWS = bind("ddb_stmt_fetch_row_views");

    /** Null if the library does not have it, as the next one. */
    static final @Nullable MethodHandle DB_INTERRUPT = bindIfThere("ddb_ext_db_interrupt");

    static final @Nullable MethodHandle DB_REPORT_WRITE_QUEUE = bindIfThere("ddb_ext_db_report_write_queue");

    private FfmFunctions() {}

    private static @Nullable MethodHandle bindIfThere(String name) {
        return LIBRARY.find(name).isPresent() ? bind(name) : null;
    }

    /** Takes the signature from the interface. Pointers are 64-bit numbers there, and so is the address of an array. */
    @SuppressWarnings("restricted") // This class and its neighbours are the gateway.
    private static MethodHandle bind(String name) {
        Method method = Arrays.stream(Abi.class.getDeclaredMethods())
                .filter(each -> each.getName().equals(name))
                .findFirst()
                .orElseThrow();
        MemoryLayout[] parameters = Arrays.stream(method.getParameterTypes())
                .map(FfmFunctions::layout)
                .toArray(MemoryLayout[]::new);
        return LINKER.downcallHandle(
                LIBRARY.find(name).orElseThrow(), FunctionDescriptor.of(layout(method.getReturnType()), parameters));
    }

    private static MemoryLayout layout(Class<?> type) {
        if (type == int.class) {
            return ValueLayout.JAVA_INT;
        }
        if (type == byte.class) {
            return ValueLayout.JAVA_BYTE;
        }
        if (type == double.class) {
            return ValueLayout.JAVA_DOUBLE;
        }
        if (type == long.class || type == byte[].class) {
            return ValueLayout.JAVA_LONG;
        }
        throw new IllegalArgumentException("no native type for " + type);
    }
}
