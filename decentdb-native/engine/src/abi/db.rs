//! Databases: open, execute, transactions, queue, maintenance.

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{call, handle, out, sized_text, text, value};
use crate::c_layout::{PlanCacheSummary, ValueView, WriteQueueMetrics};
use crate::engine::{OpenMode, QueryResult, QueueTimeout, Session, Shared, Source};
use crate::error::{Error, Result};
use crate::value::Value;

/// `DDB_WRITE_QUEUE_TIMEOUT_DEFAULT`
const DEFAULT_TIMEOUT: u64 = u64::MAX;

/// # Safety
/// The same as for the exported functions that call it.
unsafe fn open(path: *const c_char, options: Option<*const c_char>, mode: OpenMode, db: *mut *mut c_void) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let db = unsafe { out(db, "out_db") }?;
        db.set(std::ptr::null_mut());
        // SAFETY: the caller's promise.
        let path = unsafe { text(path, "path") }?;
        let options = match options {
            Some(options) if !options.is_null() => {
                // SAFETY: the caller's promise.
                unsafe { text(options, "options") }?
            }
            _ => "",
        };
        db.set(handle::insert(Session::open(path, mode, options)?));
        Ok(())
    })
}

/// Creates a database; the file must not exist.
///
/// # Safety
/// `path` is a C string, `db` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_create(path: *const c_char, db: *mut *mut c_void) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(path, None, OpenMode::Create, db) }
}

/// Opens a database; the file must exist.
///
/// # Safety
/// As [`ddb_db_create`].
#[no_mangle]
pub unsafe extern "C" fn ddb_db_open(path: *const c_char, db: *mut *mut c_void) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(path, None, OpenMode::Open, db) }
}

/// # Safety
/// As [`ddb_db_create`].
#[no_mangle]
pub unsafe extern "C" fn ddb_db_open_or_create(path: *const c_char, db: *mut *mut c_void) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(path, None, OpenMode::OpenOrCreate, db) }
}

/// # Safety
/// As [`ddb_db_create`]; `options` is NULL or a C string.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_create_with_options(
    path: *const c_char,
    options: *const c_char,
    db: *mut *mut c_void,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(path, Some(options), OpenMode::Create, db) }
}

/// # Safety
/// As [`ddb_db_create_with_options`].
#[no_mangle]
pub unsafe extern "C" fn ddb_db_open_with_options(
    path: *const c_char,
    options: *const c_char,
    db: *mut *mut c_void,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(path, Some(options), OpenMode::Open, db) }
}

/// # Safety
/// As [`ddb_db_create_with_options`].
#[no_mangle]
pub unsafe extern "C" fn ddb_db_open_or_create_with_options(
    path: *const c_char,
    options: *const c_char,
    db: *mut *mut c_void,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(path, Some(options), OpenMode::OpenOrCreate, db) }
}

/// Ends the handle. Its statements stay usable and keep the database open until they are freed; queued writes that wait
/// for their start fail with QUEUE_CLOSED.
///
/// # Safety
/// `db` is NULL or points to a handle.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_free(db: *mut *mut c_void) -> u32 {
    // SAFETY: the caller's promise.
    call(|| {
        // SAFETY: the caller's promise.
        if let Some(session) = unsafe { handle::take::<Session>(db) }? {
            session.queue.close();
        }
        Ok(())
    })
}

/// # Safety
/// The same as for the exported functions that call it.
unsafe fn run(
    db: *mut c_void,
    sql: *const c_char,
    (params, params_len): (*const ValueView, usize),
    out_result: *mut *mut c_void,
    execute: impl FnOnce(&Session, &str, Vec<Value>) -> Result<QueryResult>,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let (place, sql, params) =
            unsafe { (out(out_result, "out_result")?, text(sql, "sql")?, value::parameters(params, params_len)?) };
        place.set(std::ptr::null_mut());
        let result = execute(&*session(db)?, sql, params)?;
        place.set(handle::insert(Arc::new(result)));
        Ok(())
    })
}

/// Runs one statement to its end. Without a transaction a write is durable when this returns.
///
/// # Safety
/// `sql` is a C string, `params` has `params_len` values, `out_result` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_execute(
    db: *mut c_void,
    sql: *const c_char,
    params: *const ValueView,
    params_len: usize,
    out_result: *mut *mut c_void,
) -> u32 {
    let execute =
        |session: &Session, sql: &str, params: Vec<Value>| session.core().execute(sql, &params, Source::Direct);
    // SAFETY: the caller's promise.
    unsafe { run(db, sql, (params, params_len), out_result, execute) }
}

/// Runs one statement through the write queue; returns when it is durable. Any number of threads may call it at once.
///
/// # Safety
/// As [`ddb_db_execute`].
#[no_mangle]
pub unsafe extern "C" fn ddb_db_execute_queued(
    db: *mut c_void,
    sql: *const c_char,
    params: *const ValueView,
    params_len: usize,
    timeout_ms: u64,
    out_result: *mut *mut c_void,
) -> u32 {
    let timeout = match timeout_ms {
        DEFAULT_TIMEOUT => QueueTimeout::Default,
        millis => QueueTimeout::After(Duration::from_millis(millis)),
    };
    let execute = |session: &Session, sql: &str, params| session.execute_queued(sql, params, timeout);
    // SAFETY: the caller's promise.
    unsafe { run(db, sql, (params, params_len), out_result, execute) }
}

/// # Safety
/// `out_metrics` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_write_queue_metrics(db: *mut c_void, out_metrics: *mut WriteQueueMetrics) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_metrics, "out_metrics") }?;
        place.set(session(db)?.queue.metrics());
        Ok(())
    })
}

/// Begins a transaction. It takes its snapshot now and the write lock with its first write.
#[no_mangle]
pub extern "C" fn ddb_db_begin_transaction(db: *mut c_void) -> u32 {
    call(|| session(db)?.core().begin(false))
}

/// Commits and writes the position of the commit to `out_lsn`. Positions rise from commit to commit.
///
/// # Safety
/// `out_lsn` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_commit_transaction(db: *mut c_void, out_lsn: *mut u64) -> u32 {
    call(|| {
        let lsn = session(db)?.core().commit_explicit()?;
        if !out_lsn.is_null() {
            // SAFETY: the caller's promise.
            unsafe { out(out_lsn, "out_lsn") }?.set(lsn);
        }
        Ok(())
    })
}

#[no_mangle]
pub extern "C" fn ddb_db_rollback_transaction(db: *mut c_void) -> u32 {
    call(|| session(db)?.core().rollback())
}

/// # Safety
/// `out_flag` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_in_transaction(db: *mut c_void, out_flag: *mut u8) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_flag, "out_flag") }?;
        place.set(u8::from(session(db)?.in_transaction()));
        Ok(())
    })
}

/// Moves the write-ahead log into the database file. Fails with BUSY if a snapshot of another handle prevents it.
#[no_mangle]
pub extern "C" fn ddb_db_checkpoint(db: *mut c_void) -> u32 {
    call(|| session(db)?.core().checkpoint())
}

/// Writes a consistent copy of the database to a new file.
///
/// # Safety
/// `dest_path` is a C string.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_save_as(db: *mut c_void, dest_path: *const c_char) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let path = unsafe { text(dest_path, "dest_path") }?;
        session(db)?.core().save_as(path)
    })
}

/// Drops the state that the process keeps for a path, before the caller deletes and recreates the file. Fails while
/// handles are open.
///
/// # Safety
/// `path` is a C string.
#[no_mangle]
pub unsafe extern "C" fn ddb_evict_shared_wal(path: *const c_char) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let path = unsafe { text(path, "path") }?;
        Shared::evict(Path::new(path))
    })
}

/// Sets a value of the audit context of this handle.
///
/// # Safety
/// `key` is a C string, `value` has `value_len` bytes.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_set_audit_context_text(
    db: *mut c_void,
    key: *const c_char,
    value: *const c_char,
    value_len: usize,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let (key, value) = unsafe { (text(key, "key")?, sized_text(value.cast(), value_len, "value")?) };
        if key.is_empty() {
            return Err(Error::misuse("the key of an audit context must not be empty"));
        }
        session(db)?.core().set_audit_context(key, value.to_owned());
        Ok(())
    })
}

/// Removes one value of the audit context, or all values if `key` is NULL.
///
/// # Safety
/// `key` is NULL or a C string.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_clear_audit_context(db: *mut c_void, key: *const c_char) -> u32 {
    call(|| {
        let key = if key.is_null() {
            None
        } else {
            // SAFETY: the caller's promise.
            Some(unsafe { text(key, "key") }?)
        };
        session(db)?.core().clear_audit_context(key);
        Ok(())
    })
}

/// # Safety
/// `out_summary` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_plan_cache_summary(db: *mut c_void, out_summary: *mut PlanCacheSummary) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_summary, "out_summary") }?;
        let stats = session(db)?.core().plan_cache_stats();
        let lookups = stats.hits + stats.misses;
        place.set(PlanCacheSummary {
            scope: c"handle".as_ptr(),
            total_entries: stats.entries,
            total_hits: stats.hits,
            total_misses: stats.misses,
            total_evictions: stats.evictions,
            total_size_bytes: stats.bytes,
            max_size_bytes: stats.max_bytes,
            total_oversized_refusals: stats.oversized,
            hit_rate: if lookups == 0 { 0.0 } else { stats.hits as f64 / lookups as f64 },
        });
        Ok(())
    })
}

#[no_mangle]
pub extern "C" fn ddb_plan_cache_flush(db: *mut c_void) -> u32 {
    call(|| {
        session(db)?.core().flush_plan_cache();
        Ok(())
    })
}

/// The session behind a handle, for the other files of this module.
pub(super) fn session(db: *mut c_void) -> Result<Arc<Session>> {
    handle::get(db)
}
