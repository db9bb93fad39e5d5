//! The text of values: as PostgreSQL writes it, and as JSON and events have it.

use super::{datetime, decimal, format_hex, interval, network, uuid};
use crate::value::Value;

/// The text of a value, as `CAST(.. AS TEXT)` returns it: PostgreSQL's.
pub fn to_text(value: &Value) -> String {
    match value {
        Value::Float64(number) => float(*number),
        Value::Blob(bytes) => format!("\\x{}", format_hex(bytes)),
        Value::Geometry(bytes) | Value::Geography(bytes) => format_hex(bytes).to_uppercase(),
        Value::Timestamp(micros) => datetime::write_timestamp(*micros, ""),
        Value::TimestampTz(micros) => datetime::write_timestamp(*micros, "+00"),
        Value::Date(days) => datetime::write_date(i64::from(*days)),
        Value::Time(micros) => datetime::write_time(*micros),
        Value::Interval { months, days, micros } => interval::write((*months, *days, *micros)),
        other => iso_text(other),
    }
}

/// The text of a value in JSON and events, with dates and times of one width in ISO 8601. Definitions in a file that was written
/// when CAST gave this text go on doing so.
pub fn iso_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Int64(number) => number.to_string(),
        Value::Float64(number) => iso_float(*number),
        Value::Bool(flag) => flag.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) | Value::Geometry(bytes) | Value::Geography(bytes) => format_hex(bytes),
        Value::Decimal { unscaled, scale } => decimal::format(*unscaled, *scale),
        Value::Uuid(bytes) => uuid::format(bytes),
        Value::Timestamp(micros) => datetime::format_timestamp(*micros),
        Value::TimestampTz(micros) => datetime::format_timestamptz(*micros),
        Value::Date(days) => datetime::format_date(i64::from(*days)),
        Value::Time(micros) => datetime::format_time(*micros),
        Value::Interval { months, days, micros } => interval::format_stored(*months, *days, *micros),
        Value::Enum { type_id, label_id } => format!("{type_id}:{label_id}"),
        Value::IpAddr { family, bytes } => network::format_ip(*family, bytes),
        Value::Cidr { family, prefix, bytes } => format!("{}/{prefix}", network::format_ip(*family, bytes)),
        Value::MacAddr { len, bytes } => network::format_mac(&bytes[..usize::from(*len).min(8)]),
    }
}

/// The shortest digits that are read as the same number, with an exponent below 1e-4 and from 1e15 on.
fn float(number: f64) -> String {
    if number == 0.0 || !number.is_finite() || (1e-4..1e15).contains(&number.abs()) {
        return plain_float(number);
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}

fn iso_float(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-5..1e16).contains(&size) || !number.is_finite() {
        plain_float(number)
    } else {
        format!("{number:e}")
    }
}

fn plain_float(number: f64) -> String {
    match number {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_postgresql_does() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (-1.25e-7, "-1.25e-07"),
            (1.5e300, "1.5e+300"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(float(number), text);
        }
    }
}
