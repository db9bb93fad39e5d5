//! DECIMAL: an i64 coefficient with its own scale, stored as canonical text and compared by value.

use std::cmp::Ordering;

/// The largest number of digits after the point.
pub const MAX_SCALE: u8 = 18;

/// Parses decimal text (`-12.50`, `.5`, `1e3`); `None` if it is not a number or does not fit.
pub fn parse(text: &str) -> Option<(i64, u8)> {
    let bytes = text.as_bytes();
    let (negative, mut at) = match bytes.first()? {
        b'-' => (true, 1),
        b'+' => (false, 1),
        _ => (false, 0),
    };
    let (mut unscaled, mut scale, mut digits) = (0i128, 0i32, 0usize);
    let mut point = false;
    while at < bytes.len() {
        match bytes[at] {
            c @ b'0'..=b'9' => {
                unscaled = unscaled.checked_mul(10)?.checked_add(i128::from(c - b'0'))?;
                scale = scale.checked_add(i32::from(point))?;
                digits += 1;
            }
            b'.' if !point => point = true,
            b'e' | b'E' if digits > 0 => {
                let exponent: i32 = text.get(at + 1..)?.parse().ok()?;
                scale = scale.checked_sub(exponent)?;
                at = bytes.len();
                continue;
            }
            _ => return None,
        }
        at += 1;
    }
    if digits == 0 {
        return None;
    }
    if negative {
        unscaled = -unscaled;
    }
    while scale < 0 {
        if unscaled == 0 {
            scale = 0;
            break;
        }
        unscaled = unscaled.checked_mul(10)?;
        scale += 1;
    }
    // An exponent may produce superfluous digits.
    while scale > i32::from(MAX_SCALE) && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
        if unscaled == 0 {
            scale = scale.min(i32::from(MAX_SCALE));
        }
    }
    fit(unscaled, scale)
}

fn fit(unscaled: i128, scale: i32) -> Option<(i64, u8)> {
    let scale = u8::try_from(scale).ok().filter(|scale| *scale <= MAX_SCALE)?;
    Some((i64::try_from(unscaled).ok()?, scale))
}

/// Writes `unscaled * 10^-scale` with exactly `scale` digits after the point.
pub fn format(unscaled: i64, scale: u8) -> String {
    let digits = unscaled.unsigned_abs().to_string();
    let sign = if unscaled < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    if digits.len() > scale {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        format!("{sign}{whole}.{fraction}")
    } else {
        format!("{sign}0.{digits:0>scale$}")
    }
}

/// The exact decimal as which a double prints; `None` if it does not fit.
pub fn from_f64(value: f64) -> Option<(i64, u8)> {
    if !value.is_finite() {
        return None;
    }
    parse(&format!("{value:e}"))
}

pub fn to_f64(unscaled: i64, scale: u8) -> f64 {
    format(unscaled, scale).parse().unwrap_or(f64::NAN)
}

/// The same number without zeros at the end of its fraction.
pub fn normalized(unscaled: i64, scale: u8) -> (i64, u8) {
    trim((unscaled, scale), 0)
}

/// Compares a double with the decimal nearest to it, which has a fraction. The double counts as the shortest decimal
/// that reads back as the same double.
pub fn compare_f64(number: f64, (unscaled, scale): (i64, u8)) -> Ordering {
    // The text is -d.ddde-x. Take the digits without the point, and count the places by which the point moves left.
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    let digits: i128 = mantissa.replace('.', "").parse().unwrap_or_default();
    let places = fraction - exponent.parse::<i32>().unwrap_or_default();
    // Both are about equally large, so scaling up the one with fewer places does not overflow.
    let shift = places - i32::from(scale);
    let factor = 10i128.saturating_pow(shift.unsigned_abs());
    if shift >= 0 {
        digits.cmp(&i128::from(unscaled).saturating_mul(factor))
    } else {
        digits.saturating_mul(factor).cmp(&i128::from(unscaled))
    }
}

/// Drops the digits after the point.
pub fn truncate(unscaled: i64, scale: u8) -> i64 {
    (i128::from(unscaled) / pow10(scale)) as i64
}

fn pow10(scale: u8) -> i128 {
    10i128.pow(u32::from(scale.min(MAX_SCALE)))
}

/// Orders by value: 1.5 equals 1.50.
pub fn compare(left: (i64, u8), right: (i64, u8)) -> Ordering {
    // 63 bits by 10^18 stay within 127 bits.
    let (a, b) = (i128::from(left.0), i128::from(right.0));
    (a * pow10(right.1)).cmp(&(b * pow10(left.1)))
}

/// Orders stored text by value. Text that is not a decimal sorts after every decimal, by its bytes.
pub fn collate(left: &str, right: &str) -> Ordering {
    match (parse(left), parse(right)) {
        (Some(a), Some(b)) => compare(a, b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    }
}

fn align(left: (i64, u8), right: (i64, u8)) -> (i128, i128, u8) {
    let scale = left.1.max(right.1);
    (i128::from(left.0) * pow10(scale - left.1), i128::from(right.0) * pow10(scale - right.1), scale)
}

pub fn add(left: (i64, u8), right: (i64, u8)) -> Option<(i64, u8)> {
    let (a, b, scale) = align(left, right);
    shrink(a.checked_add(b)?, scale, 0)
}

pub fn subtract(left: (i64, u8), right: (i64, u8)) -> Option<(i64, u8)> {
    let (a, b, scale) = align(left, right);
    shrink(a.checked_sub(b)?, scale, 0)
}

pub fn multiply(left: (i64, u8), right: (i64, u8)) -> Option<(i64, u8)> {
    shrink(i128::from(left.0) * i128::from(right.0), left.1 + right.1, 0)
}

/// Keeps the scale if the coefficient fits. Otherwise drops trailing zeros, never other digits.
pub fn shrink(mut unscaled: i128, mut scale: u8, least: u8) -> Option<(i64, u8)> {
    while scale > least && (scale > MAX_SCALE || i64::try_from(unscaled).is_err()) && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    fit(unscaled, i32::from(scale))
}

/// The quotient, rounded half away from zero to as many digits as fit: at least the larger scale of the operands, at
/// most six digits more. `None` for a divisor of zero or a quotient that does not fit.
pub fn divide(left: (i64, u8), right: (i64, u8)) -> Option<(i64, u8)> {
    if right.0 == 0 {
        return None;
    }
    let least = left.1.max(right.1);
    let mut scale = least.saturating_add(6).min(MAX_SCALE);
    loop {
        // left / right = (l * 10^rs) / (r * 10^ls); times 10^scale for the wanted digits.
        let exponent = i32::from(scale) + i32::from(right.1) - i32::from(left.1);
        let quotient = if exponent >= 0 {
            round_div(scaled(i128::from(left.0), exponent as u32)?, i128::from(right.0))
        } else {
            round_div(i128::from(left.0), i128::from(right.0).checked_mul(10i128.pow(exponent.unsigned_abs()))?)
        };
        if let Some(found) = fit(quotient, i32::from(scale)) {
            return Some(trim(found, least));
        }
        if scale <= least {
            return None;
        }
        scale -= 1;
    }
}

fn scaled(value: i128, exponent: u32) -> Option<i128> {
    value.checked_mul(10i128.checked_pow(exponent)?)
}

fn trim((mut unscaled, mut scale): (i64, u8), least: u8) -> (i64, u8) {
    while scale > least && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    (unscaled, scale)
}

/// Rounds half away from zero.
pub(super) fn round_div(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    if rest.unsigned_abs() * 2 >= divisor.unsigned_abs() {
        quotient + if (dividend < 0) == (divisor < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

/// The remainder, with the sign of the dividend; `None` for a divisor of zero.
pub fn remainder(left: (i64, u8), right: (i64, u8)) -> Option<(i64, u8)> {
    let (a, b, scale) = align(left, right);
    if b == 0 {
        return None;
    }
    shrink(a % b, scale, 0)
}

/// Rounds half away from zero to `digits` after the point; negative `digits` round before the point.
pub fn round(value: (i64, u8), digits: i64) -> Option<(i64, u8)> {
    let scale = i64::from(value.1);
    if digits >= scale {
        return Some(value);
    }
    let drop = u32::try_from(scale - digits).ok()?;
    if drop > 37 {
        return Some((0, 0));
    }
    let quotient = round_div(i128::from(value.0), 10i128.pow(drop));
    if digits >= 0 {
        fit(quotient, digits as i32)
    } else {
        fit(scaled(quotient, digits.unsigned_abs() as u32)?, 0)
    }
}

/// Drops the digits beyond `digits` after the point; negative `digits` count before the point.
pub fn cut(value: (i64, u8), digits: i64) -> Option<(i64, u8)> {
    let scale = i64::from(value.1);
    if digits >= scale {
        return Some(value);
    }
    let drop = u32::try_from(scale - digits).ok()?;
    if drop > 37 {
        return Some((0, 0));
    }
    let quotient = i128::from(value.0) / 10i128.pow(drop);
    if digits >= 0 {
        fit(quotient, digits as i32)
    } else {
        fit(scaled(quotient, digits.unsigned_abs() as u32)?, 0)
    }
}

/// The whole part of a quotient; `None` for a divisor of zero or a quotient that does not fit.
pub fn whole_quotient(left: (i64, u8), right: (i64, u8)) -> Option<(i64, u8)> {
    let (a, b, _) = align(left, right);
    fit(a.checked_div(b)?, 0)
}

pub fn floor(value: (i64, u8)) -> Option<(i64, u8)> {
    fit(i128::from(value.0).div_euclid(pow10(value.1)), 0)
}

pub fn ceil(value: (i64, u8)) -> Option<(i64, u8)> {
    fit(-(-i128::from(value.0)).div_euclid(pow10(value.1)), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_formats() {
        for text in ["0", "1.50", "-0.05", "999999999999999999", "-9223372036854775808", "0.000000000000000001"] {
            let (unscaled, scale) = parse(text).unwrap();
            assert_eq!(format(unscaled, scale), text);
        }
        assert_eq!(parse("1e3"), Some((1000, 0)));
        assert_eq!(parse("1.5e-2"), Some((15, 3)));
        assert_eq!(parse(".5"), Some((5, 1)));
        assert_eq!(parse("0e99"), Some((0, 0)));
        for text in ["", "-", ".", "1.2.3", "abc", "1e", "9223372036854775808", "1e99", " 1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn compares_across_scales() {
        assert_eq!(collate("1.5", "1.50"), Ordering::Equal);
        assert_eq!(collate("-2", "-1.99"), Ordering::Less);
        assert_eq!(collate("10", "9.99"), Ordering::Greater);
        assert_eq!(compare((i64::MAX, 0), (i64::MAX, 18)), Ordering::Greater);
    }

    #[test]
    fn calculates_exactly_or_not_at_all() {
        assert_eq!(add((1, 1), (2, 1)), Some((3, 1)));
        assert_eq!(add((15, 1), (125, 2)), Some((275, 2)));
        assert_eq!(add((i64::MAX, 0), (1, 0)), None);
        assert_eq!(multiply((15, 1), (25, 1)), Some((375, 2)));
        assert_eq!(multiply((i64::MAX, 0), (2, 0)), None);
        assert_eq!(divide((10, 0), (3, 0)), Some((3_333_333, 6)));
        assert_eq!(divide((10, 1), (4, 1)), Some((25, 1)));
        assert_eq!(divide((1, 0), (0, 0)), None);
        assert_eq!(remainder((75, 1), (2, 0)), Some((15, 1)));
        assert_eq!(round((12345, 3), 2), Some((1235, 2)));
        assert_eq!(round((-15, 1), 0), Some((-2, 0)));
        assert_eq!(round((1234, 0), -2), Some((1200, 0)));
        assert_eq!(floor((-15, 1)), Some((-2, 0)));
        assert_eq!(ceil((-15, 1)), Some((-1, 0)));
        assert_eq!(truncate(-15, 1), -1);
    }
}
