//! Every exported function, called with wrong arguments: handles that are NULL, made up, freed or of another kind, and
//! NULL pointers. The function returns an error; it neither crashes nor reports an internal error.
#![allow(unused_unsafe)]

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use decentdb::testing::abi::*;

use crate::support::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Takes no handle.
    Free,
    Db,
    Stmt,
    Result,
    Watch,
    /// These end a handle and accept NULL.
    EndDb,
    EndStmt,
    EndResult,
    EndWatch,
}

/// The pointers that a call receives: where it writes results, and the text it reads.
struct Args {
    place: *mut [u64; 64],
    text: *const c_char,
}

impl Args {
    fn out<T>(&self) -> *mut T {
        assert!(size_of::<T>() <= size_of::<[u64; 64]>());
        self.place.cast()
    }

    fn uuid(&self) -> *const u8 {
        const UUID: &[u8; 16] = b"0123456789abcdef";
        if self.text.is_null() {
            null()
        } else {
            UUID.as_ptr()
        }
    }
}

struct Entry {
    name: &'static str,
    kind: Kind,
    call: fn(*mut c_void, &Args) -> u32,
}

macro_rules! entries {
    (|$h:ident, $a:ident| $($kind:ident $name:ident($($arg:expr),*);)*) => {
        &[$(Entry { name: stringify!($name), kind: Kind::$kind, call: |$h, $a| {
            let _ = ($h, $a);
            unsafe { $name($($arg),*) }
        } }),*]
    };
}

/// Not called here: they return no status, or read the error that another call left.
const ACCESSORS: &[&str] =
    &["ddb_abi_version", "ddb_version", "ddb_engine_source_digest", "ddb_last_error_message", "ddb_last_error_json"];

const ENTRIES: &[Entry] = entries! { |h, a|
    Free ddb_db_create(a.text, a.out());
    Free ddb_db_create_with_options(a.text, a.text, a.out());
    Free ddb_db_open(a.text, a.out());
    Free ddb_db_open_with_options(a.text, a.text, a.out());
    Free ddb_db_open_or_create(a.text, a.out());
    Free ddb_db_open_or_create_with_options(a.text, a.text, a.out());
    Free ddb_evict_shared_wal(a.text);
    Free ddb_extension_validate_json(a.text, a.out());
    Free ddb_string_free(a.out());
    Free ddb_value_init(a.out());
    Free ddb_value_dispose(a.out());
    EndDb ddb_db_free(&mut { h });
    EndStmt ddb_stmt_free(&mut { h });
    EndResult ddb_result_free(&mut { h });
    EndWatch ddb_watch_close(&mut { h });
    Db ddb_db_begin_transaction(h);
    Db ddb_db_commit_transaction(h, a.out());
    Db ddb_db_rollback_transaction(h);
    Db ddb_db_in_transaction(h, a.out());
    Db ddb_ext_db_interrupt(h);
    Db ddb_ext_db_report_write_queue(h, null());
    Db ddb_db_branch_execute_json(h, a.text, a.out());
    Db ddb_db_change_stream_json(h, a.text, a.out());
    Db ddb_db_checkpoint(h);
    Db ddb_db_clear_audit_context(h, a.text);
    Db ddb_db_set_audit_context_text(h, a.text, a.text, 3);
    Db ddb_db_describe_query_json(h, a.text, a.out());
    Db ddb_db_describe_table_json(h, a.text, a.out());
    Db ddb_db_execute(h, a.text, null(), 2, a.out());
    Db ddb_db_execute_on_branch(h, a.text, a.text, null(), 2, a.out());
    Db ddb_db_execute_queued(h, a.text, null(), 2, 0, a.out());
    Db ddb_db_get_schema_snapshot_json(h, a.out());
    Db ddb_db_get_table_ddl(h, a.text, a.out());
    Db ddb_db_get_tooling_metadata_json(h, a.out());
    Db ddb_db_get_view_ddl(h, a.text, a.out());
    Db ddb_db_inspect_storage_state_json(h, a.out());
    Db ddb_db_list_indexes_json(h, a.out());
    Db ddb_db_list_tables_json(h, a.out());
    Db ddb_db_list_triggers_json(h, a.out());
    Db ddb_db_list_views_json(h, a.out());
    Db ddb_db_prepare(h, a.text, a.out());
    Db ddb_db_save_as(h, a.text);
    Db ddb_db_sync_execute_json(h, a.text, a.out());
    Db ddb_db_watch_query_json(h, a.text, a.out());
    Db ddb_db_watch_range_json(h, a.text, a.out());
    Db ddb_db_watch_table_json(h, a.text, a.out());
    Db ddb_db_write_queue_metrics(h, a.out());
    Db ddb_extension_dependencies_json(h, a.text, a.out());
    Db ddb_extension_disable_json(h, a.text, a.out());
    Db ddb_extension_enable_json(h, a.text, a.out());
    Db ddb_extension_install_json(h, a.text, a.out());
    Db ddb_extension_list_json(h, a.text, a.out());
    Db ddb_extension_purge_json(h, a.text, a.out());
    Db ddb_extension_rebuild_json(h, a.text, a.out());
    Db ddb_plan_cache_flush(h);
    Db ddb_plan_cache_summary(h, a.out());
    Db ddb_runtime_tracing_reset(h, a.text);
    Db ddb_runtime_tracing_snapshot(h, a.text, a.out());
    Db ddb_sync_changeset_apply_json(h, a.text, a.out());
    Db ddb_sync_changeset_create_json(h, a.text, a.out());
    Db ddb_sync_changeset_inspect_json(h, a.text, a.out());
    Db ddb_sync_changeset_invert_json(h, a.text, a.out());
    Result ddb_result_affected_rows(h, a.out());
    Result ddb_result_column_count(h, a.out());
    Result ddb_result_column_name_copy(h, 9, a.out());
    Result ddb_result_row_count(h, a.out());
    Result ddb_result_value_copy(h, 9, 9, a.out());
    Stmt ddb_stmt_affected_rows(h, a.out());
    Stmt ddb_stmt_bind_blob(h, 1, a.text.cast(), 3);
    Stmt ddb_stmt_bind_bool(h, 1, 1);
    Stmt ddb_stmt_bind_decimal(h, 1, 125, 2);
    Stmt ddb_stmt_bind_float64(h, 1, 0.5);
    Stmt ddb_stmt_bind_geography_wkb(h, 1, a.text.cast(), 3);
    Stmt ddb_stmt_bind_geometry_wkb(h, 1, a.text.cast(), 3);
    Stmt ddb_stmt_bind_int64(h, 1, 7);
    Stmt ddb_stmt_bind_int64_step_i64_text_f64(h, 1, 7, a.out(), a.out(), a.out(), a.out(), a.out());
    Stmt ddb_stmt_bind_int64_step_row_view(h, 1, 7, a.out(), a.out(), a.out());
    Stmt ddb_stmt_bind_null(h, 1);
    Stmt ddb_stmt_bind_text(h, 1, a.text, 3);
    Stmt ddb_stmt_bind_text_step_row_view(h, 1, a.text, 3, a.out(), a.out(), a.out());
    Stmt ddb_stmt_bind_timestamp_micros(h, 1, 7);
    Stmt ddb_stmt_bind_uuid(h, 1, a.uuid());
    Stmt ddb_stmt_clear_bindings(h);
    Stmt ddb_stmt_column_count(h, a.out());
    Stmt ddb_stmt_column_name_copy(h, 9, a.out());
    Stmt ddb_stmt_execute_batch_i64(h, 3, null(), a.out());
    Stmt ddb_stmt_execute_batch_i64_text_f64(h, 3, null(), null(), null(), null(), a.out());
    Stmt ddb_stmt_execute_batch_typed(h, 3, a.text, null(), null(), null(), null(), a.out());
    Stmt ddb_stmt_fetch_row_views(h, 0, 0, a.out(), a.out(), a.out());
    Stmt ddb_stmt_fetch_rows_i64_text_f64(h, 0, 0, a.out(), a.out());
    Stmt ddb_stmt_rebind_int64_execute(h, 7, a.out());
    Stmt ddb_stmt_rebind_int64_text_execute(h, 7, a.text, 3, a.out());
    Stmt ddb_stmt_rebind_text_int64_execute(h, a.text, 3, 7, a.out());
    Stmt ddb_stmt_reset(h);
    Stmt ddb_stmt_row_view(h, a.out(), a.out());
    Stmt ddb_stmt_step(h, a.out());
    Stmt ddb_stmt_step_row_view(h, a.out(), a.out(), a.out());
    Stmt ddb_stmt_value_copy(h, 9, a.out());
    Watch ddb_watch_next_json(h, 0, a.out());
};

/// One handle of each kind.
struct Handles {
    db: *mut c_void,
    stmt: *mut c_void,
    result: *mut c_void,
    watch: *mut c_void,
}

impl Handles {
    fn open() -> Self {
        let mut own = Self { db: null_mut(), stmt: null_mut(), result: null_mut(), watch: null_mut() };
        unsafe {
            check(ddb_db_open_or_create(c(":memory:").as_ptr(), &mut own.db)).unwrap();
            for sql in ["CREATE TABLE t (id INTEGER PRIMARY KEY)", "SELECT id FROM t"] {
                check(ddb_result_free(&mut own.result)).unwrap();
                check(ddb_db_execute(own.db, c(sql).as_ptr(), null(), 0, &mut own.result)).unwrap();
            }
            check(ddb_db_prepare(own.db, c("SELECT id FROM t WHERE id = $1").as_ptr(), &mut own.stmt)).unwrap();
            check(ddb_db_change_stream_json(own.db, c("{}").as_ptr(), &mut own.watch)).unwrap();
        }
        own
    }

    /// Frees the database first, so that statement, result and watch outlive it.
    fn free(mut self) {
        unsafe {
            check(ddb_db_free(&mut self.db)).unwrap();
            let mut rows = 9;
            check(ddb_result_row_count(self.result, &mut rows)).unwrap();
            assert_eq!(rows, 0);
            check(ddb_stmt_bind_int64(self.stmt, 1, 1)).unwrap();
            let mut has_row = 9;
            check(ddb_stmt_step(self.stmt, &mut has_row)).unwrap();
            assert_eq!(has_row, 0);
            match next_event(self.watch, 0) {
                Ok(event) => assert_eq!(event["type"], "initial"),
                Err(failure) => assert_eq!(failure.status, TIMEOUT),
            }
            check(ddb_stmt_free(&mut self.stmt)).unwrap();
            check(ddb_result_free(&mut self.result)).unwrap();
            check(ddb_watch_close(&mut self.watch)).unwrap();
        }
    }

    fn of(&self, kind: Kind) -> *mut c_void {
        match kind {
            Kind::Free => null_mut(),
            Kind::Db | Kind::EndDb => self.db,
            Kind::Stmt | Kind::EndStmt => self.stmt,
            Kind::Result | Kind::EndResult => self.result,
            Kind::Watch | Kind::EndWatch => self.watch,
        }
    }
}

fn ends(kind: Kind) -> bool {
    matches!(kind, Kind::EndDb | Kind::EndStmt | Kind::EndResult | Kind::EndWatch)
}

#[test]
fn every_symbol_is_on_the_list() {
    let mut named: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).chain(ACCESSORS.iter().copied()).collect();
    named.sort_unstable();
    let exported: Vec<&str> = include_str!("symbols.txt").lines().collect();
    assert_eq!(named, exported);
}

#[test]
fn a_handle_that_is_none_is_refused_by_every_function() {
    let (live, freed) = (Handles::open(), Handles::open());
    let stale = Handles { ..freed };
    freed.free();
    let mut place = [0u64; 64];
    let text = c("[1]");
    for place in [&mut place as *mut _, null_mut()] {
        let args = Args { place, text: text.as_ptr() };
        for entry in ENTRIES.iter().filter(|entry| entry.kind != Kind::Free) {
            let others = [live.db, live.stmt, live.result, live.watch];
            // Handles are multiples of 16.
            let made_up = [0x1, 0x1234_5679, usize::MAX, isize::MAX as usize].map(|address| address as *mut c_void);
            let wrong = others.into_iter().filter(|handle| *handle != live.of(entry.kind));
            for handle in wrong.chain(made_up).chain([stale.of(entry.kind), null_mut()]) {
                let status = (entry.call)(handle, &args);
                if handle.is_null() && ends(entry.kind) {
                    assert_eq!(status, OK, "{}", entry.name);
                    continue;
                }
                let failure = check(status).expect_err(entry.name);
                assert_eq!((failure.status, failure.subcode()), (SQL, "abi.invalid_argument"), "{}", entry.name);
            }
        }
    }
    live.free();
}

#[test]
fn pointers_that_are_null_are_an_error_at_worst() {
    let live = Handles::open();
    let mut place = [0u64; 64];
    // A path that cannot be created, and neither SQL nor the JSON of a request.
    let text = c("/nowhere/at/all");
    for args in [
        Args { place: null_mut(), text: text.as_ptr() },
        Args { place: &mut place, text: null() },
        Args { place: null_mut(), text: null() },
    ] {
        for entry in ENTRIES.iter().filter(|entry| !ends(entry.kind)) {
            place = [0; 64];
            if let Err(failure) = check((entry.call)(live.of(entry.kind), &args)) {
                assert!(!matches!(failure.status, 6 | 7), "{}: {failure:?}", entry.name);
            }
            // The test frees the text that the call returned, as any caller would.
            if entry.name.ends_with("_json") && entry.kind == Kind::Db || entry.kind == Kind::Watch {
                assert_eq!(unsafe { ddb_string_free((&mut place as *mut [u64; 64]).cast()) }, OK, "{}", entry.name);
            }
        }
    }
    live.free();
}

#[test]
fn lengths_no_buffer_has_are_refused_before_they_are_read() {
    let live = Handles::open();
    let text = c("x");
    for length in [usize::MAX, isize::MAX as usize, 1 << 40, 2_000_000_000] {
        unsafe {
            assert_eq!(ddb_stmt_bind_text(live.stmt, 1, text.as_ptr(), length), SQL);
            assert_eq!(ddb_stmt_bind_blob(live.stmt, 1, text.as_ptr().cast(), length), SQL);
            assert_eq!(ddb_db_set_audit_context_text(live.db, text.as_ptr(), text.as_ptr(), length), SQL);
            let mut result = null_mut();
            let view = V::Null.view();
            assert_eq!(ddb_db_execute(live.db, c("SELECT $1").as_ptr(), &view, length, &mut result), SQL);
        }
    }
    live.free();
}

#[test]
fn text_that_is_no_text_is_refused() {
    let live = Handles::open();
    let mut result = null_mut();
    let broken = c("SELECT 1").into_bytes_with_nul().into_iter().map(|byte| if byte == b'1' { 0xff } else { byte });
    let broken: Vec<u8> = broken.collect();
    unsafe {
        assert_eq!(ddb_stmt_bind_text(live.stmt, 1, broken.as_ptr().cast(), 8), SQL);
        assert_eq!(ddb_db_execute(live.db, broken.as_ptr().cast(), null(), 0, &mut result), SQL);
        assert_eq!(ddb_db_watch_table_json(live.db, broken.as_ptr().cast(), &mut result), SQL);
        let mut view = t("ab").view();
        view.data = broken.as_ptr();
        view.len = 8;
        assert_eq!(ddb_db_execute(live.db, c("SELECT $1").as_ptr(), &view, 1, &mut result), SQL);
        assert!(result.is_null());
    }
    let db = std::mem::ManuallyDrop::new(Db(live.db));
    assert_eq!(db.execute("SELECT $1", &[t("a\0b")]).unwrap_err().sqlstate(), "22021");
    live.free();
}
