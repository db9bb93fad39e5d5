//! JSON values as cells, and cells as JSON values.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::convert::type_of;
use super::text::text;
use super::{blob, fail, integer, null, raw, real, string, Output, PURE};
use crate::error::{Error, Status};
use crate::types::{self, dynamic, Raw};
use crate::value::{Type, Value};

fn unquoted(json: &str) -> rusqlite::Result<String> {
    let text: String = serde_json::from_str(json).map_err(|_| {
        fail(&Error::new(Status::Sql, "sql.invalid_text", Some("22021"), "the JSON text holds an invalid escape"))
    })?;
    types::without_nul(&text).map_err(|error| fail(&error))?;
    Ok(text)
}

/// `ddb_json_text(json)`: the plain text of a JSON value; JSON's null is NULL.
fn json_text(context: &Context<'_>) -> Output {
    let Some(json) = text(context, 0)? else { return Ok(null()) };
    match json.as_bytes().first() {
        _ if json == "null" => Ok(null()),
        Some(b'"') => Ok(string(unquoted(json)?)),
        _ => Ok(string(json)),
    }
}

/// `ddb_json_checked(text)`: the text, which must be JSON.
fn json_checked(context: &Context<'_>) -> Output {
    let Some(json) = text(context, 0)? else { return Ok(null()) };
    match serde_json::from_str::<serde::de::IgnoredAny>(json) {
        Ok(_) => Ok(string(json)),
        Err(error) => Err(invalid_json(&error)),
    }
}

fn invalid_json(error: &serde_json::Error) -> rusqlite::Error {
    fail(&Error::new(Status::Sql, "sql.invalid_value", Some("22P02"), format!("the text is no JSON: {error}")))
}

/// `ddb_array(text)`: the JSON of an array that is written as JSON, `[1, 2]`, or as PostgreSQL writes it, `{1,2}`.
fn array(context: &Context<'_>) -> Output {
    let Some(written) = text(context, 0)? else { return Ok(null()) };
    let written = written.trim();
    let malformed = || {
        let message = format!("\"{}\" is no array: write [..] or {{..}}", written.chars().take(60).collect::<String>());
        fail(&Error::new(Status::Sql, "sql.invalid_value", Some("22P02"), message))
    };
    if written.starts_with('[') {
        return match serde_json::from_str::<serde::de::IgnoredAny>(written) {
            Ok(_) => Ok(string(written)),
            Err(error) => Err(invalid_json(&error)),
        };
    }
    let members = written.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(malformed)?;
    let members = members_of(members).ok_or_else(malformed)?;
    Ok(string(serde_json::Value::from(members).to_string()))
}

/// The members of PostgreSQL's text of an array: separated by commas, quoted where they hold one, NULL where they are bare.
fn members_of(text: &str) -> Option<Vec<Option<String>>> {
    let mut members = Vec::new();
    let mut chars = text.chars().peekable();
    if text.trim().is_empty() {
        return Some(members);
    }
    loop {
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        let mut member = String::new();
        let quoted = chars.next_if_eq(&'"').is_some();
        if quoted {
            loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => member.push(chars.next()?),
                    c => member.push(c),
                }
            }
            while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        } else {
            while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '"' | '{' | '}')) {
                member.push(if c == '\\' { chars.next()? } else { c });
            }
            member.truncate(member.trim_end().len());
            if member.is_empty() {
                return None;
            }
        }
        members.push((quoted || !member.eq_ignore_ascii_case("NULL")).then_some(member));
        match chars.next() {
            None => return Some(members),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

/// `ddb_json_cell(json)`: text, numbers and booleans as such, null as NULL, arrays and objects as JSON.
fn json_cell(context: &Context<'_>) -> Output {
    let Some(json) = text(context, 0)? else { return Ok(null()) };
    Ok(match (json, json.as_bytes().first()) {
        ("null", _) => null(),
        ("true", _) => blob(dynamic::bool_cell(true)),
        ("false", _) => blob(dynamic::bool_cell(false)),
        (_, Some(b'"')) => string(unquoted(json)?),
        (_, Some(b'[' | b'{')) => string(json),
        _ => match (json.parse::<i64>(), json.parse::<f64>()) {
            (Ok(number), _) => integer(number),
            (_, Ok(number)) => real(number),
            _ => string(json),
        },
    })
}

/// `ddb_json_member(value, type)`: the cell of a row of SQLite's `json_each`, where booleans are numbers.
fn json_member(context: &Context<'_>) -> Output {
    Ok(match (raw(context, 1)?, raw(context, 0)?) {
        (Raw::Text("true"), _) => blob(dynamic::bool_cell(true)),
        (Raw::Text("false"), _) => blob(dynamic::bool_cell(false)),
        (_, Raw::Null) => null(),
        (_, Raw::Integer(number)) => integer(number),
        (_, Raw::Real(number)) => real(number),
        (_, Raw::Text(value)) => string(types::without_nul(value).map_err(|error| fail(&error))?),
        (_, Raw::Blob(bytes)) => blob(bytes.to_vec()),
    })
}

/// `ddb_json_path(path)`: turns text into a path, because `->` would read it as a label.
fn json_path(context: &Context<'_>) -> Output {
    let Some(path) = text(context, 0)? else { return Ok(null()) };
    if path.starts_with('$') {
        return Ok(string(path));
    }
    let message = format!("bad JSON path: '{path}'; a path starts with $");
    Err(fail(&Error::new(Status::Sql, "sql.invalid_json_path", Some("22033"), message)))
}

/// `ddb_to_json(value, type)`: the JSON of a value.
fn to_json(context: &Context<'_>) -> Output {
    let value = raw(context, 0)?;
    let ty = type_of(context.get(1)?)?;
    let wrong = || fail(&Error::type_mismatch(format!("a stored value is not of type {}", ty.name())));
    Ok(string(match types::load(value, &ty).ok_or_else(wrong)? {
        Value::Null => "null".to_owned(),
        Value::Int64(number) => number.to_string(),
        // JSON cannot express infinite numbers and NaN.
        Value::Float64(number) => serde_json::Number::from_f64(number).map_or("null".to_owned(), |n| n.to_string()),
        Value::Bool(flag) => flag.to_string(),
        Value::Decimal { unscaled, scale } => types::decimal::format(unscaled, scale),
        other => serde_json::Value::from(types::iso_text(&other)).to_string(),
    }))
}

/// `ddb_dynamic(value, type)`: converts a value whose type is only known now to `type`. Numbers keep their exactness;
/// text is read as `type`.
fn settle(context: &Context<'_>) -> Output {
    let value = raw(context, 0)?;
    let ty = type_of(context.get(1)?)?;
    let Some(found) = types::load(value, &Type::Dynamic) else { return Ok(null()) };
    let settled = match (&found, &ty) {
        (Value::Null, _) => return Ok(null()),
        (Value::Int64(number), Type::Int64 | Type::Float64 | Type::Decimal) => return Ok(integer(*number)),
        (Value::Float64(number), Type::Int64 | Type::Float64) => return Ok(real(*number)),
        (Value::Float64(_), Type::Decimal) | (Value::Text(_), _) | (Value::Blob(_), Type::Uuid) => {
            types::convert(&found, &ty, types::Conversion::Explicit)
                .and_then(|converted| types::store(converted.as_ref().unwrap_or(&found), Some(&ty)))
        }
        (Value::Bool(_), Type::Bool) | (Value::Blob(_), Type::Blob) => types::store(&found, Some(&ty)),
        _ => {
            let given = Type::from_tag(found.tag()).map_or("NULL", |ty| ty.name());
            Err(Error::type_mismatch(format!("a value of type {given} stands where {} is needed", ty.name())))
        }
    };
    settled.map(super::output).map_err(|error| fail(&error))
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function("ddb_json_text", 1, PURE, json_text)?;
    connection.create_scalar_function("ddb_json_checked", 1, PURE, json_checked)?;
    connection.create_scalar_function("ddb_array", 1, PURE, array)?;
    connection.create_scalar_function("ddb_json_cell", 1, PURE, json_cell)?;
    connection.create_scalar_function("ddb_json_member", 2, PURE, json_member)?;
    connection.create_scalar_function("ddb_json_path", 1, PURE, json_path)?;
    connection.create_scalar_function("ddb_to_json", 2, PURE, to_json)?;
    connection.create_scalar_function("ddb_dynamic", 2, PURE, settle)
}
