//! Date arithmetic, EXTRACT and date_trunc.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::{fail, integer, null, raw, real, Output, PURE};
use crate::error::{Error, Status};
use crate::types::datetime::{add_interval, civil_from_days, days_from_civil, DAY_MICROS};
use crate::types::{self, interval, Raw};
use crate::value::Type;

fn unsupported_field(field: &str) -> rusqlite::Error {
    let message = format!("unknown field {field} of a date or time");
    fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
}

/// `ddb_ts_add(micros, interval, sign)`
fn shift(context: &Context<'_>) -> Output {
    let (Raw::Integer(micros), Raw::Text(text)) = (raw(context, 0)?, raw(context, 1)?) else { return Ok(null()) };
    let sign: i64 = context.get(2)?;
    let overflow = || fail(&types::out_of_range("the result", &Type::Timestamp));
    let (months, days, extra) =
        interval::parse_stored(text).ok_or_else(|| fail(&types::invalid(text, &Type::Interval)))?;
    let signed = if sign < 0 {
        (months.checked_neg(), days.checked_neg(), extra.checked_neg())
    } else {
        (Some(months), Some(days), Some(extra))
    };
    let (Some(months), Some(days), Some(extra)) = signed else { return Err(overflow()) };
    add_interval(micros, months, days, extra).map(integer).ok_or_else(overflow)
}

/// `ddb_extract(field, micros)`: whole numbers but for the epoch.
fn extract(context: &Context<'_>) -> Output {
    let Raw::Integer(micros) = raw(context, 1)? else { return Ok(null()) };
    let field: String = context.get(0)?;
    let days = micros.div_euclid(DAY_MICROS);
    let time = micros.rem_euclid(DAY_MICROS);
    let (year, month, day) = civil_from_days(days);
    // 1970-01-01 was a Thursday.
    let weekday = (days + 4).rem_euclid(7);
    let second = time % 60_000_000;
    Ok(integer(match field.as_str() {
        "year" => year,
        "month" => i64::from(month),
        "day" => i64::from(day),
        "hour" => time / 3_600_000_000,
        "minute" => time / 60_000_000 % 60,
        "second" => second / 1_000_000,
        "millisecond" | "milliseconds" => second / 1_000,
        "microsecond" | "microseconds" => second,
        "quarter" => i64::from(month - 1) / 3 + 1,
        "dow" => weekday,
        "isodow" => (weekday + 6) % 7 + 1,
        "doy" => days - days_from_civil(year, 1, 1) + 1,
        "decade" => year.div_euclid(10),
        "week" => iso_week(days).1,
        "isoyear" => iso_week(days).0,
        "epoch" => return Ok(real(micros as f64 / 1e6)),
        _ => return Err(unsupported_field(&field)),
    }))
}

/// Year and number of the ISO week: the one its Thursday lies in.
fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = civil_from_days(thursday);
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

/// `ddb_date_trunc(field, micros)`
fn truncate(context: &Context<'_>) -> Output {
    let (Raw::Text(field), Raw::Integer(micros)) = (raw(context, 0)?, raw(context, 1)?) else { return Ok(null()) };
    let days = micros.div_euclid(DAY_MICROS);
    let (year, month, _) = civil_from_days(days);
    let unit = |size: i64| micros - micros.rem_euclid(size);
    let date = |year, month| days_from_civil(year, month, 1) * DAY_MICROS;
    let field = field.to_ascii_lowercase();
    Ok(integer(match field.as_str() {
        "microsecond" | "microseconds" => micros,
        "millisecond" | "milliseconds" => unit(1_000),
        "second" => unit(1_000_000),
        "minute" => unit(60_000_000),
        "hour" => unit(3_600_000_000),
        "day" => unit(DAY_MICROS),
        "week" => (days - (days + 3).rem_euclid(7)) * DAY_MICROS,
        "month" => date(year, month),
        "quarter" => date(year, (month - 1) / 3 * 3 + 1),
        "year" => date(year, 1),
        "decade" => date(year.div_euclid(10) * 10, 1),
        _ => return Err(unsupported_field(&field)),
    }))
}

/// `ddb_limit(n)`: what LIMIT and OFFSET take; NULL is no limit.
fn limit(context: &Context<'_>) -> Output {
    match raw(context, 0)? {
        Raw::Null => Ok(integer(-1)),
        Raw::Integer(count) if count >= 0 => Ok(integer(count)),
        _ => {
            let message = "LIMIT and OFFSET must not be negative";
            Err(fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message)))
        }
    }
}

/// `ddb_positive(n)`: what window functions count with.
fn positive(context: &Context<'_>) -> Output {
    match raw(context, 0)? {
        Raw::Integer(count) if count > 0 => Ok(integer(count)),
        _ => {
            let message = "ntile and nth_value take a number above zero";
            Err(fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message)))
        }
    }
}

/// `ddb_series_step(n)`: a step of zero would never end.
fn series_step(context: &Context<'_>) -> Output {
    match raw(context, 0)? {
        Raw::Null => Ok(null()),
        Raw::Integer(step) if step != 0 => Ok(integer(step)),
        _ => {
            let message = "the step of generate_series must not be zero";
            Err(fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message)))
        }
    }
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function("ddb_ts_add", 3, PURE, shift)?;
    connection.create_scalar_function("ddb_extract", 2, PURE, extract)?;
    connection.create_scalar_function("ddb_date_trunc", 2, PURE, truncate)?;
    connection.create_scalar_function("ddb_series_step", 1, PURE, series_step)?;
    connection.create_scalar_function("ddb_positive", 1, PURE, positive)?;
    connection.create_scalar_function("ddb_limit", 1, PURE, limit)
}
