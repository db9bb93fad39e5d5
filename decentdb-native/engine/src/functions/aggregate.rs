//! Aggregates over DECIMAL, and the statistical aggregates that SQLite lacks.

use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::ToSqlOutput;
use rusqlite::Connection;

use super::decimal::{decimal_output, number, overflow};
use super::{null, raw, real, PURE};
use crate::types::decimal::{self, MAX_SCALE};
use crate::types::Raw;

type Output = ToSqlOutput<'static>;

/// SUM and AVG of DECIMAL.
#[derive(Clone, Copy)]
struct DecimalSum {
    average: bool,
}

/// One sum per scale, so that a row leaving a window also removes its scale.
#[derive(Default)]
struct Sum {
    scales: [(i128, i64); MAX_SCALE as usize + 1],
}

impl Sum {
    fn change(&mut self, value: Raw<'_>, sign: i128) -> rusqlite::Result<()> {
        if let Some((unscaled, scale)) = number(value)? {
            let place = self.scales.get_mut(usize::from(scale)).ok_or_else(overflow)?;
            // 2^64 rows of the largest values fit.
            place.0 += sign * i128::from(unscaled);
            place.1 += sign as i64;
        }
        Ok(())
    }

    fn result(&self, average: bool) -> rusqlite::Result<Output> {
        let count: i64 = self.scales.iter().map(|(_, count)| count).sum();
        if count == 0 {
            return Ok(null());
        }
        let used = self.scales.iter().zip(0u8..).filter(|((_, count), _)| *count != 0);
        let mut total: Option<i128> = Some(0);
        let mut at = 0u8;
        for ((sum, _), scale) in used {
            let shift = 10i128.pow(u32::from(scale - at));
            total = total.and_then(|total| total.checked_mul(shift)).and_then(|total| total.checked_add(*sum));
            at = scale;
        }
        let total = total.and_then(|total| decimal::shrink(total, at, 0)).ok_or_else(overflow)?;
        let result = if average { decimal::divide(total, (count, 0)) } else { Some(total) };
        result.map(decimal_output).ok_or_else(overflow)
    }
}

impl Aggregate<Sum, Output> for DecimalSum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Sum> {
        Ok(Sum::default())
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut Sum) -> rusqlite::Result<()> {
        sum.change(raw(context, 0)?, 1)
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<Sum>) -> rusqlite::Result<Output> {
        sum.map_or_else(|| Ok(null()), |sum| sum.result(self.average))
    }
}

impl WindowAggregate<Sum, Output> for DecimalSum {
    fn value(&self, sum: Option<&mut Sum>) -> rusqlite::Result<Output> {
        sum.map_or_else(|| Ok(null()), |sum| sum.result(self.average))
    }

    fn inverse(&self, context: &mut Context<'_>, sum: &mut Sum) -> rusqlite::Result<()> {
        sum.change(raw(context, 0)?, -1)
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
        let Some(value) = float(context)? else { return Ok(()) };
        moments.count += 1.0;
        let distance = value - moments.mean;
        moments.mean += distance / moments.count;
        moments.squares += distance * (value - moments.mean);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, moments: Option<Moments>) -> rusqlite::Result<Output> {
        Ok(self.result(&moments.unwrap_or_default()))
    }
}

impl Spread {
    fn result(self, moments: &Moments) -> Output {
        let divisor = if self.population { moments.count } else { moments.count - 1.0 };
        if divisor <= 0.0 {
            return null();
        }
        let variance = moments.squares / divisor;
        real(if self.root { variance.sqrt() } else { variance })
    }
}

impl WindowAggregate<Moments, Output> for Spread {
    fn value(&self, moments: Option<&mut Moments>) -> rusqlite::Result<Output> {
        Ok(moments.map_or_else(null, |moments| self.result(moments)))
    }

    fn inverse(&self, context: &mut Context<'_>, moments: &mut Moments) -> rusqlite::Result<()> {
        let Some(value) = float(context)? else { return Ok(()) };
        moments.count -= 1.0;
        if moments.count < 1.0 {
            *moments = Moments::default();
            return Ok(());
        }
        let distance = value - moments.mean;
        moments.mean -= distance / moments.count;
        // Rounding must not leave a negative rest.
        moments.squares = (moments.squares - distance * (value - moments.mean)).max(0.0);
        Ok(())
    }
}

fn float(context: &Context<'_>) -> rusqlite::Result<Option<f64>> {
    Ok(match raw(context, 0)? {
        Raw::Integer(number) => Some(number as f64),
        Raw::Real(number) => Some(number),
        _ => None,
    })
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    const FLAGS: FunctionFlags = PURE;
    connection.create_window_function("ddb_dec_sum", 1, FLAGS, DecimalSum { average: false })?;
    connection.create_window_function("ddb_dec_avg", 1, FLAGS, DecimalSum { average: true })?;
    for (name, population, root) in [
        ("ddb_var_samp", false, false),
        ("ddb_var_pop", true, false),
        ("ddb_stddev_samp", false, true),
        ("ddb_stddev_pop", true, true),
    ] {
        connection.create_window_function(name, 1, FLAGS, Spread { population, root })?;
    }
    Ok(())
}
