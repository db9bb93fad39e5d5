//! Types and values of the SQL dialect. The discriminants of [`Tag`] are those of the C ABI.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The type of a column, parameter or expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    Int64,
    Float64,
    Bool,
    Text,
    Blob,
    Decimal,
    Uuid,
    Timestamp,
    TimestampTz,
    Date,
    Time,
    Interval,
    Enum(Arc<EnumType>),
    IpAddr,
    Cidr,
    MacAddr,
    Geometry,
    Geography,
    /// Not known before execution: a bare NULL, or the result of a dynamically typed function. Cells of this type take
    /// their tag from SQLite's storage class.
    Dynamic,
}

impl Type {
    /// The spelling used in metadata and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Type::Int64 => "INT64",
            Type::Float64 => "FLOAT64",
            Type::Bool => "BOOL",
            Type::Text => "TEXT",
            Type::Blob => "BLOB",
            Type::Decimal => "DECIMAL",
            Type::Uuid => "UUID",
            Type::Timestamp => "TIMESTAMP",
            Type::TimestampTz => "TIMESTAMPTZ",
            Type::Date => "DATE",
            Type::Time => "TIME",
            Type::Interval => "INTERVAL",
            Type::Enum(_) => "ENUM",
            Type::IpAddr => "IPADDR",
            Type::Cidr => "CIDR",
            Type::MacAddr => "MACADDR",
            Type::Geometry => "GEOMETRY",
            Type::Geography => "GEOGRAPHY",
            Type::Dynamic => "DYNAMIC",
        }
    }

    /// The tag of a cell of this type; `None` where SQLite's storage class decides.
    pub fn tag(&self) -> Option<Tag> {
        Some(match self {
            Type::Int64 => Tag::Int64,
            Type::Float64 => Tag::Float64,
            Type::Bool => Tag::Bool,
            Type::Text => Tag::Text,
            Type::Blob => Tag::Blob,
            Type::Decimal => Tag::Decimal,
            Type::Uuid => Tag::Uuid,
            Type::Timestamp => Tag::Timestamp,
            Type::TimestampTz => Tag::TimestampTz,
            Type::Date => Tag::Date,
            Type::Time => Tag::Time,
            Type::Interval => Tag::Interval,
            Type::Enum(_) => Tag::Enum,
            Type::IpAddr => Tag::IpAddr,
            Type::Cidr => Tag::Cidr,
            Type::MacAddr => Tag::MacAddr,
            Type::Geometry => Tag::Geometry,
            Type::Geography => Tag::Geography,
            Type::Dynamic => return None,
        })
    }

    pub fn is_numeric(&self) -> bool {
        matches!(self, Type::Int64 | Type::Float64 | Type::Decimal)
    }

    pub fn is_temporal(&self) -> bool {
        matches!(self, Type::Date | Type::Time | Type::Timestamp | Type::TimestampTz | Type::Interval)
    }

    /// The collation that orders stored values of this type; `None` for SQLite's own order.
    pub fn collation(&self) -> Option<&'static str> {
        match self {
            Type::Decimal => Some("ddb_decimal"),
            Type::Interval => Some("ddb_interval"),
            _ => None,
        }
    }

    /// The declared type of a column of a STRICT table.
    pub fn storage(&self) -> &'static str {
        match self {
            Type::Int64 | Type::Bool | Type::Date | Type::Time | Type::Timestamp | Type::TimestampTz => "INTEGER",
            Type::Enum(_) => "INTEGER",
            Type::Float64 => "REAL",
            Type::Text | Type::Decimal | Type::Interval => "TEXT",
            Type::Blob | Type::Uuid | Type::IpAddr | Type::Cidr | Type::MacAddr => "BLOB",
            Type::Geometry | Type::Geography => "BLOB",
            Type::Dynamic => "ANY",
        }
    }

    /// The type of a value with this tag, as far as the tag determines it. An ENUM value carries no labels, so this
    /// type has none.
    pub fn from_tag(tag: Tag) -> Option<Type> {
        Some(match tag {
            Tag::Null => return None,
            Tag::Int64 => Type::Int64,
            Tag::Float64 => Type::Float64,
            Tag::Bool => Type::Bool,
            Tag::Text => Type::Text,
            Tag::Blob => Type::Blob,
            Tag::Decimal => Type::Decimal,
            Tag::Uuid => Type::Uuid,
            Tag::Timestamp => Type::Timestamp,
            Tag::Geometry => Type::Geometry,
            Tag::Geography => Type::Geography,
            Tag::Enum => return None,
            Tag::IpAddr => Type::IpAddr,
            Tag::Cidr => Type::Cidr,
            Tag::Date => Type::Date,
            Tag::Time => Type::Time,
            Tag::TimestampTz => Type::TimestampTz,
            Tag::Interval => Type::Interval,
            Tag::MacAddr => Type::MacAddr,
        })
    }
}

/// An ENUM as declared on a column. Labels compare in the order of their declaration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EnumType {
    pub id: u64,
    pub labels: Vec<String>,
}

/// Cell tags of the C ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Tag {
    Null = 0,
    Int64 = 1,
    Float64 = 2,
    Bool = 3,
    Text = 4,
    Blob = 5,
    Decimal = 6,
    Uuid = 7,
    Timestamp = 8,
    Geometry = 9,
    Geography = 10,
    Enum = 11,
    IpAddr = 12,
    Cidr = 13,
    Date = 14,
    Time = 15,
    TimestampTz = 16,
    Interval = 17,
    MacAddr = 18,
}

/// An owned value, as bound by a caller or copied out of a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Int64(i64),
    Float64(f64),
    Bool(bool),
    Text(String),
    Blob(Vec<u8>),
    /// `unscaled * 10^-scale`
    Decimal {
        unscaled: i64,
        scale: u8,
    },
    Uuid([u8; 16]),
    /// Microseconds since 1970-01-01T00:00 without a zone.
    Timestamp(i64),
    /// Microseconds since 1970-01-01T00:00Z.
    TimestampTz(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds of the day.
    Time(i64),
    Interval {
        months: i32,
        days: i32,
        micros: i64,
    },
    Enum {
        type_id: u64,
        label_id: u64,
    },
    /// `family` is 4 or 6; a version 4 address fills the first four bytes.
    IpAddr {
        family: u8,
        bytes: [u8; 16],
    },
    Cidr {
        family: u8,
        prefix: u8,
        bytes: [u8; 16],
    },
    /// `len` is 6 or 8.
    MacAddr {
        len: u8,
        bytes: [u8; 8],
    },
    Geometry(Vec<u8>),
    Geography(Vec<u8>),
}

impl Value {
    pub fn tag(&self) -> Tag {
        match self {
            Value::Null => Tag::Null,
            Value::Int64(_) => Tag::Int64,
            Value::Float64(_) => Tag::Float64,
            Value::Bool(_) => Tag::Bool,
            Value::Text(_) => Tag::Text,
            Value::Blob(_) => Tag::Blob,
            Value::Decimal { .. } => Tag::Decimal,
            Value::Uuid(_) => Tag::Uuid,
            Value::Timestamp(_) => Tag::Timestamp,
            Value::TimestampTz(_) => Tag::TimestampTz,
            Value::Date(_) => Tag::Date,
            Value::Time(_) => Tag::Time,
            Value::Interval { .. } => Tag::Interval,
            Value::Enum { .. } => Tag::Enum,
            Value::IpAddr { .. } => Tag::IpAddr,
            Value::Cidr { .. } => Tag::Cidr,
            Value::MacAddr { .. } => Tag::MacAddr,
            Value::Geometry(_) => Tag::Geometry,
            Value::Geography(_) => Tag::Geography,
        }
    }
}

/// A value in the form in which SQLite stores it.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}
