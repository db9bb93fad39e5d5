//! The exported C functions. Each one runs in [`call`], which clears the last error of the thread, turns panics into a
//! status and keeps errors for the accessors.

mod batch;
mod db;
mod error;
mod extension;
mod handle;
mod memory;
mod metadata;
mod result;
mod stmt;
mod stmt_fast;
mod unsupported;
mod value;
mod watch;

use std::any::Any;
use std::ffi::{c_char, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};

pub use batch::*;
pub use db::*;
pub use error::*;
pub use extension::*;
pub use memory::{ddb_string_free, ddb_value_dispose, ddb_value_init};
pub use metadata::*;
pub use result::*;
pub use stmt::*;
pub use stmt_fast::*;
pub use unsupported::*;
pub use watch::*;

use crate::error::{Error, Result, Status};
use crate::stack;

/// Runs the body of an exported function.
fn call(body: impl FnOnce() -> Result<()>) -> u32 {
    error::clear();
    let failure = match stack::with_reserve(|| catch_unwind(AssertUnwindSafe(body))) {
        Ok(Ok(())) => return Status::Ok as u32,
        Ok(Err(failure)) => failure,
        Err(panic) => panicked(&*panic),
    };
    let status = failure.status as u32;
    error::set(failure);
    status
}

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> Error {
    let reason = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned());
    Error::new(Status::Panic, "internal.panic_captured", Some("XX000"), reason)
}

/// The text of a C string argument.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that lives for `'a`.
unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(Error::misuse(format!("{name} must not be NULL")));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Error::misuse(format!("{name} is not valid UTF-8")))
}

/// The text of a pointer and length.
///
/// # Safety
/// `data` is NULL or points to `length` bytes that live for `'a`.
unsafe fn sized_text<'a>(data: *const u8, length: usize, name: &str) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(data, length, name) }?;
    std::str::from_utf8(bytes).map_err(|_| Error::misuse(format!("{name} is not valid UTF-8")))
}

/// The length limit of a text or blob in bytes.
const MAX_BYTES: usize = 1_000_000_000;

/// # Safety
/// As [`sized_text`].
unsafe fn bytes<'a>(data: *const u8, length: usize, name: &str) -> Result<&'a [u8]> {
    if length > MAX_BYTES {
        return Err(Error::misuse(format!("{name} has {length} bytes: a value has at most {MAX_BYTES}")));
    }
    // SAFETY: the caller's promise.
    unsafe { array(data, length, name) }
}

/// # Safety
/// `data` is NULL or points to `length` elements that live for `'a`.
unsafe fn array<'a, T>(data: *const T, length: usize, name: &str) -> Result<&'a [T]> {
    if length == 0 {
        Ok(&[])
    } else if data.is_null() {
        Err(Error::misuse(format!("{name} must not be NULL when its length is {length}")))
    } else if !data.is_aligned() || length > isize::MAX as usize / size_of::<T>().max(1) {
        Err(Error::misuse(format!("{name} is not an array of {length} elements")))
    } else {
        // SAFETY: the caller's promise.
        Ok(unsafe { std::slice::from_raw_parts(data, length) })
    }
}

/// The place that an out parameter points to; the caller need not have initialised it.
///
/// # Safety
/// `place` is NULL or writable.
unsafe fn out<'a, T>(place: *mut T, name: &str) -> Result<Out<'a, T>> {
    if place.is_null() {
        Err(Error::misuse(format!("{name} must not be NULL")))
    } else {
        Ok(Out(place, std::marker::PhantomData))
    }
}

/// A checked out parameter; writing to it is safe.
struct Out<'a, T>(*mut T, std::marker::PhantomData<&'a mut T>);

impl<T> Out<'_, T> {
    fn set(&self, value: T) {
        // SAFETY: `out` requires the caller's promise. The data is plain, so nothing is dropped. The place may be
        // unaligned.
        unsafe { self.0.write_unaligned(value) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_at_the_boundary() {
        assert_eq!(call(|| panic!("out of {}", "luck")), Status::Panic as u32);
        // SAFETY: the message belongs to the previous call.
        let message = unsafe { CStr::from_ptr(ddb_last_error_message()) };
        assert_eq!(message.to_str(), Ok("panic captured at boundary: out of luck"));
        assert_eq!(call(|| Ok(())), Status::Ok as u32);
        assert!(ddb_last_error_message().is_null());
    }
}
