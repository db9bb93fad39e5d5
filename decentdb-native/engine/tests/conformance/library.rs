//! A library with DecentDB's C ABI, loaded at run time: its functions by name, and handles over them.

use std::ffi::{c_char, c_void, CStr, CString};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};

use libloading::{Library as Loaded, Symbol};
use serde_json::Value as Json;

use crate::outcome::Failure;
use crate::structs::RawValue;
use crate::value::Parameter;

type Handle = *mut c_void;

pub struct Library {
    pub path: PathBuf,
    pub version: String,
    loaded: Loaded,
}

/// A failed call: the fields that programs look at, and the message for people.
pub struct Failed {
    pub failure: Failure,
    pub message: String,
}

pub type Called<T> = Result<T, Box<Failed>>;

/// The columns and rows of a result, and its number of affected rows.
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub tags: Vec<u32>,
    pub affected: u64,
}

const STATUS: [&str; 14] = [
    "OK",
    "IO",
    "CORRUPTION",
    "CONSTRAINT",
    "TRANSACTION",
    "SQL",
    "INTERNAL",
    "PANIC",
    "UNSUPPORTED_FORMAT_VERSION",
    "BUSY",
    "TIMEOUT",
    "CANCELED",
    "QUEUE_FULL",
    "QUEUE_CLOSED",
];

impl Library {
    pub fn load(path: &Path) -> Library {
        // SAFETY: the user names the library and states that it is DecentDB's.
        let loaded = unsafe { Loaded::new(path) }.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut library = Library { path: path.to_owned(), version: String::new(), loaded };
        let version: Symbol<unsafe extern "C" fn() -> *const c_char> = library.function("ddb_version");
        library.version = unsafe { CStr::from_ptr(version()) }.to_string_lossy().into_owned();
        library
    }

    /// A function of the header; the caller states its type.
    pub fn function<T>(&self, name: &str) -> Symbol<'_, T> {
        unsafe { self.loaded.get(name) }.unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    /// Turns the status of the call just made on this thread into its result.
    pub fn check(&self, status: u32) -> Called<()> {
        if status == 0 {
            return Ok(());
        }
        let last_error: Symbol<unsafe extern "C" fn(*mut *mut c_char) -> u32> = self.function("ddb_last_error_json");
        let mut text = null_mut();
        unsafe { last_error(&mut text) };
        let json: Json = self.take_string(text).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let member = |name: &str| json[name].as_str().map(str::to_owned);
        let failure = Failure {
            status: STATUS.get(status as usize).map_or_else(|| format!("status {status}"), |name| (*name).to_owned()),
            sqlstate: member("sqlstate"),
            subcode: member("subcode"),
            relation: member("relation"),
            column: member("column"),
            constraint: member("constraint"),
            index: member("index"),
            setup: None,
        };
        Err(Box::new(Failed { failure, message: member("message").unwrap_or_default() }))
    }

    fn take_string(&self, mut text: *mut c_char) -> Option<String> {
        if text.is_null() {
            return None;
        }
        let free: Symbol<unsafe extern "C" fn(*mut *mut c_char) -> u32> = self.function("ddb_string_free");
        unsafe {
            let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
            free(&mut text);
            Some(copy)
        }
    }

    /// Opens or creates a database.
    pub fn open(&self, path: &str) -> Called<Database<'_>> {
        let open: Symbol<unsafe extern "C" fn(*const c_char, *mut Handle) -> u32> =
            self.function("ddb_db_open_or_create");
        let mut handle = null_mut();
        self.check(unsafe { open(c_string(path).as_ptr(), &mut handle) })?;
        Ok(Database { library: self, handle })
    }

    fn free(&self, function: &str, mut handle: Handle) {
        let free: Symbol<unsafe extern "C" fn(*mut Handle) -> u32> = self.function(function);
        unsafe { free(&mut handle) };
    }
}

pub struct Database<'a> {
    library: &'a Library,
    handle: Handle,
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        self.library.free("ddb_db_free", self.handle);
    }
}

impl Database<'_> {
    pub fn execute(&self, sql: &str, parameters: &[Parameter]) -> Called<Rows> {
        let execute: Symbol<unsafe extern "C" fn(Handle, *const c_char, *const RawValue, usize, *mut Handle) -> u32> =
            self.library.function("ddb_db_execute");
        let raw: Vec<RawValue> = parameters.iter().map(|parameter| parameter.raw).collect();
        let mut result = null_mut();
        let sql = c_string(sql);
        self.library.check(unsafe { execute(self.handle, sql.as_ptr(), raw.as_ptr(), raw.len(), &mut result) })?;
        self.read_result(result)
    }

    pub fn execute_queued(&self, sql: &str, parameters: &[Parameter]) -> Called<Rows> {
        let execute: Symbol<
            unsafe extern "C" fn(Handle, *const c_char, *const RawValue, usize, u64, *mut Handle) -> u32,
        > = self.library.function("ddb_db_execute_queued");
        let raw: Vec<RawValue> = parameters.iter().map(|parameter| parameter.raw).collect();
        let mut result = null_mut();
        let sql = c_string(sql);
        let status = unsafe { execute(self.handle, sql.as_ptr(), raw.as_ptr(), raw.len(), u64::MAX, &mut result) };
        self.library.check(status)?;
        self.read_result(result)
    }

    /// Reads a result through `ddb_result_*` and frees it.
    fn read_result(&self, result: Handle) -> Called<Rows> {
        let read = || {
            let columns = self.get_size("ddb_result_column_count", result)?;
            let count = self.get_size("ddb_result_row_count", result)?;
            let affected = self.get_u64("ddb_result_affected_rows", result)?;
            let copy: Symbol<unsafe extern "C" fn(Handle, usize, usize, *mut RawValue) -> u32> =
                self.library.function("ddb_result_value_copy");
            let names = self.names("ddb_result_column_name_copy", result, columns)?;
            let mut read = Rows { columns: names, rows: Vec::new(), tags: Vec::new(), affected };
            for row in 0..count {
                read.push((0..columns).map(|column| self.copied(|value| unsafe { copy(result, row, column, value) })))?;
            }
            Ok(read)
        };
        let read = read();
        self.library.free("ddb_result_free", result);
        read
    }

    /// Runs a prepared statement with `run` and frees it.
    fn prepared<T>(&self, sql: &str, parameters: &[Parameter], run: impl FnOnce(Handle) -> Called<T>) -> Called<T> {
        let prepare: Symbol<unsafe extern "C" fn(Handle, *const c_char, *mut Handle) -> u32> =
            self.library.function("ddb_db_prepare");
        let mut statement = null_mut();
        self.library.check(unsafe { prepare(self.handle, c_string(sql).as_ptr(), &mut statement) })?;
        let bound =
            parameters.iter().enumerate().try_for_each(|(at, parameter)| self.bind(statement, at + 1, parameter));
        let done = bound.and_then(|()| run(statement));
        self.library.free("ddb_stmt_free", statement);
        done
    }

    pub fn step(&self, sql: &str, parameters: &[Parameter]) -> Called<Rows> {
        self.prepared(sql, parameters, |statement| {
            let step: Symbol<unsafe extern "C" fn(Handle, *mut u8) -> u32> = self.library.function("ddb_stmt_step");
            let copy: Symbol<unsafe extern "C" fn(Handle, usize, *mut RawValue) -> u32> =
                self.library.function("ddb_stmt_value_copy");
            let mut read = Rows { columns: Vec::new(), rows: Vec::new(), tags: Vec::new(), affected: 0 };
            loop {
                let mut has_row = 0;
                self.library.check(unsafe { step(statement, &mut has_row) })?;
                if has_row == 0 {
                    break;
                }
                let columns = self.get_size("ddb_stmt_column_count", statement)?;
                read.push((0..columns).map(|column| self.copied(|value| unsafe { copy(statement, column, value) })))?;
            }
            self.finish(statement, read)
        })
    }

    pub fn fetch(&self, sql: &str, parameters: &[Parameter]) -> Called<Rows> {
        type Fetch = unsafe extern "C" fn(Handle, u8, usize, *mut *const RawValue, *mut usize, *mut usize) -> u32;
        const BLOCK: usize = 2;
        self.prepared(sql, parameters, |statement| {
            let fetch: Symbol<Fetch> = self.library.function("ddb_stmt_fetch_row_views");
            let mut read = Rows { columns: Vec::new(), rows: Vec::new(), tags: Vec::new(), affected: 0 };
            loop {
                let (mut values, mut rows, mut columns) = (null(), 0, 0);
                self.library.check(unsafe { fetch(statement, 0, BLOCK, &mut values, &mut rows, &mut columns) })?;
                if rows == 0 {
                    break;
                }
                let views = unsafe { std::slice::from_raw_parts(values, rows * columns) };
                for row in views.chunks(columns) {
                    read.push(row.iter().map(|view| Ok((view.tag, crate::value::show(view)))))?;
                }
            }
            self.finish(statement, read)
        })
    }

    fn finish(&self, statement: Handle, mut read: Rows) -> Called<Rows> {
        let columns = self.get_size("ddb_stmt_column_count", statement)?;
        read.columns = self.names("ddb_stmt_column_name_copy", statement, columns)?;
        read.affected = self.get_u64("ddb_stmt_affected_rows", statement)?;
        Ok(read)
    }

    fn bind(&self, statement: Handle, index: usize, parameter: &Parameter) -> Called<()> {
        type Bytes = unsafe extern "C" fn(Handle, usize, *const u8, usize) -> u32;
        let raw = &parameter.raw;
        macro_rules! bind {
            ($name:literal, $type:ty $(, $value:expr)*) => {{
                let bind: Symbol<$type> = self.library.function($name);
                unsafe { bind(statement, index $(, $value)*) }
            }};
        }
        let status = match raw.tag {
            0 => bind!("ddb_stmt_bind_null", unsafe extern "C" fn(Handle, usize) -> u32),
            1 => bind!("ddb_stmt_bind_int64", unsafe extern "C" fn(Handle, usize, i64) -> u32, raw.int64_value),
            2 => bind!("ddb_stmt_bind_float64", unsafe extern "C" fn(Handle, usize, f64) -> u32, raw.float64_value),
            3 => bind!("ddb_stmt_bind_bool", unsafe extern "C" fn(Handle, usize, u8) -> u32, raw.bool_value),
            4 => bind!("ddb_stmt_bind_text", Bytes, raw.data, raw.len),
            5 => bind!("ddb_stmt_bind_blob", Bytes, raw.data, raw.len),
            6 => bind!(
                "ddb_stmt_bind_decimal",
                unsafe extern "C" fn(Handle, usize, i64, u8) -> u32,
                raw.decimal_scaled,
                raw.decimal_scale
            ),
            7 => bind!(
                "ddb_stmt_bind_uuid",
                unsafe extern "C" fn(Handle, usize, *const u8) -> u32,
                raw.uuid_bytes.as_ptr()
            ),
            8 => bind!(
                "ddb_stmt_bind_timestamp_micros",
                unsafe extern "C" fn(Handle, usize, i64) -> u32,
                raw.timestamp_micros
            ),
            9 => bind!("ddb_stmt_bind_geometry_wkb", Bytes, raw.data, raw.len),
            10 => bind!("ddb_stmt_bind_geography_wkb", Bytes, raw.data, raw.len),
            other => panic!("the interface has no function to bind {}", crate::value::tag_name(other)),
        };
        self.library.check(status)
    }

    /// A value copied out by `copy`, as text.
    fn copied(&self, copy: impl FnOnce(*mut RawValue) -> u32) -> Called<(u32, String)> {
        let init: Symbol<unsafe extern "C" fn(*mut RawValue) -> u32> = self.library.function("ddb_value_init");
        let dispose: Symbol<unsafe extern "C" fn(*mut RawValue) -> u32> = self.library.function("ddb_value_dispose");
        let mut value = RawValue::null();
        self.library.check(unsafe { init(&mut value) })?;
        let copied = self.library.check(copy(&mut value)).map(|()| (value.tag, crate::value::show(&value)));
        self.library.check(unsafe { dispose(&mut value) })?;
        copied
    }

    fn names(&self, function: &str, handle: Handle, columns: usize) -> Called<Vec<String>> {
        let name: Symbol<unsafe extern "C" fn(Handle, usize, *mut *mut c_char) -> u32> =
            self.library.function(function);
        let copy = |column| {
            let mut text = null_mut();
            self.library.check(unsafe { name(handle, column, &mut text) })?;
            Ok(self.library.take_string(text).unwrap_or_default())
        };
        (0..columns).map(copy).collect()
    }

    fn get_size(&self, function: &str, handle: Handle) -> Called<usize> {
        let get: Symbol<unsafe extern "C" fn(Handle, *mut usize) -> u32> = self.library.function(function);
        let mut size = 0;
        self.library.check(unsafe { get(handle, &mut size) }).map(|()| size)
    }

    fn get_u64(&self, function: &str, handle: Handle) -> Called<u64> {
        let get: Symbol<unsafe extern "C" fn(Handle, *mut u64) -> u32> = self.library.function(function);
        let mut number = 0;
        self.library.check(unsafe { get(handle, &mut number) }).map(|()| number)
    }

    /// A call that takes the handle alone.
    pub fn call(&self, function: &str) -> Called<()> {
        let call: Symbol<unsafe extern "C" fn(Handle) -> u32> = self.library.function(function);
        self.library.check(unsafe { call(self.handle) })
    }

    pub fn commit(&self) -> Called<()> {
        self.get_u64("ddb_db_commit_transaction", self.handle).map(|_lsn| ())
    }

    pub fn in_transaction(&self) -> Called<bool> {
        let get: Symbol<unsafe extern "C" fn(Handle, *mut u8) -> u32> = self.library.function("ddb_db_in_transaction");
        let mut flag = 0;
        self.library.check(unsafe { get(self.handle, &mut flag) }).map(|()| flag != 0)
    }

    /// A call that returns a text.
    pub fn text(&self, function: &str) -> Called<String> {
        let call: Symbol<unsafe extern "C" fn(Handle, *mut *mut c_char) -> u32> = self.library.function(function);
        let mut text = null_mut();
        self.library.check(unsafe { call(self.handle, &mut text) })?;
        Ok(self.library.take_string(text).unwrap_or_default())
    }

    /// A call that takes a text and returns a text.
    pub fn text_of(&self, function: &str, argument: &str) -> Called<String> {
        let call: Symbol<unsafe extern "C" fn(Handle, *const c_char, *mut *mut c_char) -> u32> =
            self.library.function(function);
        let mut text = null_mut();
        let argument = c_string(argument);
        self.library.check(unsafe { call(self.handle, argument.as_ptr(), &mut text) })?;
        Ok(self.library.take_string(text).unwrap_or_default())
    }
}

impl Rows {
    /// Adds a row. The tags come from the first row.
    fn push(&mut self, row: impl Iterator<Item = Called<(u32, String)>>) -> Called<()> {
        let (tags, values): (Vec<u32>, Vec<String>) = row.collect::<Called<Vec<_>>>()?.into_iter().unzip();
        if self.rows.is_empty() {
            self.tags = tags;
        }
        self.rows.push(values);
        Ok(())
    }
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("the texts of the cases have no NUL")
}
