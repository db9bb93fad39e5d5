//! Values of the semantic types are written as text and read back, and the other way round.

use decentdb::testing::types::{self, datetime, decimal, interval, network, uuid, Conversion, Raw};
use decentdb::testing::value::{Stored, Type, Value};
use proptest::prelude::*;

fn stored_again(value: &Value, ty: &Type) -> Value {
    let stored = types::store(value, Some(ty)).unwrap();
    let raw = match &stored {
        Stored::Null => Raw::Null,
        Stored::Integer(number) => Raw::Integer(*number),
        Stored::Real(number) => Raw::Real(*number),
        Stored::Text(text) => Raw::Text(text),
        Stored::Blob(bytes) => Raw::Blob(bytes),
    };
    types::load(raw, ty).unwrap()
}

fn through_text(value: &Value, ty: &Type) -> Value {
    let text = Value::Text(types::to_text(value));
    types::convert(&text, ty, Conversion::Assignment).unwrap().unwrap()
}

/// The days that the parser's calendar covers: years -4712 to 294276.
const DAYS: std::ops::Range<i32> = -2_440_000..106_751_000;

proptest! {
    #[test]
    fn decimals(unscaled: i64, scale in 0u8..=18) {
        let value = Value::Decimal { unscaled, scale };
        prop_assert_eq!(&through_text(&value, &Type::Decimal), &value);
        prop_assert_eq!(&stored_again(&value, &Type::Decimal), &value);
    }

    #[test]
    fn decimal_order_is_that_of_the_numbers(a: i32, b: i32, extra in 0u8..=9) {
        let wider = (i64::from(b) * 10i64.pow(u32::from(extra)), extra);
        let (left, right) = (decimal::format(i64::from(a), 0), decimal::format(wider.0, wider.1));
        prop_assert_eq!(decimal::collate(&left, &right), a.cmp(&b));
    }

    #[test]
    fn decimal_sums_are_exact(a: i32, b: i32, x in 0u8..=9, y in 0u8..=9) {
        let (left, right) = ((i64::from(a), x), (i64::from(b), y));
        let sum = decimal::add(left, right).unwrap();
        prop_assert_eq!(decimal::subtract(sum, right).map(|back| decimal::compare(back, left)), Some(std::cmp::Ordering::Equal));
    }

    #[test]
    fn dates(days in DAYS) {
        let value = Value::Date(days);
        prop_assert_eq!(&through_text(&value, &Type::Date), &value);
        let (year, month, day) = datetime::civil_from_days(i64::from(days));
        prop_assert_eq!(datetime::days_from_civil(year, month, day), i64::from(days));
    }

    #[test]
    fn timestamps(days in DAYS, micros in 0..datetime::DAY_MICROS) {
        let instant = i64::from(days) * datetime::DAY_MICROS + micros;
        prop_assert_eq!(through_text(&Value::Timestamp(instant), &Type::Timestamp), Value::Timestamp(instant));
        prop_assert_eq!(through_text(&Value::TimestampTz(instant), &Type::TimestampTz), Value::TimestampTz(instant));
        prop_assert_eq!(through_text(&Value::Time(micros), &Type::Time), Value::Time(micros));
    }

    #[test]
    fn intervals(months: i32, days: i32, micros: i64) {
        let value = Value::Interval { months, days, micros };
        prop_assert_eq!(&through_text(&value, &Type::Interval), &value);
        prop_assert_eq!(&stored_again(&value, &Type::Interval), &value);
    }

    #[test]
    fn uuids_and_addresses(bytes: [u8; 16], mac: [u8; 8], prefix in 0u8..=128) {
        prop_assert_eq!(uuid::parse(&uuid::format(&bytes)), Some(bytes));
        let cidr = Value::Cidr { family: 6, prefix, bytes: network::mask(bytes, prefix) };
        prop_assert_eq!(&through_text(&cidr, &Type::Cidr), &cidr);
        prop_assert_eq!(&stored_again(&cidr, &Type::Cidr), &cidr);
        let mac = Value::MacAddr { len: 8, bytes: mac };
        prop_assert_eq!(&through_text(&mac, &Type::MacAddr), &mac);
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "[-+0-9.:TZeE /a-fP]{0,30}|\\PC{0,30}") {
        let _ = decimal::parse(&text);
        let _ = datetime::parse_date(&text);
        let _ = datetime::parse_time(&text);
        let _ = datetime::parse_timestamptz(&text);
        let _ = interval::parse(&text);
        let _ = uuid::parse(&text);
        let _ = network::parse_cidr(&text);
        let _ = network::parse_mac(&text);
    }

    #[test]
    fn decimal_operations_never_panic(a: i64, x in 0u8..=18, b: i64, y in 0u8..=18, digits: i64) {
        let (left, right) = ((a, x), (b, y));
        let _ = (decimal::add(left, right), decimal::subtract(left, right), decimal::multiply(left, right));
        let _ = (decimal::divide(left, right), decimal::remainder(left, right), decimal::round(left, digits));
        let _ = (decimal::floor(left), decimal::ceil(left));
    }

    #[test]
    fn interval_arithmetic_never_panics(micros: i64, months: i32, days: i32, extra: i64) {
        let _ = datetime::add_interval(micros, months, days, extra);
        let _ = datetime::format_timestamp(micros);
    }
}
