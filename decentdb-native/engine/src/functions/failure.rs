//! Carries a typed error through SQLite, which passes on nothing but text.

use crate::error::{Error, Status};

const PREFIX: &str = "ddb-error:";

/// The subcodes that functions raise, so that decoding finds the static text again.
const KNOWN: &[(Status, &str, &str)] = &[
    (Status::Sql, "sql.invalid_value", "22P02"),
    (Status::Sql, "sql.invalid_value", "22007"),
    (Status::Sql, "sql.invalid_text", "22021"),
    (Status::Sql, "sql.invalid_argument", "22023"),
    (Status::Sql, "sql.out_of_range", "22003"),
    (Status::Sql, "sql.out_of_range", "22008"),
    (Status::Sql, "sql.invalid_json_path", "22033"),
    (Status::Sql, "sql.invalid_regex", "2201B"),
    (Status::Sql, "sql.cannot_coerce", "42846"),
    (Status::Sql, "sql.type_mismatch", "42804"),
    (Status::Constraint, "constraint.enum", "22P02"),
    (Status::Constraint, "constraint.spatial", "23514"),
    (Status::Sql, "sql.fulltext_query", "42601"),
    (Status::Sql, "sql.unsupported_feature", "0A000"),
];

pub(super) fn encode_error(error: &Error) -> rusqlite::Error {
    let sqlstate = error.sqlstate.unwrap_or("XX000");
    let column = error.context.get("column").and_then(|name| name.as_str()).unwrap_or_default();
    // Names cannot hold U+0000, so it separates them safely; SQLite would cut the text there, a unit separator is kept.
    let text =
        format!("{PREFIX}{}:{sqlstate}:{}\u{1f}{column}\u{1f}{}", error.subcode, error.status as u32, error.message);
    // A text with U+0000 would not pass at all.
    rusqlite::Error::UserFunctionError(text.replace('\0', "\u{fffd}").into())
}

/// The error inside a message of SQLite, if one of our functions raised it or it is a known failure of SQLite's own.
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
    let (code, column, text) = (parts.next()?, parts.next()?, parts.next()?);
    let mut code = code.split(':');
    let (subcode, sqlstate) = (code.next()?, code.next()?);
    let (status, subcode, sqlstate) = KNOWN.iter().find(|(_, known, state)| *known == subcode && *state == sqlstate)?;
    let error = Error::new(*status, subcode, Some(sqlstate), text);
    Some(if column.is_empty() { error } else { error.with("column", column) })
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
