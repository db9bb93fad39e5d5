//! The language of full-text queries: words, "phrases", prefix*, -excluded, OR. A row must contain all words that stand
//! side by side.

use std::iter::Peekable;
use std::str::Chars;

use super::{quoted, Analyzer};
use crate::error::{Error, Result, Status};

/// The limit of terms, because FTS5 keeps a cursor per term.
const MAX_TERMS: usize = 256;

enum TermKind {
    Word,
    Phrase,
    Prefix,
}

struct Term {
    kind: TermKind,
    text: String,
    excluded: bool,
}

fn wrong(query: &str, what: &str) -> Error {
    let mut shown: String = query.chars().take(60).collect();
    if shown.len() < query.len() {
        shown.push('…');
    }
    let message = format!("FTS query error: {what}: \"{shown}\"");
    Error::new(Status::Sql, "sql.fulltext_query", Some("42601"), message)
}

/// A query for which FTS5 finds no row.
pub const NOTHING: &str = "\"\"";

/// Translates `query` into a query of FTS5; [`NOTHING`] if no term contains a word.
pub fn full_text_query(query: &str, analyzer: &Analyzer) -> Result<String> {
    let mut alternatives = Vec::new();
    for terms in parse(query).map_err(|what| wrong(query, what))? {
        if terms.iter().all(|term| term.excluded) {
            let what = "each side of OR needs at least one term that is not excluded";
            return Err(wrong(query, what));
        }
        let (mut wanted, mut excluded) = (Vec::new(), Vec::new());
        for term in &terms {
            let found = emit(term, analyzer).map_err(|what| wrong(query, &what))?;
            match found {
                Some(found) if term.excluded => excluded.push(found),
                Some(found) => wanted.push(found),
                None => {}
            }
        }
        if wanted.is_empty() {
            continue;
        }
        let mut alternative = format!("({})", wanted.join(" AND "));
        if !excluded.is_empty() {
            alternative = format!("({alternative} NOT ({}))", excluded.join(" OR "));
        }
        alternatives.push(alternative);
    }
    Ok(if alternatives.is_empty() { NOTHING.to_owned() } else { alternatives.join(" OR ") })
}

/// A term for FTS5; `None` if it contains no word.
fn emit(term: &Term, analyzer: &Analyzer) -> std::result::Result<Option<String>, String> {
    let words = analyzer.words(&term.text);
    Ok(match term.kind {
        TermKind::Prefix => {
            let [word] = words.as_slice() else { return Err("a prefix must be one word".to_owned()) };
            let Some(shortest) = analyzer.prefix.iter().min() else {
                return Err(
                    "the index was created without the option prefix and does not support prefix search".to_owned()
                );
            };
            if term.text.chars().count() < usize::from(*shortest) {
                return Err(format!("a prefix needs at least {shortest} characters"));
            }
            Some(format!("{}*", quoted(word)))
        }
        _ if words.is_empty() => None,
        TermKind::Phrase => Some(quoted(&words.join(" "))),
        TermKind::Word => Some(match words.as_slice() {
            [word] => quoted(word),
            words => format!("({})", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" AND ")),
        }),
    })
}

type Parsed<T> = std::result::Result<T, &'static str>;

/// The alternatives between OR, each a list of terms.
fn parse(query: &str) -> Parsed<Vec<Vec<Term>>> {
    let mut alternatives: Vec<Vec<Term>> = vec![Vec::new()];
    let mut chars = query.chars().peekable();
    let mut count = 0;
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            break;
        }
        count += 1;
        if count > MAX_TERMS {
            return Err("there are more than 256 terms");
        }
        let Some(term) = term(&mut chars)? else {
            if alternatives.last().is_some_and(Vec::is_empty) {
                return Err("OR must stand between terms");
            }
            alternatives.push(Vec::new());
            continue;
        };
        if let Some(last) = alternatives.last_mut() {
            last.push(term);
        }
    }
    match alternatives.as_slice() {
        [only] if only.is_empty() => Err("there is no term"),
        [.., last] if last.is_empty() => Err("OR must stand between terms"),
        _ => Ok(alternatives),
    }
}

/// The next term; `None` for OR.
fn term(chars: &mut Peekable<Chars<'_>>) -> Parsed<Option<Term>> {
    let excluded = chars.next_if_eq(&'-').is_some();
    if chars.peek().is_none_or(|c| c.is_whitespace()) {
        return Err("- must stand before a term");
    }
    let (kind, text) = if chars.next_if_eq(&'"').is_some() {
        let text = phrase(chars)?;
        if text.trim().is_empty() {
            return Err("a phrase is empty");
        }
        (TermKind::Phrase, text)
    } else {
        let (text, escaped, prefix) = word(chars)?;
        if text == "OR" && !excluded && !escaped && !prefix {
            return Ok(None);
        }
        (if prefix { TermKind::Prefix } else { TermKind::Word }, text)
    };
    if chars.peek().is_some_and(|c| !c.is_whitespace()) {
        return Err("a space is missing after a phrase or *");
    }
    Ok(Some(Term { kind, text, excluded }))
}

fn phrase(chars: &mut Peekable<Chars<'_>>) -> Parsed<String> {
    let mut text = String::new();
    loop {
        match chars.next() {
            None => return Err("a phrase does not end"),
            Some('"') => return Ok(text),
            Some('\\') => match chars.next() {
                Some(c @ ('"' | '\\')) => text.push(c),
                _ => return Err("\\ must stand before \" or \\ in a phrase"),
            },
            Some(c) => text.push(c),
        }
    }
}

/// A word, whether something in it was escaped, and whether a * follows it.
fn word(chars: &mut Peekable<Chars<'_>>) -> Parsed<(String, bool, bool)> {
    let (mut text, mut escaped) = (String::new(), false);
    while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
        match c {
            '"' => return Err("a quote must start a phrase"),
            '*' if text.is_empty() => return Err("* must follow a word"),
            '*' => return Ok((text, escaped, true)),
            '\\' => match chars.next() {
                Some(c @ ('"' | '\\' | '*' | '-')) => {
                    escaped = true;
                    text.push(c);
                }
                _ => return Err("\\ must stand before one of \" \\ * -"),
            },
            c => text.push(c),
        }
    }
    Ok((text, escaped, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emitted(query: &str) -> String {
        let analyzer = Analyzer { prefix: vec![2], stopwords: true, ..Analyzer::default() };
        full_text_query(query, &analyzer).unwrap_or_else(|error| error.message)
    }

    #[test]
    fn queries_become_those_of_fts5() {
        for (query, expected) in [
            ("Database", "(\"database\")"),
            ("a b c", "(\"b\" AND \"c\")"),
            ("b OR \"c  d\"", "(\"b\") OR (\"c d\")"),
            ("b -c -\"d e\"", "((\"b\") NOT (\"c\" OR \"d e\"))"),
            ("dec*", "(\"dec\"*)"),
            ("well-known", "((\"well\" AND \"known\"))"),
            ("or NEAR(x)", "(\"or\" AND (\"near\" AND \"x\"))"),
            ("the", NOTHING),
        ] {
            assert_eq!(emitted(query), expected, "{query}");
        }
    }

    #[test]
    fn wrong_queries_say_what_is_wrong() {
        for (query, expected) in [
            ("", "there is no term"),
            ("OR b", "OR must stand between terms"),
            ("b OR", "OR must stand between terms"),
            ("b OR OR c", "OR must stand between terms"),
            ("-", "- must stand before a term"),
            ("-b", "each side of OR needs"),
            ("b OR -c", "each side of OR needs"),
            ("\"b", "a phrase does not end"),
            ("\"b\"c", "a space is missing"),
            ("b\"c\"", "a quote must start a phrase"),
            ("d*", "a prefix needs at least 2 characters"),
            ("de*c", "a space is missing after a phrase or *"),
            ("*", "* must follow a word"),
            ("b\\", "\\ must stand before"),
        ] {
            let message = emitted(query);
            assert!(message.contains(expected), "{query}: {message}");
        }
    }
}
