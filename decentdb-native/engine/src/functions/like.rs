//! Pattern matching: LIKE and ILIKE.

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::text::{bad_argument, text};
use super::{fail, integer, null, Output, PURE};
use crate::error::{Error, Status};
use crate::sqlite::interrupt;

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
        // No pattern ends in its escape character; see `ends_in`.
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

/// SQL LIKE. It remembers only the last `%`, so the number of steps is at most pattern length times text length.
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
        if chars.as_str().len() % 1024 == 0 && interrupt::requested() {
            return false;
        }
        retry = Some((after, chars.as_str()));
        (pattern, text) = (after, chars.as_str());
    }
}

/// Whether a pattern ends in an escape character that escapes nothing. PostgreSQL finds this out only where the text gets so far;
/// here it does not depend on the rows.
fn ends_in(pattern: &str, escape: char) -> bool {
    pattern.chars().rev().take_while(|c| *c == escape).count() % 2 == 1
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
    if escape.is_some_and(|escape| ends_in(pattern, escape)) {
        let message = "the pattern of LIKE ends in its escape character; double it to match it";
        return Err(fail(&Error::new(Status::Sql, "sql.invalid_escape", Some("22025"), message)));
    }
    let found = like(value, pattern, escape, same);
    interrupt::check().map_err(|error| fail(&error))?;
    Ok(integer(i64::from(found)))
}

fn same_ignoring_case(left: char, right: char) -> bool {
    left == right || left.to_lowercase().eq(right.to_lowercase())
}

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    // Definitions written by an engine whose LIKE had no escape of its own call it with two arguments.
    for arity in [2, 3] {
        connection.create_scalar_function("ddb_like", arity, PURE, |context| {
            like_function(context, |left, right| left == right)
        })?;
        connection
            .create_scalar_function("ddb_ilike", arity, PURE, |context| like_function(context, same_ignoring_case))?;
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
