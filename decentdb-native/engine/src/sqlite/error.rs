//! SQLite's result codes in the terms of the engine's diagnostics.

use std::ffi::{c_int, CStr};

use rusqlite::ffi;

use crate::error::{Error, Status};

/// The error of `code`, with the message the connection keeps for it.
pub fn from_code(db: *mut ffi::sqlite3, code: c_int) -> Error {
    // SAFETY: `db` is a live connection; the message is copied before the next call.
    let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(db)) }.to_string_lossy().into_owned();
    translate(code, message)
}

pub fn from_rusqlite(error: &rusqlite::Error) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(cause, message) => translate(
            cause.extended_code,
            message.clone().unwrap_or_else(|| ffi::code_to_str(cause.extended_code).to_owned()),
        ),
        other => Error::internal(other.to_string()),
    }
}

fn translate(code: c_int, message: String) -> Error {
    if code == ffi::SQLITE_BUSY_SNAPSHOT {
        return Error::conflict();
    }
    match code & 0xff {
        ffi::SQLITE_CONSTRAINT => Error {
            constraint_code: Some(code),
            ..Error::new(Status::Constraint, "constraint.unknown", Some("23000"), message)
        },
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Error::lock_timeout("another process holds the database's write lock"),
        ffi::SQLITE_FULL => Error::new(Status::Io, "io.disk_full", Some("53100"), format!("disk full: {message}"))
            .hint("make room; or, inserting into a table that once held the highest id there is, give ids of your own"),
        ffi::SQLITE_READONLY | ffi::SQLITE_PERM | ffi::SQLITE_AUTH => {
            Error::new(Status::Io, "io.permission_denied", Some("58030"), message)
                .hint("the database file and its directory must be writable")
        }
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN | ffi::SQLITE_NOLFS | ffi::SQLITE_PROTOCOL => {
            Error::new(Status::Io, "io.unknown", Some("58030"), message)
        }
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => {
            Error::new(Status::Corruption, "corruption.database", Some("XX001"), message)
        }
        ffi::SQLITE_NOMEM => Error::new(Status::Internal, "internal.out_of_memory", Some("53200"), message),
        ffi::SQLITE_TOOBIG => Error::new(Status::Sql, "sql.too_big", Some("54000"), message)
            .hint("a value or a statement may have at most 1,000,000,000 bytes"),
        ffi::SQLITE_MISMATCH => Error::type_mismatch(message),
        ffi::SQLITE_INTERRUPT => Error::new(Status::Canceled, "sql.canceled", Some("57014"), message),
        ffi::SQLITE_ERROR => Error::new(Status::Sql, "sql.unknown", None, message),
        _ => Error::internal(format!("{message} (SQLite code {code})")),
    }
}
