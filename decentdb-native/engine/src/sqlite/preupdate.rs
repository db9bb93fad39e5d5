//! Row images from SQLite's pre-update hook. rusqlite offers the hook only together with bindgen, so it is declared
//! here. `.cargo/config.toml` enables it in the build of SQLite.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

use rusqlite::ffi;

use super::statement::bytes;
use super::Cell;
use crate::value::Stored;

type Callback = unsafe extern "C" fn(
    context: *mut c_void,
    db: *mut ffi::sqlite3,
    operation: c_int,
    database: *const c_char,
    table: *const c_char,
    old_rowid: i64,
    new_rowid: i64,
);

extern "C" {
    fn sqlite3_preupdate_hook(db: *mut ffi::sqlite3, callback: Option<Callback>, context: *mut c_void) -> *mut c_void;
    fn sqlite3_preupdate_old(db: *mut ffi::sqlite3, column: c_int, value: *mut *mut ffi::sqlite3_value) -> c_int;
    fn sqlite3_preupdate_new(db: *mut ffi::sqlite3, column: c_int, value: *mut *mut ffi::sqlite3_value) -> c_int;
    fn sqlite3_preupdate_count(db: *mut ffi::sqlite3) -> c_int;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Insert,
    Update,
    Delete,
}

/// Receives every row change of the main database, inside the statement that changes the row.
pub trait Observer {
    /// `before` and `after` read the whole row. Call them only if the image is needed.
    fn row(&mut self, table: &str, operation: Operation, image: &Image);
}

/// Access to the row under change.
pub struct Image {
    db: *mut ffi::sqlite3,
    operation: Operation,
}

impl Image {
    pub fn before(&self) -> Option<Vec<Stored>> {
        (self.operation != Operation::Insert).then(|| self.read(sqlite3_preupdate_old))
    }

    pub fn after(&self) -> Option<Vec<Stored>> {
        (self.operation != Operation::Delete).then(|| self.read(sqlite3_preupdate_new))
    }

    fn read(
        &self,
        value_of: unsafe extern "C" fn(*mut ffi::sqlite3, c_int, *mut *mut ffi::sqlite3_value) -> c_int,
    ) -> Vec<Stored> {
        // SAFETY: called inside the hook only, where these functions are valid for the row under change.
        unsafe {
            let count = sqlite3_preupdate_count(self.db);
            (0..count)
                .map(|column| {
                    let mut value = ptr::null_mut();
                    if value_of(self.db, column, &mut value) != ffi::SQLITE_OK || value.is_null() {
                        return Stored::Null;
                    }
                    let length = ffi::sqlite3_value_bytes(value);
                    match ffi::sqlite3_value_type(value) {
                        ffi::SQLITE_INTEGER => Cell::Integer(ffi::sqlite3_value_int64(value)),
                        ffi::SQLITE_FLOAT => Cell::Real(ffi::sqlite3_value_double(value)),
                        ffi::SQLITE_TEXT => Cell::Text(bytes(ffi::sqlite3_value_text(value), length)),
                        ffi::SQLITE_BLOB => Cell::Blob(bytes(ffi::sqlite3_value_blob(value).cast(), length)),
                        _ => Cell::Null,
                    }
                    .to_stored()
                })
                .collect()
        }
    }
}

/// Installs the hook.
///
/// # Safety
/// `observer` outlives the connection or the call of [`uninstall`]. Nothing else accesses it while a statement runs.
pub unsafe fn install<O: Observer>(db: *mut ffi::sqlite3, observer: *mut O) {
    // SAFETY: the caller's promise.
    unsafe { sqlite3_preupdate_hook(db, Some(callback::<O>), observer.cast()) };
}

pub fn uninstall(db: *mut ffi::sqlite3) {
    // SAFETY: `db` is a live connection.
    unsafe { sqlite3_preupdate_hook(db, None, ptr::null_mut()) };
}

unsafe extern "C" fn callback<O: Observer>(
    context: *mut c_void,
    db: *mut ffi::sqlite3,
    operation: c_int,
    database: *const c_char,
    table: *const c_char,
    _old_rowid: i64,
    _new_rowid: i64,
) {
    // A panic must not unwind through SQLite. The observer keeps no lock, so the panic only loses the change.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let operation = match operation {
            ffi::SQLITE_INSERT => Operation::Insert,
            ffi::SQLITE_UPDATE => Operation::Update,
            _ => Operation::Delete,
        };
        // SAFETY: SQLite passes NUL-terminated names, and `context` is the observer given to `install`.
        let (database, table, observer) =
            unsafe { (CStr::from_ptr(database), CStr::from_ptr(table), &mut *context.cast::<O>()) };
        if database.to_bytes() == b"main" {
            observer.row(&table.to_string_lossy(), operation, &Image { db, operation });
        }
    }));
}
