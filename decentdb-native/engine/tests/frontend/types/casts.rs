//! CAST and assignment: which types convert to which, and the error for a value that does not convert.

use crate::support;

use decentdb::testing::types::{self, decimal, Conversion};
use decentdb::testing::value::{Type, Value};
use proptest::prelude::*;
use support::Database;

const TYPES: [&str; 15] = [
    "INT64",
    "FLOAT64",
    "BOOL",
    "TEXT",
    "BLOB",
    "DECIMAL",
    "UUID",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "DATE",
    "TIME",
    "INTERVAL",
    "IPADDR",
    "CIDR",
    "MACADDR",
];

/// For each type, a value that every type it converts to can hold, and those types.
const CASTS: [(&str, &str, &[&str]); 15] = [
    (
        "INT64",
        "1::int8",
        &["FLOAT64", "BOOL", "TEXT", "DECIMAL", "TIMESTAMP", "TIMESTAMPTZ", "DATE", "TIME", "INTERVAL"],
    ),
    ("FLOAT64", "1.5::float8", &["INT64", "TEXT", "DECIMAL"]),
    ("BOOL", "true", &["INT64", "FLOAT64", "TEXT"]),
    ("BLOB", "x'00112233445566778899aabbccddeeff'", &["TEXT", "UUID"]),
    ("DECIMAL", "'1.5'::decimal", &["INT64", "FLOAT64", "TEXT"]),
    ("UUID", "'00112233-4455-6677-8899-aabbccddeeff'::uuid", &["TEXT", "BLOB"]),
    ("TIMESTAMP", "TIMESTAMP '2024-01-02 03:04:05'", &["TEXT", "TIMESTAMPTZ", "DATE", "TIME"]),
    ("TIMESTAMPTZ", "TIMESTAMPTZ '2024-01-02 03:04:05Z'", &["TEXT", "TIMESTAMP", "DATE", "TIME"]),
    ("DATE", "DATE '2024-01-02'", &["TEXT", "TIMESTAMP", "TIMESTAMPTZ"]),
    ("TIME", "TIME '03:04'", &["TEXT", "INTERVAL"]),
    ("INTERVAL", "INTERVAL '1 day 2 hours'", &["TEXT", "TIME"]),
    ("IPADDR", "'10.1.2.3'::inet", &["TEXT", "CIDR"]),
    ("CIDR", "'10.0.0.0/8'::cidr", &["TEXT", "IPADDR"]),
    ("MACADDR", "'08:00:2b:01:02:03'::macaddr", &["TEXT"]),
    ("TEXT", "lower('X')", &["BLOB"]),
];

#[test]
fn every_pair_of_types_is_cast_or_refused_before_it_runs() {
    let mut database = Database::new();
    for (from, value, targets) in CASTS {
        for to in TYPES {
            let result = database.try_run(&format!("SELECT CAST({value} AS {to})"), &[]);
            if from == to || targets.contains(&to) {
                let rows = result.unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
                assert_eq!(rows.types[0].name(), to);
                assert_ne!(rows.rows[0][0], Value::Null);
                // NULL converts as well.
                let null = database.run(&format!("SELECT CAST(nullif({value}, {value}) AS {to})"));
                assert_eq!(null.rows[0][0], Value::Null, "{from} to {to}");
            } else if from != "TEXT" {
                let error = result.expect_err(&format!("{from} to {to}"));
                assert_eq!(error.sqlstate, Some("42846"), "{from} to {to}: {error}");
                assert_eq!(error.message, format!("cannot cast {from} to {to}"));
            }
        }
    }
}

#[test]
fn text_is_read_as_every_type_and_refused_by_name() {
    let mut database = Database::with(&["CREATE TABLE t (s TEXT)", "INSERT INTO t VALUES ('?')"]);
    for (ty, good, text, sqlstate) in [
        ("INT64", " 42 ", "42", "22P02"),
        ("FLOAT64", "1e3", "1000", "22P02"),
        ("BOOL", "YES", "true", "22P02"),
        ("DECIMAL", "-01.50", "-1.50", "22P02"),
        ("UUID", "{00112233445566778899AABBCCDDEEFF}", "00112233-4455-6677-8899-aabbccddeeff", "22P02"),
        ("TIMESTAMP", "2024-01-02", "2024-01-02T00:00:00.000000", "22007"),
        ("TIMESTAMPTZ", "2024-01-02 03:00+01", "2024-01-02T02:00:00.000000Z", "22007"),
        ("DATE", "2024-1-2", "2024-01-02", "22007"),
        ("TIME", "03:04", "03:04:00.000000", "22007"),
        ("INTERVAL", "1 day", "0 1 0", "22007"),
        ("IPADDR", "::FFFF:10.0.0.1", "::ffff:10.0.0.1", "22P02"),
        ("CIDR", "2001:db8:1::/32", "2001:db8::/32", "22P02"),
        ("MACADDR", "08-00-2B-01-02-03", "08:00:2b:01:02:03", "22P02"),
    ] {
        for value in [format!("'{good}'"), format!("(SELECT '{good}' || '' FROM t)")] {
            assert_eq!(database.texts(&format!("SELECT CAST({value} AS {ty})")), [text], "{ty}");
        }
        for value in ["'?'", "s"] {
            let error = database.fails(&format!("SELECT {value}::{ty} FROM t"));
            assert_eq!(error.message, format!("invalid value for {ty}: \"?\""));
            assert_eq!(error.sqlstate, Some(sqlstate), "{ty}");
        }
    }
    for (expression, sqlstate, message) in [
        ("'99999999999999999999'::int8", "22003", "99999999999999999999 is out of range for INT64"),
        ("1e30::int8", "22003", "1000000000000000000000000000000 is out of range for INT64"),
        ("1e30::decimal", "22003", "1e30 is out of range for DECIMAL"),
        ("'1.0000000000000000001'::decimal", "22003", "1.0000000000000000001 is out of range for DECIMAL"),
        ("CAST(2 AS BOOL)", "22003", "2 is out of range for BOOL"),
        ("CAST(86400000000 AS TIME)", "22008", "86400000000 is out of range for TIME"),
        ("CAST(x'01' AS UUID)", "22P02", "invalid value for UUID: \"\\x01\""),
        ("'10.0.0.0/33'::cidr", "22P02", "invalid value for CIDR: \"10.0.0.0/33\""),
        ("'10.0.0.1/8'::inet", "22P02", "invalid value for IPADDR: \"10.0.0.1/8\""),
    ] {
        let error = database.fails(&format!("SELECT {expression}"));
        assert_eq!((error.sqlstate, error.message.as_str()), (Some(sqlstate), message), "{expression}");
    }
}

#[test]
fn an_integer_is_no_date_or_time_unless_it_is_cast() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT, da DATE, ti TIME, ts TIMESTAMP, tz TIMESTAMPTZ, v INTERVAL)",
        "INSERT INTO t (id) VALUES (20240701)",
    ]);
    let number = || vec![Value::Int64(20_240_701)];
    for (column, ty) in [("da", "DATE"), ("ti", "TIME"), ("ts", "TIMESTAMP"), ("tz", "TIMESTAMPTZ"), ("v", "INTERVAL")]
    {
        for (sql, values) in [
            (format!("UPDATE t SET {column} = 20240701"), vec![]),
            (format!("UPDATE t SET {column} = id"), vec![]),
            (format!("UPDATE t SET {column} = $1"), number()),
            (format!("INSERT INTO t ({column}) VALUES ($1)"), number()),
            (format!("SELECT id FROM t WHERE {column} > $1"), number()),
            (format!("SELECT id FROM t WHERE {column} IN ($1)"), number()),
            (format!("SELECT id FROM t WHERE {column} BETWEEN $1 AND $1"), number()),
            (format!("SELECT id FROM t WHERE {column} = id"), vec![]),
        ] {
            let error = database.try_run(&sql, &values).expect_err(&sql);
            assert_eq!(error.sqlstate, Some("42804"), "{sql}: {error}");
            assert!(error.hint.as_deref().is_some_and(|hint| hint.contains("CAST")), "{sql}: {error}");
        }
        let cast = format!("SELECT id FROM t WHERE CAST(20240701 AS {ty}) = CAST($1 AS {ty})");
        assert_eq!(database.try_run(&cast, &number()).unwrap().rows.len(), 1);
    }
}

#[test]
fn text_takes_what_has_one_text_and_a_uuid_finds_it() {
    let mut database = Database::with(&["CREATE TABLE t (s TEXT)"]);
    for (value, text) in [
        (Value::Uuid([1; 16]), "01010101-0101-0101-0101-010101010101"),
        (Value::Decimal { unscaled: 550, scale: 2 }, "5.50"),
        (Value::Timestamp(0), "1970-01-01 00:00:00"),
        (Value::TimestampTz(1_500_000), "1970-01-01 00:00:01.5+00"),
        (Value::MacAddr { len: 6, bytes: [8, 0, 43, 1, 2, 3, 0, 0] }, "08:00:2b:01:02:03"),
    ] {
        let rows = database.try_run("INSERT INTO t VALUES ($1) RETURNING s", &[value]).unwrap();
        assert_eq!(rows.rows[0][0], Value::Text(text.into()));
    }
    let found = database.try_run("SELECT s FROM t WHERE s = $1", &[Value::Uuid([1; 16])]).unwrap();
    assert_eq!(found.rows.len(), 1);
    for value in [Value::Blob(vec![1]), Value::Interval { months: 0, days: 1, micros: 0 }] {
        let error = database.try_run("INSERT INTO t VALUES ($1)", &[value]).expect_err("no text");
        assert_eq!(error.sqlstate, Some("42804"));
    }
}

#[test]
fn every_type_has_the_text_of_postgresql_and_an_older_definition_keeps_its_own() {
    let mut database = Database::with(&["CREATE TABLE t (e ENUM('new', 'paid'))", "INSERT INTO t VALUES ('paid')"]);
    for (value, text) in [
        ("7::int8", "7"),
        ("1e20::float8", "1e+20"),
        ("1.5e-7::float8", "1.5e-07"),
        ("true", "true"),
        ("lower('X')", "x"),
        ("'1.50'::decimal", "1.50"),
        ("'00112233-4455-6677-8899-aabbccddeeff'::uuid", "00112233-4455-6677-8899-aabbccddeeff"),
        ("TIMESTAMP '2024-01-02 03:04:05.50'", "2024-01-02 03:04:05.5"),
        ("TIMESTAMPTZ '2024-01-02 03:04:05+02'", "2024-01-02 01:04:05+00"),
        ("DATE '-0043-03-15'", "0044-03-15 BC"),
        ("TIME '03:04'", "03:04:00"),
        ("INTERVAL '14 months -3 days 90 minutes'", "1 year 2 mons -3 days +01:30:00"),
        ("'10.1.2.3'::inet", "10.1.2.3"),
        ("'10.0.0.0/8'::cidr", "10.0.0.0/8"),
        ("'08:00:2b:01:02:03'::macaddr", "08:00:2b:01:02:03"),
        ("e", "paid"),
    ] {
        let sql = format!("SELECT CAST({value} AS TEXT), {value} || '', concat({value}) FROM t");
        assert_eq!(database.texts(&sql), [format!("{text}|{text}|{text}")], "{value}");
    }
    assert_eq!(database.texts("SELECT CAST(x'00ff' AS TEXT)"), ["\\x00ff"]);
    // The engine emitted these before, in an index or a stored column of an older file.
    for (call, text) in [
        ("ddb_cast(1704164645500000, 8, 4)", "2024-01-02T03:04:05.500000"),
        ("ddb_text(11045000000, 15)", "03:04:05.000000"),
        ("ddb_assign(1e20, 2, 4, 'c')", "1e20"),
    ] {
        let found: String = database.connection.query_row(&format!("SELECT {call}"), [], |row| row.get(0)).unwrap();
        assert_eq!(found, text);
    }
}

#[test]
fn assignment_names_the_column_and_the_value() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT, n INT64, d DECIMAL, u UUID, da DATE, b BLOB, ip INET, e ENUM('new', 'paid'), v INTERVAL)",
        "INSERT INTO t (id, e, b, ip) VALUES (1, 'paid', x'0102', '::1')",
        "INSERT INTO t (id, e) VALUES (2, 'new'), (3, NULL)",
    ]);
    for (column, value, sqlstate) in [
        ("n", "x", "22P02"),
        ("d", "1.2.3", "22P02"),
        ("u", "550e", "22P02"),
        ("da", "soon", "22007"),
        ("da", "2024-02-30", "22008"),
        ("ip", "1.2.3", "22P02"),
        ("e", "lost", "22P02"),
        ("v", "1 parsec", "22007"),
    ] {
        for (sql, values) in [
            (format!("UPDATE t SET {column} = '{value}'"), vec![]),
            (format!("UPDATE t SET {column} = $1"), vec![Value::Text(value.to_owned())]),
            (format!("UPDATE t SET {column} = '{value}' || ''"), vec![]),
            (format!("INSERT INTO t ({column}) VALUES ($1)"), vec![Value::Text(value.to_owned())]),
        ] {
            let error = database.try_run(&sql, &values).expect_err(&sql);
            assert_eq!(error.sqlstate, Some(sqlstate), "{sql}: {error}");
            assert!(
                error.message.contains(value) && error.message.ends_with(&format!("for column {column}")),
                "{error}"
            );
            assert_eq!(error.context["column"], column, "{sql}");
        }
    }
    let error = database.fails("UPDATE t SET da = true");
    assert_eq!(error.sqlstate, Some("42804"));
    // Labels compare in the order of their declaration.
    assert_eq!(database.texts("SELECT id FROM t WHERE e > 'new'"), ["1"]);
    assert_eq!(database.texts("SELECT id FROM t ORDER BY e"), ["3", "2", "1"]);
    let rows = database.query("SELECT id FROM t WHERE e = $1", &[Value::Text("paid".into())]);
    assert_eq!(rows.rows, [[Value::Int64(1)]]);
    let label = database.run("SELECT e FROM t WHERE id = 1").rows[0][0].clone();
    let rows = database.query("SELECT id FROM t WHERE e = $1", &[label]);
    assert_eq!(rows.rows, [[Value::Int64(1)]]);
    assert_eq!(database.fails("SELECT id FROM t WHERE e = 'lost'").message, "invalid ENUM label lost");
}

#[test]
fn decimals_are_exact_or_an_error() {
    let mut database = Database::new();
    for (expression, expected) in [
        ("0.1::decimal + 0.2", "0.3"),
        ("1.5::decimal * 2", "3.0"),
        ("1::decimal / 3", "0.333333"),
        ("1::decimal / 4", "0.25"),
        ("7.5::decimal % 2", "1.5"),
        ("-7.5::decimal % 2", "-1.5"),
        ("-(1.50::decimal)", "-1.50"),
        ("1::decimal / 0", "NULL"),
        ("1.5::decimal = 1.50", "true"),
        ("10::decimal > 9.99", "true"),
        ("999999999999999999::decimal + 1", "1000000000000000000"),
        ("1.5::decimal + 1::float8", "2.5"),
        ("1.23::decimal::int8", "1"),
        ("(-1.99::decimal)::int8", "-1"),
        ("1.10::decimal::text", "1.10"),
    ] {
        assert_eq!(database.texts(&format!("SELECT {expression}")), [expected], "{expression}");
    }
    for (expression, ty) in [
        ("1.5::decimal + 1", Type::Decimal),
        ("1.5::decimal + 1.5", Type::Decimal),
        ("1.5::decimal + 1.5::float8", Type::Float64),
        ("1.5::decimal % 2", Type::Decimal),
    ] {
        assert_eq!(database.run(&format!("SELECT {expression}")).types, [ty], "{expression}");
    }
    for (expression, operation) in [
        ("9223372036854775807::decimal + 1", "9223372036854775807 + 1"),
        ("-9223372036854775807::decimal - 2", "-9223372036854775807 - 2"),
        ("9000000000000000001::decimal * 1.5", "9000000000000000001 * 1.5"),
        ("9000000000000000000::decimal / 0.1", "9000000000000000000 / 0.1"),
    ] {
        let error = database.fails(&format!("SELECT {expression}"));
        assert_eq!(error.sqlstate, Some("22003"), "{expression}");
        assert_eq!(error.message, format!("{operation} is out of range for DECIMAL"));
    }
}

/// `unscaled * 10^-scale` at a scale that no result exceeds.
fn exact((unscaled, scale): (i64, u8)) -> i128 {
    i128::from(unscaled) * 10i128.pow(18 - u32::from(scale))
}

prop_compose! {
    fn number()(unscaled in -1_000_000_000i64..1_000_000_000, scale in 0u8..=6) -> (i64, u8) {
        (unscaled, scale)
    }
}

proptest! {
    #[test]
    fn arithmetic_agrees_with_whole_numbers(a in number(), b in number()) {
        prop_assert_eq!(decimal::add(a, b).map(exact), Some(exact(a) + exact(b)));
        prop_assert_eq!(decimal::subtract(a, b).map(exact), Some(exact(a) - exact(b)));
        if let Some(product) = decimal::multiply(a, b) {
            let (product, product_scale) = (i128::from(product.0), u32::from(product.1));
            let whole = i128::from(a.0) * i128::from(b.0);
            prop_assert_eq!(product * 10i128.pow(12 - product_scale), whole * 10i128.pow(12 - u32::from(a.1 + b.1)));
        }
        if b.0 != 0 {
            prop_assert_eq!(decimal::remainder(a, b).map(exact), Some(exact(a) % exact(b)));
            if let Some(quotient) = decimal::divide(a, b) {
                // The exact quotient is within half a unit of the last digit.
                let power = |scale: u8| 10i128.pow(scale.into());
                let dividend = i128::from(a.0) * power(b.1) * power(quotient.1);
                let divisor = i128::from(b.0) * power(a.1);
                prop_assert!((dividend - i128::from(quotient.0) * divisor).abs() * 2 <= divisor.abs());
            }
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_cutting_towards_zero(a in number(), digits in 0i64..8) {
        let unit = 10i128.pow(18 - digits as u32);
        let rounded = exact(decimal::round(a, digits).unwrap());
        prop_assert!((rounded - exact(a)).abs() * 2 <= unit);
        prop_assert_eq!(exact(decimal::cut(a, digits).unwrap()), exact(a) - exact(a) % if digits >= a.1.into() { 1 } else { unit });
        prop_assert!(exact(decimal::floor(a).unwrap()) <= exact(a) && exact(decimal::ceil(a).unwrap()) >= exact(a));
    }

    #[test]
    fn doubles_keep_their_digits_as_text(number in proptest::num::f64::NORMAL) {
        let text = Value::Text(types::to_text(&Value::Float64(number)));
        let back = types::convert(&text, &Type::Float64, Conversion::Explicit).unwrap();
        prop_assert_eq!(back, Some(Value::Float64(number)));
    }

    #[test]
    fn addresses_go_through_text(bytes: [u8; 16], prefix in 0u8..=32) {
        for (value, ty) in [
            (Value::IpAddr { family: 6, bytes }, Type::IpAddr),
            (Value::Cidr { family: 4, prefix, bytes: types::network::mask([bytes[0], bytes[1], bytes[2], bytes[3], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], prefix) }, Type::Cidr),
            (Value::MacAddr { len: 6, bytes: [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], 0, 0] }, Type::MacAddr),
            (Value::Uuid(bytes), Type::Uuid),
        ] {
            let text = Value::Text(types::to_text(&value));
            prop_assert_eq!(types::convert(&text, &ty, Conversion::Explicit).unwrap(), Some(value));
        }
    }
}
