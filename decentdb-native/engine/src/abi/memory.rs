//! Memory handed to the caller: strings and the bytes of copied values. The engine records every allocation until it is
//! freed, so that freeing it twice, or freeing foreign memory, is an error and not a crash.

use std::collections::HashMap;
use std::ffi::c_char;
use std::ptr;
use std::sync::LazyLock;

use parking_lot::Mutex;

use super::call;
use crate::c_layout::ValueView;
use crate::error::{Error, Result};
use crate::value::Value;

const SHARDS: usize = 16;

/// Allocations by address.
type Shard = Mutex<HashMap<usize, Box<[u8]>>>;

/// The allocations that callers hold.
static LIVE: LazyLock<[Shard; SHARDS]> = LazyLock::new(|| std::array::from_fn(|_| Mutex::default()));

fn shard(address: usize) -> &'static Shard {
    &LIVE[address / 16 % SHARDS]
}

fn give(bytes: Vec<u8>) -> *mut u8 {
    let mut bytes = bytes.into_boxed_slice();
    let address = bytes.as_mut_ptr();
    shard(address as usize).lock().insert(address as usize, bytes);
    address
}

/// Takes back an allocation of [`give`]; false if no caller holds it.
fn take_back(address: *const u8) -> bool {
    shard(address as usize).lock().remove(&(address as usize)).is_some()
}

/// A NUL-terminated copy for the caller.
pub fn string(text: &str) -> Result<*mut c_char> {
    if text.contains('\0') {
        return Err(Error::internal("a text with U+0000 cannot be given as a C string"));
    }
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
    Ok(give(bytes).cast())
}

/// Writes an owned copy of `value` to `place` and releases the memory that `place` owned before.
///
/// # Safety
/// `place` is NULL or an initialised value.
pub unsafe fn copy_value(value: &Value, place: *mut ValueView) -> Result<()> {
    if place.is_null() {
        return Err(Error::misuse("out_value must not be NULL"));
    }
    // SAFETY: the caller's promise.
    let old = unsafe { place.read_unaligned() };
    if old.has_data() && !old.data.is_null() {
        take_back(old.data);
    }
    let mut copy = ValueView::default();
    match value {
        Value::Text(text) => own(&mut copy, text.as_bytes()),
        Value::Blob(bytes) | Value::Geometry(bytes) | Value::Geography(bytes) => own(&mut copy, bytes),
        _ => {}
    }
    copy.set_fixed(value);
    // SAFETY: the caller's promise.
    unsafe { place.write_unaligned(copy) };
    Ok(())
}

fn own(copy: &mut ValueView, bytes: &[u8]) {
    if !bytes.is_empty() {
        copy.data = give(bytes.to_vec());
        copy.len = bytes.len();
    }
}

/// # Safety
/// `value` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_value_init(value: *mut ValueView) -> u32 {
    call(|| {
        if value.is_null() {
            return Err(Error::misuse("value must not be NULL"));
        }
        // SAFETY: the caller's promise.
        unsafe { value.write_unaligned(ValueView::default()) };
        Ok(())
    })
}

/// Releases the memory of a copied value and makes the value NULL. Accepts NULL.
///
/// # Safety
/// `value` is NULL or an initialised value.
#[no_mangle]
pub unsafe extern "C" fn ddb_value_dispose(value: *mut ValueView) -> u32 {
    call(|| {
        if value.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        let old = unsafe { value.read_unaligned() };
        if old.has_data() && !old.data.is_null() && !take_back(old.data) {
            return Err(Error::misuse(
                "the value owns no memory of this library: it was disposed of already, or is a view",
            ));
        }
        // SAFETY: the caller's promise.
        unsafe { value.write_unaligned(ValueView::default()) };
        Ok(())
    })
}

/// Frees a string and sets the pointer to NULL. Accepts NULL.
///
/// # Safety
/// `value` is NULL or points to a pointer.
#[no_mangle]
pub unsafe extern "C" fn ddb_string_free(value: *mut *mut c_char) -> u32 {
    call(|| {
        if value.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        let text = unsafe { value.read_unaligned() };
        if text.is_null() {
            return Ok(());
        }
        if !take_back(text.cast_const().cast()) {
            return Err(Error::misuse("not a string of this library, or freed already"));
        }
        // SAFETY: the caller's promise.
        unsafe { value.write_unaligned(ptr::null_mut()) };
        Ok(())
    })
}
