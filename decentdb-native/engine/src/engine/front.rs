//! The seam to the SQL front end: what the engine asks of the catalogue, the functions and the types.

use serde_json::json;

use crate::catalog::{self, Catalog, Change};
use crate::error::{Error, Result, Status};
use crate::functions;
use crate::sql::{self, Compiled};
use crate::sqlite::{self, Connection, Statement};
use crate::value::{Type, Value};

/// SQLITE_CONSTRAINT_FOREIGNKEY
const FOREIGN_KEY: i32 = 787;
/// SQLITE_CONSTRAINT_TRIGGER, which an action RESTRICT gives.
const TRIGGER: i32 = 1811;
/// What SQLite says of triggers that fire each other more than a thousand deep.
const TOO_DEEP: &str = "triggers nested too deep";

/// Registers the functions and collations that statements rely on.
pub fn prepare_connection(connection: &Connection) -> Result<()> {
    functions::register(connection.inner()).map_err(|error| sqlite::from_rusqlite_on(connection.raw(), &error))
}

pub fn create_catalog(connection: &Connection) -> Result<()> {
    catalog::create_storage(connection.inner())
}

pub fn load_catalog(connection: &Connection) -> Result<Catalog> {
    catalog::load(connection.inner()).map_err(|error| match (error.status, connection.inner().path()) {
        (Status::Corruption | Status::Io, Some(path)) => {
            Error { message: format!("{path}: {}", error.message), ..error }
        }
        _ => error,
    })
}

/// Stores `change`, which leads to the catalogue `next`, in the open transaction.
pub fn store_change(connection: &Connection, next: &Catalog, change: &Change) -> Result<()> {
    catalog::apply(connection.inner(), change, next.cookie)
}

/// The tables a change of the schema is about, as events name them.
pub fn changed_objects(change: &Change) -> Vec<String> {
    match change {
        Change::PutTable(table) => vec![table.name.clone()],
        Change::DropTable(name) | Change::DropView(name) => vec![name.clone()],
        Change::PutView(view) => vec![view.name.clone()],
        Change::PutIndex(index) => vec![index.table.clone()],
        Change::PutTrigger(trigger) => vec![trigger.target.clone()],
        Change::DropIndex(_) | Change::DropTrigger(_) | Change::Temporary(_) | Change::Nothing => Vec::new(),
        Change::Several(changes) => changes.iter().flat_map(changed_objects).collect(),
    }
}

/// Binds `value` as the parameter `index`, counted from 0, coerced to the type the statement wants it in.
pub fn bind(statement: &mut Statement, compiled: &Compiled, index: usize, value: &Value) -> Result<()> {
    let wanted = compiled.params.get(index).and_then(|param| param.ty.as_ref());
    let own = |own: &Type| wanted.is_none_or(|ty| ty == own || *ty == Type::Dynamic);
    match value {
        Value::Null => statement.bind_null(index + 1),
        Value::Int64(number) if own(&Type::Int64) => statement.bind_i64(index + 1, *number),
        // SQLite would quietly store NULL.
        Value::Float64(number) if number.is_nan() => Err(Error::new(
            Status::Sql,
            "sql.out_of_range",
            Some("22003"),
            format!("parameter ${} is NaN, which cannot be stored: SQLite has no representation for it", index + 1),
        )
        .with("parameter", json!({ "index": index + 1 }))),
        Value::Float64(number) if own(&Type::Float64) => statement.bind_f64(index + 1, *number),
        Value::Text(text) if own(&Type::Text) => statement.bind_text(index + 1, text),
        Value::Blob(bytes) if own(&Type::Blob) => statement.bind_blob(index + 1, bytes),
        other => statement.bind(index + 1, &sql::bind(compiled, index, other)?),
    }
}

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
            "triggers fire each other without end: the statement was undone",
        )
        .hint("drop the trigger whose action writes to its own table");
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
