//! The errors that several parts of the front end share.

use crate::catalog::Column;
use crate::error::{Error, Result, Status};
use crate::sql::bind::Ex;
use crate::sql::MAX_PARAMETERS;

pub(super) fn refuse(present: bool, what: &str) -> Result<()> {
    if present {
        Err(Error::unsupported(what))
    } else {
        Ok(())
    }
}

/// The error of a statement with a parameter beyond the last one.
pub fn too_many_parameters(found: impl std::fmt::Display) -> Error {
    let message = format!("{found}: a statement has at most {MAX_PARAMETERS} parameters");
    Error::new(Status::Sql, "sql.program_limit_exceeded", Some("54000"), message)
}

pub(super) fn already_exists(name: &str) -> Error {
    Error::new(Status::Sql, "sql.already_exists", Some("42P07"), format!("object {name} already exists"))
        .with("relation", name)
}

pub(super) fn duplicate_column(column: &str) -> Error {
    let message = format!("column {column} is defined more than once");
    Error::new(Status::Sql, "sql.duplicate_column", Some("42701"), message).with("column", column)
}

pub(super) fn depends(message: String) -> Error {
    Error::new(Status::Sql, "sql.dependent_objects", Some("2BP01"), message)
}

pub(super) fn wrong_arguments(name: &str) -> Error {
    Error::new(Status::Sql, "sql.wrong_arguments", Some("42883"), format!("{name} does not take these arguments"))
}

pub(super) fn undefined(name: &str, ex: &Ex) -> Error {
    Error::type_mismatch(format!("{name} is not defined for {}", ex.type_name()))
}

pub(super) fn unknown_function(name: &str) -> Error {
    Error::new(Status::Sql, "sql.function_not_found", Some("42883"), format!("unknown function {name}"))
}

pub(super) fn windowing(message: impl Into<String>) -> Error {
    Error::new(Status::Sql, "sql.windowing", Some("42P20"), message)
}

pub(super) fn ambiguous(name: &str) -> Error {
    Error::new(Status::Sql, "sql.ambiguous_column", Some("42702"), format!("ambiguous column reference {name}"))
        .with("column", name)
}

pub(super) fn given_twice(name: &str) -> Error {
    let message = format!("table name {name} is given more than once");
    Error::new(Status::Sql, "sql.duplicate_alias", Some("42712"), message)
}

/// The error of writing to a generated column.
pub(super) fn cannot_write(column: &Column) -> Error {
    let message = format!("column {} is generated and cannot be written", column.name);
    Error::new(Status::Sql, "sql.generated_column", Some("428C9"), message).with("column", column.name.clone())
}

pub(super) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
