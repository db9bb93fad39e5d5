//! Dates, times and intervals: their functions, fields and arithmetic.

use crate::error::{Error, Result, Status};
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::errors::{undefined, wrong_arguments};
use crate::sql::grammar::text_literal;
use crate::value::Type;

use super::call::take_arguments;

/// The functions of this module.
pub(super) const TEMPORAL: &[&str] = &[
    "now",
    "current_timestamp",
    "localtimestamp",
    "current_date",
    "current_time",
    "localtime",
    "date_trunc",
    "date_part",
    "extract",
    "date_diff",
    "last_day",
    "next_day",
    "age",
    "date",
    "datetime",
    "strftime",
];

const DATE_FIELDS: &[&str] = &[
    "millennium",
    "century",
    "decade",
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "dow",
    "isodow",
    "doy",
    "isoyear",
    "julian",
    "epoch",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
];
const TIME_FIELDS: &[&str] = &["hour", "minute", "second", "millisecond", "microsecond", "epoch"];
const INTERVAL_FIELDS: &[&str] = &[
    "millennium",
    "century",
    "decade",
    "year",
    "quarter",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "epoch",
];

impl Binder<'_> {
    pub fn temporal_call(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        match (name, arguments.len()) {
            ("now" | "current_timestamp", 0) => Ok(self.clock(&Type::TimestampTz)),
            ("localtimestamp", 0) => Ok(self.clock(&Type::Timestamp)),
            ("current_date", 0) => Ok(self.clock(&Type::Date)),
            ("current_time" | "localtime", 0) => Ok(self.clock(&Type::Time)),
            ("date_trunc", 2) => {
                let [field, date] = take_arguments(arguments)?;
                let field = self.typed(name, field, &Type::Text)?;
                let date = self.moment(date, name)?;
                let nullable = field.nullable || date.nullable;
                Ok(Ex::new(format!("ddb_date_trunc({}, {})", field.sql, date.sql), date.ty, nullable))
            }
            ("date_part" | "extract", 2) => {
                let [field, date] = take_arguments(arguments)?;
                let ExKind::Text(field) = field.kind else {
                    return Err(Error::unsupported(format!("{name} with a field that is no literal")));
                };
                self.extract(&field, date)
            }
            ("date_diff", 3) => {
                let [field, from, to] = take_arguments(arguments)?;
                let field = self.typed(name, field, &Type::Text)?;
                let (from, to) = (self.moment(from, name)?, self.moment(to, name)?);
                let nullable = field.nullable || from.nullable || to.nullable;
                Ok(Ex::new(format!("ddb_date_diff({}, {}, {})", field.sql, from.sql, to.sql), Type::Int64, nullable))
            }
            ("last_day", 1) => {
                let [date] = take_arguments(arguments)?;
                let date = self.moment(date, name)?;
                Ok(Ex::new(format!("ddb_last_day({})", date.sql), Type::Date, date.nullable))
            }
            ("next_day", 2) => {
                let [date, weekday] = take_arguments(arguments)?;
                let (date, weekday) = (self.moment(date, name)?, self.typed(name, weekday, &Type::Text)?);
                let nullable = date.nullable || weekday.nullable;
                Ok(Ex::new(format!("ddb_next_day({}, {})", date.sql, weekday.sql), Type::Date, nullable))
            }
            ("age", 1 | 2) => {
                let mut arguments = arguments.into_iter();
                let (Some(first), second) = (arguments.next(), arguments.next()) else {
                    return Err(wrong_arguments(name));
                };
                let (end, start) = match second {
                    Some(start) => (first, start),
                    // As PostgreSQL has it, from the midnight the day began with.
                    None => (self.clock(&Type::Date), first),
                };
                let (end, start) = (self.moment(end, name)?, self.moment(start, name)?);
                let nullable = end.nullable || start.nullable;
                Ok(Ex::new(format!("ddb_age({}, {})", end.sql, start.sql), Type::Interval, nullable))
            }
            ("date", _) => {
                let moment = self.modified(name, arguments)?;
                Ok(Ex::new(format!("ddb_days({})", moment.sql), Type::Date, moment.nullable))
            }
            ("datetime", _) => {
                let moment = self.modified(name, arguments)?;
                Ok(Ex::new(format!("ddb_strftime('%F %T', {})", moment.sql), Type::Text, moment.nullable))
            }
            ("strftime", 1..) => {
                let mut arguments = arguments.into_iter();
                let format = arguments.next().ok_or_else(|| wrong_arguments(name))?;
                let format = self.typed(name, format, &Type::Text)?;
                let moment = self.modified(name, arguments.collect())?;
                let nullable = format.nullable || moment.nullable;
                Ok(Ex::new(format!("ddb_strftime({}, {})", format.sql, moment.sql), Type::Text, nullable))
            }
            _ => Err(wrong_arguments(name)),
        }
    }

    /// The clock as a value of `ty`; it stands still while a statement runs. SQLite's own does only until the next row is
    /// asked for, but evaluates a subquery that depends on nothing once.
    fn clock(&self, ty: &Type) -> Ex {
        const NOW: &str = "ddb_now(unixepoch('subsec'))";
        let once = if self.alone { NOW.to_owned() } else { format!("(SELECT {NOW})") };
        let sql = match ty {
            Type::Date => format!("({once} / 86400000000)"),
            Type::Time => format!("({once} % 86400000000)"),
            _ => once,
        };
        Ex::new(sql, ty.clone(), false)
    }

    /// A point in time: timestamps as they are, a date as its midnight, text as the timestamp or `now` it spells.
    fn moment(&mut self, ex: Ex, place: &str) -> Result<Ex> {
        match &ex.ty {
            Type::Timestamp | Type::TimestampTz => Ok(ex),
            Type::Date => self.widen(ex, &Type::Timestamp),
            Type::Text => match &ex.kind {
                ExKind::Text(text) if text.trim().eq_ignore_ascii_case("now") => match self.steady {
                    Some(steady) => Err(Error::unsupported(format!("'now' in {steady}"))),
                    None => Ok(self.clock(&Type::Timestamp)),
                },
                _ => self.cast(ex, &Type::Timestamp),
            },
            Type::Dynamic => {
                let ex = self.fix(ex, &Type::Timestamp, None, None);
                self.widen(ex, &Type::Timestamp)
            }
            _ => Err(undefined(place, &ex)),
        }
    }

    /// `(value, modifier, ...)`: a point in time, now if there is none, moved by intervals such as `+1 month`.
    fn modified(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let mut arguments = arguments.into_iter();
        let mut moment = match arguments.next() {
            Some(value) => self.moment(value, name)?,
            None => match self.steady {
                Some(steady) => return Err(Error::unsupported(format!("{name} without a date in {steady}"))),
                None => self.clock(&Type::Timestamp),
            },
        };
        for modifier in arguments {
            let interval = self.cast(modifier, &Type::Interval)?;
            let nullable = moment.nullable || interval.nullable;
            moment = Ex::new(format!("ddb_ts_add({}, {}, 1)", moment.sql, interval.sql), moment.ty, nullable);
        }
        Ok(moment)
    }

    /// `EXTRACT(field FROM value)`: whole numbers but for the epoch.
    pub fn extract(&mut self, field: &str, value: Ex) -> Result<Ex> {
        let lower = field.to_ascii_lowercase();
        let value = match value.ty {
            Type::Time | Type::Interval => value,
            _ => self.moment(value, "EXTRACT")?,
        };
        let known = match value.ty {
            Type::Time => TIME_FIELDS,
            Type::Interval => INTERVAL_FIELDS,
            _ => DATE_FIELDS,
        };
        let singular = match lower.as_str() {
            "millennia" => "millennium",
            "centuries" => "century",
            plural => plural.strip_suffix('s').unwrap_or(plural),
        };
        let Some(field) = known.iter().find(|known| **known == singular) else {
            let message = format!("unknown field {lower} of {}", value.type_name());
            return Err(Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message));
        };
        let function = if value.ty == Type::Interval { "ddb_extract_interval" } else { "ddb_extract" };
        let ty = if *field == "epoch" { Type::Float64 } else { Type::Int64 };
        Ok(Ex::new(format!("{function}({}, {})", text_literal(field), value.sql), ty, value.nullable))
    }

    /// Arithmetic with a date, time or interval among the operands, as PostgreSQL has it; `None` if there is none.
    pub fn temporal_arithmetic(&mut self, left: &Ex, op: &str, right: &Ex) -> Option<Result<Ex>> {
        let temporal = |ex: &Ex| {
            use Type::{Date, Interval, Time, Timestamp, TimestampTz};
            matches!(ex.ty, Date | Time | Timestamp | TimestampTz | Interval)
        };
        if !temporal(left) && !temporal(right) {
            return None;
        }
        let (mut left, mut right) = (left.clone(), right.clone());
        // A parameter beside a date, or text that is added to it, is an interval; text that is taken from it is of its type.
        if matches!(op, "+" | "-") {
            for open in [&mut left, &mut right] {
                if open.ty == Type::Dynamic {
                    *open = self.fix(open.clone(), &Type::Interval, None, None);
                } else if let (ExKind::Text(_), "+") = (&open.kind, op) {
                    match self.cast(open.clone(), &Type::Interval) {
                        Ok(interval) => *open = interval,
                        Err(error) => return Some(Err(error)),
                    }
                }
            }
            if let ExKind::Text(_) = right.kind {
                match self.cast(right, &left.ty) {
                    Ok(same) => right = same,
                    Err(error) => return Some(Err(error)),
                }
            }
        }
        // Sums and products commute; the operand of the lower rank goes to the right.
        if matches!(op, "+" | "*") && rank(&left.ty) < rank(&right.ty) {
            std::mem::swap(&mut left, &mut right);
        }
        let nullable = left.nullable || right.nullable;
        let sign = if op == "-" { -1 } else { 1 };
        let (a, b) = (&left.sql, &right.sql);
        use Type::{Date, Decimal, Float64, Int64, Interval, Time, Timestamp, TimestampTz};
        let (sql, ty) = match (&left.ty, op, &right.ty) {
            (Date, "+" | "-", Int64) => (format!("ddb_date_add({a}, {b}, {sign})"), Date),
            (Date, "-", Date) => (format!("({a} - {b})"), Int64),
            (Date, "+", Time) => (format!("({a} * 86400000000 + {b})"), Timestamp),
            (Date, "+" | "-", Interval) => (format!("ddb_ts_add({a} * 86400000000, {b}, {sign})"), Timestamp),
            (Timestamp | TimestampTz, "+" | "-", Interval) => {
                (format!("ddb_ts_add({a}, {b}, {sign})"), left.ty.clone())
            }
            (Date | Timestamp | TimestampTz, "-", Date | Timestamp | TimestampTz) => {
                let micros = |ex: &Ex| match ex.ty {
                    Date => format!("{} * 86400000000", ex.sql),
                    _ => ex.sql.clone(),
                };
                (format!("ddb_ts_diff({}, {})", micros(&left), micros(&right)), Interval)
            }
            (Time, "+" | "-", Interval) => (format!("ddb_time_add({a}, {b}, {sign})"), Time),
            (Time, "-", Time) => (format!("('0 0 ' || ({a} - {b}))"), Interval),
            (Interval, "+" | "-", Interval) => (format!("ddb_interval_add({a}, {b}, {sign})"), Interval),
            (Interval, "*", Int64 | Float64 | Decimal) => (format!("ddb_interval_mul({a}, {b})"), Interval),
            (Interval, "/", Int64 | Float64 | Decimal) => {
                return Some(Ok(Ex::new(format!("ddb_interval_div({a}, {b})"), Interval, true)));
            }
            (from, _, to) => {
                let message = format!("{op} is not defined for {} and {}", from.name(), to.name());
                return Some(Err(Error::type_mismatch(message)));
            }
        };
        Some(Ok(Ex::new(sql, ty, nullable)))
    }
}

fn rank(ty: &Type) -> u8 {
    match ty {
        Type::Timestamp | Type::TimestampTz => 4,
        Type::Date => 3,
        Type::Time => 2,
        Type::Interval => 1,
        _ => 0,
    }
}
