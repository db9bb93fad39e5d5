//! The catalogue in the file, and the functions that emitted statements call.

use crate::catalog::{self, Catalog, Change};
use crate::error::{Error, Result, Status};
use crate::functions;
use crate::sqlite::{self, Connection};

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
        Change::DropIndex(_) | Change::DropTrigger(_) | Change::PutSequence(_) | Change::DropSequence(_) => Vec::new(),
        Change::Temporary(_) | Change::Nothing => Vec::new(),
        Change::Several(changes) => changes.iter().flat_map(changed_objects).collect(),
    }
}
