//! Batches: one statement executed for many rows of parameters. Either all rows succeed or none is written.

use std::ffi::{c_char, c_void};
use std::ptr;

use super::stmt::with;
use super::{array, call, out, sized_text, text};
use crate::error::{Error, Result};
use crate::value::Value;

/// The type of each parameter, and the position of its value within a row of the array of that type.
enum Slot {
    Int(usize),
    Bool(usize),
    Float(usize),
    Text(usize),
}

/// The arrays of a batch. Each holds its rows one after the other.
struct Columns {
    ints: *const i64,
    floats: *const f64,
    texts: *const *const c_char,
    lengths: *const usize,
}

/// # Safety
/// The arrays hold `count` rows of the types in `signature`; `out_total` is NULL or writable.
unsafe fn execute(
    stmt: *mut c_void,
    count: usize,
    signature: &str,
    columns: Columns,
    out_total: *mut u64,
) -> Result<()> {
    let (mut ints, mut floats, mut texts) = (0, 0, 0);
    let next = |counter: &mut usize| std::mem::replace(counter, *counter + 1);
    let slot = |letter| {
        Ok(match letter {
            'i' => Slot::Int(next(&mut ints)),
            'b' => Slot::Bool(next(&mut ints)),
            'f' => Slot::Float(next(&mut floats)),
            't' => Slot::Text(next(&mut texts)),
            other => {
                return Err(Error::misuse(format!(
                    "{other} in a batch signature: i, b, f and t are the types it knows"
                )))
            }
        })
    };
    let slots = signature.chars().map(slot).collect::<Result<Vec<Slot>>>()?;
    let cells = |width: usize| {
        count.checked_mul(width).ok_or_else(|| Error::misuse(format!("a batch of {count} rows is too large")))
    };
    // SAFETY: the caller's promise.
    let (all_ints, all_floats, all_texts, all_lengths) = unsafe {
        (
            array(columns.ints, cells(ints)?, "values_i64")?,
            array(columns.floats, cells(floats)?, "values_f64")?,
            array(columns.texts, cells(texts)?, "values_text_ptrs")?,
            array(columns.lengths, cells(texts)?, "values_text_lens")?,
        )
    };
    let total = with(stmt, |core, prepared| {
        prepared.execute_batch(core, count, |row, values| {
            for slot in &slots {
                values.push(match *slot {
                    Slot::Int(at) => Value::Int64(all_ints[row * ints + at]),
                    Slot::Bool(at) => Value::Bool(all_ints[row * ints + at] != 0),
                    Slot::Float(at) => Value::Float64(all_floats[row * floats + at]),
                    Slot::Text(at) => {
                        let at = row * texts + at;
                        // SAFETY: the caller's promise.
                        let text = unsafe { sized_text(all_texts[at].cast(), all_lengths[at], "values_text_ptrs") }?;
                        Value::Text(text.to_owned())
                    }
                });
            }
            Ok(())
        })
    })?;
    if !out_total.is_null() {
        // SAFETY: the caller's promise.
        unsafe { out(out_total, "out_total_affected_rows") }?.set(total);
    }
    Ok(())
}

/// # Safety
/// `values_i64` has `row_count` elements, `out_total` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_execute_batch_i64(
    stmt: *mut c_void,
    row_count: usize,
    values_i64: *const i64,
    out_total: *mut u64,
) -> u32 {
    let columns = Columns { ints: values_i64, floats: ptr::null(), texts: ptr::null(), lengths: ptr::null() };
    // SAFETY: the caller's promise.
    call(|| unsafe { execute(stmt, row_count, "i", columns, out_total) })
}

/// # Safety
/// The arrays have `row_count` elements each, `out_total` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_stmt_execute_batch_i64_text_f64(
    stmt: *mut c_void,
    row_count: usize,
    values_i64: *const i64,
    values_text_ptrs: *const *const c_char,
    values_text_lens: *const usize,
    values_f64: *const f64,
    out_total: *mut u64,
) -> u32 {
    let columns = Columns { ints: values_i64, floats: values_f64, texts: values_text_ptrs, lengths: values_text_lens };
    // SAFETY: the caller's promise.
    call(|| unsafe { execute(stmt, row_count, "itf", columns, out_total) })
}

/// # Safety
/// `signature` is a C string, the arrays hold `row_count` rows of its types, `out_total` is NULL or writable.
#[no_mangle]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn ddb_stmt_execute_batch_typed(
    stmt: *mut c_void,
    row_count: usize,
    signature: *const c_char,
    values_i64: *const i64,
    values_f64: *const f64,
    values_text_ptrs: *const *const c_char,
    values_text_lens: *const usize,
    out_total: *mut u64,
) -> u32 {
    let columns = Columns { ints: values_i64, floats: values_f64, texts: values_text_ptrs, lengths: values_text_lens };
    call(|| {
        // SAFETY: the caller's promise.
        let signature = unsafe { text(signature, "signature") }?;
        // SAFETY: the caller's promise.
        unsafe { execute(stmt, row_count, signature, columns, out_total) }
    })
}
