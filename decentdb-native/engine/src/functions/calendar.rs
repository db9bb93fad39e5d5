//! The clock, dates built from parts, and dates as text.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::Connection;

use super::datetime::{micros, overflow, unknown_field};
use super::{fail, integer, null, raw, string, Output, PURE};
use crate::error::{Error, Status};
use crate::types::datetime::{self, civil_from_days, days_from_civil, days_in_month, iso_week, weekday, DAY_MICROS};
use crate::types::{self, Raw};
use crate::value::Type;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

fn bad_argument(message: impl Into<String>) -> rusqlite::Error {
    fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
}

/// The state behind `ddb_now`.
#[derive(Default)]
struct Clock {
    /// SQLite's clock at the last call.
    millis: AtomicI64,
    micros: AtomicI64,
    /// Whether a transaction is open. Inside a transaction, time does not advance.
    held: AtomicBool,
}

fn wall_clock() -> i64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

impl Clock {
    /// `ddb_now(seconds)`: the time in microseconds. The argument is SQLite's clock, which is the same for all calls of
    /// one step of a statement. The answer changes only when that clock does.
    fn now(&self, seconds: f64) -> i64 {
        let millis = (seconds * 1e3).round() as i64;
        let seen = self.millis.swap(millis, Ordering::Relaxed) == millis;
        if !seen && !self.held.load(Ordering::Relaxed) {
            self.micros.store(wall_clock(), Ordering::Relaxed);
        }
        self.micros.load(Ordering::Relaxed)
    }

    /// `ddb_hold_clock(whether)`: stops the clock for a transaction, or starts it again.
    fn hold(&self, held: bool) -> i64 {
        self.held.store(held, Ordering::Relaxed);
        self.millis.store(0, Ordering::Relaxed);
        self.micros.store(wall_clock(), Ordering::Relaxed);
        i64::from(held)
    }
}

/// `ddb_days(micros)`: the date of a point in time.
fn days(context: &Context<'_>) -> Output {
    Ok(micros(context, 0)?.map_or_else(null, |micros| integer(micros.div_euclid(DAY_MICROS))))
}

/// `ddb_date_diff(part, start, end)`: the number of whole parts between both.
fn date_diff(context: &Context<'_>) -> Output {
    let (Raw::Text(part), Some(start), Some(end)) = (raw(context, 0)?, micros(context, 1)?, micros(context, 2)?) else {
        return Ok(null());
    };
    let passed = end.checked_sub(start).ok_or_else(|| overflow(&Type::Interval))?;
    let months = || {
        let split = |instant: i64| {
            let (year, month, day) = civil_from_days(instant.div_euclid(DAY_MICROS));
            (year * 12 + i64::from(month), day)
        };
        let ((from, from_day), (to, to_day)) = (split(start), split(end));
        to - from - i64::from(to_day < from_day)
    };
    let name = part.trim().to_ascii_lowercase();
    Ok(integer(match name.strip_suffix('s').unwrap_or(&name) {
        "microsecond" => passed,
        "millisecond" => passed.div_euclid(1_000),
        "second" => passed.div_euclid(1_000_000),
        "minute" => passed.div_euclid(60_000_000),
        "hour" => passed.div_euclid(3_600_000_000),
        "day" => passed.div_euclid(DAY_MICROS),
        "week" => passed.div_euclid(7 * DAY_MICROS),
        "month" => months(),
        "quarter" => months().div_euclid(3),
        "year" => months().div_euclid(12),
        _ => return Err(unknown_field(part)),
    }))
}

/// `ddb_last_day(micros)`: the last day of the month.
fn last_day(context: &Context<'_>) -> Output {
    let Some(micros) = micros(context, 0)? else { return Ok(null()) };
    let (year, month, _) = civil_from_days(micros.div_euclid(DAY_MICROS));
    Ok(integer(days_from_civil(year, month, days_in_month(year, month))))
}

/// `ddb_next_day(micros, weekday)`: the first such weekday after the date, given by its full name or its first three
/// letters.
fn next_day(context: &Context<'_>) -> Output {
    let (Some(micros), Raw::Text(name)) = (micros(context, 0)?, raw(context, 1)?) else { return Ok(null()) };
    let wanted = name.trim();
    let found =
        WEEKDAYS.iter().position(|day| day.eq_ignore_ascii_case(wanted) || day[..3].eq_ignore_ascii_case(wanted));
    let Some(found) = found else { return Err(bad_argument(format!("{wanted} is not a day of the week"))) };
    let days = micros.div_euclid(DAY_MICROS);
    let ahead = (found as i64 - weekday(days) + 6).rem_euclid(7) + 1;
    Ok(integer(days + ahead))
}

fn numbers<const N: usize>(context: &Context<'_>) -> rusqlite::Result<Option<[i64; N]>> {
    let mut numbers = [0; N];
    for (at, number) in numbers.iter_mut().enumerate() {
        match raw(context, at)? {
            Raw::Integer(found) => *number = found,
            Raw::Null => return Ok(None),
            _ => return Err(fail(&Error::type_mismatch("a part of a date must be INT64"))),
        }
    }
    Ok(Some(numbers))
}

fn no_such(what: &str, ty: &Type) -> rusqlite::Error {
    fail(&types::field_overflow(what, ty))
}

/// Seconds with their fraction, in microseconds.
fn seconds(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<i64>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Integer(seconds) => Ok(seconds.checked_mul(1_000_000)),
        Raw::Real(seconds) => types::truncate((seconds * 1e6).round()).map(Some).map_err(|error| fail(&error)),
        _ => Err(fail(&Error::type_mismatch("seconds must be a number"))),
    }
}

/// `ddb_make_date(year, month, day)`
fn make_date(context: &Context<'_>) -> Output {
    let Some([year, month, day]) = numbers::<3>(context)? else { return Ok(null()) };
    let wrong = || no_such(&format!("{year}-{month}-{day}"), &Type::Date);
    datetime::date(year, month, day).map(integer).ok_or_else(wrong)
}

/// `ddb_make_time(hour, minute, seconds)`
fn make_time(context: &Context<'_>) -> Output {
    let (Some([hour, minute]), Some(second)) = (numbers::<2>(context)?, seconds(context, 2)?) else {
        return Ok(null());
    };
    let wrong = || no_such(&format!("{hour}:{minute}:{}", second as f64 / 1e6), &Type::Time);
    datetime::time_of_day(hour, minute, second).map(integer).ok_or_else(wrong)
}

/// `ddb_make_timestamp(year, month, day, hour, minute, seconds)`
fn make_timestamp(context: &Context<'_>) -> Output {
    let (Some([year, month, day, hour, minute]), Some(second)) = (numbers::<5>(context)?, seconds(context, 5)?) else {
        return Ok(null());
    };
    match (datetime::date(year, month, day), datetime::time_of_day(hour, minute, second)) {
        (Some(days), Some(time)) => Ok(integer(days * DAY_MICROS + time)),
        _ => {
            let text = format!("{year}-{month}-{day} {hour}:{minute}:{}", second as f64 / 1e6);
            Err(no_such(&text, &Type::Timestamp))
        }
    }
}

/// `ddb_to_timestamp(seconds since 1970)`, or `ddb_to_timestamp(text, format)`
fn to_timestamp(context: &Context<'_>) -> Output {
    if context.len() == 1 {
        let Some(micros) = seconds(context, 0)? else { return Ok(null()) };
        return datetime::in_range(micros).map(integer).ok_or_else(|| overflow(&Type::Timestamp));
    }
    let (Raw::Text(text), Raw::Text(format)) = (raw(context, 0)?, raw(context, 1)?) else { return Ok(null()) };
    read(text, format).map(integer)
}

/// Reads text by a template of `YYYY`, `MM`, `DD`, `HH24`, `MI`, `SS` and similar patterns. Any other character of the
/// template matches any one character.
fn read(text: &str, format: &str) -> rusqlite::Result<i64> {
    let wrong = || fail(&types::invalid(text, &Type::Timestamp));
    let (mut year, mut month, mut day, mut hour, mut minute, mut second, mut micros) = (1, 1, 1, 0, 0, 0, 0);
    let (mut afternoon, mut half_day) = (false, false);
    let mut rest = text.trim();
    let mut template = format.trim();
    while !template.is_empty() {
        const PATTERNS: [&str; 14] =
            ["YYYY", "MONTH", "MON", "MM", "DD", "HH24", "HH12", "HH", "MI", "MS", "US", "SS", "AM", "PM"];
        let starts = |pattern: &&&str| template.get(..pattern.len()).is_some_and(|t| t.eq_ignore_ascii_case(pattern));
        let Some(pattern) = PATTERNS.iter().find(starts) else {
            let (mut skipped, mut chars) = (template.chars(), rest.chars());
            let letter = skipped.next();
            if letter.is_some_and(char::is_alphanumeric) && chars.clone().next() != letter {
                return Err(bad_argument(format!("unknown pattern at {template} in the format of to_timestamp")));
            }
            chars.next();
            (template, rest) = (skipped.as_str(), chars.as_str());
            continue;
        };
        template = &template[pattern.len()..];
        match *pattern {
            "MONTH" | "MON" => {
                let names = MONTHS.iter().position(|name| {
                    let length = if *pattern == "MON" { 3 } else { name.len() };
                    rest.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(&name[..length]))
                });
                month = names.ok_or_else(wrong)? as i64 + 1;
                rest = &rest[if *pattern == "MON" { 3 } else { MONTHS[month as usize - 1].len() }..];
            }
            "AM" | "PM" => {
                let mark = rest.get(..2).ok_or_else(wrong)?;
                afternoon = mark.eq_ignore_ascii_case("PM");
                if !afternoon && !mark.eq_ignore_ascii_case("AM") {
                    return Err(wrong());
                }
                rest = &rest[2..];
            }
            _ => {
                let most = match *pattern {
                    "YYYY" => 4,
                    "MS" => 3,
                    "US" => 6,
                    _ => 2,
                };
                let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
                let number: i64 = rest[..length].parse().map_err(|_| wrong())?;
                rest = &rest[length..];
                match *pattern {
                    "YYYY" => year = number,
                    "MM" => month = number,
                    "DD" => day = number,
                    "MI" => minute = number,
                    "SS" => second = number,
                    // Digits after the point: 5 is five tenths.
                    "MS" | "US" => micros = number * 10i64.pow(6 - length as u32),
                    _ => {
                        half_day = *pattern != "HH24";
                        hour = number;
                    }
                }
            }
        }
    }
    if half_day {
        if !(1..=12).contains(&hour) {
            return Err(wrong());
        }
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    let time = datetime::time_of_day(hour, minute, second * 1_000_000 + micros);
    match (datetime::date(year, month, day), time, rest.trim().is_empty()) {
        (Some(days), Some(time), true) => Ok(days * DAY_MICROS + time),
        (_, _, true) => Err(no_such(&format!("\"{text}\""), &Type::Timestamp)),
        _ => Err(wrong()),
    }
}

/// `ddb_strftime(format, micros)`
fn strftime(context: &Context<'_>) -> Output {
    let (Raw::Text(format), Some(micros)) = (raw(context, 0)?, micros(context, 1)?) else { return Ok(null()) };
    let mut text = String::with_capacity(format.len() * 2);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter == '%' {
            let Some(specifier) = letters.next() else {
                return Err(bad_argument("the format of strftime ends with %"));
            };
            match write(specifier, micros) {
                Some(written) => text.push_str(&written),
                None => return Err(bad_argument(format!("unknown specifier %{specifier} in the format of strftime"))),
            }
        } else {
            text.push(letter);
        }
    }
    Ok(string(text))
}

fn write(specifier: char, micros: i64) -> Option<String> {
    let days = micros.div_euclid(DAY_MICROS);
    let time = micros.rem_euclid(DAY_MICROS);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (time / 3_600_000_000, time / 60_000_000 % 60, time / 1_000_000 % 60);
    let half = (hour + 11) % 12 + 1;
    let name =
        |names: &[&'static str], at: i64| names.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or_default();
    let month_name = name(&MONTHS, i64::from(month) - 1);
    let day_name = name(&WEEKDAYS, weekday(days));
    let year_day = days - days_from_civil(year, 1, 1);
    Some(match specifier {
        'Y' => format!("{year:04}"),
        'y' => format!("{:02}", year.rem_euclid(100)),
        'm' => format!("{month:02}"),
        'd' => format!("{day:02}"),
        'e' => format!("{day:2}"),
        'j' => format!("{:03}", year_day + 1),
        'H' => format!("{hour:02}"),
        'k' => format!("{hour:2}"),
        'I' => format!("{half:02}"),
        'l' => format!("{half:2}"),
        'M' => format!("{minute:02}"),
        'S' => format!("{second:02}"),
        'f' => format!("{second:02}.{:03}", time / 1_000 % 1_000),
        's' => micros.div_euclid(1_000_000).to_string(),
        'p' => if hour < 12 { "AM" } else { "PM" }.to_owned(),
        'P' => if hour < 12 { "am" } else { "pm" }.to_owned(),
        'a' => day_name[..3].to_owned(),
        'A' => day_name.to_owned(),
        'b' | 'h' => month_name[..3].to_owned(),
        'B' => month_name.to_owned(),
        'w' => weekday(days).to_string(),
        'u' => ((weekday(days) + 6) % 7 + 1).to_string(),
        'U' => format!("{:02}", (year_day + 7 - weekday(days)) / 7),
        'W' => format!("{:02}", (year_day + 7 - (weekday(days) + 6) % 7) / 7),
        'V' => format!("{:02}", iso_week(days).1),
        'G' => format!("{:04}", iso_week(days).0),
        'F' => datetime::format_date(days),
        'T' => format!("{hour:02}:{minute:02}:{second:02}"),
        'R' => format!("{hour:02}:{minute:02}"),
        'n' => "\n".to_owned(),
        't' => "\t".to_owned(),
        '%' => "%".to_owned(),
        _ => return None,
    })
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let clock = Arc::new(Clock::default());
    let held = Arc::clone(&clock);
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("ddb_now", 1, flags, move |context| Ok(clock.now(context.get(0)?)))?;
    connection.create_scalar_function("ddb_hold_clock", 1, flags, move |context| Ok(held.hold(context.get(0)?)))?;
    connection.create_scalar_function("ddb_days", 1, PURE, days)?;
    connection.create_scalar_function("ddb_date_diff", 3, PURE, date_diff)?;
    connection.create_scalar_function("ddb_last_day", 1, PURE, last_day)?;
    connection.create_scalar_function("ddb_next_day", 2, PURE, next_day)?;
    connection.create_scalar_function("ddb_make_date", 3, PURE, make_date)?;
    connection.create_scalar_function("ddb_make_time", 3, PURE, make_time)?;
    connection.create_scalar_function("ddb_make_timestamp", 6, PURE, make_timestamp)?;
    for arity in [1, 2] {
        connection.create_scalar_function("ddb_to_timestamp", arity, PURE, to_timestamp)?;
    }
    connection.create_scalar_function("ddb_strftime", 2, PURE, strftime)
}
