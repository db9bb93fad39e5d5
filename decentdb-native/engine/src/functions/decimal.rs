//! Exact arithmetic on DECIMAL. Operands are decimal text or INTEGER; a divisor of zero gives NULL.

use std::cmp::Ordering;

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::{fail, integer, null, output, raw, real, string, Output, PURE};
use crate::error::Error;
use crate::types::{self, decimal, Raw};
use crate::value::{Stored, Type};

type Number = (i64, u8);
type Unary = fn(Number) -> Option<Number>;
type Binary = fn(Number, Number) -> Option<Number>;

pub(super) fn number(value: Raw<'_>) -> rusqlite::Result<Option<Number>> {
    match value {
        Raw::Null => Ok(None),
        Raw::Integer(unscaled) => Ok(Some((unscaled, 0))),
        Raw::Text(text) => decimal::parse(text).map(Some).ok_or_else(|| fail(&types::invalid(text, &Type::Decimal))),
        Raw::Real(_) | Raw::Blob(_) => Err(fail(&Error::type_mismatch("DECIMAL arithmetic needs DECIMAL operands"))),
    }
}

pub(super) fn overflow() -> rusqlite::Error {
    fail(&types::out_of_range("the result", &Type::Decimal))
}

pub(super) fn decimal_output((unscaled, scale): Number) -> rusqlite::types::ToSqlOutput<'static> {
    string(decimal::format(unscaled, scale))
}

fn binary(context: &Context<'_>, sign: &str, zero_divides: bool, operation: Binary) -> Output {
    let (Some(left), Some(right)) = (number(raw(context, 0)?)?, number(raw(context, 1)?)?) else {
        return Ok(null());
    };
    if zero_divides && right.0 == 0 {
        return Ok(null());
    }
    operation(left, right).map(decimal_output).ok_or_else(|| {
        let shown = |(unscaled, scale): Number| decimal::format(unscaled, scale);
        let operation = format!("{} {sign} {}", shown(left), shown(right));
        fail(&types::out_of_range(operation, &Type::Decimal))
    })
}

fn unary(context: &Context<'_>, operation: fn(Number) -> Option<Number>) -> Output {
    match number(raw(context, 0)?)? {
        None => Ok(null()),
        Some(value) => operation(value).map(decimal_output).ok_or_else(overflow),
    }
}

/// `round(value, digits)` and `trunc(value, digits)`; without `digits`, to a whole number.
fn round(context: &Context<'_>, operation: fn(Number, i64) -> Option<Number>) -> Output {
    let digits: Option<i64> = if context.len() > 1 { context.get(1)? } else { Some(0) };
    match (number(raw(context, 0)?)?, digits) {
        (Some(value), Some(digits)) => operation(value, digits).map(decimal_output).ok_or_else(overflow),
        _ => Ok(null()),
    }
}

fn to_float(context: &Context<'_>) -> Output {
    match number(raw(context, 0)?)? {
        None => Ok(null()),
        Some((unscaled, scale)) => Ok(real(decimal::to_f64(unscaled, scale))),
    }
}

/// `ddb_dec_real(d, toward)`: a value that compares with doubles as the DECIMAL does. `toward` is 0 for equality.
/// Otherwise it is the side on which a double may stand for a DECIMAL that equals no double.
fn comparable(context: &Context<'_>) -> Output {
    let Some((unscaled, scale)) = number(raw(context, 0)?)? else { return Ok(null()) };
    let (unscaled, scale) = decimal::normalized(unscaled, scale);
    if scale == 0 {
        return Ok(integer(unscaled));
    }
    let toward: i64 = context.get(1)?;
    let nearest = decimal::to_f64(unscaled, scale);
    Ok(match (decimal::compare_f64(nearest, (unscaled, scale)), toward) {
        (Ordering::Equal, _) => real(nearest),
        (Ordering::Less, 1) => real(nearest.next_up()),
        (Ordering::Greater, -1) => real(nearest.next_down()),
        (_, 1 | -1) => real(nearest),
        // The text equals other such decimals and no double.
        _ => output(Stored::Blob(decimal::format(unscaled, scale).into_bytes())),
    })
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let operations: [(&str, &str, bool, Binary); 6] = [
        ("ddb_dec_add", "+", false, decimal::add),
        ("ddb_dec_sub", "-", false, decimal::subtract),
        ("ddb_dec_mul", "*", false, decimal::multiply),
        ("ddb_dec_div", "/", true, decimal::divide),
        ("ddb_dec_mod", "%", true, decimal::remainder),
        ("ddb_dec_quotient", "div", true, decimal::whole_quotient),
    ];
    for (name, sign, zero_divides, operation) in operations {
        connection
            .create_scalar_function(name, 2, PURE, move |context| binary(context, sign, zero_divides, operation))?;
    }
    let operations: [(&str, Unary); 4] = [
        ("ddb_dec_neg", |(unscaled, scale)| Some((unscaled.checked_neg()?, scale))),
        ("ddb_dec_abs", |(unscaled, scale)| Some((unscaled.checked_abs()?, scale))),
        ("ddb_dec_floor", decimal::floor),
        ("ddb_dec_ceil", decimal::ceil),
    ];
    for (name, operation) in operations {
        connection.create_scalar_function(name, 1, PURE, move |context| unary(context, operation))?;
    }
    for arity in [1, 2] {
        connection.create_scalar_function("ddb_dec_round", arity, PURE, |context| round(context, decimal::round))?;
        connection.create_scalar_function("ddb_dec_trunc", arity, PURE, |context| round(context, decimal::cut))?;
    }
    connection.create_scalar_function("ddb_dec_sign", 1, PURE, |context| {
        Ok(number(raw(context, 0)?)?.map_or_else(null, |(unscaled, _)| integer(unscaled.signum())))
    })?;
    connection.create_scalar_function("ddb_dec_real", 2, PURE, comparable)?;
    connection.create_scalar_function("ddb_dec_float", 1, PURE, to_float)
}
