//! Carries a typed error through SQLite, which passes on only text.

use rusqlite::functions::FunctionFlags;
use rusqlite::Connection;

use crate::error::{Error, Status};

const PREFIX: &str = "ddb-error:";

/// The subcodes that functions raise. Decoding looks up the static text here.
const KNOWN: &[(Status, &str, &str)] = &[
    (Status::Canceled, "sql.canceled", "57014"),
    (Status::Sql, "sql.invalid_value", "22P02"),
    (Status::Sql, "sql.invalid_value", "22007"),
    (Status::Sql, "sql.invalid_text", "22021"),
    (Status::Sql, "sql.invalid_argument", "22023"),
    (Status::Sql, "sql.invalid_escape", "22025"),
    (Status::Sql, "sql.value_too_long", "22001"),
    (Status::Sql, "sql.out_of_range", "22003"),
    (Status::Sql, "sql.out_of_range", "22008"),
    (Status::Sql, "sql.out_of_range", "2200H"),
    (Status::Sql, "sql.relation_not_found", "42P01"),
    (Status::Sql, "sql.sequence_unused", "55000"),
    (Status::Sql, "sql.invalid_json_path", "22033"),
    (Status::Sql, "sql.invalid_regex", "2201B"),
    (Status::Sql, "sql.cannot_coerce", "42846"),
    (Status::Sql, "sql.type_mismatch", "42804"),
    (Status::Constraint, "constraint.enum", "22P02"),
    (Status::Constraint, "constraint.spatial", "23514"),
    (Status::Sql, "sql.fulltext_query", "42601"),
    (Status::Sql, "sql.unsupported_feature", "0A000"),
    (Status::Constraint, "constraint.foreign_key", "23503"),
    (Status::Constraint, "constraint.not_null", "23502"),
];

/// The text that carries `error`; `ddb_fail` raises it.
pub fn failure(error: &Error) -> String {
    let sqlstate = error.sqlstate.unwrap_or("XX000");
    let context = serde_json::Value::Object(error.context.as_ref().clone());
    // JSON escapes the separator, so that it occurs only between the parts.
    let text = format!("{PREFIX}{}:{sqlstate}\u{1f}{context}\u{1f}{}", error.subcode, error.message);
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
    let mut parts = encoded.splitn(3, '\u{1f}');
    let (code, context, text) = (parts.next()?, parts.next()?, parts.next()?);
    let mut code = code.split(':');
    let (subcode, sqlstate) = (code.next()?, code.next()?);
    let (status, subcode, sqlstate) = KNOWN.iter().find(|(_, known, state)| *known == subcode && *state == sqlstate)?;
    let mut error = Error::new(*status, subcode, Some(sqlstate), text);
    error.context = serde_json::from_str(context).ok()?;
    Some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_survive_the_way_through_sqlite() {
        let error = crate::types::invalid("x", &crate::value::Type::Date).with("column", "born");
        let decoded = decode_error(&encode_error(&error).to_string()).unwrap();
        assert_eq!(decoded.sqlstate, Some("22007"));
        assert_eq!(decoded.message, "invalid value for DATE: \"x\"");
        assert_eq!(decoded.context["column"], "born");
        assert!(decode_error("no such table: t").is_none());
    }
}
