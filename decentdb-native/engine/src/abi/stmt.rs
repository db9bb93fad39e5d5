//! Prepared statements.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::db::session;
use super::{bytes, call, handle, memory, out, sized_text, text};
use crate::c_layout::{RowI64TextF64, ValueView};
use crate::engine::{Block, Core, Prepared, StatementHandle};
use crate::error::{Error, Result};
use crate::value::Value;

pub(super) fn with<T>(stmt: *mut c_void, body: impl FnOnce(&mut Core, &mut Prepared) -> Result<T>) -> Result<T> {
    handle::get::<StatementHandle>(stmt)?.with(body)
}

fn bind(stmt: *mut c_void, index: usize, value: Value) -> Result<()> {
    with(stmt, |_, prepared| prepared.bind(index, value))
}

/// # Safety
/// `sql` is a C string, `out_stmt` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_prepare(db: *mut c_void, sql: *const c_char, out_stmt: *mut *mut c_void) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let (place, sql) = unsafe { (out(out_stmt, "out_stmt")?, text(sql, "sql")?) };
        place.set(std::ptr::null_mut());
        let session = session(db)?;
        place.set(handle::insert(Arc::new(StatementHandle::prepare(&session, sql)?)));
        Ok(())
    })
}

/// # Safety
/// `stmt` is NULL or points to a handle.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_free(stmt: *mut *mut c_void) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { handle::take::<StatementHandle>(stmt) }.map(drop))
}

/// Drops the result and keeps the bindings.
#[no_mangle]
pub extern "C" fn ddb_stmt_reset(stmt: *mut c_void) -> u32 {
    call(|| {
        with(stmt, |_, prepared| {
            prepared.reset();
            Ok(())
        })
    })
}

#[no_mangle]
pub extern "C" fn ddb_stmt_clear_bindings(stmt: *mut c_void) -> u32 {
    call(|| {
        with(stmt, |_, prepared| {
            prepared.clear_bindings();
            Ok(())
        })
    })
}

#[no_mangle]
pub extern "C" fn ddb_stmt_bind_null(stmt: *mut c_void, index: usize) -> u32 {
    call(|| bind(stmt, index, Value::Null))
}

#[no_mangle]
pub extern "C" fn ddb_stmt_bind_int64(stmt: *mut c_void, index: usize, value: i64) -> u32 {
    call(|| bind(stmt, index, Value::Int64(value)))
}

#[no_mangle]
pub extern "C" fn ddb_stmt_bind_float64(stmt: *mut c_void, index: usize, value: f64) -> u32 {
    call(|| bind(stmt, index, Value::Float64(value)))
}

#[no_mangle]
pub extern "C" fn ddb_stmt_bind_bool(stmt: *mut c_void, index: usize, value: u8) -> u32 {
    call(|| bind(stmt, index, Value::Bool(value != 0)))
}

/// # Safety
/// `value` has `byte_len` bytes.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_bind_text(
    stmt: *mut c_void,
    index: usize,
    value: *const c_char,
    byte_len: usize,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let value = unsafe { sized_text(value.cast(), byte_len, "value") }?;
        with(stmt, |_, prepared| prepared.bind_text(index, value))
    })
}

/// # Safety
/// `data` has `byte_len` bytes.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_bind_blob(stmt: *mut c_void, index: usize, data: *const u8, byte_len: usize) -> u32 {
    // SAFETY: the caller's promise.
    call(|| bind(stmt, index, Value::Blob(unsafe { bytes(data, byte_len, "data") }?.to_vec())))
}

/// # Safety
/// As [`ddb_stmt_bind_blob`].
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_bind_geometry_wkb(
    stmt: *mut c_void,
    index: usize,
    data: *const u8,
    byte_len: usize,
) -> u32 {
    // SAFETY: the caller's promise.
    call(|| bind(stmt, index, Value::Geometry(unsafe { bytes(data, byte_len, "data") }?.to_vec())))
}

/// # Safety
/// As [`ddb_stmt_bind_blob`].
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_bind_geography_wkb(
    stmt: *mut c_void,
    index: usize,
    data: *const u8,
    byte_len: usize,
) -> u32 {
    // SAFETY: the caller's promise.
    call(|| bind(stmt, index, Value::Geography(unsafe { bytes(data, byte_len, "data") }?.to_vec())))
}

/// # Safety
/// `uuid_bytes` has 16 bytes.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_bind_uuid(stmt: *mut c_void, index: usize, uuid_bytes: *const u8) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let uuid = unsafe { bytes(uuid_bytes, 16, "uuid_bytes") }?;
        bind(stmt, index, Value::Uuid(uuid.try_into().map_err(|_| Error::internal("16 bytes"))?))
    })
}

#[no_mangle]
pub extern "C" fn ddb_stmt_bind_decimal(stmt: *mut c_void, index: usize, scaled: i64, scale: u8) -> u32 {
    call(|| bind(stmt, index, Value::Decimal { unscaled: scaled, scale }))
}

#[no_mangle]
pub extern "C" fn ddb_stmt_bind_timestamp_micros(stmt: *mut c_void, index: usize, micros: i64) -> u32 {
    call(|| bind(stmt, index, Value::Timestamp(micros)))
}

/// Executes the statement unless that has happened already, and moves to the next row.
///
/// # Safety
/// `out_has_row` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_step(stmt: *mut c_void, out_has_row: *mut u8) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_has_row, "out_has_row") }?;
        place.set(u8::from(with(stmt, |core, prepared| prepared.step(core))?));
        Ok(())
    })
}

/// Does not execute the statement.
///
/// # Safety
/// `out_columns` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_column_count(stmt: *mut c_void, out_columns: *mut usize) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_columns, "out_columns") }?;
        place.set(with(stmt, |_, prepared| Ok(prepared.compiled()?.columns.len()))?);
        Ok(())
    })
}

/// Does not execute the statement.
///
/// # Safety
/// `out_name` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_column_name_copy(
    stmt: *mut c_void,
    column_index: usize,
    out_name: *mut *mut c_char,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_name, "out_name") }?;
        let name = with(stmt, |_, prepared| {
            let columns = &prepared.compiled()?.columns;
            let column = columns.get(column_index).ok_or_else(|| no_column(column_index, columns.len()))?;
            memory::string(&column.name)
        })?;
        place.set(name);
        Ok(())
    })
}

pub(super) fn no_column(index: usize, count: usize) -> Error {
    Error::misuse(format!("column {index} does not exist: the result has {count} columns, counted from 0"))
}

/// Executes the statement unless that has happened already. For a query, reports the number of rows returned so far.
///
/// # Safety
/// `out_rows` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_affected_rows(stmt: *mut c_void, out_rows: *mut u64) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_rows, "out_rows") }?;
        place.set(with(stmt, |core, prepared| prepared.affected_rows(core))?);
        Ok(())
    })
}

/// # Safety
/// `out_value` is an initialised value.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_value_copy(stmt: *mut c_void, column_index: usize, out_value: *mut ValueView) -> u32 {
    call(|| {
        let value = with(stmt, |_, prepared| {
            let row = prepared.current_row()?;
            let view = row.get(column_index).ok_or_else(|| no_column(column_index, row.len()))?;
            // SAFETY: the view belongs to the engine and is valid.
            let mut values = unsafe { super::value::parameters(view, 1) }?;
            Ok(values.swap_remove(0))
        })?;
        // SAFETY: the caller's promise.
        unsafe { memory::copy_value(&value, out_value) }
    })
}

/// The current row; valid until the next call on this statement.
///
/// # Safety
/// The out parameters are writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_row_view(
    stmt: *mut c_void,
    out_values: *mut *const ValueView,
    out_columns: *mut usize,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let (values, columns) = unsafe { (out(out_values, "out_values")?, out(out_columns, "out_columns")?) };
        with(stmt, |_, prepared| {
            let row = prepared.current_row()?;
            values.set(row.as_ptr());
            columns.set(row.len());
            Ok(())
        })
    })
}

/// Steps and returns the row, which is valid until the next call on this statement.
///
/// # Safety
/// The out parameters are writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_step_row_view(
    stmt: *mut c_void,
    out_values: *mut *const ValueView,
    out_columns: *mut usize,
    out_has_row: *mut u8,
) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { step_row_view(stmt, out_values, out_columns, out_has_row, |_| Ok(())) })
}

/// Binds, steps and returns the row.
///
/// # Safety
/// The out parameters are writable.
pub(super) unsafe fn step_row_view(
    stmt: *mut c_void,
    out_values: *mut *const ValueView,
    out_columns: *mut usize,
    out_has_row: *mut u8,
    bind: impl FnOnce(&mut Prepared) -> Result<()>,
) -> Result<()> {
    // SAFETY: the caller's promise.
    let (values, columns, has_row) =
        unsafe { (out(out_values, "out_values")?, out(out_columns, "out_columns")?, out(out_has_row, "out_has_row")?) };
    with(stmt, |core, prepared| {
        bind(prepared)?;
        let found = prepared.step(core)?;
        let row = if found { prepared.current_row()? } else { &[] };
        values.set(if found { row.as_ptr() } else { std::ptr::null() });
        columns.set(row.len());
        has_row.set(u8::from(found));
        Ok(())
    })
}

/// Returns the next rows as one array, row after row, with their text and blobs in one arena: at most `max_rows` rows,
/// or all if that is 0. They are valid until the next call on this statement.
///
/// # Safety
/// The out parameters are writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_fetch_row_views(
    stmt: *mut c_void,
    include_current_row: u8,
    max_rows: usize,
    out_values: *mut *const ValueView,
    out_rows: *mut usize,
    out_columns: *mut usize,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let (values, rows, columns) =
            unsafe { (out(out_values, "out_values")?, out(out_rows, "out_rows")?, out(out_columns, "out_columns")?) };
        with(stmt, |core, prepared| {
            let width = {
                prepared.ensure_executed(core)?;
                prepared.compiled()?.columns.len()
            };
            let block: &Block = prepared.fetch(core, include_current_row != 0, max_rows)?;
            values.set(if block.rows() > 0 { block.views().as_ptr() } else { std::ptr::null() });
            rows.set(block.rows());
            columns.set(width);
            Ok(())
        })
    })
}

/// Like [`ddb_stmt_fetch_row_views`] for rows of (INT64, TEXT, FLOAT64) without NULL. Other rows are an error, after which the
/// statement stands where it stood.
///
/// # Safety
/// The out parameters are writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_fetch_rows_i64_text_f64(
    stmt: *mut c_void,
    include_current_row: u8,
    max_rows: usize,
    out_rows_ptr: *mut *const RowI64TextF64,
    out_rows: *mut usize,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let (place, count) = unsafe { (out(out_rows_ptr, "out_rows_ptr")?, out(out_rows, "out_rows")?) };
        with(stmt, |core, prepared| {
            let rows = prepared.fetch_narrow(core, include_current_row != 0, max_rows)?;
            place.set(if rows.is_empty() { std::ptr::null() } else { rows.as_ptr() });
            count.set(rows.len());
            Ok(())
        })
    })
}
