//! The rows of `generate_series`, computed one by one.

use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::Connection;

use super::fail;
use crate::error::{Error, Status};
use crate::sqlite::series::{self, Rows};
use crate::types::datetime::{add_interval, DAY_MICROS};
use crate::types::interval::{self, Parts};
use crate::types::{self, decimal};
use crate::value::Type;

/// The unit of the series.
#[derive(Clone, Copy)]
enum Counter {
    Int,
    Decimal,
    Timestamp,
    /// Days, in steps of whole days.
    Date,
}

enum Position {
    Int { at: i64, stop: i64, step: i64 },
    Decimal { at: (i64, u8), stop: (i64, u8), step: (i64, u8) },
    Time { at: i64, stop: i64, step: Parts, dates: bool },
    End,
}

fn bad_step(message: &str) -> rusqlite::Error {
    fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
}

fn zero() -> rusqlite::Error {
    bad_step("the step of generate_series must not be zero")
}

impl Counter {
    fn start(self, arguments: [ValueRef<'_>; 3]) -> rusqlite::Result<Box<dyn Rows>> {
        let wrong = || fail(&Error::type_mismatch("generate_series got a value that is not of its type"));
        let position = match (self, arguments) {
            _ if arguments.contains(&ValueRef::Null) => Position::End,
            (Counter::Int, [ValueRef::Integer(at), ValueRef::Integer(stop), ValueRef::Integer(step)]) => {
                if step == 0 {
                    return Err(zero());
                }
                Position::Int { at, stop, step }
            }
            (Counter::Decimal, arguments) => {
                let read = |argument: ValueRef<'_>| match argument {
                    ValueRef::Integer(whole) => Ok((whole, 0)),
                    text => text.as_str().ok().and_then(decimal::parse).ok_or_else(wrong),
                };
                let [at, stop, step] = [read(arguments[0])?, read(arguments[1])?, read(arguments[2])?];
                if step.0 == 0 {
                    return Err(zero());
                }
                Position::Decimal { at, stop, step }
            }
            (Counter::Timestamp | Counter::Date, [ValueRef::Integer(at), ValueRef::Integer(stop), step]) => {
                let dates = matches!(self, Counter::Date);
                let step = step.as_str().ok().and_then(interval::parse_stored).ok_or_else(wrong)?;
                if interval::length(step) == 0 {
                    return Err(zero());
                }
                if dates && step.2 % DAY_MICROS != 0 {
                    return Err(bad_step("the step from date to date must be of whole days"));
                }
                let scale = |value: i64| {
                    let micros = if dates { value.checked_mul(DAY_MICROS) } else { Some(value) };
                    micros.ok_or_else(|| fail(&types::field_overflow("a bound of generate_series", &Type::Date)))
                };
                Position::Time { at: scale(at)?, stop: scale(stop)?, step, dates }
            }
            _ => return Err(wrong()),
        };
        Ok(Box::new(position))
    }
}

impl Rows for Position {
    fn current(&self) -> Option<SqlValue> {
        match *self {
            Position::Int { at, stop, step } => {
                (if step > 0 { at <= stop } else { at >= stop }).then_some(SqlValue::Integer(at))
            }
            Position::Decimal { at, stop, step } => {
                let order = decimal::compare(at, stop);
                (if step.0 > 0 { order.is_le() } else { order.is_ge() })
                    .then(|| SqlValue::Text(decimal::format(at.0, at.1)))
            }
            Position::Time { at, stop, step, dates } => {
                (if interval::length(step) > 0 { at <= stop } else { at >= stop })
                    .then(|| SqlValue::Integer(if dates { at.div_euclid(DAY_MICROS) } else { at }))
            }
            Position::End => None,
        }
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        let next = match *self {
            Position::Int { at, stop, step } => at.checked_add(step).map(|at| Position::Int { at, stop, step }),
            Position::Decimal { at, stop, step } => {
                decimal::add(at, step).map(|at| Position::Decimal { at, stop, step })
            }
            Position::Time { at, stop, step, dates } => {
                let next = add_interval(at, step.0, step.1, step.2);
                // A step such as one month minus thirty days may not advance.
                if next.is_some_and(|next| (next > at) != (interval::length(step) > 0)) {
                    return Err(bad_step("the step of generate_series leads back"));
                }
                next.map(|at| Position::Time { at, stop, step, dates })
            }
            Position::End => None,
        };
        // A value beyond the range of the type is beyond the stop as well.
        *self = next.unwrap_or(Position::End);
        Ok(())
    }
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    series::register(connection, c"ddb_series_int", |arguments| Counter::Int.start(arguments))?;
    series::register(connection, c"ddb_series_decimal", |arguments| Counter::Decimal.start(arguments))?;
    series::register(connection, c"ddb_series_timestamp", |arguments| Counter::Timestamp.start(arguments))?;
    series::register(connection, c"ddb_series_date", |arguments| Counter::Date.start(arguments))
}
