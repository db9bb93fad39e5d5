//! Watches and change streams.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use super::db::session;
use super::{call, handle, memory, out, text};
use crate::engine::{parse_request, Session, WatchHandle};
use crate::error::Result;

/// # Safety
/// `request` is a C string, `out_watch` is writable.
unsafe fn open(
    db: *mut c_void,
    request: *const c_char,
    out_watch: *mut *mut c_void,
    subscribe: impl FnOnce(&Session, &Json) -> Result<WatchHandle>,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let (place, request) = unsafe { (out(out_watch, "out_watch")?, text(request, "request_json")?) };
        place.set(std::ptr::null_mut());
        let session = session(db)?;
        let watch = subscribe(&session, &parse_request(request)?)?;
        place.set(handle::insert(Arc::new(watch)));
        Ok(())
    })
}

/// # Safety
/// `request` is a C string, `out_watch` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_watch_table_json(
    db: *mut c_void,
    request: *const c_char,
    out_watch: *mut *mut c_void,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(db, request, out_watch, Session::watch_tables) }
}

/// # Safety
/// As [`ddb_db_watch_table_json`].
#[no_mangle]
pub unsafe extern "C" fn ddb_db_watch_range_json(
    db: *mut c_void,
    request: *const c_char,
    out_watch: *mut *mut c_void,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(db, request, out_watch, Session::watch_range) }
}

/// # Safety
/// As [`ddb_db_watch_table_json`].
#[no_mangle]
pub unsafe extern "C" fn ddb_db_watch_query_json(
    db: *mut c_void,
    request: *const c_char,
    out_watch: *mut *mut c_void,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(db, request, out_watch, Session::watch_query) }
}

/// # Safety
/// As [`ddb_db_watch_table_json`].
#[no_mangle]
pub unsafe extern "C" fn ddb_db_change_stream_json(
    db: *mut c_void,
    request: *const c_char,
    out_watch: *mut *mut c_void,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { open(db, request, out_watch, Session::change_stream) }
}

/// Waits at most `timeout_ms` for the next event and fails with TIMEOUT if none arrives. A thread that waits while the
/// watch is closed receives a `closed` event.
///
/// # Safety
/// `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_watch_next_json(watch: *mut c_void, timeout_ms: u32, out_json: *mut *mut c_char) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_json, "out_json") }?;
        place.set(std::ptr::null_mut());
        let event = {
            let handle = handle::get::<WatchHandle>(watch)?;
            handle.watch.next(Duration::from_millis(u64::from(timeout_ms)))?
        };
        place.set(memory::string(&event.to_string())?);
        Ok(())
    })
}

/// Ends the watch. This is safe while other threads wait for its next event.
///
/// # Safety
/// `watch` is NULL or points to a handle.
#[no_mangle]
pub unsafe extern "C" fn ddb_watch_close(watch: *mut *mut c_void) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        if let Some(watch) = unsafe { handle::take::<WatchHandle>(watch) }? {
            watch.close();
        }
        Ok(())
    })
}
