//! INT64 arithmetic that fails rather than turning into REAL, and the mathematical functions that SQLite lacks.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::{fail, integer, null, raw, real, Output, PURE};
use crate::error::Error;
use crate::types::{self, Raw};
use crate::value::Type;

type Unary = fn(f64) -> f64;
type Binary = fn(f64, f64) -> f64;
type Checked = fn(i64, i64) -> Option<i64>;

fn int(value: Raw<'_>) -> rusqlite::Result<Option<i64>> {
    match value {
        Raw::Null => Ok(None),
        Raw::Integer(number) => Ok(Some(number)),
        _ => Err(fail(&Error::type_mismatch("INT64 arithmetic needs INT64 operands"))),
    }
}

fn overflow() -> rusqlite::Error {
    fail(&types::out_of_range("the result", &Type::Int64))
}

fn binary(context: &Context<'_>, zero_divides: bool, operation: fn(i64, i64) -> Option<i64>) -> Output {
    let (Some(left), Some(right)) = (int(raw(context, 0)?)?, int(raw(context, 1)?)?) else {
        return Ok(null());
    };
    if zero_divides && right == 0 {
        return Ok(null());
    }
    operation(left, right).map(integer).ok_or_else(overflow)
}

/// `ddb_chain(signs, first, ...)`: arithmetic from left to right, with an operand for each sign; that of FLOAT64 after an `f`.
fn chain(context: &Context<'_>) -> Output {
    let Raw::Text(written) = raw(context, 0)? else { return Ok(null()) };
    let (floats, signs) = match written.strip_prefix('f') {
        Some(signs) => (true, signs),
        None => (false, written),
    };
    let mut found = raw(context, 1)?;
    for (at, sign) in signs.bytes().enumerate() {
        found = match (found, raw(context, at + 2)?) {
            (Raw::Integer(left), Raw::Integer(right)) if !floats => {
                let result = match sign {
                    b'+' => left.checked_add(right),
                    b'-' => left.checked_sub(right),
                    b'*' => left.checked_mul(right),
                    _ if right == 0 => return Ok(null()),
                    b'/' => left.checked_div(right),
                    _ => Some(left.wrapping_rem(right)),
                };
                Raw::Integer(result.ok_or_else(overflow)?)
            }
            (left, right) => {
                let (Some(left), Some(right)) = (float(left), float(right)) else { return Ok(null()) };
                let result = match sign {
                    b'+' => left + right,
                    b'-' => left - right,
                    b'*' => left * right,
                    _ if right == 0.0 => return Ok(null()),
                    _ => left / right,
                };
                if result.is_nan() {
                    return Ok(null());
                }
                Raw::Real(result)
            }
        };
    }
    Ok(match found {
        Raw::Integer(number) => integer(number),
        Raw::Real(number) => real(number),
        _ => null(),
    })
}

fn unary(context: &Context<'_>, operation: fn(i64) -> Option<i64>) -> Output {
    match int(raw(context, 0)?)? {
        None => Ok(null()),
        Some(number) => operation(number).map(integer).ok_or_else(overflow),
    }
}

fn float(value: Raw<'_>) -> Option<f64> {
    match value {
        Raw::Integer(number) => Some(number as f64),
        Raw::Real(number) => Some(number),
        _ => None,
    }
}

/// NULL where the function is not defined, as in DecentDB.
fn float_function(context: &Context<'_>, operation: fn(f64) -> f64) -> Output {
    Ok(float(raw(context, 0)?).map(operation).filter(|result| !result.is_nan()).map_or_else(null, real))
}

/// Rounds a number to a number of digits; without that number, to a whole number.
fn round(context: &Context<'_>, operation: fn(f64) -> f64) -> Output {
    let digits: Option<i64> = if context.len() > 1 { context.get(1)? } else { Some(0) };
    let (Some(number), Some(digits)) = (float(raw(context, 0)?), digits) else { return Ok(null()) };
    let factor = 10f64.powi(digits.clamp(-308, 308) as i32);
    let scaled = number * factor;
    // Beyond 2^53 a double has no digits left to round.
    Ok(real(if scaled.abs() >= 9_007_199_254_740_992.0 { number } else { operation(scaled) / factor }))
}

/// `log(base, number)`
fn logarithm(base: f64, number: f64) -> f64 {
    if base <= 0.0 || base == 1.0 || number <= 0.0 {
        return f64::NAN;
    }
    // These are exact where the result is whole.
    match base {
        2.0 => number.log2(),
        10.0 => number.log10(),
        _ => number.ln() / base.ln(),
    }
}

fn gcd(left: i64, right: i64) -> Option<i64> {
    let (mut a, mut b) = (left.unsigned_abs(), right.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).ok()
}

fn lcm(left: i64, right: i64) -> Option<i64> {
    if left == 0 || right == 0 {
        return Some(0);
    }
    (left / gcd(left, right)?).checked_mul(right)?.checked_abs()
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let operations: [(&str, bool, Checked); 8] = [
        ("ddb_add", false, i64::checked_add),
        ("ddb_sub", false, i64::checked_sub),
        ("ddb_mul", false, i64::checked_mul),
        ("ddb_div", true, i64::checked_div),
        ("ddb_gcd", false, gcd),
        ("ddb_lcm", false, lcm),
        ("ddb_xor", false, |left, right| Some(left ^ right)),
        ("ddb_mod", true, |left, right| Some(left.wrapping_rem(right))),
    ];
    for (name, zero_divides, operation) in operations {
        connection.create_scalar_function(name, 2, PURE, move |context| binary(context, zero_divides, operation))?;
    }
    connection.create_scalar_function("ddb_chain", -1, PURE, chain)?;
    connection.create_scalar_function("ddb_neg", 1, PURE, |context| unary(context, i64::checked_neg))?;
    connection.create_scalar_function("ddb_abs", 1, PURE, |context| unary(context, i64::checked_abs))?;
    for arity in [1, 2] {
        connection.create_scalar_function("ddb_round", arity, PURE, |context| round(context, f64::round))?;
        connection.create_scalar_function("ddb_trunc", arity, PURE, |context| round(context, f64::trunc))?;
    }
    let operations: [(&str, Unary); 16] = [
        ("ddb_floor", f64::floor),
        ("ddb_ceil", f64::ceil),
        ("ddb_sqrt", f64::sqrt),
        ("ddb_ln", |number| if number > 0.0 { number.ln() } else { f64::NAN }),
        ("ddb_log10", |number| if number > 0.0 { number.log10() } else { f64::NAN }),
        ("ddb_exp", f64::exp),
        ("ddb_cbrt", f64::cbrt),
        ("ddb_sin", f64::sin),
        ("ddb_cos", f64::cos),
        ("ddb_tan", f64::tan),
        ("ddb_cot", |number| if number == 0.0 { f64::NAN } else { number.tan().recip() }),
        ("ddb_asin", f64::asin),
        ("ddb_acos", f64::acos),
        ("ddb_atan", f64::atan),
        ("ddb_degrees", f64::to_degrees),
        ("ddb_radians", f64::to_radians),
    ];
    for (name, operation) in operations {
        connection.create_scalar_function(name, 1, PURE, move |context| float_function(context, operation))?;
    }
    let operations: [(&str, Binary); 4] =
        [("ddb_power", f64::powf), ("ddb_fmod", |a, b| a % b), ("ddb_atan2", f64::atan2), ("ddb_log", logarithm)];
    for (name, operation) in operations {
        connection.create_scalar_function(name, 2, PURE, move |context| {
            let (Some(left), Some(right)) = (float(raw(context, 0)?), float(raw(context, 1)?)) else {
                return Ok(null());
            };
            let result = operation(left, right);
            Ok(if result.is_nan() { null() } else { real(result) })
        })?;
    }
    Ok(())
}
