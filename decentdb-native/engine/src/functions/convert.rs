//! CAST and assignment of values that are only known when the statement runs.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::{fail, null, output, raw, string, Output, PURE};
use crate::error::Error;
use crate::types::size::Size;
use crate::types::{self, Conversion, Raw};
use crate::value::{EnumType, Type, Value};

/// The number of a type in emitted SQL.
pub fn type_code(ty: &Type) -> u32 {
    ty.tag().map_or(0, |tag| tag as u32)
}

pub(super) fn type_of(code: i64) -> rusqlite::Result<Type> {
    Ok(match code {
        1 => Type::Int64,
        2 => Type::Float64,
        3 => Type::Bool,
        4 => Type::Text,
        5 => Type::Blob,
        6 => Type::Decimal,
        7 => Type::Uuid,
        8 => Type::Timestamp,
        9 => Type::Geometry,
        10 => Type::Geography,
        12 => Type::IpAddr,
        13 => Type::Cidr,
        14 => Type::Date,
        15 => Type::Time,
        16 => Type::TimestampTz,
        17 => Type::Interval,
        18 => Type::MacAddr,
        0 => Type::Dynamic,
        _ => return Err(fail(&Error::internal(format!("type code {code}")))),
    })
}

fn code(context: &Context<'_>, index: usize) -> rusqlite::Result<Type> {
    type_of(context.get(index)?)
}

fn load(value: Raw<'_>, ty: &Type) -> rusqlite::Result<Value> {
    types::load(value, ty)
        .ok_or_else(|| fail(&Error::type_mismatch(format!("a stored value is not of type {}", ty.name()))))
}

fn convert(context: &Context<'_>, how: Conversion) -> Output {
    let value = raw(context, 0)?;
    if value == Raw::Null {
        return Ok(null());
    }
    let (from, to) = (code(context, 1)?, code(context, 2)?);
    let value = load(value, &from)?;
    if to == Type::Text && !matches!(value, Value::Text(_) | Value::Blob(_)) {
        // Definitions written when CAST gave this text; see `ddb_as_text`.
        return Ok(string(types::iso_text(&value)));
    }
    let stored = types::convert(&value, &to, how)
        .and_then(|converted| types::store(converted.as_ref().unwrap_or(&value), Some(&to)));
    match stored {
        Ok(stored) => Ok(output(stored)),
        Err(error) if context.len() > 3 => {
            let column: String = context.get(3)?;
            Err(fail(&types::in_column(error, &column)))
        }
        Err(error) => Err(fail(&error)),
    }
}

/// `ddb_enum(text, column, label, ...)`: the number of a label.
fn enum_label(context: &Context<'_>) -> Output {
    let Raw::Text(label) = raw(context, 0)? else {
        return match raw(context, 0)? {
            Raw::Null => Ok(null()),
            _ => Err(fail(&Error::type_mismatch("an ENUM takes its label as TEXT"))),
        };
    };
    let mut labels = Vec::with_capacity(context.len().saturating_sub(2));
    for at in 2..context.len() {
        labels.push(context.get(at)?);
    }
    let of = EnumType { id: 0, labels };
    match types::label_of(&of, label) {
        Some(number) => Ok(super::integer(number as i64)),
        None => {
            let column: String = context.get(1)?;
            Err(fail(&types::in_column(types::invalid_label(label), &column)))
        }
    }
}

/// `ddb_as_text(value, type)`: the text of a value as CAST gives it; with a column as its third argument, of a value assigned to it.
fn as_text(context: &Context<'_>) -> Output {
    let value = raw(context, 0)?;
    if value == Raw::Null {
        return Ok(null());
    }
    let value = load(value, &code(context, 1)?)?;
    let how = if context.len() > 2 { Conversion::Assignment } else { Conversion::Explicit };
    let stored = types::convert(&value, &Type::Text, how)
        .and_then(|converted| types::store(converted.as_ref().unwrap_or(&value), Some(&Type::Text)));
    match stored {
        Ok(stored) => Ok(output(stored)),
        Err(error) if context.len() > 2 => {
            let column: String = context.get(2)?;
            Err(fail(&types::in_column(error, &column)))
        }
        Err(error) => Err(fail(&error)),
    }
}

/// `ddb_text(value, type)`: the text of a value in ISO 8601, as definitions have it that were written when CAST gave it, and JSON.
fn iso_text(context: &Context<'_>) -> Output {
    match raw(context, 0)? {
        Raw::Null => Ok(null()),
        value => Ok(string(types::iso_text(&load(value, &code(context, 1)?)?))),
    }
}

/// `ddb_sized(value, type, number, number, column)`: the value as a column of that size stores it.
fn sized(context: &Context<'_>) -> Output {
    let size = Size::from_numbers(&code(context, 1)?, context.get(2)?, context.get(3)?);
    let size = size.ok_or_else(|| fail(&Error::internal("a size of no type")))?;
    match size.hold(raw(context, 0)?) {
        Ok(stored) => Ok(output(stored)),
        Err(error) => {
            let column: String = context.get(4)?;
            Err(fail(&types::in_column(error, &column)))
        }
    }
}

/// `ddb_uuid_v4(randomblob(16))`: sets version and variant in random bytes.
fn uuid_v4(context: &Context<'_>) -> Output {
    let Raw::Blob(random) = raw(context, 0)? else { return Ok(null()) };
    let mut bytes = random.to_vec();
    if let [_, _, _, _, _, _, version, _, variant, ..] = bytes.as_mut_slice() {
        *version = *version & 0x0f | 0x40;
        *variant = *variant & 0x3f | 0x80;
    }
    Ok(output(crate::value::Stored::Blob(bytes)))
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function("ddb_cast", 3, PURE, |context| convert(context, Conversion::Explicit))?;
    connection.create_scalar_function("ddb_assign", 4, PURE, |context| convert(context, Conversion::Assignment))?;
    connection.create_scalar_function("ddb_enum", -1, PURE, enum_label)?;
    connection.create_scalar_function("ddb_sized", 5, PURE, sized)?;
    connection.create_scalar_function("ddb_uuid_v4", 1, PURE, uuid_v4)?;
    for arity in [2, 3] {
        connection.create_scalar_function("ddb_as_text", arity, PURE, as_text)?;
    }
    connection.create_scalar_function("ddb_text", 2, PURE, iso_text)
}
