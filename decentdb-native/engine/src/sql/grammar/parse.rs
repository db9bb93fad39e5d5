//! From text to one statement of the grammar, with limits that keep hostile text from exhausting the stack.

use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError};

use crate::error::{Error, Result};
use crate::stack::{require_levels, too_deep};

use super::depth::nesting;
use super::extensions::take_extensions;
use super::spelling::respell;

/// How deeply parentheses, subqueries and operators may nest.
const MAX_DEPTH: usize = 500;
/// The grammar counts a subquery more than once.
const GRAMMAR_DEPTH: usize = 4 * MAX_DEPTH;

pub(crate) fn position(error: Error, at: Location) -> Error {
    if at.line == 0 || error.context.contains_key("position") {
        return error;
    }
    error.with("position", serde_json::json!({ "line": at.line, "column": at.column }))
}

/// For text from the catalogue, whose positions mean nothing to the sender of the statement.
pub(crate) fn without_position(mut error: Error) -> Error {
    error.context.shift_remove("position");
    error
}

pub(crate) fn tokenize(sql: &str) -> Result<Vec<TokenWithSpan>> {
    let dialect = PostgreSqlDialect {};
    let mut tokens = Tokenizer::new(&dialect, sql).tokenize_with_location().map_err(|error| {
        let TokenizerError { message, location } = error;
        position(Error::syntax(format!("syntax error: {message}")), location)
    })?;
    for token in &mut tokens {
        let width = token.span.end.column.saturating_sub(token.span.start.column);
        match &mut token.token {
            Token::Word(word) if FOREIGN_KEYWORDS.contains(&word.keyword) => word.keyword = Keyword::NoKeyword,
            Token::Number(digits, _) => digits.retain(|character| character != '_'),
            // `0xff` is a number; the tokenizer takes it for `x'ff'`, which is longer.
            Token::HexStringLiteral(digits) if width == digits.len() as u64 + 2 => {
                let number = u128::from_str_radix(digits, 16).map_err(|_| {
                    position(Error::syntax(format!("0x{digits} is no hexadecimal number")), token.span.start)
                })?;
                token.token = Token::Number(number.to_string(), false);
            }
            _ => {}
        }
    }
    Ok(tokens)
}

/// Keywords of other databases that the grammar reserves, but that are names here.
const FOREIGN_KEYWORDS: &[Keyword] = &[
    Keyword::ANTI,
    Keyword::ASOF,
    Keyword::CLUSTER,
    Keyword::CONNECT,
    Keyword::DISTRIBUTE,
    Keyword::DIV,
    Keyword::EXCLUDE,
    Keyword::FORMAT,
    Keyword::GLOB,
    Keyword::GLOBAL,
    Keyword::LOCAL,
    Keyword::MATCH_CONDITION,
    Keyword::MATCH_RECOGNIZE,
    Keyword::MINUS,
    Keyword::PIVOT,
    Keyword::PREWHERE,
    Keyword::QUALIFY,
    Keyword::REGEXP,
    Keyword::RLIKE,
    Keyword::SAMPLE,
    Keyword::SEMI,
    Keyword::SETTINGS,
    Keyword::SORT,
    Keyword::TOP,
    Keyword::UNPIVOT,
    Keyword::XOR,
];

/// The tokens that mean something.
pub(crate) fn words(tokens: &[TokenWithSpan]) -> Vec<&TokenWithSpan> {
    tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF)).collect()
}

/// Refuses text that holds no statement or several, before anything runs.
pub(crate) fn require_one_statement(tokens: &[TokenWithSpan]) -> Result<()> {
    let words = words(tokens);
    let mut count = 0usize;
    let mut inside = false;
    for word in words {
        if word.token == Token::SemiColon {
            inside = false;
        } else if !inside {
            inside = true;
            count += 1;
            if count == 2 {
                let error = Error::syntax("expected exactly one SQL statement, got several");
                return Err(position(error, word.span.start).hint("execute the statements one by one"));
            }
        }
    }
    if count == 0 {
        return Err(Error::syntax("expected exactly one SQL statement, got none"));
    }
    Ok(())
}

pub(crate) fn syntax(error: &ParserError) -> Error {
    match error {
        ParserError::RecursionLimitExceeded => too_deep(MAX_DEPTH),
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            match message.rsplit_once(" at Line: ") {
                Some((text, place)) => {
                    let mut numbers = place.split(", Column: ").map(str::parse);
                    let error = Error::syntax(format!("syntax error: {text}"));
                    match (numbers.next(), numbers.next()) {
                        (Some(Ok(line)), Some(Ok(column))) => position(error, Location { line, column }),
                        _ => error,
                    }
                }
                None => Error::syntax(format!("syntax error: {message}")),
            }
        }
    }
}

/// The grammar takes the ON of ON CONFLICT for an alias where it follows an expression: INSERT ... SELECT 1 ON CONFLICT.
/// Parentheses around the query keep them apart.
fn part_conflict(tokens: &mut Vec<TokenWithSpan>) {
    let (mut depth, mut inserts, mut source, mut last, mut conflict) = (0usize, false, None, 0, None);
    for (at, token) in tokens.iter().enumerate() {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Word(word) if depth == 0 => match word.keyword {
                Keyword::INSERT => inserts = true,
                Keyword::SELECT | Keyword::WITH if inserts && source.is_none() => source = Some(at),
                Keyword::CONFLICT if matches!(&tokens[last].token, Token::Word(word) if word.keyword == Keyword::ON) => {
                    conflict = Some(last);
                }
                _ => {}
            },
            _ => {}
        }
        last = at;
    }
    if let (Some(source), Some(conflict)) = (source, conflict) {
        let near = |at: usize, token| TokenWithSpan { token, span: tokens[at].span };
        let (open, close) = (near(source, Token::LParen), near(conflict, Token::RParen));
        tokens.insert(conflict, close);
        tokens.insert(source, open);
    }
}

/// Constructs the grammar does not know, by name.
fn refuse_phrases(tokens: &[TokenWithSpan]) -> Result<()> {
    let words = words(tokens);
    for (at, pair) in words.windows(2).enumerate() {
        let [Token::Word(first), Token::Word(second)] = [&pair[0].token, &pair[1].token] else { continue };
        let what = match (first.keyword, second.value.to_ascii_uppercase().as_str()) {
            (Keyword::ALTER, "INDEX") if at == 0 => "ALTER INDEX",
            (Keyword::CREATE, "MASK") if at == 0 => "CREATE MASK",
            (Keyword::ALTER, "MASK") if at == 0 => "ALTER MASK",
            (Keyword::DROP, "MASK") if at == 0 => "DROP MASK",
            (Keyword::CREATE, "POLICY") if at == 0 => "CREATE POLICY",
            (Keyword::ALTER, "POLICY") if at == 0 => "ALTER POLICY",
            (Keyword::DROP, "POLICY") if at == 0 => "DROP POLICY",
            (Keyword::CREATE, "EXTENSION") if at == 0 => "CREATE EXTENSION",
            (Keyword::ALTER, "EXTENSION") if at == 0 => "ALTER EXTENSION",
            (Keyword::DROP, "EXTENSION") if at == 0 => "DROP EXTENSION",
            (Keyword::LOAD, "EXTENSION") if at == 0 => "LOAD EXTENSION",
            (Keyword::BETWEEN, "SYMMETRIC") => "BETWEEN SYMMETRIC",
            (Keyword::ROW | Keyword::PRECEDING | Keyword::FOLLOWING, "EXCLUDE") => "EXCLUDE in a window frame",
            _ => continue,
        };
        if second.quote_style.is_none() {
            return Err(position(Error::unsupported(what), pair[1].span.start));
        }
    }
    Ok(())
}

pub(crate) fn statement(mut tokens: Vec<TokenWithSpan>) -> Result<Statement> {
    require_levels(nesting(&tokens), MAX_DEPTH)?;
    refuse_phrases(&tokens)?;
    respell(&mut tokens);
    part_conflict(&mut tokens);
    let lifted = take_extensions(&mut tokens);
    let dialect = PostgreSqlDialect {};
    let mut parser = Parser::new(&dialect).with_recursion_limit(GRAMMAR_DEPTH).with_tokens_with_locations(tokens);
    let mut statements = parser.parse_statements().map_err(|error| syntax(&error))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(mut statement), true) => {
            lifted.put_into(&mut statement);
            Ok(statement)
        }
        _ => Err(Error::syntax("expected exactly one SQL statement")),
    }
}

/// An expression kept in the catalogue as text.
pub(crate) fn expression(sql: &str) -> Result<Expr> {
    let mut tokens = tokenize(sql)?;
    respell(&mut tokens);
    let dialect = PostgreSqlDialect {};
    let mut parser = Parser::new(&dialect).with_recursion_limit(GRAMMAR_DEPTH).with_tokens_with_locations(tokens);
    parser.parse_expr().map_err(|error| syntax(&error))
}

/// The name an identifier stands for: unquoted ones are folded to lower case.
pub(crate) fn name(ident: &Ident) -> String {
    if ident.quote_style.is_some() {
        ident.value.clone()
    } else {
        ident.value.to_ascii_lowercase()
    }
}

/// The single part of an object name; schemas are refused.
pub(crate) fn object(object: &ObjectName) -> Result<String> {
    match object.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => whole(ident),
        _ => Err(Error::unsupported(format!("the qualified name {object}"))),
    }
}

fn whole(ident: &Ident) -> Result<String> {
    let name = name(ident);
    if name.is_empty() || name.contains('\0') {
        return Err(Error::syntax("a name must not be empty"));
    }
    Ok(name)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schema {
    /// The objects of the database.
    Main,
    /// The temporary objects of the handle.
    Temp,
}

/// The name of a table, view, index or trigger and the schema it is qualified with.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub schema: Option<Schema>,
    pub name: String,
}

pub(crate) fn path(object: &ObjectName) -> Result<Path> {
    match object.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Ok(Path { schema: None, name: whole(ident)? }),
        [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(ident)] => {
            let schema = match name(schema).to_ascii_lowercase().as_str() {
                // The schema where programs written for PostgreSQL expect their tables.
                "main" | "public" => Schema::Main,
                "temp" => Schema::Temp,
                _ => {
                    let error = Error::unsupported(format!("the qualified name {object}"));
                    return Err(error.hint("the schemas are main and temp"));
                }
            };
            Ok(Path { schema: Some(schema), name: whole(ident)? })
        }
        _ => Err(Error::unsupported(format!("the qualified name {object}"))),
    }
}

/// Names the engine keeps for itself.
pub(crate) fn require_user_name(name: &str) -> Result<()> {
    let lower = name.to_ascii_lowercase();
    for prefix in ["__ddb_", "sqlite_", "sys."] {
        if lower.starts_with(prefix) {
            let message = format!("the name {name} is reserved: names must not begin with {prefix}");
            return Err(Error::new(crate::error::Status::Sql, "sql.reserved_name", Some("42939"), message));
        }
    }
    Ok(())
}

pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text literal of SQLite; a NUL cannot stand in one, so it is spliced in.
pub(crate) fn text_literal(text: &str) -> String {
    if text.contains('\0') {
        return format!("CAST({} AS TEXT)", blob_literal(text.as_bytes()));
    }
    format!("'{}'", text.replace('\'', "''"))
}

pub(crate) fn blob_literal(bytes: &[u8]) -> String {
    format!("x'{}'", crate::types::format_hex(bytes))
}

pub(crate) fn real_literal(number: f64) -> String {
    if number == f64::INFINITY {
        "9e999".to_owned()
    } else if number == f64::NEG_INFINITY {
        "-9e999".to_owned()
    } else {
        format!("{number:?}")
    }
}
