//! SQLite's update hook: the id of every row that is added or changed.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

use rusqlite::ffi;

/// Is given the id of a row once a statement has added or changed it, or has taken it away.
pub trait RowIds {
    fn seen(&self, table: &[u8], id: i64);
}

/// Installs the hook for the main database.
///
/// # Safety
/// `observer` outlives the connection or the call of [`uninstall`].
pub unsafe fn install<O: RowIds>(db: *mut ffi::sqlite3, observer: &O) {
    // SAFETY: the caller's promise.
    unsafe { ffi::sqlite3_update_hook(db, Some(callback::<O>), ptr::from_ref(observer).cast_mut().cast()) };
}

pub fn uninstall(db: *mut ffi::sqlite3) {
    // SAFETY: `db` is a live connection.
    unsafe { ffi::sqlite3_update_hook(db, None, ptr::null_mut()) };
}

unsafe extern "C" fn callback<O: RowIds>(
    context: *mut c_void,
    _operation: c_int,
    database: *const c_char,
    table: *const c_char,
    id: i64,
) {
    // A panic must not unwind through SQLite.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: SQLite passes NUL-terminated names, and `context` is the observer given to `install`.
        let (database, table, observer) =
            unsafe { (CStr::from_ptr(database), CStr::from_ptr(table), &*context.cast::<O>()) };
        if database.to_bytes() == b"main" {
            observer.seen(table.to_bytes(), id);
        }
    }));
}
