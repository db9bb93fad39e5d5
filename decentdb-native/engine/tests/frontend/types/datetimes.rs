//! Dates, times and intervals: literals, fields, functions and arithmetic.

use crate::support;

use decentdb::testing::types::{datetime, interval};
use decentdb::testing::value::{Type, Value};
use proptest::prelude::*;
use support::{gives, Database};

#[test]
fn arithmetic_is_that_of_the_calendar() {
    gives(&[
        ("DATE '2024-03-15' + 1", "2024-03-16"),
        ("1 + DATE '2024-03-15'", "2024-03-16"),
        ("DATE '2024-03-01' - 1", "2024-02-29"),
        ("DATE '2024-03-15' - DATE '2024-02-15'", "29"),
        ("DATE '2024-01-31' + INTERVAL '1 month'", "2024-02-29T00:00:00.000000"),
        ("INTERVAL '1 day' + DATE '2024-01-31'", "2024-02-01T00:00:00.000000"),
        ("DATE '2024-01-31' + TIME '10:30'", "2024-01-31T10:30:00.000000"),
        ("TIMESTAMP '2024-03-31 12:00' - INTERVAL '1 month'", "2024-02-29T12:00:00.000000"),
        ("TIMESTAMPTZ '2024-03-15 10:00:00+02' + INTERVAL '1 day'", "2024-03-16T08:00:00.000000Z"),
        ("TIMESTAMP '2024-03-15 14:30:00' + '90 minutes'", "2024-03-15T16:00:00.000000"),
        ("TIMESTAMP '2024-03-15 14:30:00' - TIMESTAMP '2024-03-14 10:00:00'", "0 1 16200000000"),
        ("TIMESTAMP '2024-03-14 10:00:00' - '2024-03-15 14:30:00'", "0 -1 -16200000000"),
        ("DATE '2024-03-15' - TIMESTAMP '2024-03-14 23:00:00'", "0 0 3600000000"),
        ("TIME '23:30' + INTERVAL '1 hour'", "00:30:00.000000"),
        ("TIME '00:30' - INTERVAL '2 days 1 hour'", "23:30:00.000000"),
        ("TIME '10:00' - TIME '09:30'", "0 0 1800000000"),
        ("INTERVAL '1 day' + INTERVAL '2 hours'", "0 1 7200000000"),
        ("INTERVAL '1 day' - INTERVAL '2 hours'", "0 1 -7200000000"),
        ("-INTERVAL '1 mon 2 days'", "-1 -2 0"),
        ("INTERVAL '1 month' * 1.5", "1 15 0"),
        ("2 * INTERVAL '1 day 12 hours'", "0 2 86400000000"),
        ("INTERVAL '1 day' / 2", "0 0 43200000000"),
        ("INTERVAL '1 month' / 4::decimal", "0 7 43200000000"),
        ("INTERVAL '1 day' / 0", "NULL"),
        ("INTERVAL '30 days' = INTERVAL '1 month'", "true"),
        ("TIMESTAMP '2024-01-01' < TIMESTAMPTZ '2024-01-01 00:00:00-01'", "true"),
        ("DATE '2024-01-01' = TIMESTAMP '2024-01-01 00:00'", "true"),
        ("now() >= DATE '2024-01-01'", "true"),
        ("DATE '2024-01-01' * 2", "42804 * is not defined for DATE and INT64"),
        ("DATE '2024-01-01' + DATE '2024-01-01'", "42804 + is not defined for DATE and DATE"),
        ("TIMESTAMP '294246-01-01' + INTERVAL '1000 years'", "22008 the result is out of range for TIMESTAMP"),
        ("DATE '-4712-01-01' - 1", "22008 the result is out of range for DATE"),
        ("INTERVAL '1 year' * 9223372036854775807", "22008 the result is out of range for INTERVAL"),
    ]);
}

#[test]
fn literals_are_read_or_refused_by_reason() {
    gives(&[
        ("INTERVAL '1 day 2 hours'", "0 1 7200000000"),
        ("INTERVAL '1' DAY", "0 1 0"),
        ("INTERVAL '1.5' HOUR", "0 0 5400000000"),
        ("INTERVAL 'P1Y2M3DT4H5M6.5S'", "14 3 14706500000"),
        ("INTERVAL '-1 day'", "0 -1 0"),
        ("INTERVAL '1 day ago'", "0 -1 0"),
        ("INTERVAL '1 week 01:02:03.000004'", "0 7 3723000004"),
        ("INTERVAL '1 parsec'", "22007 invalid value for INTERVAL: \"1 parsec\""),
        ("DATE '2024-02-30'", "22008 \"2024-02-30\" is out of range for DATE"),
        ("DATE 'tomorrow'", "22007 invalid value for DATE: \"tomorrow\""),
        ("DATE '300000-01-01'", "22008 \"300000-01-01\" is out of range for DATE"),
        ("DATE '-0044-03-15'", "-0044-03-15"),
        ("DATE '10000-01-01'", "10000-01-01"),
        ("TIME '24:00'", "22008 \"24:00\" is out of range for TIME"),
        ("TIME '23:59:59.9999999'", "23:59:59.999999"),
        ("TIMESTAMP '2024-01-01 25:00'", "22008 \"2024-01-01 25:00\" is out of range for TIMESTAMP"),
        ("TIMESTAMPTZ '2024-01-01T10:00:00.123456-05:30'", "2024-01-01T15:30:00.123456Z"),
        ("99999999999::int8::date", "22008 99999999999 is out of range for DATE"),
    ]);
}

#[test]
fn fields_are_taken_from_every_type() {
    gives(&[
        ("EXTRACT(YEAR FROM '2024-03-15')", "2024"),
        ("EXTRACT(dow FROM DATE '2024-03-15')", "5"),
        ("EXTRACT(isodow FROM DATE '2024-03-17')", "7"),
        ("EXTRACT(week FROM DATE '2021-01-01')", "53"),
        ("EXTRACT(isoyear FROM DATE '2021-01-01')", "2020"),
        ("EXTRACT(doy FROM DATE '2024-12-31')", "366"),
        ("EXTRACT(century FROM DATE '2000-12-31')", "20"),
        ("EXTRACT(millennium FROM DATE '2001-01-01')", "3"),
        ("EXTRACT(decade FROM DATE '1999-01-01')", "199"),
        ("EXTRACT(quarter FROM DATE '2024-12-01')", "4"),
        ("EXTRACT(julian FROM DATE '1970-01-01')", "2440588"),
        ("EXTRACT(second FROM TIMESTAMP '2024-03-15 10:00:01.5')", "1"),
        ("EXTRACT(milliseconds FROM TIMESTAMP '2024-03-15 10:00:01.5')", "1500"),
        ("EXTRACT(epoch FROM TIMESTAMP '1970-01-01 00:00:01.5')", "1.5"),
        ("EXTRACT(hour FROM TIME '10:20:30')", "10"),
        ("EXTRACT(year FROM TIME '10:20:30')", "22023 unknown field year of TIME"),
        ("EXTRACT(day FROM INTERVAL '3 days')", "3"),
        ("EXTRACT(month FROM INTERVAL '14 months')", "2"),
        ("EXTRACT(hour FROM INTERVAL '-30 hours')", "-30"),
        ("EXTRACT(epoch FROM INTERVAL '1 day 1 second')", "86401"),
        ("date_part('doy', '2024-03-15')", "75"),
        ("date_part('bogus', DATE '2024-03-15')", "22023 unknown field bogus of TIMESTAMP"),
        ("date_trunc('month', '2024-03-15 14:30:45')", "2024-03-01T00:00:00.000000"),
        ("date_trunc('week', DATE '2024-03-15')", "2024-03-11T00:00:00.000000"),
        ("date_trunc('century', DATE '2024-03-15')", "2001-01-01T00:00:00.000000"),
        ("date_trunc('hours', TIMESTAMPTZ '2024-03-15 14:30:45Z')", "2024-03-15T14:00:00.000000Z"),
        ("date_trunc('bogus', now())", "22023 unknown field bogus of a date or time"),
        ("EXTRACT(year FROM 5)", "42804 EXTRACT is not defined for INT64"),
    ]);
}

#[test]
fn dates_are_made_and_written() {
    gives(&[
        ("make_date(2024, 2, 29)", "2024-02-29"),
        ("make_date(2024, 2, 30)", "22008 2024-2-30 is out of range for DATE"),
        ("make_time(14, 30, 1.5)", "14:30:01.500000"),
        ("make_timestamp(2024, 3, 15, 14, 30, 1.5)", "2024-03-15T14:30:01.500000"),
        ("make_timestamp(2024, 3, 15, 24, 0, 0)", "22008 2024-3-15 24:0:0 is out of range for TIMESTAMP"),
        ("to_timestamp(1710505800)", "2024-03-15T12:30:00.000000"),
        ("to_timestamp(1710505800.25)", "2024-03-15T12:30:00.250000"),
        ("to_timestamp('15/03/2024 10:11:12.5', 'DD/MM/YYYY HH24:MI:SS.MS')", "2024-03-15T10:11:12.500000"),
        ("to_timestamp('5 Mar 2024 02 PM', 'DD Mon YYYY HH12 AM')", "2024-03-05T14:00:00.000000"),
        ("to_timestamp('2024-13-01', 'YYYY-MM-DD')", "22008 \"2024-13-01\" is out of range for TIMESTAMP"),
        ("to_timestamp('soon', 'YYYY')", "22007 invalid value for TIMESTAMP: \"soon\""),
        ("date('2024-03-15 10:00:00')", "2024-03-15"),
        ("date('2024-01-31', '+1 month', '-1 day')", "2024-02-28"),
        ("datetime('2024-03-15 10:30:00', '+2 hours')", "2024-03-15 12:30:00"),
        ("datetime(DATE '2024-03-15')", "2024-03-15 00:00:00"),
        ("date('x')", "22007 invalid value for TIMESTAMP: \"x\""),
        ("date('now') = current_date", "true"),
        (
            "strftime('%Y-%m-%d %H:%M:%S %w %j %s %%', '2024-03-15 14:30:00.5')",
            "2024-03-15 14:30:00 5 075 1710513000 %",
        ),
        ("strftime('%e|%I|%p|%y|%b|%A|%f|%V', '2024-03-05 14:30:01.5')", " 5|02|PM|24|Mar|Tuesday|01.500|10"),
        ("strftime('%Q', now())", "22023 unknown specifier %Q in the format of strftime"),
        ("date_diff('day', '2024-03-10', '2024-03-15')", "5"),
        ("date_diff('month', '2024-01-31', '2024-03-01')", "1"),
        ("date_diff('year', '2020-02-29', '2024-02-28')", "3"),
        ("date_diff('hours', '2024-03-10 10:59', '2024-03-10 12:01')", "1"),
        ("last_day('2024-02-11')", "2024-02-29"),
        ("next_day('2024-03-15', 'Monday')", "2024-03-18"),
        ("next_day('2024-03-15', 'fri')", "2024-03-22"),
        ("next_day('2024-03-15', 'someday')", "22023 someday is not a day of the week"),
        ("age('2024-03-15', '2024-03-14')", "0 1 0"),
        ("age('2024-03-01', '2024-01-31')", "1 1 0"),
        ("age(TIMESTAMP '2024-03-15 10:00', TIMESTAMP '2023-01-14 11:00')", "14 0 82800000000"),
        ("age('2023-01-14', '2024-03-15')", "-14 -1 0"),
    ]);
}

#[test]
fn the_clock_stands_still_while_a_statement_runs_and_counts_microseconds() {
    let mut database = Database::new();
    let rows = database.run("SELECT DISTINCT now(), localtimestamp, current_date FROM generate_series(1, 20000)");
    assert_eq!(rows.rows.len(), 1);
    assert_eq!(rows.types, [Type::TimestampTz, Type::Timestamp, Type::Date]);
    // One instant in a thousand is a whole millisecond; ten in a row cannot all be.
    let fine = (0..200).any(|_| {
        let rows = database.run("SELECT EXTRACT(microsecond FROM now())");
        matches!(rows.rows[0][0], Value::Int64(micros) if micros % 1000 != 0)
    });
    assert!(fine);
}

#[test]
fn series_count_numbers_and_dates() {
    let mut database = Database::with(&["CREATE TABLE t (n INT)", "INSERT INTO t VALUES (1), (3)"]);
    for (from, expected) in [
        ("generate_series(5, 1, -2)", &["5", "3", "1"][..]),
        ("generate_series(9223372036854775806, 9223372036854775807)", &["9223372036854775806", "9223372036854775807"]),
        ("generate_series(3, 1)", &[]),
        ("generate_series(NULL, 1)", &[]),
        ("generate_series(1.5, 2.5, 0.5)", &["1.5", "2.0", "2.5"]),
        (
            "generate_series(TIMESTAMP '2026-01-01 00:00', TIMESTAMP '2026-01-01 01:00', INTERVAL '30 minutes')",
            &["2026-01-01T00:00:00.000000", "2026-01-01T00:30:00.000000", "2026-01-01T01:00:00.000000"],
        ),
        ("generate_series(DATE '2024-01-31', '2024-03-31', '1 month')", &["2024-01-31", "2024-02-29", "2024-03-29"]),
        ("generate_series(DATE '2024-01-02', '2024-01-01', INTERVAL '-1 day')", &["2024-01-02", "2024-01-01"]),
    ] {
        assert_eq!(database.texts(&format!("SELECT * FROM {from}")), expected, "{from}");
    }
    assert_eq!(
        database.texts("SELECT t.n, g.x FROM t, generate_series(1, t.n) AS g(x) WHERE n > 1"),
        ["3|1", "3|2", "3|3"]
    );
    // The function keeps no rows in memory, so the number of rows has no limit.
    assert_eq!(database.texts("SELECT count(*) FROM generate_series(1, 2000000)"), ["2000000"]);
    assert_eq!(database.texts("SELECT * FROM generate_series(1, 9000000000000000000) LIMIT 1"), ["1"]);
    for (from, sqlstate) in [
        ("generate_series(1, 3, 0)", "22023"),
        ("generate_series(1.5::float8, 2)", "42804"),
        ("generate_series(DATE '2024-01-01', '2024-01-02')", "42804"),
        ("generate_series(DATE '2024-01-01', '2024-01-02', '1 hour')", "22023"),
        ("generate_series(now(), now(), INTERVAL '0')", "22007"),
        ("generate_series(now(), now(), INTERVAL '0 days')", "22023"),
        ("generate_series(1)", "42601"),
        ("unnest('a')", "0A000"),
    ] {
        let error = database.fails(&format!("SELECT * FROM {from}"));
        assert_eq!(error.sqlstate, Some(sqlstate), "{from}: {}", error.message);
    }
}

const DAYS: std::ops::Range<i64> = -700_000..700_000;

proptest! {
    #[test]
    fn what_is_added_comes_off_again(days in DAYS, time in 0..datetime::DAY_MICROS, shift in -100_000i32..100_000, micros: i32) {
        let start = days * datetime::DAY_MICROS + time;
        let moved = datetime::add_interval(start, 0, shift, micros.into()).unwrap();
        prop_assert_eq!(datetime::add_interval(moved, 0, -shift, -i64::from(micros)), Some(start));
        let (_, days, rest) = interval::between(moved, start).unwrap();
        prop_assert_eq!(datetime::add_interval(start, 0, days, rest), Some(moved));
    }

    #[test]
    fn an_age_leads_from_start_to_end(from in DAYS, to in DAYS, a in 0..datetime::DAY_MICROS, b in 0..datetime::DAY_MICROS) {
        let mut ends = [from * datetime::DAY_MICROS + a, to * datetime::DAY_MICROS + b];
        ends.sort_unstable();
        let [start, end] = ends;
        let (months, days, micros) = interval::age(end, start).unwrap();
        prop_assert!(months >= 0 && (0..31).contains(&days) && (0..datetime::DAY_MICROS).contains(&micros));
        let month_on = datetime::add_interval(start, months, 0, 0).unwrap();
        // Adding the whole months never passes the end. One month more does, except for days that a shorter month
        // lacks.
        prop_assert!(month_on <= end + 3 * datetime::DAY_MICROS);
        prop_assert!(datetime::add_interval(start, months + 1, 0, 0).unwrap() + 3 * datetime::DAY_MICROS > end);
    }

    #[test]
    fn a_scaled_interval_scales_back(months in -1000i32..1000, days in -1000i32..1000, micros in -1_000_000i64..1_000_000, by in 1i128..1000) {
        let parts = (months, days, micros);
        let larger = interval::scale(parts, by, 1).unwrap();
        prop_assert_eq!(interval::length(larger), interval::length(parts) * by);
        prop_assert_eq!(interval::scale(larger, 1, by), Some(parts));
    }
}
