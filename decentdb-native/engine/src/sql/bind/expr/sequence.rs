//! `nextval`, `currval`, `setval` and `lastval`.

use sqlparser::ast::{DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value as Literal};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use crate::catalog::key;
use crate::error::{Error, Result};
use crate::sql::bind::binder::{Binder, Ex};
use crate::sql::bind::scope::Scope;
use crate::sql::errors::wrong_arguments;
use crate::sql::grammar::{object, path, text_literal, tokenize, Schema};
use crate::sql::{CURRENT_VALUE, LAST_VALUE, NEXT_VALUE, SET_VALUE};
use crate::value::Type;

pub(super) const SEQUENCES: &[&str] = &["nextval", "currval", "setval", "lastval"];

impl Binder<'_> {
    /// A call of a function of sequences. The statement is a write if it takes or sets a value.
    pub(super) fn sequence_call(&mut self, name: &str, arguments: &[FunctionArg], scope: &Scope<'_>) -> Result<Ex> {
        if let Some(place) = self.steady {
            return Err(Error::unsupported(format!("{name} in {place}")));
        }
        self.volatile += 1;
        if name == "lastval" {
            return match arguments {
                [] => Ok(Ex::new(format!("{LAST_VALUE}()"), Type::Int64, false)),
                _ => Err(wrong_arguments(name)),
            };
        }
        let (sequence, rest) = match arguments.split_first() {
            Some((FunctionArg::Unnamed(FunctionArgExpr::Expr(first)), rest)) => {
                (self.sequence(name, first, scope)?, rest)
            }
            _ => return Err(wrong_arguments(name)),
        };
        let rest = self.arguments(rest, scope)?;
        self.draws |= name != "currval";
        let sql = match (name, <[Ex; 2]>::try_from(rest)) {
            ("setval", Ok([value, called])) => {
                let value = self.typed(name, value, &Type::Int64)?;
                let called = self.typed(name, called, &Type::Bool)?;
                format!("{SET_VALUE}({sequence}, {}, {})", value.sql, called.sql)
            }
            ("setval", Err(rest)) => {
                let [value] = <[Ex; 1]>::try_from(rest).map_err(|_| wrong_arguments(name))?;
                let value = self.typed(name, value, &Type::Int64)?;
                format!("{SET_VALUE}({sequence}, {}, 1)", value.sql)
            }
            (_, Err(rest)) if rest.is_empty() => {
                format!("{}({sequence})", if name == "nextval" { NEXT_VALUE } else { CURRENT_VALUE })
            }
            _ => return Err(wrong_arguments(name)),
        };
        Ok(Ex::new(sql, Type::Int64, name == "setval"))
    }

    /// The sequence an argument names, as the functions take it.
    fn sequence(&mut self, function: &str, argument: &Expr, scope: &Scope<'_>) -> Result<String> {
        let argument = without_regclass(argument);
        if let Some(written) = text_of(argument) {
            let known = sequence_name(written)?;
            let sequence = self.catalog.sequence(&known).ok_or_else(|| Error::unknown_sequence(&known))?;
            return Ok(text_literal(&key(&sequence.name)));
        }
        let ex = self.expr(argument, scope)?;
        Ok(self.typed(function, ex, &Type::Text)?.sql)
    }
}

/// The sequence that a call names by a literal.
pub(crate) fn named_sequence(function: &Function) -> Option<String> {
    let name = object(&function.name).ok()?;
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.first()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(first)) if SEQUENCES.contains(&name.as_str()) => {
            sequence_name(text_of(without_regclass(first))?).ok()
        }
        _ => None,
    }
}

/// The name of a sequence in a text, which may have quotes and the schema.
pub(crate) fn sequence_name(text: &str) -> Result<String> {
    let dialect = PostgreSqlDialect {};
    let unknown = || Error::unknown_sequence(text);
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokenize(text).map_err(|_| unknown())?);
    let path = path(&parser.parse_object_name(false).map_err(|_| unknown())?).map_err(|_| unknown())?;
    match path.schema {
        Some(Schema::Temp) => Err(unknown()),
        _ if parser.peek_token_ref().token != sqlparser::tokenizer::Token::EOF => Err(unknown()),
        _ => Ok(path.name),
    }
}

/// PostgreSQL's own tools write `'name'::regclass`.
fn without_regclass(argument: &Expr) -> &Expr {
    match argument {
        Expr::Cast { expr, data_type: DataType::Regclass, .. } => expr,
        other => other,
    }
}

fn text_of(argument: &Expr) -> Option<&str> {
    match argument {
        Expr::Value(value) => match &value.value {
            Literal::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
