//! DATE, TIME, TIMESTAMP and TIMESTAMPTZ: days and microseconds of the proleptic Gregorian calendar.

pub const DAY_MICROS: i64 = 86_400_000_000;
const MIN_YEAR: i64 = -4712;
const MAX_YEAR: i64 = 294_276;

/// The days from 1970-01-01 to a date of the proleptic Gregorian calendar.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let month_index = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day number.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_index + 2) / 5 + 1) as u32;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The range of a DATE, and of the date of a TIMESTAMP, in days since 1970-01-01.
pub fn is_date(days: i64) -> bool {
    const FIRST: i64 = -2_440_550;
    const LAST: i64 = 106_751_990;
    (FIRST..=LAST).contains(&days)
}

/// The value, if it is a point in time that has a text form.
pub fn in_range(micros: i64) -> Option<i64> {
    is_date(micros.div_euclid(DAY_MICROS)).then_some(micros)
}

/// 0 for Sunday to 6 for Saturday; 1970-01-01 was a Thursday.
pub fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// Year and number of the ISO week. Its Thursday determines the year.
pub fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = civil_from_days(thursday);
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

/// The date, if it exists.
pub fn date(year: i64, month: i64, day: i64) -> Option<i64> {
    let month = u32::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
    let day = u32::try_from(day).ok()?;
    let exists = (MIN_YEAR..=MAX_YEAR).contains(&year) && (1..=days_in_month(year, month)).contains(&day);
    exists.then(|| days_from_civil(year, month, day)).filter(|days| is_date(*days))
}

/// Microseconds of the day.
pub fn time_of_day(hour: i64, minute: i64, second_micros: i64) -> Option<i64> {
    let exists = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60_000_000).contains(&second_micros);
    exists.then(|| (hour * 60 + minute) * 60_000_000 + second_micros)
}

struct Cursor<'a> {
    rest: &'a [u8],
    /// Whether numbers may exceed the calendar or the clock. This distinguishes an invalid date from other text.
    lenient: bool,
    /// `BC` stands at the end.
    before_christ: bool,
}

impl<'a> Cursor<'a> {
    fn eat(&mut self, byte: u8) -> bool {
        if self.rest.first() == Some(&byte) {
            self.rest = &self.rest[1..];
            true
        } else {
            false
        }
    }

    /// Reads between `least` and `most` digits; `None` otherwise.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }

    fn date(&mut self) -> Option<i64> {
        let negative = self.eat(b'-');
        let year = i64::from(self.number(4, 6)?);
        let year = match (negative, self.before_christ) {
            (false, false) => year,
            (true, false) => -year,
            (false, true) if year > 0 => 1 - year,
            (_, true) => return None,
        };
        self.eat(b'-').then_some(())?;
        let month = self.number(1, 2)?;
        self.eat(b'-').then_some(())?;
        let day = self.number(1, 2)?;
        if self.lenient {
            return Some(0);
        }
        date(year, i64::from(month), i64::from(day))
    }

    fn time(&mut self) -> Option<i64> {
        let hour = self.number(1, 2)?;
        self.eat(b':').then_some(())?;
        let minute = self.number(2, 2)?;
        let (mut second, mut micros) = (0, 0);
        if self.eat(b':') {
            second = self.number(2, 2)?;
            if self.eat(b'.') {
                micros = self.fraction()?;
            }
        }
        if self.lenient {
            return Some(0);
        }
        time_of_day(i64::from(hour), i64::from(minute), i64::from(second) * 1_000_000 + micros)
    }

    /// Reads the fraction of a second and drops digits beyond microseconds.
    fn fraction(&mut self) -> Option<i64> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        let mut micros = 0;
        for at in 0..6 {
            micros = micros * 10 + if at < count { i64::from(self.rest[at] - b'0') } else { 0 };
        }
        self.rest = &self.rest[count..];
        Some(micros)
    }

    /// Reads `Z`, `+hh`, `+hhmm` or `+hh:mm`, in microseconds; `None` if the text is not a zone.
    fn zone(&mut self) -> Option<i64> {
        self.eat(b' ');
        if self.eat(b'Z') || self.eat(b'z') {
            return Some(0);
        }
        if self.rest.eq_ignore_ascii_case(b"UTC") {
            self.rest = &[];
            return Some(0);
        }
        let sign = if self.eat(b'+') {
            1
        } else if self.eat(b'-') {
            -1
        } else {
            return None;
        };
        let hour = self.number(2, 2)?;
        let colon = self.eat(b':');
        let minute = if colon || !self.rest.is_empty() { self.number(2, 2)? } else { 0 };
        let second = if colon && self.eat(b':') { self.number(2, 2)? } else { 0 };
        if !self.lenient && (hour > 18 || minute > 59 || second > 59) {
            return None;
        }
        Some(sign * (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * 1_000_000)
    }
}

fn cursor(text: &str) -> Cursor<'_> {
    let text = text.trim_ascii().as_bytes();
    let era = text.len().checked_sub(3).filter(|at| text[*at..].eq_ignore_ascii_case(b" BC"));
    Cursor { rest: &text[..era.unwrap_or(text.len())], lenient: false, before_christ: era.is_some() }
}

/// Whether the text has the form of a date, time or timestamp, even if its numbers are out of range.
pub fn has_form(text: &str) -> bool {
    let lenient = || Cursor { lenient: true, ..cursor(text) };
    let mut time = lenient();
    if time.time().is_some() && time.end().is_some() {
        return true;
    }
    zoned(lenient()).is_some()
}

/// `2024-01-31`
pub fn parse_date(text: &str) -> Option<i32> {
    let mut cursor = cursor(text);
    let days = cursor.date()?;
    cursor.end()?;
    i32::try_from(days).ok()
}

/// `23:59`, `23:59:58`, `23:59:58.123456`
pub fn parse_time(text: &str) -> Option<i64> {
    let mut cursor = cursor(text);
    if cursor.before_christ {
        return None;
    }
    let micros = cursor.time()?;
    cursor.end()?;
    Some(micros)
}

fn zoned(mut cursor: Cursor<'_>) -> Option<(i64, Option<i64>)> {
    let days = cursor.date()?;
    let (mut micros, mut zone) = (0, None);
    if cursor.eat(b'T') || cursor.eat(b't') || cursor.eat(b' ') {
        micros = cursor.time()?;
        if !cursor.rest.is_empty() {
            zone = Some(cursor.zone()?);
        }
    }
    cursor.end()?;
    Some((days.checked_mul(DAY_MICROS)?.checked_add(micros)?, zone))
}

/// `2024-01-31`, `2024-01-31 23:59:58.123456` or with `T`; a zone shifts the value to UTC.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let (micros, zone) = zoned(cursor(text))?;
    in_range(micros.checked_sub(zone.unwrap_or(0))?)
}

/// Like [`parse_timestamp`]. A text without a zone is read as UTC.
pub fn parse_timestamptz(text: &str) -> Option<i64> {
    parse_timestamp(text)
}

/// `2024-01-31`, and a year before the first as PostgreSQL counts it: `0044-03-15 BC`.
pub fn write_date(days: i64) -> String {
    format!("{}{}", date_of_era(days), era(days))
}

/// `23:59:58`, with as many digits of the second as it has.
pub fn write_time(micros: i64) -> String {
    let text = format_time(micros);
    match text.split_once('.') {
        Some((whole, "000000")) => whole.to_owned(),
        _ => text.trim_end_matches('0').to_owned(),
    }
}

/// `2024-01-31 23:59:58.5` and the zone.
pub fn write_timestamp(micros: i64, zone: &str) -> String {
    let days = micros.div_euclid(DAY_MICROS);
    format!("{} {}{zone}{}", date_of_era(days), write_time(micros.rem_euclid(DAY_MICROS)), era(days))
}

fn date_of_era(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    let year = if year > 0 { year } else { 1 - year };
    format!("{year:04}-{month:02}-{day:02}")
}

fn era(days: i64) -> &'static str {
    if civil_from_days(days).0 > 0 {
        ""
    } else {
        " BC"
    }
}

pub fn format_date(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    if year < 0 {
        format!("-{:04}-{month:02}-{day:02}", -year)
    } else {
        format!("{year:04}-{month:02}-{day:02}")
    }
}

/// Writes six digits of a second, the precision of stored values.
pub fn format_time(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000_000);
    let rest = micros.rem_euclid(1_000_000);
    format!("{:02}:{:02}:{:02}.{rest:06}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn format_joined(micros: i64, separator: char) -> String {
    let days = micros.div_euclid(DAY_MICROS);
    format!("{}{separator}{}", format_date(days), format_time(micros.rem_euclid(DAY_MICROS)))
}

pub fn format_timestamp(micros: i64) -> String {
    format_joined(micros, 'T')
}

pub fn format_timestamptz(micros: i64) -> String {
    format_joined(micros, 'T') + "Z"
}

/// Adds months, days and microseconds, in this order. A day beyond the end of the month becomes its last day. `None`
/// beyond the calendar.
pub fn add_interval(micros: i64, months: i32, days: i32, extra: i64) -> Option<i64> {
    let day = micros.div_euclid(DAY_MICROS);
    let time = micros.rem_euclid(DAY_MICROS);
    let shifted = if months == 0 {
        day
    } else {
        let (year, month, dom) = civil_from_days(day);
        let index = year * 12 + i64::from(month) - 1 + i64::from(months);
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) as u32 + 1);
        days_from_civil(year, month, dom.min(days_in_month(year, month)))
    };
    in_range((shifted + i64::from(days)).checked_mul(DAY_MICROS)?.checked_add(time)?.checked_add(extra)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_and_times() {
        assert_eq!(parse_date("1970-01-01"), Some(0));
        assert_eq!(parse_date("2024-02-29"), Some(19_782));
        assert_eq!(parse_date("2023-02-29"), None);
        assert_eq!(parse_date("2024-13-01"), None);
        assert_eq!(parse_date("2024-01-01 00:00"), None);
        assert_eq!(parse_time("10:11:12.5"), Some(36_672_500_000));
        assert_eq!(parse_time("24:00"), None);
        assert_eq!(parse_timestamp("2024-01-02 03:04:05.5"), Some(1_704_164_645_500_000));
        assert_eq!(parse_timestamptz("2024-01-02T03:04:05Z"), Some(1_704_164_645_000_000));
        assert_eq!(parse_timestamptz("2024-01-02 03:04:05+02"), Some(1_704_157_445_000_000));
        assert_eq!(parse_timestamptz("2024-01-02 03:04:05 -0130"), Some(1_704_170_045_000_000));
        assert_eq!(parse_timestamptz("2024-01-02 03:04:05+xx"), None);
        assert_eq!(parse_timestamp("yesterday"), None);
    }

    #[test]
    fn writes_what_it_reads() {
        assert_eq!(format_date(-719_529), "-0001-12-31");
        assert_eq!(format_timestamp(-1), "1969-12-31T23:59:59.999999");
        assert_eq!(format_timestamptz(0), "1970-01-01T00:00:00.000000Z");
        for text in ["2024-01-31", "0044-03-15 BC", "0001-12-31 BC", "12024-01-31"] {
            assert_eq!(parse_date(text).map(|days| write_date(i64::from(days))).as_deref(), Some(text));
        }
        for text in ["2024-01-31 00:00:00", "0044-03-15 10:20:30.5 BC", "2024-01-31 23:59:59.999999"] {
            assert_eq!(parse_timestamp(text).map(|micros| write_timestamp(micros, "")).as_deref(), Some(text));
        }
        let text = "0044-03-15 10:20:30.05+00 BC";
        assert_eq!(parse_timestamptz(text).map(|micros| write_timestamp(micros, "+00")).as_deref(), Some(text));
        assert_eq!(parse_date("0000-01-01 BC"), None);
        assert_eq!(parse_date("-0044-03-15 BC"), None);
        assert_eq!(parse_time("10:00 BC"), None);
    }

    #[test]
    fn adds_intervals() {
        let end_of_january = parse_timestamp("2024-01-31 12:00").unwrap();
        assert_eq!(add_interval(end_of_january, 1, 0, 0), parse_timestamp("2024-02-29 12:00"));
        assert_eq!(add_interval(end_of_january, -2, 1, 1_000_000), parse_timestamp("2023-12-01 12:00:01"));
        assert_eq!(add_interval(i64::MAX, 0, 1, 0), None);
    }
}
