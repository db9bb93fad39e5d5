//! Translates SQLite's result codes into the engine's diagnostics.

use std::ffi::{c_int, CStr};
use std::io::ErrorKind;
use std::time::Duration;

use rusqlite::ffi;

use super::statement::Statement;
use crate::error::{Error, Status};

const ACCESS: &str = "this process must be allowed to read and write the database file and its directory";

/// How SQLite's messages about its own bounds begin.
const TOO_COMPLEX: &[&str] = &["at most ", "too many ", "Expression tree is too large", "parser stack overflow"];

/// The error of `code`, with the message the connection keeps for it.
pub fn from_code(db: *mut ffi::sqlite3, code: c_int) -> Error {
    // SAFETY: `db` is a live connection; the message is copied before the next call.
    let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(db)) }.to_string_lossy().into_owned();
    match code & 0xff {
        // The error depends on whether the connection has waited.
        ffi::SQLITE_BUSY if code != ffi::SQLITE_BUSY_SNAPSHOT => {
            Error::lock_unavailable(busy_timeout(db), "another process")
        }
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN => {
            let message = in_file(db, &message);
            // SAFETY: as above.
            match unsafe { ffi::sqlite3_system_errno(db) } {
                0 => translate(code, message),
                errno => system_error(std::io::Error::from_raw_os_error(errno), &message),
            }
        }
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB | ffi::SQLITE_READONLY | ffi::SQLITE_FULL => {
            translate(code, in_file(db, &message))
        }
        _ => translate(code, message),
    }
}

/// The message with the database file it is about.
fn in_file(db: *mut ffi::sqlite3, message: &str) -> String {
    // SAFETY: the connection is live; the name lives as long as the connection, and is copied.
    let name = unsafe {
        let name = ffi::sqlite3_db_filename(db, c"main".as_ptr());
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    };
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{name}: {message}"),
        None => message.to_owned(),
    }
}

/// How long SQLite waits for locks on this connection.
fn busy_timeout(db: *mut ffi::sqlite3) -> Duration {
    let millis = Statement::prepare(db, "PRAGMA busy_timeout").and_then(|mut statement| {
        statement.step()?;
        Ok(statement.column_i64(0))
    });
    Duration::from_millis(millis.map_or(0, |millis| millis.max(0) as u64))
}

/// A failed call to the operating system.
fn system_error(cause: std::io::Error, message: &str) -> Error {
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            disk_full(format!("disk full: {message}: {cause}"))
                .hint("make room, or raise the limit on the size of files")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => permission_denied(format!("{message}: {cause}")),
        _ => Error::io(format!("{message}: {cause}")),
    }
}

fn too_complex(sqlstate: &'static str, message: String) -> Error {
    Error::new(Status::Sql, "sql.statement_too_complex", Some(sqlstate), message)
}

fn disk_full(message: String) -> Error {
    Error::new(Status::Io, "io.disk_full", Some("53100"), message)
}

fn permission_denied(message: String) -> Error {
    Error::new(Status::Io, "io.permission_denied", Some("58030"), message).hint(ACCESS)
}

/// The error of a call through rusqlite. The connection knows how long it waits for locks.
pub fn from_rusqlite_on(db: *mut ffi::sqlite3, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ffi::ErrorCode::DatabaseBusy) => Error::lock_unavailable(busy_timeout(db), "another process"),
        _ => from_rusqlite(error),
    }
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
        ffi::SQLITE_BUSY => Error::lock_timeout("another process holds the database's write lock"),
        ffi::SQLITE_LOCKED => Error::new(Status::Busy, "busy.statement", Some("55006"), message)
            .hint("a statement of the same handle is still running"),
        ffi::SQLITE_FULL => disk_full(format!("disk full: {message}"))
            .hint("make room; or, if the table once held the highest possible id, supply ids explicitly"),
        ffi::SQLITE_READONLY | ffi::SQLITE_PERM | ffi::SQLITE_AUTH => permission_denied(message),
        ffi::SQLITE_CANTOPEN => Error::io(message).hint(ACCESS),
        ffi::SQLITE_IOERR | ffi::SQLITE_NOLFS | ffi::SQLITE_PROTOCOL => Error::io(message),
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => {
            Error::new(Status::Corruption, "corruption.database", Some("XX001"), message)
                .hint("restore the file from a copy; what is left of its rows can be read with SQLite's .recover")
        }
        ffi::SQLITE_NOMEM => Error::new(Status::Internal, "internal.out_of_memory", Some("53200"), message),
        ffi::SQLITE_TOOBIG => Error::new(Status::Sql, "sql.too_big", Some("54000"), message)
            .hint("a value or a statement may have at most 1,000,000,000 bytes"),
        ffi::SQLITE_MISMATCH => Error::type_mismatch(message),
        ffi::SQLITE_INTERRUPT => Error::interrupted(),
        ffi::SQLITE_ERROR if message.starts_with("too many columns") => too_complex("54011", message),
        ffi::SQLITE_ERROR if TOO_COMPLEX.iter().any(|start| message.starts_with(start)) => {
            too_complex("54001", message)
        }
        ffi::SQLITE_ERROR => Error::new(Status::Sql, "sql.unknown", None, message),
        _ => Error::internal(format!("{message} (SQLite code {code})")),
    }
}
