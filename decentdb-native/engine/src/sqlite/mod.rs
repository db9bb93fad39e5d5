//! A thin safe layer over the SQLite C API. The statement type of rusqlite borrows its connection; the engine needs
//! statements that do not.

mod error;
pub mod fts5;
pub mod interrupt;
pub mod preupdate;
pub mod rowids;
pub mod series;
mod statement;
mod storage;

use std::ffi::{c_int, c_void, CString};
use std::path::Path;
use std::ptr;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{ffi, OpenFlags};

pub use self::error::{from_code, from_rusqlite, from_rusqlite_on};
pub use self::statement::{Cell, Statement, Step};
pub use self::storage::WalIndex;
use crate::error::Result;

/// SQLite's own choice for the size of a piece of memory set aside.
const SLOT_BYTES: c_int = 1200;

/// A connection, used by one thread at a time. Every [`Statement`] must be dropped before its connection.
pub struct Connection {
    inner: rusqlite::Connection,
}

impl Connection {
    /// Opens an existing file; an empty one becomes a database with the first write.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let inner = rusqlite::Connection::open_with_flags(path, flags).map_err(|e| from_rusqlite(&e))?;
        Ok(Self { inner })
    }

    pub fn open_in_memory() -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let inner = rusqlite::Connection::open_in_memory_with_flags(flags).map_err(|e| from_rusqlite(&e))?;
        Ok(Self { inner })
    }

    /// The rusqlite view of the connection, for functions, collations and backups.
    pub fn inner(&self) -> &rusqlite::Connection {
        &self.inner
    }

    pub fn raw(&self) -> *mut ffi::sqlite3 {
        // SAFETY: the handle is not used after `self` is dropped; statements are dropped before the connection.
        unsafe { self.inner.handle() }
    }

    pub fn busy_timeout(&self, timeout: Duration) -> Result<()> {
        let longest = Duration::from_millis(i32::MAX as u64);
        self.inner.busy_timeout(timeout.min(longest)).map_err(|e| from_rusqlite(&e))
    }

    /// Sets aside `slots` pieces of memory, so that running a statement calls no allocator; 0 sets none aside. Every
    /// allocation from them must be freed: a function keeps its pieces for as long as the connection lives, so register
    /// the functions while there are none.
    pub fn set_memory_aside(&self, slots: c_int) -> Result<()> {
        let size = if slots == 0 { 0 } else { SLOT_BYTES };
        let memory: *mut c_void = ptr::null_mut();
        // SAFETY: a live connection; these are the arguments of this setting, and SQLite allocates the memory itself.
        let code = unsafe { ffi::sqlite3_db_config(self.raw(), ffi::SQLITE_DBCONFIG_LOOKASIDE, memory, size, slots) };
        self.check(code)
    }

    /// Makes the plan of a statement independent of its bound values, so that binding never compiles it again.
    pub fn keep_plans_stable(&self) -> Result<()> {
        self.inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|e| from_rusqlite(&e))?;
        Ok(())
    }

    /// Closing leaves the log as it is, rather than moving it into the file.
    pub fn keep_log(&self) {
        // The setting is known to every version that can be linked.
        let _ = self.inner.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }

    /// Prepares the only statement in `sql` for repeated use.
    pub fn prepare(&self, sql: &str) -> Result<Statement> {
        Statement::prepare(self.raw(), sql)
    }

    /// As [`Connection::prepare`], for a statement that nests so many levels deep.
    pub fn prepare_deep(&self, sql: &str, levels: usize) -> Result<Statement> {
        Statement::prepare_deep(self.raw(), sql, levels)
    }

    /// Runs every statement in `sql`, dropping rows.
    pub fn execute(&self, sql: &str) -> Result<()> {
        let text = CString::new(sql).map_err(|_| crate::error::Error::syntax("SQL text contains U+0000"))?;
        // SAFETY: a live connection and a NUL-terminated string.
        let code = unsafe { ffi::sqlite3_exec(self.raw(), text.as_ptr(), None, ptr::null_mut(), ptr::null_mut()) };
        self.check(code)
    }

    /// The first column of the first row of `sql` as an integer.
    pub fn query_i64(&self, sql: &str) -> Result<i64> {
        let mut statement = self.prepare(sql)?;
        match statement.step()? {
            Step::Row => Ok(statement.column_i64(0)),
            Step::Done => Err(crate::error::Error::internal(format!("no row from {sql}"))),
        }
    }

    /// The first column of the first row of `sql` as text.
    pub fn query_text(&self, sql: &str) -> Result<String> {
        let mut statement = self.prepare(sql)?;
        match (statement.step()?, statement.cell(0)) {
            (Step::Row, Cell::Text(text)) => Ok(String::from_utf8_lossy(text).into_owned()),
            _ => Err(crate::error::Error::internal(format!("no text from {sql}"))),
        }
    }

    /// Stops enforcing foreign keys until the result is dropped, also inside a transaction, where the PRAGMA cannot.
    /// Foreign keys violated meanwhile stay violated.
    pub fn rest_foreign_keys(&self) -> Result<RestingForeignKeys<'_>> {
        let resting = RestingForeignKeys(self);
        self.inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false).map_err(|e| from_rusqlite(&e))?;
        Ok(resting)
    }

    /// Whether no transaction is open. SQLite ends a transaction by itself after some errors.
    pub fn is_autocommit(&self) -> bool {
        self.inner.is_autocommit()
    }

    /// Rows changed by the last INSERT, UPDATE or DELETE.
    pub fn changes(&self) -> u64 {
        self.inner.changes()
    }

    /// Rows changed since the connection was opened, including those of triggers and foreign keys.
    pub fn total_changes(&self) -> u64 {
        self.inner.total_changes()
    }

    /// The id of the row that the last INSERT added itself, rather than by a trigger.
    pub fn last_row_id(&self) -> i64 {
        self.inner.last_insert_rowid()
    }

    fn check(&self, code: c_int) -> Result<()> {
        if code == ffi::SQLITE_OK {
            Ok(())
        } else {
            Err(from_code(self.raw(), code))
        }
    }
}

/// The connection enforces no foreign keys while this value lives.
pub struct RestingForeignKeys<'c>(&'c Connection);

impl Drop for RestingForeignKeys<'_> {
    fn drop(&mut self) {
        // Neither call can fail on an open connection. A change of the schema may have ended between its two switches
        // of the second setting.
        let _ = self.0.inner.set_db_config(DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, false);
        let _ = self.0.inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true);
    }
}
