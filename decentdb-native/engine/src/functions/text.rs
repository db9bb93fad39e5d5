//! The arguments of text functions; building, cutting and quoting text.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::{blob, fail, integer, null, raw, string, Output, PURE};
use crate::error::{Error, Status};
use crate::types::{self, Raw};

/// The length limit of a text that a function builds, in bytes.
pub(super) const MAX_TEXT: usize = 64 << 20;

type Function = fn(&Context<'_>) -> Output;
type Mapping = fn(&str) -> String;

pub(super) fn text<'a>(context: &'a Context<'_>, index: usize) -> rusqlite::Result<Option<&'a str>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Text(text) => Ok(Some(text)),
        _ => Err(fail(&Error::type_mismatch("a text function needs TEXT arguments"))),
    }
}

pub(super) fn bad_argument(message: impl Into<String>) -> rusqlite::Error {
    fail(&Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
}

pub(super) fn length_argument(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<i64>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Integer(number) => Ok(Some(number)),
        _ => Err(bad_argument("a length must be INT64")),
    }
}

fn too_long() -> rusqlite::Error {
    bad_argument("the text would be too long")
}

fn bad_pattern(message: impl Into<String>) -> rusqlite::Error {
    fail(&Error::new(Status::Sql, "sql.invalid_regex", Some("2201B"), message))
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
        return Err(too_long());
    }
    let padding: String = fill.chars().cycle().take(length - present).collect();
    Ok(string(if left { padding + value } else { value.to_owned() + &padding }))
}

/// `left(text, n)` and `right(text, n)`: a negative n drops that many characters from the other end.
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

/// `substr(value, from, count)` of text or bytes. Positions count from 1, and positions before the value count too.
fn substr(context: &Context<'_>) -> Output {
    let Some(from) = length_argument(context, 1)? else { return Ok(null()) };
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
    Ok(match raw(context, 0)? {
        Raw::Blob(bytes) => blob(bytes.iter().skip(skip).take(count).copied().collect()),
        _ => match text(context, 0)? {
            Some(value) => string(value.chars().skip(skip).take(count).collect::<String>()),
            None => null(),
        },
    })
}

/// `overlay(text PLACING other FROM n FOR count)`: without a count, replaces as many characters as `other` has.
fn overlay(context: &Context<'_>) -> Output {
    let (Some(value), Some(other), Some(from)) = (text(context, 0)?, text(context, 1)?, length_argument(context, 2)?)
    else {
        return Ok(null());
    };
    let count = if context.len() > 3 {
        let Some(count) = length_argument(context, 3)? else { return Ok(null()) };
        count
    } else {
        other.chars().count() as i64
    };
    if from < 1 {
        return Err(bad_argument("overlay counts from 1"));
    }
    let before = usize::try_from(from - 1).unwrap_or(usize::MAX);
    let after = usize::try_from((from - 1).saturating_add(count).max(0)).unwrap_or(usize::MAX);
    let mut result: String = value.chars().take(before).collect();
    result.push_str(other);
    result.extend(value.chars().skip(after));
    Ok(string(result))
}

fn repeat(context: &Context<'_>) -> Output {
    let (Some(value), Some(count)) = (text(context, 0)?, length_argument(context, 1)?) else { return Ok(null()) };
    let count = usize::try_from(count).unwrap_or(0);
    if value.len().saturating_mul(count) > MAX_TEXT {
        return Err(too_long());
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

/// `string_to_array(text, separator)` as a JSON array; an empty separator does not split the text.
fn string_to_array(context: &Context<'_>) -> Output {
    let (Some(value), Some(separator)) = (text(context, 0)?, text(context, 1)?) else { return Ok(null()) };
    let parts: Vec<&str> = match (value, separator) {
        ("", _) => Vec::new(),
        (_, "") => vec![value],
        _ => value.split(separator).collect(),
    };
    Ok(string(serde_json::Value::from(parts).to_string()))
}

/// `translate(text, from, to)`: replaces every character of `from` by the one at its position in `to`, or removes it.
fn translate(context: &Context<'_>) -> Output {
    let (Some(value), Some(from), Some(to)) = (text(context, 0)?, text(context, 1)?, text(context, 2)?) else {
        return Ok(null());
    };
    let to: Vec<char> = to.chars().collect();
    let mapped = value.chars().filter_map(|letter| match from.chars().position(|known| known == letter) {
        Some(at) => to.get(at).copied(),
        None => Some(letter),
    });
    Ok(string(mapped.collect::<String>()))
}

fn chr(context: &Context<'_>) -> Output {
    let Some(code) = length_argument(context, 0)? else { return Ok(null()) };
    match u32::try_from(code).ok().and_then(char::from_u32) {
        Some(letter) => {
            let text = String::from(letter);
            types::without_nul(&text).map_err(|error| fail(&error))?;
            Ok(string(text))
        }
        None => Err(bad_argument(format!("{code} is not a character"))),
    }
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

/// `text` between quotes, with the quotes inside it doubled.
fn quoted(text: &str, quote: char) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push(quote);
    for letter in text.chars() {
        if letter == quote {
            result.push(quote);
        }
        result.push(letter);
    }
    result.push(quote);
    result
}

/// `regexp_replace(text, pattern, replacement, flags)`: the first match, or with `g` all of them.
fn regexp_replace(context: &Context<'_>) -> Output {
    let (Some(value), Some(pattern), Some(replacement)) = (text(context, 0)?, text(context, 1)?, text(context, 2)?)
    else {
        return Ok(null());
    };
    let flags = if context.len() > 3 { text(context, 3)? } else { Some("") };
    let Some(flags) = flags else { return Ok(null()) };
    if let Some(unknown) = flags.chars().find(|flag| !"gicsmnx".contains(*flag)) {
        return Err(bad_argument(format!("unknown flag {unknown} of regexp_replace")));
    }
    let regex = regex::RegexBuilder::new(pattern)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains(['m', 'n']))
        .dot_matches_new_line(!flags.contains(['m', 'n']))
        .ignore_whitespace(flags.contains('x'))
        .build()
        .map_err(|error| bad_pattern(format!("invalid regular expression \"{pattern}\": {error}")))?;
    let template = template(replacement);
    let limit = usize::from(!flags.contains('g'));
    let result = regex.replacen(value, limit, template.as_str());
    if result.len() > MAX_TEXT {
        return Err(too_long());
    }
    Ok(string(result))
}

/// `ddb_regexp(text, pattern, ignores_case)`: whether the text holds a match. A pattern is compiled once for all rows.
fn regexp(context: &Context<'_>) -> Output {
    let (Some(value), Some(_)) = (text(context, 0)?, text(context, 1)?) else { return Ok(null()) };
    let ignores_case: bool = context.get(2)?;
    let regex = context.get_or_create_aux(1, |pattern| -> Result<regex::Regex, rusqlite::Error> {
        let pattern = pattern.as_str()?;
        regex::RegexBuilder::new(pattern)
            .case_insensitive(ignores_case)
            .dot_matches_new_line(true)
            .build()
            .map_err(|error| bad_pattern(format!("invalid regular expression \"{pattern}\": {error}")))
    })?;
    Ok(integer(i64::from(regex.is_match(value))))
}

/// Translates PostgreSQL's replacement, with `\1` for a group and `\&` for the match, into the crate's, with `${1}`.
fn template(replacement: &str) -> String {
    let mut result = String::with_capacity(replacement.len());
    let mut letters = replacement.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '$' => result.push_str("$$"),
            '\\' => match letters.next() {
                Some(digit @ '0'..='9') => result.push_str(&format!("${{{digit}}}")),
                Some('&') => result.push_str("${0}"),
                Some('$') => result.push_str("$$"),
                Some(other) => result.push(other),
                None => result.push('\\'),
            },
            other => result.push(other),
        }
    }
    result
}

fn map(context: &Context<'_>, operation: fn(&str) -> String) -> Output {
    Ok(text(context, 0)?.map_or_else(null, |value| string(operation(value))))
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let functions: [(&str, i32, Function); 19] = [
        ("ddb_lpad", 2, |context| pad(context, true)),
        ("ddb_lpad", 3, |context| pad(context, true)),
        ("ddb_rpad", 2, |context| pad(context, false)),
        ("ddb_rpad", 3, |context| pad(context, false)),
        ("ddb_substr", 2, substr),
        ("ddb_substr", 3, substr),
        ("ddb_overlay", 3, overlay),
        ("ddb_overlay", 4, overlay),
        ("ddb_left", 2, |context| side(context, true)),
        ("ddb_right", 2, |context| side(context, false)),
        ("ddb_repeat", 2, repeat),
        ("ddb_split_part", 3, split_part),
        ("ddb_string_to_array", 2, string_to_array),
        ("ddb_translate", 3, translate),
        ("ddb_chr", 1, chr),
        ("ddb_regexp", 3, regexp),
        ("ddb_regexp_replace", 3, regexp_replace),
        ("ddb_regexp_replace", 4, regexp_replace),
        ("ddb_starts_with", 2, |context| match (text(context, 0)?, text(context, 1)?) {
            (Some(value), Some(prefix)) => Ok(integer(i64::from(value.starts_with(prefix)))),
            _ => Ok(null()),
        }),
    ];
    for (name, arity, function) in functions {
        connection.create_scalar_function(name, arity, PURE, function)?;
    }
    connection.create_scalar_function("ddb_ascii", 1, PURE, |context| {
        let code = |value: &str| value.chars().next().map_or(0, |letter| i64::from(u32::from(letter)));
        Ok(text(context, 0)?.map_or_else(null, |value| integer(code(value))))
    })?;
    let operations: [(&str, Mapping); 6] = [
        ("ddb_lower", str::to_lowercase),
        ("ddb_upper", str::to_uppercase),
        ("ddb_initcap", initcap),
        ("ddb_reverse", |value| value.chars().rev().collect()),
        ("ddb_quote_ident", |value| quoted(value, '"')),
        ("ddb_quote_literal", |value| quoted(value, '\'')),
    ];
    for (name, operation) in operations {
        connection.create_scalar_function(name, 1, PURE, move |context| map(context, operation))?;
    }
    Ok(())
}
