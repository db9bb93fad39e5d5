//! Aggregates that keep all their values: arrays, lists and percentiles.

use std::cmp::Ordering;
use std::collections::{HashSet, VecDeque};

use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::Value as SqlValue;
use rusqlite::Connection;

use super::decimal::{decimal_output, number, overflow};
use super::text::text;
use super::{fail, null, real, string, Output, PURE};
use crate::error::{Error, Status};
use crate::types::{decimal, interval, Raw};

type Cell = rusqlite::types::ToSqlOutput<'static>;

/// `ddb_array_agg(json)` and `ddb_json_agg(json)`: an array of JSON values.
struct Array {
    /// Without rows it is the empty array, and otherwise NULL.
    never_null: bool,
}

impl Array {
    fn text(&self, members: &VecDeque<String>) -> Cell {
        if members.is_empty() && !self.never_null {
            return null();
        }
        let mut text = String::from("[");
        for (at, member) in members.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            text.push_str(member);
        }
        text.push(']');
        string(text)
    }
}

impl Aggregate<VecDeque<String>, Cell> for Array {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<VecDeque<String>> {
        Ok(VecDeque::new())
    }

    fn step(&self, context: &mut Context<'_>, members: &mut VecDeque<String>) -> rusqlite::Result<()> {
        members.push_back(text(context, 0)?.unwrap_or("null").to_owned());
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, members: Option<VecDeque<String>>) -> Output {
        Ok(self.text(&members.unwrap_or_default()))
    }
}

impl WindowAggregate<VecDeque<String>, Cell> for Array {
    fn value(&self, members: Option<&mut VecDeque<String>>) -> Output {
        Ok(self.text(members.unwrap_or(&mut VecDeque::new())))
    }

    fn inverse(&self, _: &mut Context<'_>, members: &mut VecDeque<String>) -> rusqlite::Result<()> {
        // Rows leave a window in the order in which they entered it.
        members.pop_front();
        Ok(())
    }
}

/// `ddb_distinct_concat(text, separator)`: each text once, in the order of first occurrence.
struct DistinctConcat;

#[derive(Default)]
struct Joined {
    seen: HashSet<String>,
    text: String,
}

impl Aggregate<Joined, Cell> for DistinctConcat {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Joined> {
        Ok(Joined::default())
    }

    fn step(&self, context: &mut Context<'_>, joined: &mut Joined) -> rusqlite::Result<()> {
        let Some(item) = text(context, 0)? else { return Ok(()) };
        if joined.seen.contains(item) {
            return Ok(());
        }
        if !joined.seen.is_empty() {
            joined.text.push_str(text(context, 1)?.unwrap_or_default());
        }
        joined.text.push_str(item);
        joined.seen.insert(item.to_owned());
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, joined: Option<Joined>) -> Output {
        Ok(match joined {
            Some(joined) if !joined.seen.is_empty() => string(joined.text),
            _ => null(),
        })
    }
}

/// How a percentile is chosen among the ordered values.
#[derive(Clone, Copy)]
enum Percentile {
    /// Interpolates between two values, as FLOAT64.
    Float,
    /// Interpolates between two values, as exactly as DECIMAL can.
    Decimal,
    /// The first value that reaches the fraction.
    Discrete,
}

#[derive(Default)]
struct Sample {
    values: Vec<SqlValue>,
    fraction: f64,
    /// How values are ordered: as SQLite does, as DECIMAL (1), or as INTERVAL (2); see the binder.
    order: i64,
    descending: bool,
}

impl Aggregate<Sample, Cell> for Percentile {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Sample> {
        Ok(Sample::default())
    }

    fn step(&self, context: &mut Context<'_>, sample: &mut Sample) -> rusqlite::Result<()> {
        let fraction: Option<f64> = context.get(1)?;
        let Some(fraction) = fraction else { return Ok(()) };
        if !(0.0..=1.0).contains(&fraction) {
            let message = format!("the fraction {fraction} of a percentile is not between 0 and 1");
            return Err(fail(&Error::new(Status::Sql, "sql.out_of_range", Some("22003"), message)));
        }
        sample.fraction = fraction;
        if context.len() > 2 {
            (sample.order, sample.descending) = (context.get(2)?, context.get(3)?);
        }
        let value = context.get::<SqlValue>(0)?;
        if value != SqlValue::Null {
            sample.values.push(value);
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sample: Option<Sample>) -> Output {
        let Some(mut sample) = sample.filter(|sample| !sample.values.is_empty()) else { return Ok(null()) };
        let order = if matches!(self, Percentile::Decimal) { 1 } else { sample.order };
        sample.values.sort_by(|left, right| compare(left, right, order));
        if sample.descending {
            sample.values.reverse();
        }
        let last = sample.values.len() - 1;
        if let Percentile::Discrete = self {
            let at = (sample.fraction * sample.values.len() as f64).ceil() as usize;
            return Ok(Cell::Owned(sample.values.swap_remove(at.saturating_sub(1).min(last))));
        }
        let place = sample.fraction * last as f64;
        let (below, part) = (place.floor() as usize, place.fract());
        let (low, high) = (&sample.values[below.min(last)], &sample.values[(below + 1).min(last)]);
        match self {
            Percentile::Decimal => between(low, high, part),
            _ => {
                let (low, high) = (float(low), float(high));
                Ok(real(if part == 0.0 { low } else { low + (high - low) * part }))
            }
        }
    }
}

fn float(value: &SqlValue) -> f64 {
    match value {
        SqlValue::Integer(number) => *number as f64,
        SqlValue::Real(number) => *number,
        _ => f64::NAN,
    }
}

fn between(low: &SqlValue, high: &SqlValue, part: f64) -> Output {
    let read = |value: &SqlValue| match value {
        SqlValue::Text(text) => number(Raw::Text(text)),
        SqlValue::Integer(whole) => Ok(Some((*whole, 0))),
        _ => Ok(None),
    };
    let (Some(low), Some(high)) = (read(low)?, read(high)?) else { return Ok(null()) };
    if part == 0.0 {
        return Ok(decimal_output(low));
    }
    let result = decimal::subtract(high, low)
        .zip(decimal::from_f64(part))
        .and_then(|(distance, part)| decimal::add(low, decimal::multiply(distance, part)?));
    result.map(decimal_output).ok_or_else(overflow)
}

fn compare(left: &SqlValue, right: &SqlValue, order: i64) -> Ordering {
    match (left, right) {
        (SqlValue::Text(left), SqlValue::Text(right)) => match order {
            1 => decimal::collate(left, right),
            2 => interval::collate(left, right),
            _ => left.cmp(right),
        },
        (SqlValue::Integer(left), SqlValue::Integer(right)) => left.cmp(right),
        (SqlValue::Blob(left), SqlValue::Blob(right)) => left.cmp(right),
        (left, right) => float(left).total_cmp(&float(right)),
    }
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    const FLAGS: FunctionFlags = PURE;
    connection.create_window_function("ddb_array_agg", 1, FLAGS, Array { never_null: true })?;
    connection.create_window_function("ddb_json_agg", 1, FLAGS, Array { never_null: false })?;
    connection.create_aggregate_function("ddb_distinct_concat", 2, FLAGS, DistinctConcat)?;
    connection.create_aggregate_function("ddb_percentile", 2, FLAGS, Percentile::Float)?;
    connection.create_aggregate_function("ddb_dec_percentile", 2, FLAGS, Percentile::Decimal)?;
    connection.create_aggregate_function("ddb_percentile_disc", 4, FLAGS, Percentile::Discrete)
}
