//! The functions, aggregates and collations that the emitted SQL uses, registered on every connection.

mod aggregate;
mod bytes;
mod calendar;
mod collect;
mod convert;
mod datetime;
mod decimal;
mod failure;
mod json;
mod like;
mod math;
mod search;
mod series;
mod spatial;
mod text;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::Connection;

pub use convert::type_code;
pub use failure::{decode_error, failure};

use crate::error::Error;
use crate::types::Raw;
use crate::value::Stored;

/// The flags of a function that depends only on its arguments, which indexes, CHECK and views may use.
const PURE: FunctionFlags =
    FunctionFlags::SQLITE_UTF8.union(FunctionFlags::SQLITE_DETERMINISTIC).union(FunctionFlags::SQLITE_INNOCUOUS);

/// Registers everything on `connection`.
pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_collation("ddb_decimal", crate::types::decimal::collate)?;
    connection.create_collation("ddb_interval", crate::types::interval::collate)?;
    connection.create_collation("ddb_schema", |left, right| one_name(left).cmp(one_name(right)))?;
    convert::register(connection)?;
    decimal::register(connection)?;
    math::register(connection)?;
    text::register(connection)?;
    like::register(connection)?;
    bytes::register(connection)?;
    json::register(connection)?;
    datetime::register(connection)?;
    calendar::register(connection)?;
    series::register(connection)?;
    collect::register(connection)?;
    failure::register(connection)?;
    aggregate::register(connection)?;
    search::register(connection)?;
    spatial::register(connection)?;
    crate::sqlite::fts5::register(connection)
}

/// A schema by one of its names: `public` is `main`.
fn one_name(schema: &str) -> &str {
    if schema.eq_ignore_ascii_case("public") {
        "main"
    } else {
        schema
    }
}

type Output = rusqlite::Result<ToSqlOutput<'static>>;

fn fail(error: &Error) -> rusqlite::Error {
    failure::encode_error(error)
}

fn raw<'a>(context: &'a Context<'_>, index: usize) -> rusqlite::Result<Raw<'a>> {
    Ok(match context.get_raw(index) {
        ValueRef::Null => Raw::Null,
        ValueRef::Integer(number) => Raw::Integer(number),
        ValueRef::Real(number) => Raw::Real(number),
        ValueRef::Text(bytes) => Raw::Text(std::str::from_utf8(bytes).map_err(|_| fail(&not_utf8()))?),
        ValueRef::Blob(bytes) => Raw::Blob(bytes),
    })
}

fn not_utf8() -> Error {
    Error::new(crate::error::Status::Sql, "sql.invalid_text", Some("22021"), "the text is not valid UTF-8")
}

fn output(stored: Stored) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(match stored {
        Stored::Null => SqlValue::Null,
        Stored::Integer(number) => SqlValue::Integer(number),
        Stored::Real(number) => SqlValue::Real(number),
        Stored::Text(text) => SqlValue::Text(text),
        Stored::Blob(bytes) => SqlValue::Blob(bytes),
    })
}

fn null() -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(SqlValue::Null)
}

fn integer(number: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(SqlValue::Integer(number))
}

fn real(number: f64) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(SqlValue::Real(number))
}

fn string(text: impl Into<String>) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(SqlValue::Text(text.into()))
}

fn blob(bytes: Vec<u8>) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(SqlValue::Blob(bytes))
}
