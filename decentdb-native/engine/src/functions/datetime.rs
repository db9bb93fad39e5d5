//! Arithmetic with dates, times and intervals, EXTRACT and date_trunc.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::decimal::number;
use super::{fail, integer, null, raw, real, string, Output, PURE};
use crate::error::{Error, Status};
use crate::types::datetime::{self, add_interval, civil_from_days, days_from_civil, iso_week, weekday, DAY_MICROS};
use crate::types::interval::{self, Parts};
use crate::types::{self, decimal, Raw};
use crate::value::Type;

pub(super) fn unknown_field(field: &str) -> rusqlite::Error {
    let message = format!("unknown field {field} of a date or time");
    fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
}

/// The error for a point in time, date or interval outside the calendar.
pub(super) fn overflow(ty: &Type) -> rusqlite::Error {
    fail(&types::field_overflow("the result", ty))
}

pub(super) fn micros(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<i64>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Integer(micros) => Ok(Some(micros)),
        _ => Err(fail(&Error::type_mismatch("a date function needs a date or time"))),
    }
}

fn parts(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<Parts>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Text(text) => match interval::parse_stored(text) {
            Some(parts) => Ok(Some(parts)),
            None => Err(fail(&types::invalid(text, &Type::Interval))),
        },
        _ => Err(fail(&Error::type_mismatch("an INTERVAL is needed"))),
    }
}

fn interval_output(parts: Option<Parts>) -> Output {
    let (months, days, micros) = parts.ok_or_else(|| overflow(&Type::Interval))?;
    Ok(string(interval::format_stored(months, days, micros)))
}

/// The interval in the second argument, negated if the third argument is negative.
fn signed(context: &Context<'_>) -> rusqlite::Result<Option<Parts>> {
    let sign: i64 = context.get(2)?;
    match parts(context, 1)? {
        Some(parts) if sign < 0 => interval::negate(parts).map(Some).ok_or_else(|| overflow(&Type::Interval)),
        parts => Ok(parts),
    }
}

/// `ddb_ts_add(micros, interval, sign)`
fn shift(context: &Context<'_>) -> Output {
    let (Some(instant), Some((months, days, extra))) = (micros(context, 0)?, signed(context)?) else {
        return Ok(null());
    };
    add_interval(instant, months, days, extra).map(integer).ok_or_else(|| overflow(&Type::Timestamp))
}

/// `ddb_time_add(micros, interval, sign)`: ignores days and wraps around at midnight.
fn shift_time(context: &Context<'_>) -> Output {
    let (Some(time), Some((_, _, extra))) = (micros(context, 0)?, signed(context)?) else { return Ok(null()) };
    Ok(integer((time + extra.rem_euclid(DAY_MICROS)).rem_euclid(DAY_MICROS)))
}

/// `ddb_date_add(days, count, sign)`
fn shift_date(context: &Context<'_>) -> Output {
    let (Some(days), Some(count)) = (micros(context, 0)?, micros(context, 1)?) else { return Ok(null()) };
    let sign: i64 = context.get(2)?;
    let moved = count.checked_mul(sign).and_then(|count| days.checked_add(count));
    moved.filter(|days| datetime::is_date(*days)).map(integer).ok_or_else(|| overflow(&Type::Date))
}

/// `ddb_ts_diff(end, start)` and `ddb_age(end, start)`
fn difference(context: &Context<'_>, operation: fn(i64, i64) -> Option<Parts>) -> Output {
    let (Some(end), Some(start)) = (micros(context, 0)?, micros(context, 1)?) else { return Ok(null()) };
    interval_output(operation(end, start))
}

/// `ddb_interval_add(left, right, sign)`
fn add_intervals(context: &Context<'_>) -> Output {
    let (Some(left), Some(right)) = (parts(context, 0)?, signed(context)?) else { return Ok(null()) };
    interval_output(interval::add(left, right))
}

/// `ddb_interval_mul(interval, number)` and `ddb_interval_div(interval, number)`; a divisor of zero gives NULL.
fn scale(context: &Context<'_>, divide: bool) -> Output {
    let Some(interval) = parts(context, 0)? else { return Ok(null()) };
    let factor = match raw(context, 1)? {
        Raw::Real(factor) => Some(decimal::from_f64(factor).ok_or_else(|| overflow(&Type::Interval))?),
        exact => number(exact)?,
    };
    let Some((unscaled, scale)) = factor else { return Ok(null()) };
    let (mut numerator, mut denominator) = (i128::from(unscaled), 10i128.pow(u32::from(scale)));
    if divide {
        if numerator == 0 {
            return Ok(null());
        }
        // The numerator takes the sign.
        (numerator, denominator) = (denominator * numerator.signum(), numerator.abs());
    }
    interval_output(interval::scale(interval, numerator, denominator))
}

/// `ddb_extract(field, micros)`: whole numbers, except for the epoch.
fn extract(context: &Context<'_>) -> Output {
    let (Raw::Text(field), Some(micros)) = (raw(context, 0)?, micros(context, 1)?) else { return Ok(null()) };
    let days = micros.div_euclid(DAY_MICROS);
    let time = micros.rem_euclid(DAY_MICROS);
    let (year, month, day) = civil_from_days(days);
    let second = time % 60_000_000;
    Ok(integer(match field {
        "millennium" => age_of(year, 1000),
        "century" => age_of(year, 100),
        "decade" => year.div_euclid(10),
        "year" => year,
        "quarter" => i64::from(month - 1) / 3 + 1,
        "month" => i64::from(month),
        "week" => iso_week(days).1,
        "isoyear" => iso_week(days).0,
        "day" => i64::from(day),
        "dow" => weekday(days),
        "isodow" => (weekday(days) + 6) % 7 + 1,
        "doy" => days - days_from_civil(year, 1, 1) + 1,
        "julian" => days + 2_440_588,
        "hour" => time / 3_600_000_000,
        "minute" => time / 60_000_000 % 60,
        "second" => second / 1_000_000,
        "millisecond" => second / 1_000,
        "microsecond" => second,
        "epoch" => return Ok(real(micros as f64 / 1e6)),
        _ => return Err(unknown_field(field)),
    }))
}

/// The number of the century or millennium of a year. The first begins with year 1, and there is no number zero.
fn age_of(year: i64, length: i64) -> i64 {
    if year > 0 {
        (year - 1) / length + 1
    } else {
        year / length - 1
    }
}

/// `ddb_extract_interval(field, interval)`
fn extract_interval(context: &Context<'_>) -> Output {
    let (Raw::Text(field), Some((months, days, micros))) = (raw(context, 0)?, parts(context, 1)?) else {
        return Ok(null());
    };
    let months = i64::from(months);
    let second = micros % 60_000_000;
    Ok(integer(match field {
        "millennium" => months / 12_000,
        "century" => months / 1_200,
        "decade" => months / 120,
        "year" => months / 12,
        "quarter" => months % 12 / 3 + 1,
        "month" => months % 12,
        "day" => i64::from(days),
        "hour" => micros / 3_600_000_000,
        "minute" => micros / 60_000_000 % 60,
        "second" => second / 1_000_000,
        "millisecond" => second / 1_000,
        "microsecond" => second,
        // A year counts 365.25 days, each further month thirty.
        "epoch" => {
            let days = (months / 12) as f64 * 365.25 + (months % 12) as f64 * 30.0 + f64::from(days);
            return Ok(real(days * 86_400.0 + micros as f64 / 1e6));
        }
        _ => return Err(unknown_field(field)),
    }))
}

/// `ddb_date_trunc(field, micros)`
fn truncate(context: &Context<'_>) -> Output {
    let (Raw::Text(field), Some(micros)) = (raw(context, 0)?, micros(context, 1)?) else { return Ok(null()) };
    let days = micros.div_euclid(DAY_MICROS);
    let (year, month, _) = civil_from_days(days);
    let unit = |size: i64| micros - micros.rem_euclid(size);
    let date = |year, month| days_from_civil(year, month, 1) * DAY_MICROS;
    let first_of = |length: i64| date((year - 1).div_euclid(length) * length + 1, 1);
    let name = field.trim().to_ascii_lowercase();
    let truncated = match name.strip_suffix('s').unwrap_or(&name) {
        "microsecond" => micros,
        "millisecond" => unit(1_000),
        "second" => unit(1_000_000),
        "minute" => unit(60_000_000),
        "hour" => unit(3_600_000_000),
        "day" => unit(DAY_MICROS),
        "week" => (days - (days + 3).rem_euclid(7)) * DAY_MICROS,
        "month" => date(year, month),
        "quarter" => date(year, (month - 1) / 3 * 3 + 1),
        "year" => date(year, 1),
        "decade" => date(year.div_euclid(10) * 10, 1),
        "century" | "centurie" => first_of(100),
        "millennium" | "millennia" => first_of(1000),
        _ => return Err(unknown_field(field)),
    };
    datetime::in_range(truncated).map(integer).ok_or_else(|| overflow(&Type::Timestamp))
}

/// `ddb_limit(n)`: checks the argument of LIMIT and OFFSET; NULL means no limit.
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

/// `ddb_positive(n)`: checks the count argument of window functions.
fn positive(context: &Context<'_>) -> Output {
    match raw(context, 0)? {
        Raw::Integer(count) if count > 0 => Ok(integer(count)),
        _ => {
            let message = "ntile and nth_value take a number above zero";
            Err(fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message)))
        }
    }
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function("ddb_ts_add", 3, PURE, shift)?;
    connection.create_scalar_function("ddb_time_add", 3, PURE, shift_time)?;
    connection.create_scalar_function("ddb_date_add", 3, PURE, shift_date)?;
    connection.create_scalar_function("ddb_ts_diff", 2, PURE, |context| difference(context, interval::between))?;
    connection.create_scalar_function("ddb_age", 2, PURE, |context| difference(context, interval::age))?;
    connection.create_scalar_function("ddb_interval_add", 3, PURE, add_intervals)?;
    connection.create_scalar_function("ddb_interval_mul", 2, PURE, |context| scale(context, false))?;
    connection.create_scalar_function("ddb_interval_div", 2, PURE, |context| scale(context, true))?;
    connection.create_scalar_function("ddb_extract", 2, PURE, extract)?;
    connection.create_scalar_function("ddb_extract_interval", 2, PURE, extract_interval)?;
    connection.create_scalar_function("ddb_date_trunc", 2, PURE, truncate)?;
    connection.create_scalar_function("ddb_positive", 1, PURE, positive)?;
    connection.create_scalar_function("ddb_limit", 1, PURE, limit)
}
