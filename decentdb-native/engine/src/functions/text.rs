//! Text functions and pattern matching.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::{fail, integer, null, raw, string, Output, PURE};
use crate::error::{Error, Status};
use crate::types::Raw;

type Mapping = fn(&str) -> String;

/// The longest text a function builds, in bytes.
const MAX_TEXT: usize = 64 << 20;

fn text<'a>(context: &'a Context<'_>, index: usize) -> rusqlite::Result<Option<&'a str>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Text(text) => Ok(Some(text)),
        _ => Err(fail(&Error::type_mismatch("a text function needs TEXT arguments"))),
    }
}

fn bad_argument(message: impl Into<String>) -> rusqlite::Error {
    fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
}

/// One element of a pattern.
enum Token {
    /// `%`
    Any,
    /// `_`
    One,
    Literal(char),
}

fn next_token(pattern: &str, escape: Option<char>) -> Option<(Token, &str)> {
    let mut chars = pattern.chars();
    let first = chars.next()?;
    if Some(first) == escape {
        // A trailing escape character stands for itself.
        let literal = chars.next().unwrap_or(first);
        return Some((Token::Literal(literal), chars.as_str()));
    }
    let token = match first {
        '%' => Token::Any,
        '_' => Token::One,
        literal => Token::Literal(literal),
    };
    Some((token, chars.as_str()))
}

/// SQL LIKE; remembers only the last `%`, so it takes at most pattern times text steps.
fn like(mut text: &str, mut pattern: &str, escape: Option<char>, same: fn(char, char) -> bool) -> bool {
    let mut retry: Option<(&str, &str)> = None;
    loop {
        match next_token(pattern, escape) {
            Some((Token::Any, rest)) => {
                retry = Some((rest, text));
                pattern = rest;
                continue;
            }
            Some((token, rest)) => {
                let mut chars = text.chars();
                let matched = match (chars.next(), token) {
                    (None, _) => return false,
                    (Some(_), Token::One) => true,
                    (Some(found), Token::Literal(literal)) => same(found, literal),
                    (Some(_), Token::Any) => true,
                };
                if matched {
                    (text, pattern) = (chars.as_str(), rest);
                    continue;
                }
            }
            None if text.is_empty() => return true,
            None => {}
        }
        let Some((after, from)) = retry else { return false };
        let mut chars = from.chars();
        if chars.next().is_none() {
            return false;
        }
        retry = Some((after, chars.as_str()));
        (pattern, text) = (after, chars.as_str());
    }
}

fn like_function(context: &Context<'_>, same: fn(char, char) -> bool) -> Output {
    let (Some(value), Some(pattern)) = (text(context, 0)?, text(context, 1)?) else { return Ok(null()) };
    let escape = if context.len() > 2 {
        let Some(escape) = text(context, 2)? else { return Ok(null()) };
        let mut chars = escape.chars();
        let first = chars.next();
        if chars.next().is_some() {
            return Err(bad_argument("ESCAPE takes one character or an empty text"));
        }
        first
    } else {
        None
    };
    Ok(integer(i64::from(like(value, pattern, escape, same))))
}

fn same_ignoring_case(left: char, right: char) -> bool {
    left == right || left.to_lowercase().eq(right.to_lowercase())
}

fn length_argument(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<i64>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Integer(number) => Ok(Some(number)),
        _ => Err(bad_argument("a length must be INT64")),
    }
}

fn pad(context: &Context<'_>, left: bool) -> Output {
    let (Some(value), Some(length)) = (text(context, 0)?, length_argument(context, 1)?) else { return Ok(null()) };
    let fill = if context.len() > 2 { text(context, 2)? } else { Some(" ") };
    let Some(fill) = fill else { return Ok(null()) };
    let length = usize::try_from(length).unwrap_or(0);
    let present = value.chars().count();
    if length <= present || fill.is_empty() {
        return Ok(string(value.chars().take(length).collect::<String>()));
    }
    if length.saturating_mul(4) > MAX_TEXT {
        return Err(bad_argument("the padded text would be too long"));
    }
    let padding: String = fill.chars().cycle().take(length - present).collect();
    Ok(string(if left { padding + value } else { value.to_owned() + &padding }))
}

/// `left(text, n)` and `right(text, n)`: a negative n leaves out that many from the other end.
fn side(context: &Context<'_>, left: bool) -> Output {
    let (Some(value), Some(count)) = (text(context, 0)?, length_argument(context, 1)?) else { return Ok(null()) };
    let present = value.chars().count();
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let taken = if count < 0 { present.saturating_sub(wanted) } else { wanted.min(present) };
    Ok(string(if left {
        value.chars().take(taken).collect::<String>()
    } else {
        value.chars().skip(present - taken).collect()
    }))
}

/// `substr(text, from, count)`: positions count from 1, and those before the text count too.
fn substr(context: &Context<'_>) -> Output {
    let (Some(value), Some(from)) = (text(context, 0)?, length_argument(context, 1)?) else { return Ok(null()) };
    let end = if context.len() > 2 {
        match length_argument(context, 2)? {
            None => return Ok(null()),
            Some(count) if count < 0 => return Err(bad_argument("substring must not have a negative length")),
            Some(count) => from.saturating_add(count),
        }
    } else {
        i64::MAX
    };
    let skip = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
    let count = usize::try_from(end.saturating_sub(from.max(1))).unwrap_or(0);
    Ok(string(value.chars().skip(skip).take(count).collect::<String>()))
}

fn repeat(context: &Context<'_>) -> Output {
    let (Some(value), Some(count)) = (text(context, 0)?, length_argument(context, 1)?) else { return Ok(null()) };
    let count = usize::try_from(count).unwrap_or(0);
    if value.len().saturating_mul(count) > MAX_TEXT {
        return Err(bad_argument("the repeated text would be too long"));
    }
    Ok(string(value.repeat(count)))
}

fn split_part(context: &Context<'_>) -> Output {
    let (Some(value), Some(separator), Some(wanted)) =
        (text(context, 0)?, text(context, 1)?, length_argument(context, 2)?)
    else {
        return Ok(null());
    };
    let index = usize::try_from(wanted.unsigned_abs()).unwrap_or(usize::MAX);
    let parts: Vec<&str> = if separator.is_empty() { vec![value] } else { value.split(separator).collect() };
    let found = match wanted {
        0 => return Err(bad_argument("split_part counts from 1")),
        1.. => parts.get(index - 1),
        _ => parts.len().checked_sub(index).and_then(|at| parts.get(at)),
    };
    Ok(string(*found.unwrap_or(&"")))
}

fn initcap(value: &str) -> String {
    let mut inside = false;
    let mut result = String::with_capacity(value.len());
    for letter in value.chars() {
        if inside {
            result.extend(letter.to_lowercase());
        } else {
            result.extend(letter.to_uppercase());
        }
        inside = letter.is_alphanumeric();
    }
    result
}

fn map(context: &Context<'_>, operation: fn(&str) -> String) -> Output {
    Ok(text(context, 0)?.map_or_else(null, |value| string(operation(value))))
}

/// `ddb_json_text(json)`: the plain text of a JSON value; JSON's null is NULL.
fn json_text(context: &Context<'_>) -> Output {
    let Some(json) = text(context, 0)? else { return Ok(null()) };
    if json == "null" {
        return Ok(null());
    }
    if !json.starts_with('"') {
        return Ok(string(json));
    }
    let plain: String = serde_json::from_str(json).map_err(|_| {
        fail(&Error::new(Status::Sql, "sql.invalid_text", Some("22021"), "the JSON text holds an invalid escape"))
    })?;
    Ok(string(plain))
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    for arity in [2, 3] {
        connection.create_scalar_function("ddb_like", arity, PURE, |context| {
            like_function(context, |left, right| left == right)
        })?;
        connection
            .create_scalar_function("ddb_ilike", arity, PURE, |context| like_function(context, same_ignoring_case))?;
        connection.create_scalar_function("ddb_lpad", arity, PURE, |context| pad(context, true))?;
        connection.create_scalar_function("ddb_rpad", arity, PURE, |context| pad(context, false))?;
    }
    for arity in [2, 3] {
        connection.create_scalar_function("ddb_substr", arity, PURE, substr)?;
    }
    connection.create_scalar_function("ddb_starts_with", 2, PURE, |context| {
        match (text(context, 0)?, text(context, 1)?) {
            (Some(value), Some(prefix)) => Ok(integer(i64::from(value.starts_with(prefix)))),
            _ => Ok(null()),
        }
    })?;
    connection.create_scalar_function("ddb_ascii", 1, PURE, |context| {
        Ok(text(context, 0)?
            .map_or_else(null, |value| integer(value.chars().next().map_or(0, |c| i64::from(c as u32)))))
    })?;
    connection.create_scalar_function("ddb_left", 2, PURE, |context| side(context, true))?;
    connection.create_scalar_function("ddb_right", 2, PURE, |context| side(context, false))?;
    connection.create_scalar_function("ddb_json_text", 1, PURE, json_text)?;
    connection.create_scalar_function("ddb_repeat", 2, PURE, repeat)?;
    connection.create_scalar_function("ddb_split_part", 3, PURE, split_part)?;
    let operations: [(&str, Mapping); 4] = [
        ("ddb_lower", str::to_lowercase),
        ("ddb_upper", str::to_uppercase),
        ("ddb_initcap", initcap),
        ("ddb_reverse", |value| value.chars().rev().collect()),
    ];
    for (name, operation) in operations {
        connection.create_scalar_function(name, 1, PURE, move |context| map(context, operation))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_patterns() {
        let matches = |text, pattern| like(text, pattern, Some('\\'), |left, right| left == right);
        for (text, pattern) in [
            ("abc", "abc"),
            ("abc", "a%"),
            ("abc", "%c"),
            ("abc", "_b_"),
            ("aXbXc", "a%b%c"),
            ("", "%"),
            ("aab", "%ab"),
            ("50%", "50\\%"),
            ("äö", "_ö"),
        ] {
            assert!(matches(text, pattern), "{text} LIKE {pattern}");
        }
        for (text, pattern) in [("abc", "ABC"), ("abc", "ab"), ("", "_"), ("50x", "50\\%"), ("abcd", "a%c")] {
            assert!(!matches(text, pattern), "{text} LIKE {pattern}");
        }
        assert!(like("ÄB", "äb", None, same_ignoring_case));
    }
}
