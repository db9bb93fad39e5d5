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

/// An ENUM as declared on a column: labels compare in order of declaration.
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

/// A value in the form SQLite stores it.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}
