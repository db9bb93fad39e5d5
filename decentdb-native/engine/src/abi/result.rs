//! Materialised results.

use std::ffi::{c_char, c_void};

use super::stmt::no_column;
use super::{call, handle, memory, out};
use crate::c_layout::ValueView;
use crate::engine::{cell_value, QueryResult};
use crate::error::Error;

/// # Safety
/// `result` is NULL or points to a handle.
#[no_mangle]
pub unsafe extern "C" fn ddb_result_free(result: *mut *mut c_void) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { handle::take::<QueryResult>(result) }.map(drop))
}

/// # Safety
/// `out_rows` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_result_row_count(result: *mut c_void, out_rows: *mut usize) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_rows, "out_rows") }?;
        place.set(handle::get::<QueryResult>(result)?.rows.len());
        Ok(())
    })
}

/// # Safety
/// `out_columns` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_result_column_count(result: *mut c_void, out_columns: *mut usize) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_columns, "out_columns") }?;
        place.set(handle::get::<QueryResult>(result)?.types.len());
        Ok(())
    })
}

/// The number of rows that the statement changed, or of the rows it returned.
///
/// # Safety
/// `out_rows` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_result_affected_rows(result: *mut c_void, out_rows: *mut u64) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_rows, "out_rows") }?;
        place.set(handle::get::<QueryResult>(result)?.affected);
        Ok(())
    })
}

/// # Safety
/// `out_name` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_result_column_name_copy(
    result: *mut c_void,
    column_index: usize,
    out_name: *mut *mut c_char,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let place = unsafe { out(out_name, "out_name") }?;
        let result = handle::get::<QueryResult>(result)?;
        let columns = &result.compiled.columns;
        let column = columns.get(column_index).ok_or_else(|| no_column(column_index, columns.len()))?;
        place.set(memory::string(&column.name)?);
        Ok(())
    })
}

/// # Safety
/// `out_value` is an initialised value.
#[no_mangle]
pub unsafe extern "C" fn ddb_result_value_copy(
    result: *mut c_void,
    row_index: usize,
    column_index: usize,
    out_value: *mut ValueView,
) -> u32 {
    call(|| {
        let result = handle::get::<QueryResult>(result)?;
        if row_index >= result.rows.len() {
            let count = result.rows.len();
            return Err(Error::misuse(format!("row {row_index} does not exist: the result has {count} rows")));
        }
        let ty = result.types.get(column_index).ok_or_else(|| no_column(column_index, result.types.len()))?;
        let value = cell_value(result.rows.cell(row_index, column_index), ty);
        // SAFETY: the caller's promise.
        unsafe { memory::copy_value(&value, out_value) }
    })
}
