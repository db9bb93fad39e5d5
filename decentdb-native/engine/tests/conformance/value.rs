//! Values in the notation of the cases: the name of the tag, a space, the value. `NULL` stands alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::structs::RawValue;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// The text of a value that the library returned.
pub fn show(raw: &RawValue) -> String {
    let text = match raw.tag {
        0 => return "NULL".to_owned(),
        1 => raw.int64_value.to_string(),
        2 => format!("{:?}", raw.float64_value),
        3 if raw.bool_value <= 1 => (raw.bool_value == 1).to_string(),
        4 => match std::str::from_utf8(raw.bytes()) {
            Ok(text) => text.to_owned(),
            Err(_) => return format!("invalid UTF-8 {}", hex(raw.bytes())),
        },
        5 | 9 | 10 => hex(raw.bytes()),
        6 => decimal(raw.decimal_scaled, raw.decimal_scale),
        7 => uuid(&raw.uuid_bytes),
        8 => timestamp(raw.timestamp_micros),
        11 => format!("{:016x}:{}", raw.enum_type_id, raw.enum_label_id),
        12 => address(raw).to_string(),
        13 => format!("{}/{}", address(raw), raw.cidr_prefix_len),
        14 => date(i64::from(raw.date_days)),
        15 => time(raw.time_micros),
        16 => timestamp(raw.timestamptz_micros) + "Z",
        17 => format!("{} {} {}", raw.interval_months, raw.interval_days, raw.interval_micros),
        18 => {
            let octets = &raw.ip_cidr_addr_bytes[..usize::from(raw.ip_family).min(16)];
            octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":")
        }
        other => return format!("unknown tag {other}"),
    };
    format!("{} {text}", tag_name(raw.tag))
}

/// The tags by their number.
const TAGS: [&str; 19] = [
    "NULL",
    "INT64",
    "FLOAT64",
    "BOOL",
    "TEXT",
    "BLOB",
    "DECIMAL",
    "UUID",
    "TIMESTAMP",
    "GEOMETRY",
    "GEOGRAPHY",
    "ENUM",
    "IPADDR",
    "CIDR",
    "DATE",
    "TIME",
    "TIMESTAMPTZ",
    "INTERVAL",
    "MACADDR",
];

pub fn tag_name(tag: u32) -> &'static str {
    TAGS.get(tag as usize).copied().unwrap_or("unknown tag")
}

/// A parameter, with the bytes that its raw form points at.
pub struct Parameter {
    pub raw: RawValue,
    #[expect(dead_code, reason = "keeps alive what the raw form points at")]
    data: Vec<u8>,
}

/// Reads a parameter; `None` if the text is malformed.
pub fn parse(text: &str) -> Option<Parameter> {
    let (name, text) = text.split_once(' ').unwrap_or((text, ""));
    let mut raw = RawValue::null();
    raw.tag = TAGS.iter().position(|tag| *tag == name)? as u32;
    let mut data = Vec::new();
    match raw.tag {
        1 => raw.int64_value = text.parse().ok()?,
        2 => raw.float64_value = text.parse().ok()?,
        3 => raw.bool_value = u8::from(text.parse::<bool>().ok()?),
        4 => data = text.as_bytes().to_vec(),
        5 | 9 | 10 => data = unhex(text)?,
        6 => {
            raw.decimal_scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len() as u8);
            raw.decimal_scaled = text.replace('.', "").parse().ok()?;
        }
        7 => raw.uuid_bytes = unhex(&text.replace('-', ""))?.try_into().ok()?,
        8 => raw.timestamp_micros = parse_timestamp(text)?,
        11 => {
            let (type_id, label) = text.split_once(':')?;
            raw.enum_type_id = u64::from_str_radix(type_id, 16).ok()?;
            raw.enum_label_id = label.parse().ok()?;
        }
        12 => set_address(&mut raw, text)?,
        13 => {
            let (address, prefix) = text.split_once('/')?;
            set_address(&mut raw, address)?;
            raw.cidr_prefix_len = prefix.parse().ok()?;
        }
        14 => raw.date_days = i32::try_from(parse_date(text)?).ok()?,
        15 => raw.time_micros = parse_time(text)?,
        16 => raw.timestamptz_micros = parse_timestamp(text.strip_suffix('Z')?)?,
        17 => {
            let parts: Vec<&str> = text.split(' ').collect();
            let [months, days, micros] = parts[..] else { return None };
            raw.interval_months = months.parse().ok()?;
            raw.interval_days = days.parse().ok()?;
            raw.interval_micros = micros.parse().ok()?;
        }
        18 => {
            let octets = unhex(&text.replace(':', ""))?;
            raw.ip_family = octets.len() as u8;
            raw.ip_cidr_addr_bytes.get_mut(..octets.len())?.copy_from_slice(&octets);
        }
        _ => {}
    }
    raw.data = data.as_ptr();
    raw.len = data.len();
    Some(Parameter { raw, data })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

fn decimal(scaled: i64, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", scaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if scaled < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

fn uuid(bytes: &[u8; 16]) -> String {
    let digits = hex(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

fn address(raw: &RawValue) -> IpAddr {
    let bytes = raw.ip_cidr_addr_bytes;
    match raw.ip_family {
        4 => Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into(),
        _ => Ipv6Addr::from(bytes).into(),
    }
}

fn set_address(raw: &mut RawValue, text: &str) -> Option<()> {
    match text.parse().ok()? {
        IpAddr::V4(address) => {
            raw.ip_family = 4;
            raw.ip_cidr_addr_bytes[..4].copy_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            raw.ip_family = 6;
            raw.ip_cidr_addr_bytes = address.octets();
        }
    }
    Some(())
}

/// The proleptic Gregorian date of a day counted from 1970-01-01, computed in years that begin in March.
fn date(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn parse_date(text: &str) -> Option<i64> {
    let (rest, day) = text.rsplit_once('-')?;
    let (year, month) = rest.rsplit_once('-')?;
    let (year, month, day): (i64, i64, i64) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let year = year - i64::from(month <= 2);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(year.div_euclid(400) * 146_097 + day_of_era - 719_468)
}

fn time(micros: i64) -> String {
    let seconds = micros.div_euclid(MICROS_PER_SECOND);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match micros.rem_euclid(MICROS_PER_SECOND) {
        0 => text,
        fraction => format!("{text}.{fraction:06}"),
    }
}

fn parse_time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<i64> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts[..] else { return None };
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * MICROS_PER_SECOND + micros)
}

fn timestamp(micros: i64) -> String {
    format!("{} {}", date(micros.div_euclid(MICROS_PER_DAY)), time(micros.rem_euclid(MICROS_PER_DAY)))
}

fn parse_timestamp(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ')?;
    Some(parse_date(date)? * MICROS_PER_DAY + parse_time(time)?)
}
