//! Transaction control, recognised by its words: only the documented spellings, nothing else.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::{Error, Result};
use crate::sql::program::TransactionControl;

use super::parse::{position, words};

/// The control statement in `tokens`, `None` for any other statement.
pub(crate) fn recognize_transaction(tokens: &[TokenWithSpan]) -> Result<Option<TransactionControl>> {
    let mut words = words(tokens);
    while words.last().is_some_and(|word| word.token == Token::SemiColon) {
        words.pop();
    }
    while words.first().is_some_and(|word| word.token == Token::SemiColon) {
        words.remove(0);
    }
    let Some(first) = words.first() else { return Ok(None) };
    let texts: Vec<String> = words
        .iter()
        .map(|word| match &word.token {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
            // Quoted names keep their case and cannot be keywords.
            Token::Word(word) => format!("\"{}", word.value),
            other => other.to_string(),
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let name = |text: &str| -> Result<String> {
        match text.strip_prefix('"') {
            Some(quoted) => Ok(quoted.to_ascii_lowercase()),
            None if text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => Ok(text.to_ascii_lowercase()),
            None => Err(Error::syntax(format!("{text} is no name of a savepoint"))),
        }
    };
    use TransactionControl as Control;
    Ok(Some(match texts.as_slice() {
        ["BEGIN"] | ["BEGIN", "TRANSACTION" | "WORK"] => Control::Begin { immediate: false },
        ["BEGIN", "DEFERRED"] | ["BEGIN", "DEFERRED", "TRANSACTION"] => Control::Begin { immediate: false },
        ["BEGIN", "IMMEDIATE" | "EXCLUSIVE"] | ["BEGIN", "IMMEDIATE" | "EXCLUSIVE", "TRANSACTION"] => {
            Control::Begin { immediate: true }
        }
        ["START", "TRANSACTION"] => Control::Begin { immediate: false },
        ["COMMIT" | "END"] | ["COMMIT" | "END", "TRANSACTION" | "WORK"] => Control::Commit,
        ["ROLLBACK"] | ["ROLLBACK", "TRANSACTION" | "WORK"] => Control::Rollback,
        ["SAVEPOINT", of] => Control::Savepoint(name(of)?),
        ["RELEASE", "SAVEPOINT", of] | ["RELEASE", of] => Control::Release(name(of)?),
        ["ROLLBACK", "TO", "SAVEPOINT", of]
        | ["ROLLBACK", "TO", of]
        | ["ROLLBACK", "TRANSACTION" | "WORK", "TO", "SAVEPOINT", of]
        | ["ROLLBACK", "TRANSACTION" | "WORK", "TO", of] => Control::RollbackTo(name(of)?),
        [verb @ ("BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE"), ..] => {
            let error = Error::unsupported(format!("this form of {verb}"));
            let hint = "transactions are snapshots; isolation level and access mode cannot be set by SQL";
            return Err(position(error.hint(hint), first.span.start));
        }
        _ => return Ok(None),
    }))
}
