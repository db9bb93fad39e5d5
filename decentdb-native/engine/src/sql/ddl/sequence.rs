//! CREATE SEQUENCE, ALTER SEQUENCE .. RESTART and the rows of DROP SEQUENCE.

use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{visit_expressions_mut, DataType, Expr, ObjectName};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::catalog::{key, Change, Sequence};
use crate::error::{Error, Result, Status};
use crate::sql::bind::{named_sequence, Binder};
use crate::sql::errors::{already_exists, depends, refuse};
use crate::sql::grammar::{expression, path, require_user_name, syntax, text_literal, Schema};
use crate::sql::program::Parts;

use super::stored_expr::written;

/// The values of all sequences, with what it takes to find the next one.
const VALUES: &str = "main.__ddb_sequences";

/// CREATE or ALTER SEQUENCE, whose options the grammar knows in one order only.
pub(crate) struct SequenceStatement {
    alters: bool,
    /// IF NOT EXISTS, or IF EXISTS.
    lenient: bool,
    name: ObjectName,
    options: Options,
}

#[derive(Default)]
struct Options {
    bounds: Option<(i64, i64)>,
    increment: Option<i64>,
    lowest: Option<Option<i64>>,
    highest: Option<Option<i64>>,
    start: Option<i64>,
    /// RESTART, with the value if one is given.
    restart: Option<Option<i64>>,
    cycles: Option<bool>,
    cached: Option<i64>,
}

/// The CREATE or ALTER SEQUENCE in `tokens`, `None` for any other statement.
pub(crate) fn recognize_sequence(tokens: &[TokenWithSpan]) -> Result<Option<SequenceStatement>> {
    let dialect = PostgreSqlDialect {};
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens.to_vec());
    let failed = |error: ParserError| syntax(&error);
    let Some(verb) = parser.parse_one_of_keywords(&[Keyword::CREATE, Keyword::ALTER]) else { return Ok(None) };
    let alters = verb == Keyword::ALTER;
    let kind = parser.parse_one_of_keywords(&[Keyword::TEMP, Keyword::TEMPORARY, Keyword::UNLOGGED]);
    if !parser.parse_keyword(Keyword::SEQUENCE) {
        return Ok(None);
    }
    refuse(kind.is_some(), "a TEMP or UNLOGGED sequence")?;
    let lenient = match alters {
        true => parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]),
        false => parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]),
    };
    let name = parser.parse_object_name(false).map_err(failed)?;
    let mut options = Options::default();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        if parser.peek_token_ref().token == Token::EOF {
            return Ok(Some(SequenceStatement { alters, lenient, name, options }));
        }
        options.read(&mut parser)?;
    }
}

impl Options {
    fn read(&mut self, parser: &mut Parser<'_>) -> Result<()> {
        const WORDS: &[Keyword] = &[
            Keyword::AS,
            Keyword::INCREMENT,
            Keyword::MINVALUE,
            Keyword::MAXVALUE,
            Keyword::START,
            Keyword::RESTART,
            Keyword::CACHE,
            Keyword::CYCLE,
            Keyword::OWNED,
            Keyword::NO,
        ];
        let word = parser.expect_one_of_keywords(WORDS).map_err(|error| syntax(&error))?;
        match word {
            Keyword::AS => once(&mut self.bounds, bounds(&parser.parse_data_type().map_err(|error| syntax(&error))?)?),
            Keyword::INCREMENT => {
                let _ = parser.parse_keyword(Keyword::BY);
                once(&mut self.increment, number(parser)?)
            }
            Keyword::MINVALUE => once(&mut self.lowest, Some(number(parser)?)),
            Keyword::MAXVALUE => once(&mut self.highest, Some(number(parser)?)),
            Keyword::START => {
                let _ = parser.parse_keyword(Keyword::WITH);
                once(&mut self.start, number(parser)?)
            }
            Keyword::RESTART => {
                let with = parser.parse_keyword(Keyword::WITH);
                let given = with || matches!(parser.peek_token_ref().token, Token::Number(..) | Token::Minus);
                let value = if given { Some(number(parser)?) } else { None };
                once(&mut self.restart, value)
            }
            Keyword::CACHE => once(&mut self.cached, number(parser)?),
            Keyword::CYCLE => once(&mut self.cycles, true),
            Keyword::OWNED => {
                let none = parser.parse_keywords(&[Keyword::BY, Keyword::NONE]);
                refuse(!none, "OWNED BY of a sequence")
            }
            _ => match parser.expect_one_of_keywords(&[Keyword::MINVALUE, Keyword::MAXVALUE, Keyword::CYCLE]) {
                Ok(Keyword::MINVALUE) => once(&mut self.lowest, None),
                Ok(Keyword::MAXVALUE) => once(&mut self.highest, None),
                Ok(_) => once(&mut self.cycles, false),
                Err(error) => Err(syntax(&error)),
            },
        }
    }

    fn sequence(&self, name: String, ddl: String) -> Result<Sequence> {
        let increment = self.increment.unwrap_or(1);
        let up = increment > 0;
        let (least, most) = self.bounds.unwrap_or((i64::MIN, i64::MAX));
        let lowest = self.lowest.flatten().unwrap_or(if up { 1 } else { least });
        let highest = self.highest.flatten().unwrap_or(if up { most } else { -1 });
        let start = self.start.unwrap_or(if up { lowest } else { highest });
        if increment == 0 {
            return Err(invalid("INCREMENT must not be zero"));
        }
        if lowest < least || highest > most || lowest >= highest {
            return Err(invalid(format!("MINVALUE ({lowest}) and MAXVALUE ({highest}) leave no values of its type")));
        }
        if start < lowest || start > highest {
            return Err(invalid(format!("START ({start}) is outside of MINVALUE ({lowest}) and MAXVALUE ({highest})")));
        }
        if self.cached.is_some_and(|cached| cached < 1) {
            return Err(invalid("CACHE must be greater than zero"));
        }
        refuse(self.restart.is_some(), "RESTART in CREATE SEQUENCE")?;
        let cycles = self.cycles.unwrap_or(false);
        Ok(Sequence { name, start, increment, lowest, highest, cycles, ddl })
    }

    /// Whether nothing but RESTART is given.
    fn restarts_only(&self) -> bool {
        self.restart.is_some()
            && self.bounds.is_none()
            && self.increment.is_none()
            && self.lowest.is_none()
            && self.highest.is_none()
            && self.start.is_none()
            && self.cycles.is_none()
            && self.cached.is_none()
    }
}

fn once<T>(option: &mut Option<T>, value: T) -> Result<()> {
    match option.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::syntax("conflicting or redundant options of a sequence")),
    }
}

fn number(parser: &mut Parser<'_>) -> Result<i64> {
    let negative = parser.consume_token(&Token::Minus);
    if !negative {
        let _ = parser.consume_token(&Token::Plus);
    }
    let token = parser.next_token().token;
    let text = format!("{}{token}", if negative { "-" } else { "" });
    match &token {
        Token::Number(..) => text.parse().map_err(|_| invalid(format!("{text} is no INT64"))),
        _ => Err(Error::syntax(format!("{token} is no number of a sequence"))),
    }
}

fn bounds(ty: &DataType) -> Result<(i64, i64)> {
    match ty {
        DataType::SmallInt(None) | DataType::Int2(None) => Ok((i16::MIN.into(), i16::MAX.into())),
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => Ok((i32::MIN.into(), i32::MAX.into())),
        DataType::BigInt(None) | DataType::Int8(None) | DataType::Int64 => Ok((i64::MIN, i64::MAX)),
        other => Err(invalid(format!("a sequence is of SMALLINT, INTEGER or BIGINT, not {other}"))),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message)
}

impl Binder<'_> {
    pub fn sequence_statement(&mut self, statement: &SequenceStatement, text: &str) -> Result<Parts> {
        let path = path(&statement.name)?;
        require_user_name(&path.name)?;
        refuse(path.schema == Some(Schema::Temp), "a TEMP sequence")?;
        if statement.alters {
            return self.restart(statement, &path.name);
        }
        if self.catalog.contains(&path.name) {
            if statement.lenient && self.catalog.sequence(&path.name).is_some() {
                return Ok(Parts::ddl(Vec::new(), Change::Nothing));
            }
            return Err(already_exists(&path.name));
        }
        let sequence = statement.options.sequence(path.name, written(text))?;
        let statements = vec![
            format!(
                "CREATE TABLE IF NOT EXISTS {VALUES} (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL, \
                 called INTEGER NOT NULL, increment INTEGER NOT NULL, lowest INTEGER NOT NULL, \
                 highest INTEGER NOT NULL, cycles INTEGER NOT NULL) STRICT, WITHOUT ROWID"
            ),
            format!(
                "INSERT INTO {VALUES} VALUES ({}, {}, 0, {}, {}, {}, {})",
                text_literal(&key(&sequence.name)),
                sequence.start,
                sequence.increment,
                sequence.lowest,
                sequence.highest,
                i32::from(sequence.cycles)
            ),
        ];
        Ok(Parts::ddl(statements, Change::PutSequence(Arc::new(sequence))))
    }

    fn restart(&self, statement: &SequenceStatement, name: &str) -> Result<Parts> {
        let Some(sequence) = self.catalog.sequence(name) else {
            if statement.lenient {
                return Ok(Parts::ddl(Vec::new(), Change::Nothing));
            }
            return Err(Error::unknown_sequence(name));
        };
        if !statement.options.restarts_only() {
            return Err(Error::unsupported("ALTER SEQUENCE of anything but RESTART")
                .hint("drop the sequence, create it anew, and set its value with START or setval"));
        }
        let value = statement.options.restart.flatten().unwrap_or(sequence.start);
        if value < sequence.lowest || value > sequence.highest {
            return Err(invalid(format!(
                "RESTART ({value}) is outside of MINVALUE ({}) and MAXVALUE ({})",
                sequence.lowest, sequence.highest
            )));
        }
        let name = text_literal(&key(&sequence.name));
        let update = format!("UPDATE {VALUES} SET value = {value}, called = 0 WHERE name = {name}");
        Ok(Parts::ddl(vec![update], Change::Nothing))
    }

    /// The statements that drop a sequence, unless a column takes its values from it.
    pub fn drop_sequence(&self, sequence: &Sequence) -> Result<String> {
        for table in self.catalog.all_tables() {
            let uses = |default: &Option<String>| default.as_ref().is_some_and(|sql| draws_from(sql, &sequence.name));
            if let Some(column) = table.columns.iter().find(|column| uses(&column.default_sql)) {
                let message = format!(
                    "cannot drop sequence {} because the default of column {} of table {} uses it",
                    sequence.name, column.name, table.name
                );
                return Err(depends(message).with("relation", sequence.name.as_str()));
            }
        }
        Ok(format!("DELETE FROM {VALUES} WHERE name = {}", text_literal(&key(&sequence.name))))
    }
}

/// Whether an expression kept as text names the sequence; one that cannot be read counts as naming it.
fn draws_from(sql: &str, sequence: &str) -> bool {
    let Ok(mut expr) = expression(sql) else { return true };
    visit_expressions_mut(&mut expr, |expr| match expr {
        Expr::Function(function)
            if named_sequence(function).is_some_and(|name| name.eq_ignore_ascii_case(sequence)) =>
        {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}
