use std::ffi::{c_char, c_int};
use std::{ptr, slice};

use rusqlite::ffi;

use super::error::from_code;
use crate::error::{Error, Result};
use crate::stack;
use crate::value::Stored;

/// The levels that fit into the stack every call has.
const SHALLOW: usize = 32;

/// The outcome of one step of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Row,
    Done,
}

/// One cell in SQLite's storage classes, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl Cell<'_> {
    pub fn to_stored(self) -> Stored {
        match self {
            Cell::Null => Stored::Null,
            Cell::Integer(value) => Stored::Integer(value),
            Cell::Real(value) => Stored::Real(value),
            Cell::Text(bytes) => Stored::Text(String::from_utf8_lossy(bytes).into_owned()),
            Cell::Blob(bytes) => Stored::Blob(bytes.to_vec()),
        }
    }
}

/// A prepared statement that does not borrow its connection; its owner drops it first.
pub struct Statement {
    raw: *mut ffi::sqlite3_stmt,
    /// Counter of automatic re-preparations already seen.
    reprepared: c_int,
    /// Whether it is between its first step and its reset, where it may hold a read transaction open.
    stepping: bool,
    /// How deep it nests: SQLite may compile it again in a step.
    levels: usize,
}

// SAFETY: a statement is used under the lock of its session, by one thread at a time, like its connection.
unsafe impl Send for Statement {}

impl Statement {
    /// A statement of so many levels.
    pub(super) fn prepare_deep(db: *mut ffi::sqlite3, sql: &str, levels: usize) -> Result<Self> {
        let mut prepared = stack::with_room(levels, || Self::prepare(db, sql))?;
        prepared.levels = levels;
        Ok(prepared)
    }

    pub(super) fn prepare(db: *mut ffi::sqlite3, sql: &str) -> Result<Self> {
        let mut raw = ptr::null_mut();
        let mut tail: *const c_char = ptr::null();
        let length = c_int::try_from(sql.len()).map_err(|_| Error::syntax("SQL text is longer than 2 GiB"))?;
        // SAFETY: `db` is live; `sql` outlives the call and its length is given.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                db,
                sql.as_ptr().cast(),
                length,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &mut raw,
                &mut tail,
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(from_code(db, code));
        }
        if raw.is_null() {
            return Err(Error::syntax("the SQL text holds no statement"));
        }
        Ok(Self { raw, reprepared: 0, stepping: false, levels: 0 })
    }

    fn db(&self) -> *mut ffi::sqlite3 {
        // SAFETY: `raw` is a live statement.
        unsafe { ffi::sqlite3_db_handle(self.raw) }
    }

    pub fn step(&mut self) -> Result<Step> {
        self.stepping = true;
        // SAFETY: `raw` is a live statement.
        let step = || unsafe { ffi::sqlite3_step(self.raw) };
        match if self.levels > SHALLOW { stack::with_room(self.levels, step) } else { step() } {
            ffi::SQLITE_ROW => Ok(Step::Row),
            ffi::SQLITE_DONE => Ok(Step::Done),
            code => {
                let error = from_code(self.db(), code);
                self.reset();
                Err(error)
            }
        }
    }

    /// Steps to the end, dropping rows, and resets.
    pub fn run(&mut self) -> Result<()> {
        while self.step()? == Step::Row {}
        self.reset();
        Ok(())
    }

    pub fn reset(&mut self) {
        if self.stepping {
            // SAFETY: `raw` is a live statement; the code repeats the error of the last step, already reported.
            unsafe { ffi::sqlite3_reset(self.raw) };
            // Requests to end a call are looked for every so many steps, counted from here: a short statement that is used
            // over and over, such as COMMIT, must not be ended halfway.
            // SAFETY: `raw` is a live statement.
            unsafe { ffi::sqlite3_stmt_status(self.raw, ffi::SQLITE_STMTSTATUS_VM_STEP, 1) };
            self.stepping = false;
        }
    }

    /// Whether SQLite has compiled the statement again since the last call, because the schema had changed.
    pub fn was_reprepared(&mut self) -> bool {
        // SAFETY: `raw` is a live statement.
        let count = unsafe { ffi::sqlite3_stmt_status(self.raw, ffi::SQLITE_STMTSTATUS_REPREPARE, 0) };
        std::mem::replace(&mut self.reprepared, count) != count
    }

    /// Approximate heap bytes of the compiled statement.
    pub fn memory_used(&self) -> u64 {
        // SAFETY: `raw` is a live statement.
        unsafe { ffi::sqlite3_stmt_status(self.raw, ffi::SQLITE_STMTSTATUS_MEMUSED, 0) as u64 }
    }

    pub fn parameter_count(&self) -> usize {
        // SAFETY: `raw` is a live statement.
        unsafe { ffi::sqlite3_bind_parameter_count(self.raw) as usize }
    }

    pub fn column_count(&self) -> usize {
        // SAFETY: `raw` is a live statement.
        unsafe { ffi::sqlite3_column_count(self.raw) as usize }
    }

    fn bound(&self, code: c_int) -> Result<()> {
        if code == ffi::SQLITE_OK {
            Ok(())
        } else {
            Err(from_code(self.db(), code))
        }
    }

    /// Binds the parameter `index`, counted from 1; the statement must be reset.
    pub fn bind_i64(&mut self, index: usize, value: i64) -> Result<()> {
        // SAFETY: `raw` is a live statement; a wrong index is an error code.
        self.bound(unsafe { ffi::sqlite3_bind_int64(self.raw, index as c_int, value) })
    }

    pub fn bind_f64(&mut self, index: usize, value: f64) -> Result<()> {
        // SAFETY: as above.
        self.bound(unsafe { ffi::sqlite3_bind_double(self.raw, index as c_int, value) })
    }

    pub fn bind_null(&mut self, index: usize) -> Result<()> {
        // SAFETY: as above.
        self.bound(unsafe { ffi::sqlite3_bind_null(self.raw, index as c_int) })
    }

    pub fn bind_text(&mut self, index: usize, value: &str) -> Result<()> {
        // SAFETY: as above; SQLITE_TRANSIENT makes SQLite copy the bytes.
        self.bound(unsafe {
            ffi::sqlite3_bind_text64(
                self.raw,
                index as c_int,
                value.as_ptr().cast(),
                value.len() as u64,
                ffi::SQLITE_TRANSIENT(),
                ffi::SQLITE_UTF8 as u8,
            )
        })
    }

    pub fn bind_blob(&mut self, index: usize, value: &[u8]) -> Result<()> {
        if value.is_empty() {
            // SAFETY: as above; a NULL pointer would bind NULL instead of the empty blob.
            return self.bound(unsafe { ffi::sqlite3_bind_zeroblob(self.raw, index as c_int, 0) });
        }
        // SAFETY: as above; SQLITE_TRANSIENT makes SQLite copy the bytes.
        self.bound(unsafe {
            ffi::sqlite3_bind_blob64(
                self.raw,
                index as c_int,
                value.as_ptr().cast(),
                value.len() as u64,
                ffi::SQLITE_TRANSIENT(),
            )
        })
    }

    pub fn bind(&mut self, index: usize, value: &Stored) -> Result<()> {
        match value {
            Stored::Null => self.bind_null(index),
            Stored::Integer(value) => self.bind_i64(index, *value),
            Stored::Real(value) => self.bind_f64(index, *value),
            Stored::Text(value) => self.bind_text(index, value),
            Stored::Blob(value) => self.bind_blob(index, value),
        }
    }

    pub fn column_i64(&self, index: usize) -> i64 {
        // SAFETY: `raw` is a live statement; reading an absent column gives 0.
        unsafe { ffi::sqlite3_column_int64(self.raw, index as c_int) }
    }

    /// The cell of the current row, valid until the next step or reset.
    pub fn cell(&self, index: usize) -> Cell<'_> {
        // SAFETY: `raw` is a live statement, used by one thread at a time, so its value may be read in place. That
        // takes one lookup of the column instead of one for each call. Text and blob pointers live until the next step
        // or reset, which need `&mut`.
        unsafe {
            let value = ffi::sqlite3_column_value(self.raw, index as c_int);
            match ffi::sqlite3_value_type(value) {
                ffi::SQLITE_INTEGER => Cell::Integer(ffi::sqlite3_value_int64(value)),
                ffi::SQLITE_FLOAT => Cell::Real(ffi::sqlite3_value_double(value)),
                ffi::SQLITE_TEXT => {
                    let data = ffi::sqlite3_value_text(value);
                    Cell::Text(bytes(data, ffi::sqlite3_value_bytes(value)))
                }
                ffi::SQLITE_BLOB => {
                    let data = ffi::sqlite3_value_blob(value);
                    Cell::Blob(bytes(data.cast(), ffi::sqlite3_value_bytes(value)))
                }
                _ => Cell::Null,
            }
        }
    }
}

/// # Safety
/// `data` is NULL or points to `length` bytes that live for `'a`.
pub(super) unsafe fn bytes<'a>(data: *const u8, length: c_int) -> &'a [u8] {
    if data.is_null() || length <= 0 {
        &[]
    } else {
        // SAFETY: the caller's promise.
        unsafe { slice::from_raw_parts(data, length as usize) }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: `raw` is a live statement of a connection that is still open.
        unsafe { ffi::sqlite3_finalize(self.raw) };
    }
}
