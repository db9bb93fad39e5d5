//! Exact arithmetic on DECIMAL. Operands are decimal text or INTEGER; a divisor of zero gives NULL.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::{fail, null, raw, real, string, Output, PURE};
use crate::error::Error;
use crate::types::{self, decimal, Raw};
use crate::value::Type;

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

fn binary(context: &Context<'_>, zero_divides: bool, operation: fn(Number, Number) -> Option<Number>) -> Output {
    let (Some(left), Some(right)) = (number(raw(context, 0)?)?, number(raw(context, 1)?)?) else {
        return Ok(null());
    };
    if zero_divides && right.0 == 0 {
        return Ok(null());
    }
    operation(left, right).map(decimal_output).ok_or_else(overflow)
}

fn unary(context: &Context<'_>, operation: fn(Number) -> Option<Number>) -> Output {
    match number(raw(context, 0)?)? {
        None => Ok(null()),
        Some(value) => operation(value).map(decimal_output).ok_or_else(overflow),
    }
}

fn round(context: &Context<'_>) -> Output {
    let digits: Option<i64> = context.get(1)?;
    match (number(raw(context, 0)?)?, digits) {
        (Some(value), Some(digits)) => decimal::round(value, digits).map(decimal_output).ok_or_else(overflow),
        _ => Ok(null()),
    }
}

fn to_float(context: &Context<'_>) -> Output {
    match number(raw(context, 0)?)? {
        None => Ok(null()),
        Some((unscaled, scale)) => Ok(real(decimal::to_f64(unscaled, scale))),
    }
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let operations: [(&str, bool, Binary); 5] = [
        ("ddb_dec_add", false, decimal::add),
        ("ddb_dec_sub", false, decimal::subtract),
        ("ddb_dec_mul", false, decimal::multiply),
        ("ddb_dec_div", true, decimal::divide),
        ("ddb_dec_mod", true, decimal::remainder),
    ];
    for (name, zero_divides, operation) in operations {
        connection.create_scalar_function(name, 2, PURE, move |context| binary(context, zero_divides, operation))?;
    }
    let operations: [(&str, Unary); 5] = [
        ("ddb_dec_neg", |(unscaled, scale)| Some((unscaled.checked_neg()?, scale))),
        ("ddb_dec_abs", |(unscaled, scale)| Some((unscaled.checked_abs()?, scale))),
        ("ddb_dec_floor", decimal::floor),
        ("ddb_dec_ceil", decimal::ceil),
        ("ddb_dec_sign", |(unscaled, _)| Some((unscaled.signum(), 0))),
    ];
    for (name, operation) in operations {
        connection.create_scalar_function(name, 1, PURE, move |context| unary(context, operation))?;
    }
    connection.create_scalar_function("ddb_dec_round", 2, PURE, round)?;
    connection.create_scalar_function("ddb_dec_float", 1, PURE, to_float)
}
