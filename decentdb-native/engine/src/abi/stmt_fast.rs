//! Calls that combine binding with stepping or executing.

use std::ffi::{c_char, c_void};

use super::stmt::{step_row_view, with};
use super::{call, out, sized_text};
use crate::c_layout::ValueView;
use crate::engine::narrow_row;
use crate::error::Result;
use crate::value::Value;

/// # Safety
/// The out parameters are writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_bind_int64_step_row_view(
    stmt: *mut c_void,
    index: usize,
    value: i64,
    out_values: *mut *const ValueView,
    out_columns: *mut usize,
    out_has_row: *mut u8,
) -> u32 {
    call(|| {
        let bind = |prepared: &mut crate::engine::Prepared| prepared.bind(index, Value::Int64(value));
        // SAFETY: the caller's promise.
        unsafe { step_row_view(stmt, out_values, out_columns, out_has_row, bind) }
    })
}

/// # Safety
/// `value` has `byte_len` bytes, the out parameters are writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_bind_text_step_row_view(
    stmt: *mut c_void,
    index: usize,
    value: *const c_char,
    byte_len: usize,
    out_values: *mut *const ValueView,
    out_columns: *mut usize,
    out_has_row: *mut u8,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let value = unsafe { sized_text(value.cast(), byte_len, "value") }?;
        // SAFETY: the caller's promise.
        unsafe {
            step_row_view(stmt, out_values, out_columns, out_has_row, |prepared| prepared.bind_text(index, value))
        }
    })
}

/// # Safety
/// The out parameters are writable.
#[no_mangle]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn ddb_stmt_bind_int64_step_i64_text_f64(
    stmt: *mut c_void,
    index: usize,
    value: i64,
    out_int64: *mut i64,
    out_text_data: *mut *const u8,
    out_text_len: *mut usize,
    out_float64: *mut f64,
    out_has_row: *mut u8,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let (number, data, length, float, has_row) = unsafe {
            (
                out(out_int64, "out_int64")?,
                out(out_text_data, "out_text_data")?,
                out(out_text_len, "out_text_len")?,
                out(out_float64, "out_float64")?,
                out(out_has_row, "out_has_row")?,
            )
        };
        with(stmt, |core, prepared| {
            prepared.bind(index, Value::Int64(value))?;
            let found = prepared.step(core)?;
            if found {
                let row = narrow_row(prepared.current_row()?)?;
                number.set(row.int64_value);
                data.set(row.text_data);
                length.set(row.text_len);
                float.set(row.float64_value);
            }
            has_row.set(u8::from(found));
            Ok(())
        })
    })
}

/// # Safety
/// `out_affected` is NULL or writable.
unsafe fn rebind_execute<const N: usize>(stmt: *mut c_void, values: [Value; N], out_affected: *mut u64) -> Result<()> {
    let affected = with(stmt, |core, prepared| prepared.rebind_execute(core, values))?;
    if !out_affected.is_null() {
        // SAFETY: the caller's promise.
        unsafe { out(out_affected, "out_affected") }?.set(affected);
    }
    Ok(())
}

/// # Safety
/// `out_affected` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_rebind_int64_execute(stmt: *mut c_void, value: i64, out_affected: *mut u64) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { rebind_execute(stmt, [Value::Int64(value)], out_affected) })
}

/// # Safety
/// `text_value` has `text_len` bytes, `out_affected` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_rebind_text_int64_execute(
    stmt: *mut c_void,
    text_value: *const c_char,
    text_len: usize,
    int_value: i64,
    out_affected: *mut u64,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let text = unsafe { sized_text(text_value.cast(), text_len, "text_value") }?.to_owned();
        // SAFETY: the caller's promise.
        unsafe { rebind_execute(stmt, [Value::Text(text), Value::Int64(int_value)], out_affected) }
    })
}

/// # Safety
/// As [`ddb_stmt_rebind_text_int64_execute`].
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_rebind_int64_text_execute(
    stmt: *mut c_void,
    int_value: i64,
    text_value: *const c_char,
    text_len: usize,
    out_affected: *mut u64,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let text = unsafe { sized_text(text_value.cast(), text_len, "text_value") }?.to_owned();
        // SAFETY: the caller's promise.
        unsafe { rebind_execute(stmt, [Value::Int64(int_value), Value::Text(text)], out_affected) }
    })
}
