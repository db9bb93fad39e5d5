//! SQLite through its C interface, with nothing in between.

use std::ffi::{c_int, CString};
use std::path::Path;
use std::ptr::null_mut;

use parking_lot::{Condvar, Mutex};
use rusqlite::ffi;

pub struct Plain(*mut ffi::sqlite3);

// The benchmarks use a connection from one thread at a time.
unsafe impl Sync for Plain {}

impl Plain {
    pub fn create(path: &Path) -> Plain {
        let path = CString::new(path.to_str().unwrap()).unwrap();
        let flags = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE | ffi::SQLITE_OPEN_NOMUTEX;
        let mut db = null_mut();
        assert_eq!(unsafe { ffi::sqlite3_open_v2(path.as_ptr(), &mut db, flags, std::ptr::null()) }, ffi::SQLITE_OK);
        let plain = Plain(db);
        plain.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -4096");
        plain
    }

    pub fn run(&self, sql: &str) {
        let sql = CString::new(sql).unwrap();
        let code = unsafe { ffi::sqlite3_exec(self.0, sql.as_ptr(), None, null_mut(), null_mut()) };
        assert_eq!(code, ffi::SQLITE_OK);
    }

    pub fn prepare(&self, sql: &str) -> Statement {
        let mut statement = null_mut();
        let length = sql.len() as c_int;
        let code = unsafe {
            let persistent = ffi::SQLITE_PREPARE_PERSISTENT;
            ffi::sqlite3_prepare_v3(self.0, sql.as_ptr().cast(), length, persistent, &mut statement, null_mut())
        };
        assert_eq!(code, ffi::SQLITE_OK);
        Statement(statement)
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        unsafe { ffi::sqlite3_close(self.0) };
    }
}

pub struct Statement(*mut ffi::sqlite3_stmt);

unsafe impl Send for Statement {}

impl Statement {
    pub fn bind_i64(&self, at: c_int, value: i64) {
        assert_eq!(unsafe { ffi::sqlite3_bind_int64(self.0, at, value) }, ffi::SQLITE_OK);
    }

    pub fn bind_f64(&self, at: c_int, value: f64) {
        assert_eq!(unsafe { ffi::sqlite3_bind_double(self.0, at, value) }, ffi::SQLITE_OK);
    }

    pub fn bind_text(&self, at: c_int, value: &str) {
        let (text, length) = (value.as_ptr().cast(), value.len() as c_int);
        let code = unsafe { ffi::sqlite3_bind_text(self.0, at, text, length, ffi::SQLITE_TRANSIENT()) };
        assert_eq!(code, ffi::SQLITE_OK);
    }

    /// Whether there is a row.
    pub fn step(&self) -> bool {
        match unsafe { ffi::sqlite3_step(self.0) } {
            ffi::SQLITE_ROW => true,
            ffi::SQLITE_DONE => false,
            code => panic!("SQLite gave {code}"),
        }
    }

    /// The four columns of a row of `n`.
    pub fn row(&self) -> (i64, *const u8, c_int, f64, i64) {
        unsafe {
            (
                ffi::sqlite3_column_int64(self.0, 0),
                ffi::sqlite3_column_text(self.0, 1),
                ffi::sqlite3_column_bytes(self.0, 1),
                ffi::sqlite3_column_double(self.0, 2),
                ffi::sqlite3_column_int64(self.0, 3),
            )
        }
    }

    pub fn reset(&self) {
        unsafe { ffi::sqlite3_reset(self.0) };
    }

    /// Runs a statement without rows.
    pub fn run(&self) {
        assert!(!self.step());
        self.reset();
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        unsafe { ffi::sqlite3_finalize(self.0) };
    }
}

/// The plainest group commit: a caller that finds no commit in progress commits for all waiting callers.
pub struct GroupCommit<'a> {
    plain: &'a Plain,
    insert: Mutex<Statement>,
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<String>,
    /// The number of the group that collects rows, and of the last durable group.
    collecting: u64,
    durable: u64,
    busy: bool,
}

impl<'a> GroupCommit<'a> {
    pub fn new(plain: &'a Plain, insert: &str) -> Self {
        let state = State { collecting: 1, ..State::default() };
        Self { plain, insert: Mutex::new(plain.prepare(insert)), state: Mutex::new(state), done: Condvar::new() }
    }

    /// Returns once the row is durable.
    pub fn insert(&self, name: &str) {
        let mut state = self.state.lock();
        state.waiting.push(name.to_owned());
        let mine = state.collecting;
        while state.durable < mine {
            if state.busy {
                self.done.wait(&mut state);
                continue;
            }
            state.busy = true;
            let group = std::mem::take(&mut state.waiting);
            let number = state.collecting;
            state.collecting += 1;
            drop(state);
            self.commit(&group);
            state = self.state.lock();
            state.durable = number;
            state.busy = false;
            self.done.notify_all();
        }
    }

    fn commit(&self, group: &[String]) {
        let insert = self.insert.lock();
        self.plain.run("BEGIN IMMEDIATE");
        for name in group {
            insert.bind_text(1, name);
            insert.run();
        }
        self.plain.run("COMMIT");
    }
}
