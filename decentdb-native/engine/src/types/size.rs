//! The declared size of a column, in a database that holds values to it as PostgreSQL does.

use serde::{Deserialize, Serialize};

use super::{decimal, out_of_range, Raw};
use crate::error::{Error, Result, Status};
use crate::value::{Stored, Type};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// `VARCHAR(n)` and `CHAR(n)`.
    Characters(u64),
    /// `SMALLINT` and `INTEGER`, in bits.
    Integer(u32),
    /// `DECIMAL(precision, scale)`.
    Digits { precision: u8, scale: u8 },
}

impl Size {
    /// Its two numbers, from which [`Size::from_numbers`] makes it again for a type.
    pub fn numbers(self) -> (i64, i64) {
        match self {
            Size::Characters(count) => (i64::try_from(count).unwrap_or(i64::MAX), 0),
            Size::Integer(bits) => (bits.into(), 0),
            Size::Digits { precision, scale } => (precision.into(), scale.into()),
        }
    }

    pub fn from_numbers(ty: &Type, first: i64, second: i64) -> Option<Self> {
        Some(match ty {
            Type::Text => Size::Characters(first.try_into().ok()?),
            Type::Int64 => Size::Integer(first.try_into().ok()?),
            Type::Decimal => Size::Digits { precision: first.try_into().ok()?, scale: second.try_into().ok()? },
            _ => return None,
        })
    }

    /// The spelling of the type.
    pub fn sql(self) -> String {
        match self {
            Size::Characters(count) => format!("VARCHAR({count})"),
            Size::Integer(16) => "SMALLINT".to_owned(),
            Size::Integer(_) => "INTEGER".to_owned(),
            Size::Digits { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        }
    }

    /// The value as it is stored: blanks beyond the length are cut off, digits beyond the scale are rounded.
    pub fn hold(self, value: Raw<'_>) -> Result<Stored> {
        match (self, value) {
            (Size::Characters(most), Raw::Text(text)) => {
                let Some((end, _)) = text.char_indices().nth(usize::try_from(most).unwrap_or(usize::MAX)) else {
                    return Ok(Stored::Text(text.to_owned()));
                };
                if text[end..].chars().all(|each| each == ' ') {
                    return Ok(Stored::Text(text[..end].to_owned()));
                }
                let message = format!("a text of {} characters is too long for {}", text.chars().count(), self.sql());
                Err(Error::new(Status::Sql, "sql.value_too_long", Some("22001"), message))
            }
            (Size::Integer(bits), Raw::Integer(number)) => {
                let bound = 1i64 << (bits - 1);
                match number {
                    number if (-bound..bound).contains(&number) => Ok(Stored::Integer(number)),
                    number => Err(self.overflow(number)),
                }
            }
            (Size::Digits { precision, scale }, Raw::Text(text)) => {
                let parsed = decimal::parse(text).ok_or_else(|| out_of_range(text, &Type::Decimal))?;
                let rounded = decimal::round(parsed, scale.into()).ok_or_else(|| self.overflow(text))?;
                let padding = 10i64.checked_pow((scale - rounded.1).into());
                let unscaled = padding.and_then(|padding| rounded.0.checked_mul(padding));
                let most = 10i128.pow(precision.into());
                match unscaled {
                    Some(unscaled) if i128::from(unscaled).abs() < most => {
                        Ok(Stored::Text(decimal::format(unscaled, scale)))
                    }
                    _ => Err(self.overflow(text)),
                }
            }
            (_, Raw::Null) => Ok(Stored::Null),
            _ => Err(Error::internal(format!("a value of another type was to be held to {}", self.sql()))),
        }
    }

    fn overflow(self, what: impl std::fmt::Display) -> Error {
        let message = format!("{what} is out of range for {}", self.sql());
        Error::new(Status::Sql, "sql.out_of_range", Some("22003"), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(size: Size, value: &str) -> Option<Stored> {
        size.hold(Raw::Text(value)).ok()
    }

    #[test]
    fn texts_are_counted_in_characters_and_lose_only_blanks() {
        let size = Size::Characters(3);
        assert_eq!(text(size, "äöü"), Some(Stored::Text("äöü".into())));
        assert_eq!(text(size, "abc  "), Some(Stored::Text("abc".into())));
        assert_eq!(size.hold(Raw::Text("abcd")).unwrap_err().sqlstate, Some("22001"));
    }

    #[test]
    fn integers_keep_to_their_bits() {
        for (bits, most) in [(16, 32_767), (32, 2_147_483_647)] {
            let size = Size::Integer(bits);
            for number in [most, -most - 1] {
                assert_eq!(size.hold(Raw::Integer(number)).unwrap(), Stored::Integer(number));
            }
            assert_eq!(size.hold(Raw::Integer(most + 1)).unwrap_err().sqlstate, Some("22003"));
        }
    }

    #[test]
    fn decimals_are_rounded_to_their_scale_and_refused_beyond_their_digits() {
        let size = Size::Digits { precision: 5, scale: 2 };
        for (written, stored) in [("1.5", "1.50"), ("1.005", "1.01"), ("-999.994", "-999.99"), ("0", "0.00")] {
            assert_eq!(text(size, written), Some(Stored::Text(stored.into())));
        }
        for written in ["1000", "999.995", "-12345678901234.5"] {
            assert_eq!(size.hold(Raw::Text(written)).unwrap_err().sqlstate, Some("22003"));
        }
    }
}
