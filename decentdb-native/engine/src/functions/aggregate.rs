//! Aggregates over DECIMAL, and the statistical ones SQLite lacks.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::ToSqlOutput;
use rusqlite::Connection;

use super::decimal::{decimal_output, number, overflow};
use super::{null, raw, real, PURE};
use crate::types::{decimal, Raw};

type Output = ToSqlOutput<'static>;

/// SUM and AVG of DECIMAL.
#[derive(Clone, Copy)]
struct DecimalSum {
    average: bool,
}

#[derive(Default)]
struct Sum {
    total: Option<(i64, u8)>,
    count: i64,
}

impl Aggregate<Sum, Output> for DecimalSum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Sum> {
        Ok(Sum::default())
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut Sum) -> rusqlite::Result<()> {
        if let Some(value) = number(raw(context, 0)?)? {
            let total = sum.total.map_or(Some(value), |total| decimal::add(total, value));
            sum.total = Some(total.ok_or_else(overflow)?);
            sum.count += 1;
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<Sum>) -> rusqlite::Result<Output> {
        let Some(Sum { total: Some(total), count }) = sum else { return Ok(null()) };
        let result = if self.average { decimal::divide(total, (count, 0)) } else { Some(total) };
        result.map(decimal_output).ok_or_else(overflow)
    }
}

/// Variance and standard deviation, by Welford's method.
#[derive(Clone, Copy)]
struct Spread {
    population: bool,
    root: bool,
}

#[derive(Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Aggregate<Moments, Output> for Spread {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Moments> {
        Ok(Moments::default())
    }

    fn step(&self, context: &mut Context<'_>, moments: &mut Moments) -> rusqlite::Result<()> {
        let value = match raw(context, 0)? {
            Raw::Integer(number) => number as f64,
            Raw::Real(number) => number,
            _ => return Ok(()),
        };
        moments.count += 1.0;
        let distance = value - moments.mean;
        moments.mean += distance / moments.count;
        moments.squares += distance * (value - moments.mean);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, moments: Option<Moments>) -> rusqlite::Result<Output> {
        let moments = moments.unwrap_or_default();
        let divisor = if self.population { moments.count } else { moments.count - 1.0 };
        if divisor <= 0.0 {
            return Ok(null());
        }
        let variance = moments.squares / divisor;
        Ok(real(if self.root { variance.sqrt() } else { variance }))
    }
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    const FLAGS: FunctionFlags = PURE;
    connection.create_aggregate_function("ddb_dec_sum", 1, FLAGS, DecimalSum { average: false })?;
    connection.create_aggregate_function("ddb_dec_avg", 1, FLAGS, DecimalSum { average: true })?;
    for (name, population, root) in [
        ("ddb_var_samp", false, false),
        ("ddb_var_pop", true, false),
        ("ddb_stddev_samp", false, true),
        ("ddb_stddev_pop", true, true),
    ] {
        connection.create_aggregate_function(name, 1, FLAGS, Spread { population, root })?;
    }
    Ok(())
}
