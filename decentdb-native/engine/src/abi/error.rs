//! The last error of the thread, and the version.

use std::cell::RefCell;
use std::ffi::{c_char, CString};
use std::ptr;

use super::memory;
use crate::error::{Error, Status};

struct Last {
    error: Error,
    message: CString,
}

thread_local! {
    static LAST: RefCell<Option<Box<Last>>> = const { RefCell::new(None) };
}

const ABI_VERSION: u32 = 7;

pub(super) fn clear() {
    LAST.with(|last| {
        let mut last = last.borrow_mut();
        if last.is_some() {
            *last = None;
        }
    });
}

pub(super) fn set(error: Error) {
    let message = CString::new(error.prefixed().replace('\0', "\u{fffd}")).unwrap_or_default();
    LAST.with(|last| *last.borrow_mut() = Some(Box::new(Last { error, message })));
}

#[no_mangle]
pub extern "C" fn ddb_abi_version() -> u32 {
    ABI_VERSION
}

/// `<crate version>+bundled`
#[no_mangle]
pub extern "C" fn ddb_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "+bundled\0").as_ptr().cast()
}

/// The SHA-256 of the engine's sources in hex; `build.rs` describes how it is computed.
#[no_mangle]
pub extern "C" fn ddb_engine_source_digest() -> *const c_char {
    const PREFIX: &str = "ddb-engine-source-digest:";
    static TEXT: &str = concat!("ddb-engine-source-digest:", env!("DDB_ENGINE_SOURCE_DIGEST"), "\0");
    // The prefix lets a build find the digest in the file without loading the library.
    TEXT[PREFIX.len()..].as_ptr().cast()
}

/// The message of the last failed call on this thread, NULL if the last call succeeded. Valid until the next call.
#[no_mangle]
pub extern "C" fn ddb_last_error_message() -> *const c_char {
    LAST.with(|last| last.borrow().as_ref().map_or(ptr::null(), |last| last.message.as_ptr()))
}

/// The diagnostic of the last failed call on this thread as owned JSON, NULL if the last call succeeded.
///
/// # Safety
/// `out_json` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_last_error_json(out_json: *mut *mut c_char) -> u32 {
    if out_json.is_null() {
        return Status::Sql as u32;
    }
    let json = LAST.with(|last| last.borrow().as_ref().map(|last| last.error.diagnostic().to_string()));
    let text = match json {
        Some(json) => match memory::string(&json) {
            Ok(text) => text,
            Err(_) => return Status::Internal as u32,
        },
        None => ptr::null_mut(),
    };
    // SAFETY: the caller's promise.
    unsafe { out_json.write_unaligned(text) };
    Status::Ok as u32
}
