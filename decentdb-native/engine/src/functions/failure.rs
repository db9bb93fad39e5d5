//! Carries a typed error through SQLite, which passes on only text.

use parking_lot::Mutex;
use rusqlite::functions::FunctionFlags;
use rusqlite::Connection;

use crate::error::{Error, Status};

const PREFIX: &str = "ddb-error:";

/// The part of an error that the program text fixes. A failure carries its place in `RAISED`.
#[derive(Clone, Copy, PartialEq)]
struct Kind {
    status: Status,
    subcode: &'static str,
    sqlstate: Option<&'static str>,
    retryable: bool,
}

/// Every kind of error that this process has raised inside SQLite: as many as the program has, and none twice.
static RAISED: Mutex<Vec<Kind>> = Mutex::new(Vec::new());

impl Kind {
    fn of(error: &Error) -> Self {
        let Error { status, subcode, sqlstate, retryable, .. } = *error;
        Self { status, subcode, sqlstate, retryable }
    }

    fn number(self) -> usize {
        let mut raised = RAISED.lock();
        raised.iter().position(|kind| *kind == self).unwrap_or_else(|| {
            raised.push(self);
            raised.len() - 1
        })
    }

    fn numbered(number: &str) -> Option<Self> {
        RAISED.lock().get(number.parse::<usize>().ok()?).copied()
    }
}

/// The text that carries `error` within this process; `ddb_fail` raises it.
pub fn failure(error: &Error) -> String {
    let context = serde_json::Value::Object(error.context.as_ref().clone());
    let hint = serde_json::json!(error.hint);
    // JSON escapes the separator, so that it occurs only between the parts.
    let text = format!("{PREFIX}{}\u{1f}{context}\u{1f}{hint}\u{1f}{}", Kind::of(error).number(), error.message);
    // SQLite would not pass on a text with U+0000.
    text.replace('\0', "\u{fffd}")
}

pub(super) fn encode_error(error: &Error) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(failure(error).into())
}

/// `ddb_fail(text)`: raises the error that `text` carries. It is not declared deterministic, because SQLite would then
/// call it before the statement needs it.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function("ddb_fail", 1, FunctionFlags::SQLITE_UTF8, |context| -> super::Output {
        Err(rusqlite::Error::UserFunctionError(context.get::<String>(0)?.into()))
    })
}

/// The error inside a message of SQLite, if one of our functions raised it or it is a known failure of SQLite itself.
pub fn decode_error(message: &str) -> Option<Error> {
    if message == "integer overflow" {
        return Some(crate::types::out_of_range("the result", &crate::value::Type::Int64));
    }
    if message == "malformed JSON" {
        return Some(Error::new(Status::Sql, "sql.invalid_json", Some("22032"), "the text is not valid JSON"));
    }
    if message.starts_with("bad JSON path") {
        return Some(Error::new(Status::Sql, "sql.invalid_json_path", Some("22033"), message));
    }
    let encoded = &message[message.find(PREFIX)? + PREFIX.len()..];
    let mut parts = encoded.splitn(4, '\u{1f}');
    let (number, context, hint, text) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let kind = Kind::numbered(number)?;
    let mut error = Error::new(kind.status, kind.subcode, kind.sqlstate, text);
    error.retryable = kind.retryable;
    error.context = serde_json::from_str(context).ok()?;
    error.hint = serde_json::from_str(hint).ok()?;
    Some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_survive_the_way_through_sqlite() {
        let error =
            crate::types::invalid("x", &crate::value::Type::Date).with("column", "born").hint("write yyyy-mm-dd");
        let decoded = decode_error(&encode_error(&error).to_string()).unwrap();
        assert_eq!(decoded.sqlstate, Some("22007"));
        assert_eq!(decoded.message, "invalid value for DATE: \"x\"");
        assert_eq!(decoded.context["column"], "born");
        assert_eq!(decoded.hint.as_deref(), Some("write yyyy-mm-dd"));
        assert!(decode_error("no such table: t").is_none());
    }

    #[test]
    fn an_error_of_any_kind_survives() {
        let conflict = Error::conflict();
        let decoded = decode_error(&encode_error(&conflict).to_string()).unwrap();
        assert_eq!(Kind::of(&decoded).number(), Kind::of(&conflict).number());
        assert_eq!(decoded.hint, conflict.hint);
        let misuse = decode_error(&failure(&Error::misuse("no\u{1f}state"))).unwrap();
        assert_eq!((misuse.sqlstate, misuse.message.as_str()), (None, "no\u{1f}state"));
    }
}
