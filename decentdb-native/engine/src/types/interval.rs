//! INTERVAL: months, days and microseconds, stored as text of the three numbers and compared by length. A month counts
//! as thirty days and a day as twenty-four hours.

use std::cmp::Ordering;

use super::datetime::DAY_MICROS;

/// Months, days, microseconds.
pub type Parts = (i32, i32, i64);

/// The stored form.
pub fn format_stored(months: i32, days: i32, micros: i64) -> String {
    format!("{months} {days} {micros}")
}

/// The text as PostgreSQL writes it: `1 year 2 mons 3 days 04:05:06.5`. After a part below zero a sign stands before each one
/// above.
pub fn write((months, days, micros): Parts) -> String {
    let mut text = String::new();
    let mut below = false;
    for (amount, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if amount != 0 {
            let gap = if text.is_empty() { "" } else { " " };
            let sign = if below && amount > 0 { "+" } else { "" };
            let plural = if amount == 1 { "" } else { "s" };
            text.push_str(&format!("{gap}{sign}{amount} {unit}{plural}"));
            below = amount < 0;
        }
    }
    if micros != 0 || text.is_empty() {
        let gap = if text.is_empty() { "" } else { " " };
        let sign = match micros {
            ..0 => "-",
            0 => "",
            _ if below => "+",
            _ => "",
        };
        let size = micros.unsigned_abs();
        let (seconds, rest) = (size / 1_000_000, size % 1_000_000);
        text.push_str(&format!("{gap}{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
        if rest != 0 {
            text.push_str(format!(".{rest:06}").trim_end_matches('0'));
        }
    }
    text
}

/// Reads the stored form.
pub fn parse_stored(text: &str) -> Option<Parts> {
    let mut parts = text.split(' ');
    let found = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(found)
}

/// Reads the stored form, pairs of amount and unit with an optional time (`1 year 2 days 03:04:05`), or ISO 8601
/// `P1DT2H`.
pub fn parse(text: &str) -> Option<Parts> {
    let text = text.trim_ascii();
    if let Some(stored) = parse_stored(text) {
        return Some(stored);
    }
    if let Some(iso) = text.strip_prefix(['P', 'p']) {
        return parse_iso(iso);
    }
    let mut sum = Sum::default();
    let mut words = text.split_ascii_whitespace().peekable();
    words.peek()?;
    while let Some(word) = words.next() {
        if word.contains(':') {
            sum.add_time(word)?;
        } else if word.eq_ignore_ascii_case("ago") && words.peek().is_none() {
            return negate(sum.finish()?);
        } else {
            let split = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
            let (amount, unit) = word.split_at(split);
            let unit = if unit.is_empty() { words.next()? } else { unit };
            sum.add(amount, unit)?;
        }
    }
    sum.finish()
}

fn parse_iso(text: &str) -> Option<Parts> {
    let mut sum = Sum::default();
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    for (mut part, in_time) in [(date, false), (time, true)] {
        while !part.is_empty() {
            let split = part.find(|c: char| c.is_ascii_alphabetic())?;
            let unit = match (part.as_bytes()[split].to_ascii_uppercase(), in_time) {
                (b'Y', false) => "year",
                (b'M', false) => "month",
                (b'W', false) => "week",
                (b'D', false) => "day",
                (b'H', true) => "hour",
                (b'M', true) => "minute",
                (b'S', true) => "second",
                _ => return None,
            };
            sum.add(&part[..split], unit)?;
            part = &part[split + 1..];
        }
    }
    sum.finish()
}

#[derive(Default)]
struct Sum {
    months: i64,
    days: i64,
    micros: i64,
}

impl Sum {
    fn add(&mut self, amount: &str, unit: &str) -> Option<()> {
        let unit = unit.to_ascii_lowercase();
        let unit = unit.trim_end_matches(',');
        let (months, days, micros) = match unit.strip_suffix('s').filter(|_| unit.len() > 2).unwrap_or(unit) {
            "year" | "yr" | "y" => (12, 0, 0),
            "month" | "mon" => (1, 0, 0),
            "week" | "w" => (0, 7, 0),
            "day" | "d" => (0, 1, 0),
            "hour" | "hr" | "h" => (0, 0, 3_600_000_000),
            "minute" | "min" | "m" => (0, 0, 60_000_000),
            "second" | "sec" | "s" => (0, 0, 1_000_000),
            "millisecond" | "msec" | "ms" => (0, 0, 1_000),
            "microsecond" | "usec" | "us" => (0, 0, 1),
            _ => return None,
        };
        let (unscaled, scale) = super::decimal::parse(amount)?;
        let whole = super::decimal::truncate(unscaled, scale);
        self.months = self.months.checked_add(whole.checked_mul(months)?)?;
        self.days = self.days.checked_add(whole.checked_mul(days)?)?;
        self.micros = self.micros.checked_add(whole.checked_mul(micros)?)?;
        let divisor = 10i128.pow(u32::from(scale));
        let rest = i128::from(unscaled) - i128::from(whole) * divisor;
        if rest != 0 {
            // A fraction of a year becomes months, of a month days, of a day hours.
            let fraction = |times: i64| i64::try_from(rest * i128::from(times) / divisor).ok();
            match (months, days) {
                (12, _) => self.months = self.months.checked_add(fraction(12)?)?,
                (1, _) => self.micros = self.micros.checked_add(fraction(30 * DAY_MICROS)?)?,
                (_, 0) => self.micros = self.micros.checked_add(fraction(micros)?)?,
                (_, days) => self.micros = self.micros.checked_add(fraction(days * DAY_MICROS)?)?,
            }
        }
        Some(())
    }

    /// `[-]h:mm[:ss[.f]]`, with any number of hours.
    fn add_time(&mut self, word: &str) -> Option<()> {
        let (negative, word) = match word.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, word.strip_prefix('+').unwrap_or(word)),
        };
        let (hours, rest) = word.split_once(':')?;
        let hours: u32 = hours.parse().ok()?;
        let micros = super::datetime::parse_time(&format!("00:{rest}"))?;
        let micros = i64::from(hours).checked_mul(3_600_000_000)?.checked_add(micros)?;
        self.micros = self.micros.checked_add(if negative { -micros } else { micros })?;
        Some(())
    }

    fn finish(self) -> Option<Parts> {
        Some((i32::try_from(self.months).ok()?, i32::try_from(self.days).ok()?, self.micros))
    }
}

pub fn add(left: Parts, right: Parts) -> Option<Parts> {
    Some((left.0.checked_add(right.0)?, left.1.checked_add(right.1)?, left.2.checked_add(right.2)?))
}

pub fn negate(interval: Parts) -> Option<Parts> {
    Some((interval.0.checked_neg()?, interval.1.checked_neg()?, interval.2.checked_neg()?))
}

/// The interval times `numerator / denominator`. The rest of a month becomes days, thirty to a month. The rest of a day
/// becomes microseconds, which are rounded.
pub fn scale(interval: Parts, numerator: i128, denominator: i128) -> Option<Parts> {
    let day = i128::from(DAY_MICROS);
    let share = |amount: i128| amount.checked_mul(numerator);
    let months = share(interval.0.into())?;
    let days = share(interval.1.into())?.checked_add(months.checked_rem(denominator)?.checked_mul(30)?)?;
    let micros = share(interval.2.into())?.checked_add(days.checked_rem(denominator)?.checked_mul(day)?)?;
    Some((
        i32::try_from(months / denominator).ok()?,
        i32::try_from(days / denominator).ok()?,
        i64::try_from(super::decimal::round_div(micros, denominator)).ok()?,
    ))
}

/// The time from `start` to `end` in days and microseconds.
pub fn between(end: i64, start: i64) -> Option<Parts> {
    let micros = end.checked_sub(start)?;
    Some((0, i32::try_from(micros / DAY_MICROS).ok()?, micros % DAY_MICROS))
}

/// The time from `start` to `end` in months, days and microseconds of the calendar.
pub fn age(end: i64, start: i64) -> Option<Parts> {
    use super::datetime::{civil_from_days, days_in_month};
    if end < start {
        return negate(age(start, end)?);
    }
    let split = |instant: i64| (civil_from_days(instant.div_euclid(DAY_MICROS)), instant.rem_euclid(DAY_MICROS));
    let ((year, month, day), time) = split(end);
    let ((from_year, from_month, from_day), from_time) = split(start);
    let mut months = (year - from_year) * 12 + i64::from(month) - i64::from(from_month);
    let mut days = i64::from(day) - i64::from(from_day);
    let mut micros = time - from_time;
    if micros < 0 {
        micros += DAY_MICROS;
        days -= 1;
    }
    if days < 0 {
        // Days are borrowed from the month of the start.
        days += i64::from(days_in_month(from_year, from_month));
        months -= 1;
    }
    Some((i32::try_from(months).ok()?, i32::try_from(days).ok()?, micros))
}

/// The length in microseconds.
pub fn length((months, days, micros): Parts) -> i128 {
    (i128::from(months) * 30 + i128::from(days)) * i128::from(DAY_MICROS) + i128::from(micros)
}

/// Orders stored text by length. Text that is not an interval sorts last, by its bytes.
pub fn collate(left: &str, right: &str) -> Ordering {
    match (parse_stored(left), parse_stored(right)) {
        (Some(a), Some(b)) => length(a).cmp(&length(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units_times_and_iso() {
        assert_eq!(parse("1 day"), Some((0, 1, 0)));
        assert_eq!(parse("1 year 2 mons 3 days 04:05:06.5"), Some((14, 3, 14_706_500_000)));
        assert_eq!(parse("-1 month 2 hours"), Some((-1, 0, 7_200_000_000)));
        assert_eq!(parse("1.5 days"), Some((0, 1, DAY_MICROS / 2)));
        assert_eq!(parse("1 day ago"), Some((0, -1, 0)));
        assert_eq!(parse("10:30"), Some((0, 0, 37_800_000_000)));
        assert_eq!(parse("P1Y2M3DT4H5M6.5S"), Some((14, 3, 14_706_500_000)));
        assert_eq!(parse("14 3 5"), Some((14, 3, 5)));
        assert_eq!(parse("250 ms"), Some((0, 0, 250_000)));
        for text in ["", "day", "1", "1 parsec", "P", "PT", "P1S", "99999999999 years", "1:99"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads_as_postgresql_does() {
        for (parts, text) in [
            ((0, 0, 0), "00:00:00"),
            ((14, 3, 14_706_500_000), "1 year 2 mons 3 days 04:05:06.5"),
            ((1, 1, 0), "1 mon 1 day"),
            ((-1, 3, -14_706_000_000), "-1 mons +3 days -04:05:06"),
            ((-14, 0, 1), "-1 years -2 mons +00:00:00.000001"),
            ((0, -1, 360_000_000_000), "-1 days +100:00:00"),
            ((0, 0, -500_000), "-00:00:00.5"),
            ((0, 0, i64::MIN), "-2562047788:00:54.775808"),
            ((i32::MIN, i32::MIN, 0), "-178956970 years -8 mons -2147483648 days"),
        ] {
            assert_eq!(write(parts), text);
            if parts.2 != i64::MIN {
                assert_eq!(parse(text), Some(parts), "{text}");
            }
        }
    }

    #[test]
    fn compares_by_length() {
        assert_eq!(collate("1 0 0", "0 30 0"), Ordering::Equal);
        assert_eq!(collate("0 1 0", "0 0 86400000001"), Ordering::Less);
    }
}
