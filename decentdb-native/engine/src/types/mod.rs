//! Conversions between values, their stored form in SQLite, and their text.
//!
//! Stored forms: INT64, BOOL, DATE, TIME, TIMESTAMP, TIMESTAMPTZ and ENUM are INTEGER; FLOAT64 is REAL; TEXT, DECIMAL
//! and INTERVAL are TEXT; BLOB, UUID, IPADDR, CIDR, MACADDR and GEOMETRY are BLOB.

pub mod datetime;
pub mod decimal;
pub mod dynamic;
pub mod interval;
pub mod network;
pub mod size;
mod text;
pub mod uuid;

use crate::error::{Error, Result, Status};
use crate::spatial;
use crate::value::{EnumType, Stored, Type, Value};

pub use self::text::{iso_text, to_text};

/// A borrowed stored value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// How far a conversion may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// INSERT and UPDATE.
    Assignment,
    /// CAST.
    Explicit,
}

/// Converts a bound value to the type that SQLite stores, and to its stored form.
pub fn encode(value: &Value, target: Option<&Type>) -> Result<Stored> {
    match target {
        None | Some(Type::Dynamic) => store(value, None),
        Some(target) => {
            let converted = convert(value, target, Conversion::Assignment)?;
            store(converted.as_ref().unwrap_or(value), Some(target))
        }
    }
}

/// The remedy for an integer beside a date or time: nobody knows whether it counts seconds, milliseconds or days.
pub(crate) const NO_COUNT: &str =
    "bind a value of that type; CAST takes an integer as microseconds, and as days for a DATE";

const SHAPE_OF_TEXT: &str = "ST_GeomFromText and ST_GeogFromText make a shape of text";

pub(crate) fn invalid(text: &str, target: &Type) -> Error {
    let sqlstate = match target {
        Type::Date | Type::Time | Type::Timestamp | Type::TimestampTz | Type::Interval => "22007",
        _ => "22P02",
    };
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Error::new(
        Status::Sql,
        "sql.invalid_value",
        Some(sqlstate),
        format!("invalid value for {}: \"{shown}\"", target.name()),
    )
}

/// Refuses U+0000, as PostgreSQL does: SQLite's functions take it for the end of a text.
pub(crate) fn without_nul(text: &str) -> Result<&str> {
    if !text.contains('\0') {
        return Ok(text);
    }
    Err(Error::new(Status::Sql, "sql.invalid_text", Some("22021"), "a text cannot contain the character U+0000"))
}

pub(crate) fn out_of_range(what: impl std::fmt::Display, target: &Type) -> Error {
    Error::new(Status::Sql, "sql.out_of_range", Some("22003"), format!("{what} is out of range for {}", target.name()))
}

/// The error for a date or time that does not exist.
pub(crate) fn field_overflow(what: impl std::fmt::Display, target: &Type) -> Error {
    Error::new(Status::Sql, "sql.out_of_range", Some("22008"), format!("{what} is out of range for {}", target.name()))
}

/// The error for two types without a conversion between them.
pub(crate) fn no_conversion(from: &str, target: &Type) -> Error {
    let message = format!("cannot cast {from} to {}", target.name());
    Error::new(Status::Sql, "sql.cannot_coerce", Some("42846"), message)
}

fn not_stored(from: &str, target: &Type) -> Error {
    Error::type_mismatch(format!("a value of type {from} cannot be stored as {}", target.name()))
}

fn loses_fraction(value: &Value) -> Error {
    out_of_range(format!("{}, which has a fraction,", to_text(value)), &Type::Int64).hint("CAST drops the fraction")
}

/// How a value gets into a column that does not take its type.
pub(crate) fn remedy(from: &Type, to: &Type) -> Option<&'static str> {
    match (from, to) {
        (Type::Int64, to) if to.is_temporal() => Some(NO_COUNT),
        (Type::Text, Type::Geometry | Type::Geography) => Some(SHAPE_OF_TEXT),
        _ => convertible(from, to, Conversion::Explicit).then_some("CAST converts it"),
    }
}

/// Whether [`convert`] succeeds for at least some values.
pub(crate) fn convertible(from: &Type, to: &Type, how: Conversion) -> bool {
    use Type::{Blob, Bool, Cidr, Date, Decimal, Enum, Float64, Int64, Interval, IpAddr, Text, Time, Timestamp};
    use Type::{Dynamic, Geography, Geometry, TimestampTz, Uuid};
    let explicit = how == Conversion::Explicit;
    match (from, to) {
        (Dynamic, _) => true,
        (Text, Geometry | Geography) => false,
        (Text, Blob) => explicit,
        (Text, _) => true,
        (Enum(_), Int64) => explicit,
        (Blob | Interval | Enum(_) | Geometry | Geography, Text) => explicit,
        (_, Text) => true,
        (Bool | Float64 | Decimal, Int64) => true,
        (Int64 | Decimal, Float64) | (Int64 | Float64, Decimal) => true,
        (Bool, Float64) | (Int64, Bool) => explicit,
        (Blob, Uuid) => true,
        (Uuid | Geometry | Geography, Blob) => explicit,
        (Int64, Date | Time | Timestamp | TimestampTz | Interval) => explicit,
        (Timestamp | TimestampTz, Date | Time) => explicit,
        (Time, Interval) | (Interval, Time) => explicit,
        (TimestampTz, Timestamp) | (Timestamp, TimestampTz) | (Date, Timestamp | TimestampTz) => true,
        (IpAddr, Cidr) => true,
        (Cidr, IpAddr) => explicit,
        (Geometry, Geography) | (Geography, Geometry) => true,
        _ => false,
    }
}

/// Converts `value` to `target`; `None` if it has that type already or is NULL.
pub fn convert(value: &Value, target: &Type, how: Conversion) -> Result<Option<Value>> {
    let explicit = how == Conversion::Explicit;
    let converted = match (value, target) {
        (Value::Null, _) | (_, Type::Dynamic) => return Ok(None),
        (Value::Enum { type_id, label_id }, Type::Enum(of)) => {
            if *type_id != of.id || *label_id >= of.labels.len() as u64 {
                return Err(invalid(&format!("{type_id}:{label_id}"), target));
            }
            return Ok(None);
        }
        (Value::Decimal { scale, .. }, Type::Decimal) if *scale > decimal::MAX_SCALE => {
            return Err(out_of_range(format!("a scale of {scale}"), target));
        }
        (Value::Time(micros), Type::Time) if !(0..datetime::DAY_MICROS).contains(micros) => {
            return Err(out_of_range(micros, target));
        }
        _ if Type::from_tag(value.tag()).as_ref() == Some(target) => return Ok(None),
        (Value::Text(text), _) => return from_text(text, target, how).map(Some),

        (Value::Bool(flag), Type::Int64) => Value::Int64(i64::from(*flag)),
        (Value::Float64(number), Type::Int64) => {
            if !explicit && number.fract() != 0.0 {
                return Err(loses_fraction(value));
            }
            Value::Int64(truncate(*number)?)
        }
        (Value::Decimal { unscaled, scale }, Type::Int64) => {
            let whole = decimal::truncate(*unscaled, *scale);
            if !explicit && decimal::compare((whole, 0), (*unscaled, (*scale).min(decimal::MAX_SCALE))).is_ne() {
                return Err(loses_fraction(value));
            }
            Value::Int64(whole)
        }
        (Value::Enum { label_id, .. }, Type::Int64) if explicit => Value::Int64(*label_id as i64),

        (Value::Int64(number), Type::Float64) => Value::Float64(*number as f64),
        (Value::Bool(flag), Type::Float64) if explicit => Value::Float64(f64::from(u8::from(*flag))),
        (Value::Decimal { unscaled, scale }, Type::Float64) => Value::Float64(decimal::to_f64(*unscaled, *scale)),

        (Value::Int64(number), Type::Decimal) => Value::Decimal { unscaled: *number, scale: 0 },
        (Value::Float64(number), Type::Decimal) => {
            let (unscaled, scale) = decimal::from_f64(*number).ok_or_else(|| out_of_range(number, target))?;
            Value::Decimal { unscaled, scale }
        }

        (Value::Blob(bytes), Type::Uuid) => {
            let bytes = bytes.as_slice().try_into();
            Value::Uuid(bytes.map_err(|_| invalid(&to_text(value), target).hint("a UUID has 16 bytes"))?)
        }
        (Value::Uuid(bytes), Type::Blob) if explicit => Value::Blob(bytes.to_vec()),
        (Value::Geometry(bytes) | Value::Geography(bytes), Type::Blob) if explicit => Value::Blob(bytes.clone()),

        (Value::Int64(days), Type::Date) if explicit => match i32::try_from(*days) {
            Ok(days) if datetime::is_date(days.into()) => Value::Date(days),
            _ => return Err(field_overflow(days, target)),
        },
        (Value::Timestamp(micros) | Value::TimestampTz(micros), Type::Date) if explicit => {
            let days = micros.div_euclid(datetime::DAY_MICROS);
            Value::Date(i32::try_from(days).map_err(|_| out_of_range(days, target))?)
        }
        (Value::Int64(micros), Type::Time) if explicit => {
            if !(0..datetime::DAY_MICROS).contains(micros) {
                return Err(field_overflow(micros, target));
            }
            Value::Time(*micros)
        }
        (Value::Timestamp(micros) | Value::TimestampTz(micros), Type::Time) if explicit => {
            Value::Time(micros.rem_euclid(datetime::DAY_MICROS))
        }
        (Value::Int64(micros), Type::Timestamp) if explicit => Value::Timestamp(*micros),
        (Value::TimestampTz(micros), Type::Timestamp) => Value::Timestamp(*micros),
        (Value::Int64(micros), Type::TimestampTz) if explicit => Value::TimestampTz(*micros),
        (Value::Timestamp(micros), Type::TimestampTz) => Value::TimestampTz(*micros),
        (Value::Date(days), Type::Timestamp) => Value::Timestamp(i64::from(*days) * datetime::DAY_MICROS),
        (Value::Date(days), Type::TimestampTz) => Value::TimestampTz(i64::from(*days) * datetime::DAY_MICROS),
        (Value::Int64(micros), Type::Interval) if explicit => Value::Interval { months: 0, days: 0, micros: *micros },
        (Value::Time(micros), Type::Interval) if explicit => Value::Interval { months: 0, days: 0, micros: *micros },
        (Value::Interval { micros, .. }, Type::Time) if explicit => {
            Value::Time(micros.rem_euclid(datetime::DAY_MICROS))
        }

        (Value::IpAddr { family, bytes }, Type::Cidr) => {
            Value::Cidr { family: *family, prefix: if *family == 4 { 32 } else { 128 }, bytes: *bytes }
        }
        (Value::Cidr { family, bytes, .. }, Type::IpAddr) if explicit => {
            Value::IpAddr { family: *family, bytes: *bytes }
        }
        (Value::Geometry(bytes), Type::Geography) => Value::Geography(bytes.clone()),
        (Value::Geography(bytes), Type::Geometry) => Value::Geometry(bytes.clone()),
        (Value::Int64(number), Type::Bool) if explicit => match number {
            0 | 1 => Value::Bool(*number == 1),
            _ => return Err(out_of_range(number, target)),
        },

        (Value::Blob(_) | Value::Interval { .. } | Value::Enum { .. }, Type::Text)
        | (Value::Geometry(_) | Value::Geography(_), Type::Text)
            if !explicit =>
        {
            return Err(refused(value, target, how));
        }
        (_, Type::Text) => Value::Text(to_text(value)),
        _ => return Err(refused(value, target, how)),
    };
    Ok(Some(converted))
}

fn refused(value: &Value, target: &Type, how: Conversion) -> Error {
    let from = Type::from_tag(value.tag());
    let name = from.as_ref().map_or("ENUM", |ty| ty.name());
    match how {
        Conversion::Explicit => no_conversion(name, target),
        Conversion::Assignment => {
            let hint = from.and_then(|from| remedy(&from, target)).map(str::to_owned);
            Error { hint, ..not_stored(name, target) }
        }
    }
}

/// Drops the fraction; fails beyond the range of INT64.
pub fn truncate(number: f64) -> Result<i64> {
    let whole = number.trunc();
    // -2^63 is exact as a double; 2^63 is the first double beyond the range.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
        Ok(whole as i64)
    } else {
        Err(out_of_range(number, &Type::Int64))
    }
}

fn from_text(text: &str, target: &Type, how: Conversion) -> Result<Value> {
    let trimmed = text.trim_ascii();
    let value = match target {
        Type::Text | Type::Dynamic => Some(Value::Text(text.to_owned())),
        Type::Int64 => match trimmed.parse() {
            Ok(number) => Some(Value::Int64(number)),
            Err(error) => {
                use std::num::IntErrorKind::{NegOverflow, PosOverflow};
                if matches!(error.kind(), PosOverflow | NegOverflow) {
                    return Err(out_of_range(trimmed, target));
                }
                None
            }
        },
        Type::Float64 => match parse_float(trimmed) {
            Some(number) if number.is_infinite() && trimmed.contains(|c: char| c.is_ascii_digit()) => {
                return Err(out_of_range(trimmed, target));
            }
            number => number.map(Value::Float64),
        },
        Type::Bool => parse_bool(trimmed).map(Value::Bool),
        Type::Decimal => match decimal::parse(trimmed) {
            Some((unscaled, scale)) => Some(Value::Decimal { unscaled, scale }),
            None if parse_float(trimmed).is_some_and(f64::is_finite) => return Err(out_of_range(trimmed, target)),
            None => None,
        },
        Type::Uuid => uuid::parse(text).map(Value::Uuid),
        Type::Date => datetime::parse_date(text).map(Value::Date),
        Type::Time => datetime::parse_time(text).map(Value::Time),
        Type::Timestamp => datetime::parse_timestamp(text).map(Value::Timestamp),
        Type::TimestampTz => datetime::parse_timestamptz(text).map(Value::TimestampTz),
        Type::Interval => interval::parse(text).map(|(months, days, micros)| Value::Interval { months, days, micros }),
        Type::Enum(of) => {
            return match label_of(of, text) {
                Some(label_id) => Ok(Value::Enum { type_id: of.id, label_id }),
                None => Err(invalid_label(text)),
            };
        }
        Type::IpAddr => network::parse_ip(text).map(|(family, bytes)| Value::IpAddr { family, bytes }),
        Type::Cidr => network::parse_cidr(text).map(|(family, prefix, bytes)| Value::Cidr { family, prefix, bytes }),
        Type::MacAddr => network::parse_mac(text).map(|(len, bytes)| Value::MacAddr { len, bytes }),
        Type::Blob if how == Conversion::Explicit || text.starts_with("\\x") => parse_bytea(text).map(Value::Blob),
        Type::Blob => return Err(not_stored("TEXT", target).hint("write '\\x..' or x'..'")),
        Type::Geometry | Type::Geography => {
            return Err(match how {
                Conversion::Explicit => no_conversion("TEXT", target),
                Conversion::Assignment => not_stored("TEXT", target).hint(SHAPE_OF_TEXT),
            });
        }
    };
    value.ok_or_else(|| match target {
        Type::Date | Type::Time | Type::Timestamp | Type::TimestampTz if datetime::has_form(text) => {
            field_overflow(format!("\"{}\"", trimmed), target)
        }
        _ => invalid(text, target),
    })
}

pub(crate) fn invalid_label(text: &str) -> Error {
    Error::new(Status::Constraint, "constraint.enum", Some("22P02"), format!("invalid ENUM label {text}"))
}

pub fn label_of(of: &EnumType, label: &str) -> Option<u64> {
    of.labels.iter().position(|known| known == label).map(|at| at as u64)
}

/// Reads the hex format `\x0102`, otherwise the bytes of the text.
fn parse_bytea(text: &str) -> Option<Vec<u8>> {
    match text.strip_prefix("\\x") {
        Some(digits) => parse_hex(digits),
        None => Some(text.as_bytes().to_vec()),
    }
}

pub fn parse_hex(digits: &str) -> Option<Vec<u8>> {
    let nibble = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.as_bytes().chunks(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

fn parse_float(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().ok()?;
    // Rust reads `inf`, `infinity` and `nan` in upper and lower case, as PostgreSQL does. SQLite cannot store NaN.
    (!number.is_nan()).then_some(number)
}

pub fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

pub fn format_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The stored form of a value that already has the type `target`.
pub fn store(value: &Value, target: Option<&Type>) -> Result<Stored> {
    let wrong = || out_of_range("the value", target.unwrap_or(&Type::Dynamic));
    Ok(match value {
        Value::Null => Stored::Null,
        Value::Int64(number) | Value::Timestamp(number) | Value::TimestampTz(number) | Value::Time(number) => {
            Stored::Integer(*number)
        }
        // SQLite would silently store NULL instead.
        Value::Float64(number) if number.is_nan() => return Err(out_of_range("NaN", &Type::Float64)),
        Value::Float64(number) => Stored::Real(*number),
        Value::Bool(flag) => Stored::Integer(i64::from(*flag)),
        Value::Text(text) => Stored::Text(without_nul(text)?.to_owned()),
        Value::Blob(bytes) => Stored::Blob(bytes.clone()),
        Value::Geometry(bytes) => Stored::Blob(spatial::normalized(bytes, false)?),
        Value::Geography(bytes) => Stored::Blob(spatial::normalized(bytes, true)?),
        Value::Decimal { scale, .. } if *scale > decimal::MAX_SCALE => return Err(wrong()),
        Value::Decimal { unscaled, scale } => Stored::Text(decimal::format(*unscaled, *scale)),
        Value::Uuid(bytes) => Stored::Blob(bytes.to_vec()),
        Value::Date(days) => Stored::Integer(i64::from(*days)),
        Value::Interval { months, days, micros } => Stored::Text(interval::format_stored(*months, *days, *micros)),
        Value::Enum { label_id, .. } => Stored::Integer(i64::try_from(*label_id).map_err(|_| wrong())?),
        Value::IpAddr { family, bytes } => Stored::Blob(network::store_ip(*family, bytes).ok_or_else(wrong)?),
        Value::Cidr { family, prefix, bytes } => {
            Stored::Blob(network::store_cidr(*family, *prefix, bytes).ok_or_else(wrong)?)
        }
        Value::MacAddr { len, bytes } => match len {
            6 | 8 => Stored::Blob(bytes[..usize::from(*len)].to_vec()),
            _ => return Err(wrong()),
        },
    })
}

/// Reads a stored value back as a value of `ty`. `None` if the stored form does not fit, which means a damaged file.
pub fn load(raw: Raw<'_>, ty: &Type) -> Option<Value> {
    Some(match (raw, ty) {
        (Raw::Null, _) => Value::Null,
        (Raw::Integer(number), Type::Int64 | Type::Dynamic) => Value::Int64(number),
        (Raw::Integer(number), Type::Float64) => Value::Float64(number as f64),
        (Raw::Real(number), Type::Float64 | Type::Dynamic) => Value::Float64(number),
        (Raw::Integer(flag), Type::Bool) => Value::Bool(flag != 0),
        (Raw::Text(text), Type::Text | Type::Dynamic) => Value::Text(text.to_owned()),
        (Raw::Blob(bytes), Type::Dynamic) => match dynamic::as_bool(bytes) {
            Some(flag) => Value::Bool(flag),
            None => Value::Blob(bytes.to_vec()),
        },
        (Raw::Blob(bytes), Type::Blob) => Value::Blob(bytes.to_vec()),
        (Raw::Text(text), Type::Decimal) => {
            let (unscaled, scale) = decimal::parse(text)?;
            Value::Decimal { unscaled, scale }
        }
        (Raw::Integer(unscaled), Type::Decimal) => Value::Decimal { unscaled, scale: 0 },
        (Raw::Blob(bytes), Type::Uuid) => Value::Uuid(bytes.try_into().ok()?),
        (Raw::Integer(micros), Type::Timestamp) => Value::Timestamp(micros),
        (Raw::Integer(micros), Type::TimestampTz) => Value::TimestampTz(micros),
        (Raw::Integer(days), Type::Date) => Value::Date(i32::try_from(days).ok()?),
        (Raw::Integer(micros), Type::Time) => Value::Time(micros),
        (Raw::Text(text), Type::Interval) => {
            let (months, days, micros) = interval::parse_stored(text)?;
            Value::Interval { months, days, micros }
        }
        (Raw::Integer(label), Type::Enum(of)) => Value::Enum { type_id: of.id, label_id: u64::try_from(label).ok()? },
        (Raw::Blob(stored), Type::IpAddr) => {
            let (family, bytes) = network::load_ip(stored)?;
            Value::IpAddr { family, bytes }
        }
        (Raw::Blob(stored), Type::Cidr) => {
            let (family, prefix, bytes) = network::load_cidr(stored)?;
            Value::Cidr { family, prefix, bytes }
        }
        (Raw::Blob(stored), Type::MacAddr) => {
            let mut bytes = [0; 8];
            bytes.get_mut(..stored.len())?.copy_from_slice(stored);
            Value::MacAddr { len: stored.len() as u8, bytes }
        }
        (Raw::Blob(bytes), Type::Geometry) => Value::Geometry(bytes.to_vec()),
        (Raw::Blob(bytes), Type::Geography) => Value::Geography(bytes.to_vec()),
        _ => return None,
    })
}

/// Adds the column of the value to the error.
pub(crate) fn in_column(mut error: Error, column: &str) -> Error {
    if !column.is_empty() {
        error.message = format!("{} for column {column}", error.message);
        error = error.with("column", column);
    }
    error
}
