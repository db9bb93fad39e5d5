//! The spellings of types.

use std::sync::Arc;

use sqlparser::ast::{CharacterLength, DataType, EnumMember, ExactNumberInfo, TimezoneInfo};

use crate::error::{Error, Result, Status};
use crate::spatial::Shape;
use crate::types::decimal::MAX_SCALE;
use crate::types::size::Size;
use crate::value::{EnumType, Type};

/// The type a spelling stands for. An ENUM has the id 0 until a column owns it.
pub(crate) fn type_of(data_type: &DataType) -> Result<Type> {
    use DataType as D;
    Ok(match data_type {
        D::Int(_) | D::Int2(_) | D::Int4(_) | D::Int8(_) | D::Int64 | D::Integer(_) | D::BigInt(_) | D::SmallInt(_) => {
            Type::Int64
        }
        D::Real | D::Float4 | D::Float8 | D::Float64 | D::Float(_) | D::Double(_) | D::DoublePrecision => Type::Float64,
        D::Text
        | D::JSON
        | D::JSONB
        | D::Varchar(_)
        | D::CharacterVarying(_)
        | D::CharVarying(_)
        | D::Char(_)
        | D::Character(_)
        | D::String(None) => Type::Text,
        D::Bool | D::Boolean => Type::Bool,
        D::Bytea | D::Blob(None) => Type::Blob,
        D::Decimal(_) | D::Numeric(_) | D::Dec(_) => Type::Decimal,
        D::Uuid => Type::Uuid,
        D::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) | D::Datetime(_) => Type::Timestamp,
        D::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => Type::TimestampTz,
        D::Date => Type::Date,
        D::Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Type::Time,
        D::Interval { fields: None, .. } => Type::Interval,
        D::Enum(members, None) => Type::Enum(Arc::new(EnumType { id: 0, labels: labels(members)? })),
        D::Custom(name, arguments) => return custom(&name.to_string(), arguments),
        _ => return Err(Error::unsupported(format!("type {data_type}"))),
    })
}

fn custom(name: &str, arguments: &[String]) -> Result<Type> {
    let plain = arguments.is_empty();
    Ok(match name.to_ascii_lowercase().as_str() {
        "ipaddr" | "inet" if plain => Type::IpAddr,
        "cidr" if plain => Type::Cidr,
        "macaddr" | "macaddr8" if plain => Type::MacAddr,
        "interval" if plain => Type::Interval,
        "int64" if plain => Type::Int64,
        "float64" if plain => Type::Float64,
        "timestamptz" if plain => Type::TimestampTz,
        "enum" => {
            let members: Vec<EnumMember> = arguments.iter().map(|label| EnumMember::Name(label.clone())).collect();
            Type::Enum(Arc::new(EnumType { id: 0, labels: labels(&members)? }))
        }
        "geometry" => Type::Geometry,
        "geography" => Type::Geography,
        _ => return Err(Error::unsupported(format!("type {name}"))),
    })
}

/// The restrictions that the parameters of a spatial type put on its values; `None` for other types.
pub(crate) fn shape_of(data_type: &DataType) -> Result<Option<Shape>> {
    let DataType::Custom(name, arguments) = data_type else { return Ok(None) };
    match name.to_string().to_ascii_lowercase().as_str() {
        "geometry" => Shape::of(arguments, false).map(Some),
        "geography" => Shape::of(arguments, true).map(Some),
        _ => Ok(None),
    }
}

/// The size that a type is declared with; `None` if it has no bound but that of all its values.
pub(crate) fn size_of(data_type: &DataType) -> Result<Option<Size>> {
    use DataType as D;
    Ok(match data_type {
        D::SmallInt(_) | D::Int2(_) => Some(Size::Integer(16)),
        D::Int(_) | D::Integer(_) | D::Int4(_) => Some(Size::Integer(32)),
        D::Varchar(length) | D::CharacterVarying(length) | D::CharVarying(length) => characters(*length),
        D::Char(length) | D::Character(length) => Some(characters(*length).unwrap_or(Size::Characters(1))),
        D::Decimal(digits) | D::Numeric(digits) | D::Dec(digits) => match *digits {
            ExactNumberInfo::None => None,
            ExactNumberInfo::Precision(precision) => Some(decimal(precision, 0)?),
            ExactNumberInfo::PrecisionAndScale(precision, scale) => Some(decimal(precision, scale)?),
        },
        _ => None,
    })
}

/// The text of a type that names a length or digits, which are described also where values are not held to them.
pub(crate) fn declared_of(data_type: &DataType) -> Option<String> {
    use DataType as D;
    let bounded = match data_type {
        D::Varchar(length) | D::CharacterVarying(length) | D::CharVarying(length) => length.is_some(),
        D::Char(length) | D::Character(length) => length.is_some(),
        D::Decimal(digits) | D::Numeric(digits) | D::Dec(digits) => *digits != ExactNumberInfo::None,
        _ => false,
    };
    bounded.then(|| data_type.to_string())
}

fn characters(length: Option<CharacterLength>) -> Option<Size> {
    match length {
        Some(CharacterLength::IntegerLength { length, .. }) => Some(Size::Characters(length)),
        Some(CharacterLength::Max) | None => None,
    }
}

fn decimal(precision: u64, scale: i64) -> Result<Size> {
    let digits = u8::try_from(precision).ok().filter(|precision| (1..=MAX_SCALE).contains(precision));
    let places = u8::try_from(scale).ok().filter(|scale| digits.is_some_and(|digits| *scale <= digits));
    match (digits, places) {
        (Some(precision), Some(scale)) => Ok(Size::Digits { precision, scale }),
        _ => {
            let what = format!("enforcing DECIMAL({precision}, {scale})");
            Err(Error::unsupported(what).hint("a DECIMAL has at most 18 digits, and no more of them behind the point"))
        }
    }
}

fn labels(members: &[EnumMember]) -> Result<Vec<String>> {
    let mut labels: Vec<String> = Vec::with_capacity(members.len());
    for member in members {
        let EnumMember::Name(label) = member else {
            return Err(Error::unsupported("an ENUM label with a value"));
        };
        if labels.contains(label) {
            let message = format!("the ENUM label {label} is given twice");
            return Err(Error::new(Status::Sql, "sql.duplicate_label", Some("42710"), message));
        }
        labels.push(label.clone());
    }
    if labels.is_empty() {
        return Err(Error::syntax("an ENUM needs at least one label"));
    }
    Ok(labels)
}

/// The id of an ENUM: 64-bit FNV-1a over table, column and labels, each followed by a zero byte; never zero.
pub(crate) fn enum_id(table: &str, column: &str, labels: &[String]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for part in [table, column].into_iter().chain(labels.iter().map(String::as_str)) {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enum_ids_are_those_of_decentdb() {
        // Observed: the ENUM('x','y') column e of a table t.
        assert_eq!(enum_id("t", "e", &["x".into(), "y".into()]), 15_888_938_453_851_317_477);
    }
}
