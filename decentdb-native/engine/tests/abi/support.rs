//! The C interface as the tests use it: every call goes through the exported functions.
#![allow(dead_code, clippy::undocumented_unsafe_blocks)]

use std::ffi::{c_char, c_void, CStr, CString};
use std::path::PathBuf;
use std::ptr::null_mut;

use decentdb::testing::abi::*;
use decentdb::testing::c_layout::{ValueView, WriteQueueMetrics};
use serde_json::Value as Json;
use tempfile::TempDir;

pub const OK: u32 = 0;
pub const IO: u32 = 1;
pub const CORRUPTION: u32 = 2;
pub const CONSTRAINT: u32 = 3;
pub const TRANSACTION: u32 = 4;
pub const SQL: u32 = 5;
pub const UNSUPPORTED_FORMAT: u32 = 8;
pub const BUSY: u32 = 9;
pub const TIMEOUT: u32 = 10;
pub const QUEUE_FULL: u32 = 12;

/// A failed call: its status and diagnostic.
#[derive(Debug, Clone)]
pub struct Failure {
    pub status: u32,
    pub json: Json,
}

impl Failure {
    pub fn subcode(&self) -> &str {
        self.json["subcode"].as_str().unwrap_or_default()
    }

    pub fn sqlstate(&self) -> &str {
        self.json["sqlstate"].as_str().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }
}

pub type Outcome<T> = Result<T, Failure>;

pub fn check(status: u32) -> Outcome<()> {
    if status == OK {
        return Ok(());
    }
    let mut text = null_mut();
    assert_eq!(unsafe { ddb_last_error_json(&mut text) }, OK);
    let json = serde_json::from_str(&take_string(text)).unwrap();
    Err(Failure { status, json })
}

/// Copies a string of the library and frees it.
pub fn take_string(mut text: *mut c_char) -> String {
    assert!(!text.is_null());
    let copy = unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned();
    assert_eq!(unsafe { ddb_string_free(&mut text) }, OK);
    assert!(text.is_null());
    copy
}

pub fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

/// A cell as the tests compare it.
#[derive(Debug, Clone, PartialEq)]
pub enum V {
    Null,
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Blob(Vec<u8>),
    Other(u32),
}

pub fn t(text: &str) -> V {
    V::Text(text.to_owned())
}

impl V {
    /// The view of a parameter; its data borrows from `self`.
    pub fn view(&self) -> ValueView {
        let mut view = ValueView::default();
        match self {
            V::Null => {}
            V::Int(number) => {
                view.tag = 1;
                view.int64_value = *number;
            }
            V::Float(number) => {
                view.tag = 2;
                view.float64_value = *number;
            }
            V::Bool(flag) => {
                view.tag = 3;
                view.bool_value = u8::from(*flag);
            }
            V::Text(text) => {
                view.tag = 4;
                view.data = text.as_ptr();
                view.len = text.len();
            }
            V::Blob(bytes) => {
                view.tag = 5;
                view.data = bytes.as_ptr();
                view.len = bytes.len();
            }
            V::Other(tag) => view.tag = *tag,
        }
        view
    }

    pub fn read(view: &ValueView) -> V {
        match view.tag {
            0 => V::Null,
            1 => V::Int(view.int64_value),
            2 => V::Float(view.float64_value),
            3 => V::Bool(view.bool_value != 0),
            4 => V::Text(String::from_utf8(unsafe { view.bytes() }.to_vec()).unwrap()),
            5 => V::Blob(unsafe { view.bytes() }.to_vec()),
            other => V::Other(other),
        }
    }
}

/// A materialised result.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    pub names: Vec<String>,
    pub rows: Vec<Vec<V>>,
    pub affected: u64,
}

pub struct Db(pub *mut c_void);

unsafe impl Send for Db {}
unsafe impl Sync for Db {}

impl Drop for Db {
    fn drop(&mut self) {
        assert_eq!(unsafe { ddb_db_free(&mut self.0) }, OK);
    }
}

impl Db {
    pub fn memory() -> Db {
        Db::open(":memory:", "").unwrap()
    }

    pub fn open(path: &str, options: &str) -> Outcome<Db> {
        let mut db = null_mut();
        check(unsafe { ddb_db_open_or_create_with_options(c(path).as_ptr(), c(options).as_ptr(), &mut db) })?;
        assert!(!db.is_null());
        Ok(Db(db))
    }

    pub fn run(&self, sql: &str) -> Rows {
        self.execute(sql, &[]).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"))
    }

    pub fn fail(&self, sql: &str) -> Failure {
        self.execute(sql, &[]).expect_err(sql)
    }

    pub fn execute(&self, sql: &str, params: &[V]) -> Outcome<Rows> {
        let params: Vec<ValueView> = params.iter().map(V::view).collect();
        let mut result = null_mut();
        check(unsafe { ddb_db_execute(self.0, c(sql).as_ptr(), params.as_ptr(), params.len(), &mut result) })?;
        Ok(read_result(result))
    }

    pub fn queued(&self, sql: &str, params: &[V], timeout_ms: u64) -> Outcome<Rows> {
        let params: Vec<ValueView> = params.iter().map(V::view).collect();
        let mut result = null_mut();
        check(unsafe {
            ddb_db_execute_queued(self.0, c(sql).as_ptr(), params.as_ptr(), params.len(), timeout_ms, &mut result)
        })?;
        Ok(read_result(result))
    }

    pub fn metrics(&self) -> WriteQueueMetrics {
        let mut metrics = WriteQueueMetrics::default();
        check(unsafe { ddb_db_write_queue_metrics(self.0, &mut metrics) }).unwrap();
        metrics
    }

    pub fn prepare(&self, sql: &str) -> Outcome<Stmt> {
        let mut stmt = null_mut();
        check(unsafe { ddb_db_prepare(self.0, c(sql).as_ptr(), &mut stmt) })?;
        Ok(Stmt(stmt))
    }

    pub fn begin(&self) -> Outcome<()> {
        check(ddb_db_begin_transaction(self.0))
    }

    pub fn commit(&self) -> Outcome<u64> {
        let mut lsn = 0;
        check(unsafe { ddb_db_commit_transaction(self.0, &mut lsn) }).map(|()| lsn)
    }

    pub fn rollback(&self) -> Outcome<()> {
        check(ddb_db_rollback_transaction(self.0))
    }

    pub fn in_transaction(&self) -> bool {
        let mut flag = 9;
        check(unsafe { ddb_db_in_transaction(self.0, &mut flag) }).unwrap();
        flag == 1
    }

    pub fn count(&self, table: &str) -> i64 {
        match self.run(&format!("SELECT count(*) FROM {table}")).rows[0][0] {
            V::Int(count) => count,
            ref other => panic!("{other:?}"),
        }
    }

    pub fn watch_table(&self, request: &str) -> Outcome<Watch> {
        let mut watch = null_mut();
        check(unsafe { ddb_db_watch_table_json(self.0, c(request).as_ptr(), &mut watch) }).map(|()| Watch(watch))
    }

    pub fn watch_range(&self, request: &str) -> Outcome<Watch> {
        let mut watch = null_mut();
        check(unsafe { ddb_db_watch_range_json(self.0, c(request).as_ptr(), &mut watch) }).map(|()| Watch(watch))
    }

    pub fn watch_query(&self, request: &str) -> Outcome<Watch> {
        let mut watch = null_mut();
        check(unsafe { ddb_db_watch_query_json(self.0, c(request).as_ptr(), &mut watch) }).map(|()| Watch(watch))
    }

    pub fn change_stream(&self, request: &str) -> Outcome<Watch> {
        let mut watch = null_mut();
        check(unsafe { ddb_db_change_stream_json(self.0, c(request).as_ptr(), &mut watch) }).map(|()| Watch(watch))
    }

    pub fn json(&self, call: unsafe extern "C" fn(*mut c_void, *mut *mut c_char) -> u32) -> Outcome<Json> {
        let mut text = null_mut();
        check(unsafe { call(self.0, &mut text) })?;
        Ok(serde_json::from_str(&take_string(text)).unwrap())
    }
}

fn read_result(mut result: *mut c_void) -> Rows {
    let (mut rows, mut columns, mut affected) = (0, 0, 0);
    unsafe {
        check(ddb_result_row_count(result, &mut rows)).unwrap();
        check(ddb_result_column_count(result, &mut columns)).unwrap();
        check(ddb_result_affected_rows(result, &mut affected)).unwrap();
    }
    let names = (0..columns)
        .map(|column| {
            let mut name = null_mut();
            check(unsafe { ddb_result_column_name_copy(result, column, &mut name) }).unwrap();
            take_string(name)
        })
        .collect();
    let mut value = ValueView::default();
    let rows = (0..rows)
        .map(|row| {
            (0..columns)
                .map(|column| {
                    check(unsafe { ddb_result_value_copy(result, row, column, &mut value) }).unwrap();
                    V::read(&value)
                })
                .collect()
        })
        .collect();
    unsafe {
        check(ddb_value_dispose(&mut value)).unwrap();
        check(ddb_result_free(&mut result)).unwrap();
    }
    Rows { names, rows, affected }
}

pub struct Stmt(pub *mut c_void);

impl Drop for Stmt {
    fn drop(&mut self) {
        assert_eq!(unsafe { ddb_stmt_free(&mut self.0) }, OK);
    }
}

impl Stmt {
    /// Binds in order, from `$1` on.
    pub fn bind(&self, values: &[V]) -> Outcome<()> {
        for (at, value) in values.iter().enumerate() {
            let index = at + 1;
            check(match value {
                V::Null => ddb_stmt_bind_null(self.0, index),
                V::Int(number) => ddb_stmt_bind_int64(self.0, index, *number),
                V::Float(number) => ddb_stmt_bind_float64(self.0, index, *number),
                V::Bool(flag) => ddb_stmt_bind_bool(self.0, index, u8::from(*flag)),
                V::Text(text) => unsafe { ddb_stmt_bind_text(self.0, index, text.as_ptr().cast(), text.len()) },
                V::Blob(bytes) => unsafe { ddb_stmt_bind_blob(self.0, index, bytes.as_ptr(), bytes.len()) },
                V::Other(tag) => panic!("no bind function for tag {tag}"),
            })?;
        }
        Ok(())
    }

    pub fn step(&self) -> Outcome<bool> {
        let mut has_row = 9;
        check(unsafe { ddb_stmt_step(self.0, &mut has_row) }).map(|()| has_row == 1)
    }

    pub fn row(&self) -> Outcome<Vec<V>> {
        let (mut values, mut columns) = (std::ptr::null(), 0);
        check(unsafe { ddb_stmt_row_view(self.0, &mut values, &mut columns) })?;
        Ok(unsafe { std::slice::from_raw_parts(values, columns) }.iter().map(V::read).collect())
    }

    /// The rows of the next block.
    pub fn fetch(&self, include_current: bool, max: usize) -> Outcome<Vec<Vec<V>>> {
        let (mut values, mut rows, mut columns) = (std::ptr::null(), 0, 0);
        check(unsafe {
            ddb_stmt_fetch_row_views(self.0, u8::from(include_current), max, &mut values, &mut rows, &mut columns)
        })?;
        if rows == 0 {
            assert!(values.is_null());
            return Ok(Vec::new());
        }
        let views = unsafe { std::slice::from_raw_parts(values, rows * columns) };
        Ok(views.chunks(columns).map(|row| row.iter().map(V::read).collect()).collect())
    }

    pub fn affected(&self) -> Outcome<u64> {
        let mut affected = 0;
        check(unsafe { ddb_stmt_affected_rows(self.0, &mut affected) }).map(|()| affected)
    }

    pub fn reset(&self) {
        check(ddb_stmt_reset(self.0)).unwrap();
    }
}

pub struct Watch(pub *mut c_void);

unsafe impl Send for Watch {}

impl Drop for Watch {
    fn drop(&mut self) {
        assert_eq!(unsafe { ddb_watch_close(&mut self.0) }, OK);
    }
}

impl Watch {
    pub fn next(&self, timeout_ms: u32) -> Outcome<Json> {
        next_event(self.0, timeout_ms)
    }

    /// The event that must be there by now.
    pub fn expect(&self, kind: &str) -> Json {
        let event = self.next(5000).unwrap();
        assert_eq!(event["type"], kind, "{event}");
        event
    }

    pub fn expect_none(&self) {
        let failure = self.next(0).expect_err("no event was expected");
        assert_eq!(failure.status, TIMEOUT);
    }
}

pub fn next_event(watch: *mut c_void, timeout_ms: u32) -> Outcome<Json> {
    let mut text = null_mut();
    check(unsafe { ddb_watch_next_json(watch, timeout_ms, &mut text) })?;
    Ok(serde_json::from_str(&take_string(text)).unwrap())
}

/// A database file in a directory of its own.
pub struct TempDb {
    pub dir: TempDir,
    pub path: PathBuf,
}

impl TempDb {
    pub fn new() -> TempDb {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.ddb");
        TempDb { dir, path }
    }

    pub fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub fn open(&self) -> Db {
        self.open_with("")
    }

    pub fn open_with(&self, options: &str) -> Db {
        Db::open(self.path(), options).unwrap()
    }
}
