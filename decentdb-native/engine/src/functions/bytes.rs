//! Digests and encodings of bytes.

use rusqlite::functions::Context;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::text::{bad_argument, text};
use super::{blob, fail, integer, null, raw, real, string, Output, PURE};
use crate::error::{Error, Status};
use crate::types::{format_hex, parse_hex, Raw};

/// The bytes of a text or blob.
fn bytes<'a>(context: &'a Context<'_>, index: usize) -> rusqlite::Result<Option<&'a [u8]>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Text(text) => Ok(Some(text.as_bytes())),
        Raw::Blob(bytes) => Ok(Some(bytes)),
        _ => Err(fail(&Error::type_mismatch("bytes must be TEXT or BLOB"))),
    }
}

fn digest<D: Digest>(context: &Context<'_>) -> Output {
    Ok(bytes(context, 0)?.map_or_else(null, |bytes| string(format_hex(&D::digest(bytes)))))
}

fn to_hex(context: &Context<'_>, upper: bool) -> Output {
    match raw(context, 0)? {
        Raw::Integer(number) if upper => Ok(string(format!("{number:X}"))),
        Raw::Integer(number) => Ok(string(format!("{number:x}"))),
        _ => Ok(null()),
    }
}

fn unknown_encoding(name: &str) -> rusqlite::Error {
    bad_argument(format!("unknown encoding {name}: the encodings are hex and base64"))
}

fn encode(context: &Context<'_>) -> Output {
    let (Some(bytes), Some(encoding)) = (bytes(context, 0)?, text(context, 1)?) else { return Ok(null()) };
    match encoding.to_ascii_lowercase().as_str() {
        "hex" => Ok(string(format_hex(bytes))),
        "base64" => Ok(string(to_base64(bytes))),
        _ => Err(unknown_encoding(encoding)),
    }
}

fn decode(context: &Context<'_>) -> Output {
    let (Some(value), Some(encoding)) = (text(context, 0)?, text(context, 1)?) else { return Ok(null()) };
    let decoded = match encoding.to_ascii_lowercase().as_str() {
        "hex" => parse_hex(value),
        "base64" => from_base64(value),
        _ => return Err(unknown_encoding(encoding)),
    };
    let wrong = || {
        let message = format!("the text is not encoded as {encoding}");
        fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
    };
    decoded.map(blob).ok_or_else(wrong)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit > group.len() { '=' } else { char::from(DIGITS[value as usize]) });
        }
    }
    text
}

/// Skips white space between the digits.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if !letters.len().is_multiple_of(4) {
        return None;
    }
    let padding = letters.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = letters.get(..letters.len() - padding).filter(|_| padding <= 2)?;
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for at in 0..4 {
            let value = match group.get(at) {
                Some(letter) => DIGITS.iter().position(|digit| digit == letter)? as u32,
                None => 0,
            };
            bits = bits << 6 | value;
        }
        let [_, whole @ ..] = bits.to_be_bytes();
        bytes.extend_from_slice(&whole[..group.len() - 1]);
    }
    Some(bytes)
}

/// `ddb_pack(value)`: a value of any storage class as a text that JSON keeps exactly; NULL stays NULL.
fn pack(context: &Context<'_>) -> Output {
    Ok(match raw(context, 0)? {
        Raw::Null => null(),
        Raw::Integer(number) => string(format!("i{number}")),
        Raw::Real(number) => string(format!("r{}", number.to_bits())),
        Raw::Text(text) => string(format!("t{text}")),
        Raw::Blob(bytes) => string(format!("b{}", format_hex(bytes))),
    })
}

/// `ddb_unpack(text)`: the value that was packed.
fn unpack(context: &Context<'_>) -> Output {
    let Some(packed) = text(context, 0)? else { return Ok(null()) };
    let mut chars = packed.chars();
    let kind = chars.next();
    let rest = chars.as_str();
    let value = match kind {
        Some('i') => rest.parse().ok().map(integer),
        Some('r') => rest.parse().ok().map(|bits| real(f64::from_bits(bits))),
        Some('t') => Some(string(rest)),
        Some('b') => parse_hex(rest).map(blob),
        _ => None,
    };
    value.ok_or_else(|| fail(&Error::internal("a packed value cannot be read")))
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function("ddb_md5", 1, PURE, digest::<md5::Md5>)?;
    connection.create_scalar_function("ddb_sha256", 1, PURE, digest::<Sha256>)?;
    connection.create_scalar_function("ddb_to_hex", 1, PURE, |context| to_hex(context, true))?;
    connection.create_scalar_function("ddb_to_hex_lower", 1, PURE, |context| to_hex(context, false))?;
    connection.create_scalar_function("ddb_pack", 1, PURE, pack)?;
    connection.create_scalar_function("ddb_unpack", 1, PURE, unpack)?;
    connection.create_scalar_function("ddb_encode", 2, PURE, encode)?;
    connection.create_scalar_function("ddb_decode", 2, PURE, decode)?;
    connection.create_scalar_function("ddb_bit_length", 1, PURE, |context| {
        Ok(bytes(context, 0)?.map_or_else(null, |bytes| integer(bytes.len() as i64 * 8)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(to_base64(bytes.as_bytes()), text);
            assert_eq!(from_base64(text).as_deref(), Some(bytes.as_bytes()));
        }
        for wrong in ["Zg", "Zg=", "====", "Z===", "Zm9*", "=Zg="] {
            assert_eq!(from_base64(wrong), None, "{wrong}");
        }
    }
}
