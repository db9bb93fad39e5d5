//! Reads the parameters that the caller passes.

use super::{array, bytes, sized_text};
use crate::c_layout::ValueView;
use crate::error::{Error, Result};
use crate::sql::{too_many_parameters, MAX_PARAMETERS};
use crate::value::Value;

/// # Safety
/// `params` is NULL or points to `count` values whose `data` is valid.
pub unsafe fn parameters(params: *const ValueView, count: usize) -> Result<Vec<Value>> {
    if count > MAX_PARAMETERS {
        return Err(too_many_parameters(format!("{count} parameters")));
    }
    // SAFETY: the caller's promise.
    let params = unsafe { array(params, count, "params") }?;
    params
        .iter()
        .enumerate()
        .map(|(at, view)| {
            // SAFETY: the caller's promise.
            unsafe { parameter(view) }.map_err(|error| {
                let message = format!("parameter ${}: {}", at + 1, error.message);
                Error { message, ..error }.with("parameter", serde_json::json!({ "index": at + 1 }))
            })
        })
        .collect()
}

/// # Safety
/// The `data` of a value with data points to `len` bytes.
unsafe fn parameter(view: &ValueView) -> Result<Value> {
    // SAFETY: the caller's promise.
    let data = || unsafe { bytes(view.data, view.len, "data") }.map(<[u8]>::to_vec);
    Ok(match view.tag {
        0 => Value::Null,
        1 => Value::Int64(view.int64_value),
        2 => Value::Float64(view.float64_value),
        3 => Value::Bool(view.bool_value != 0),
        // SAFETY: the caller's promise.
        4 => Value::Text(unsafe { sized_text(view.data, view.len, "data") }?.to_owned()),
        5 => Value::Blob(data()?),
        6 => Value::Decimal { unscaled: view.decimal_scaled, scale: view.decimal_scale },
        7 => Value::Uuid(view.uuid_bytes),
        8 => Value::Timestamp(view.timestamp_micros),
        9 => Value::Geometry(data()?),
        10 => Value::Geography(data()?),
        11 => Value::Enum { type_id: view.enum_type_id, label_id: view.enum_label_id },
        12 => Value::IpAddr { family: family(view)?, bytes: view.ip_cidr_addr_bytes },
        13 => {
            let family = family(view)?;
            let bits = if family == 4 { 32 } else { 128 };
            if view.cidr_prefix_len > bits {
                let prefix = view.cidr_prefix_len;
                return Err(Error::type_mismatch(format!(
                    "a CIDR of family {family} has at most {bits} bits, not {prefix}"
                )));
            }
            Value::Cidr { family, prefix: view.cidr_prefix_len, bytes: view.ip_cidr_addr_bytes }
        }
        14 => Value::Date(view.date_days),
        15 => Value::Time(view.time_micros),
        16 => Value::TimestampTz(view.timestamptz_micros),
        17 => Value::Interval { months: view.interval_months, days: view.interval_days, micros: view.interval_micros },
        18 => {
            if !matches!(view.ip_family, 6 | 8) {
                return Err(Error::type_mismatch(format!("a MACADDR has 6 or 8 bytes, not {}", view.ip_family)));
            }
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&view.ip_cidr_addr_bytes[..8]);
            Value::MacAddr { len: view.ip_family, bytes }
        }
        unknown => return Err(Error::misuse(format!("{unknown} is not a value tag"))),
    })
}

fn family(view: &ValueView) -> Result<u8> {
    match view.ip_family {
        family @ (4 | 6) => Ok(family),
        other => Err(Error::type_mismatch(format!("an address has family 4 or 6, not {other}"))),
    }
}
