//! `SET AUDIT CONTEXT key = value`: a value that the statements of the same handle can read.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::{Error, Result};
use crate::sql::bind::value_text;
use crate::sql::program::SessionCommand;
use crate::value::Stored;

use super::parse::words;

/// The command in `tokens`, `None` for any other statement.
pub(crate) fn recognize_audit(tokens: &[TokenWithSpan]) -> Result<Option<SessionCommand>> {
    let tokens: Vec<&Token> = words(tokens).into_iter().map(|token| &token.token).collect();
    let tokens: Vec<&Token> = tokens.into_iter().filter(|token| **token != Token::SemiColon).collect();
    let word = |token: &Token, text: &str| matches!(token, Token::Word(word) if word.value.eq_ignore_ascii_case(text));
    let [set, audit, context, rest @ ..] = tokens.as_slice() else { return Ok(None) };
    if !word(set, "SET") || !word(audit, "AUDIT") || !word(context, "CONTEXT") {
        return Ok(None);
    }
    let [key, Token::Eq, value @ ..] = rest else {
        return Err(Error::syntax("SET AUDIT CONTEXT needs a key, = and a value"));
    };
    let key = match key {
        Token::Word(word) => word.value.clone(),
        Token::SingleQuotedString(text) => text.clone(),
        other => return Err(Error::syntax(format!("{other} is no key of the audit context"))),
    };
    let value = match value {
        [Token::SingleQuotedString(text)] => Some(Stored::Text(text.clone())),
        [token] if word(token, "NULL") => None,
        [token] if word(token, "TRUE") => Some(Stored::Integer(1)),
        [token] if word(token, "FALSE") => Some(Stored::Integer(0)),
        value => match value_text(value).parse() {
            Ok(number) => Some(Stored::Integer(number)),
            Err(_) => {
                let message = "a value of the audit context is a text, an integer, TRUE, FALSE or NULL";
                return Err(Error::syntax(message));
            }
        },
    };
    Ok(Some(SessionCommand::SetAudit { key, value }))
}
