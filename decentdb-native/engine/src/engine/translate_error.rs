//! SQLite's errors in the words of the dialect.

use crate::catalog::Catalog;
use crate::error::{Error, Status};
use crate::functions;
use crate::sql;
use crate::sql::Compiled;

/// SQLITE_CONSTRAINT_FOREIGNKEY
const FOREIGN_KEY: i32 = 787;
/// SQLITE_CONSTRAINT_TRIGGER, which an action RESTRICT gives.
const TRIGGER: i32 = 1811;
/// SQLite's message for triggers that fire each other deeper than `SQLITE_MAX_TRIGGER_DEPTH`.
const TOO_DEEP: &str = "triggers nested too deep";

/// SQLite's error in the words of the dialect: an error of a function as the function meant it, a violated constraint by its
/// name.
pub fn explain(error: Error, compiled: Option<&Compiled>, catalog: &Catalog) -> Error {
    if let Some(meant) = functions::decode_error(&error.message) {
        return meant;
    }
    if error.message.contains(TOO_DEEP) {
        return Error::new(
            Status::Sql,
            "sql.trigger_recursion",
            Some("54001"),
            "triggers or foreign keys act on each other more than 10,000 deep: the statement was undone",
        )
        .hint("a trigger whose action writes to its own table may fire itself without end");
    }
    if let (true, Some(compiled)) = (is_foreign_key(&error), compiled) {
        return match sql::suspects(compiled, catalog).as_slice() {
            [only] => sql::foreign_key_error(compiled, Some(only)),
            _ => sql::foreign_key_error(compiled, None),
        };
    }
    let target = compiled.and_then(|compiled| compiled.target.as_ref()).map(|table| table.name.as_str());
    match error.constraint_code {
        Some(code) => sql::constraint_error(code, &error.message, target, catalog),
        None => error,
    }
}

/// Whether SQLite reports a violated foreign key.
pub fn is_foreign_key(error: &Error) -> bool {
    match error.constraint_code {
        Some(FOREIGN_KEY) => true,
        Some(TRIGGER) => error.message == "FOREIGN KEY constraint failed",
        _ => false,
    }
}
