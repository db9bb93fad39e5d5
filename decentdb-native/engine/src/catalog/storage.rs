//! The storage of the catalogue: one row of JSON per object, and one row with the schema cookie.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use serde::de::DeserializeOwned;
use serde::Serialize;

use super::{key, Catalog, Change};
use crate::error::{Error, Result, Status};
use crate::sqlite;

const COOKIE: &str = "schema_cookie";

fn storage_error(error: rusqlite::Error) -> Error {
    let error = sqlite::from_rusqlite(&error);
    Error { message: format!("the catalogue cannot be used: {}", error.message), ..error }
}

fn damaged(kind: &str, name: &str, error: impl std::fmt::Display) -> Error {
    Error::new(
        Status::Corruption,
        "corruption.catalog",
        Some("XX001"),
        format!("the catalogue entry of {kind} {name} is damaged: {error}"),
    )
}

/// Creates the tables of the catalogue in an empty database.
pub fn create_storage(connection: &Connection) -> Result<()> {
    connection
        .execute_batch(
            "CREATE TABLE __ddb_catalog (kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, \
             PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;\
             CREATE TABLE __ddb_meta (key TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;\
             INSERT INTO __ddb_meta VALUES ('schema_cookie', 0);",
        )
        .map_err(storage_error)?;
    create_kept_ids(connection)
}

/// Creates the table of the ids that are higher than all rows of their table.
pub fn create_kept_ids(connection: &Connection) -> Result<()> {
    let create =
        "CREATE TABLE __ddb_ids (name TEXT NOT NULL PRIMARY KEY, highest INTEGER NOT NULL) STRICT, WITHOUT ROWID";
    connection.execute_batch(create).map_err(storage_error)
}

/// The cookie of the stored catalogue. Reading it is cheap and shows whether a loaded catalogue is stale.
pub fn read_cookie(connection: &Connection) -> Result<u32> {
    let mut statement = connection.prepare("SELECT value FROM __ddb_meta WHERE key = ?1").map_err(storage_error)?;
    let cookie: Option<i64> = statement.query_row([COOKIE], |row| row.get(0)).optional().map_err(storage_error)?;
    let cookie = cookie.ok_or_else(|| damaged("schema", "cookie", "it is missing"))?;
    Ok(cookie as u32)
}

pub fn load(connection: &Connection) -> Result<Catalog> {
    let mut catalog = Catalog { cookie: read_cookie(connection)?, ..Catalog::default() };
    let mut statement = connection.prepare("SELECT kind, name, body FROM __ddb_catalog").map_err(storage_error)?;
    let mut rows = statement.query([]).map_err(storage_error)?;
    while let Some(row) = rows.next().map_err(storage_error)? {
        let kind: String = row.get(0).map_err(storage_error)?;
        let name: String = row.get(1).map_err(storage_error)?;
        let body: String = row.get(2).map_err(storage_error)?;
        match kind.as_str() {
            "table" => {
                catalog.tables.insert(name.clone(), parse(&kind, &name, &body)?);
            }
            "view" => {
                catalog.views.insert(name.clone(), parse(&kind, &name, &body)?);
            }
            "index" => {
                catalog.indexes.insert(name.clone(), parse(&kind, &name, &body)?);
            }
            "trigger" => {
                catalog.triggers.insert(name.clone(), parse(&kind, &name, &body)?);
            }
            "sequence" => {
                catalog.sequences.insert(name.clone(), parse(&kind, &name, &body)?);
            }
            _ => return Err(damaged(&kind, &name, "its kind is unknown; a newer version wrote this file")),
        }
    }
    Ok(catalog)
}

fn parse<T: DeserializeOwned>(kind: &str, name: &str, body: &str) -> Result<Arc<T>> {
    serde_json::from_str(body).map(Arc::new).map_err(|error| damaged(kind, name, error))
}

/// Writes `change` and the new cookie of the catalogue, inside the caller's transaction.
pub fn apply(connection: &Connection, change: &Change, new_cookie: u32) -> Result<()> {
    if matches!(change, Change::Temporary(_) | Change::Nothing) {
        return Ok(());
    }
    write(connection, change)?;
    connection
        .prepare("UPDATE __ddb_meta SET value = ?2 WHERE key = ?1")
        .and_then(|mut statement| statement.execute((COOKIE, new_cookie)))
        .map_err(storage_error)?;
    Ok(())
}

fn write(connection: &Connection, change: &Change) -> Result<()> {
    match change {
        Change::PutTable(table) => put(connection, "table", &table.name, table.as_ref()),
        Change::DropTable(name) => {
            remove(connection, "table", name)?;
            connection
                .execute(
                    "DELETE FROM __ddb_catalog WHERE kind = 'index' AND lower(body ->> '$.table') = ?1",
                    [key(name)],
                )
                .map_err(storage_error)?;
            remove_triggers(connection, name)
        }
        Change::PutView(view) => put(connection, "view", &view.name, view.as_ref()),
        Change::DropView(name) => {
            remove(connection, "view", name)?;
            remove_triggers(connection, name)
        }
        Change::PutIndex(index) => put(connection, "index", &index.name, index.as_ref()),
        Change::DropIndex(name) => remove(connection, "index", name),
        Change::PutTrigger(trigger) => put(connection, "trigger", &trigger.name, trigger.as_ref()),
        Change::DropTrigger(name) => remove(connection, "trigger", name),
        Change::PutSequence(sequence) => put(connection, "sequence", &sequence.name, sequence.as_ref()),
        Change::DropSequence(name) => remove(connection, "sequence", name),
        Change::Several(changes) => changes.iter().try_for_each(|change| write(connection, change)),
        Change::Temporary(_) | Change::Nothing => Ok(()),
    }
}

fn put(connection: &Connection, kind: &str, name: &str, body: &impl Serialize) -> Result<()> {
    let body = serde_json::to_string(body).map_err(|error| Error::internal(error.to_string()))?;
    connection
        .execute("INSERT OR REPLACE INTO __ddb_catalog VALUES (?1, ?2, ?3)", (kind, key(name), body))
        .map_err(storage_error)?;
    Ok(())
}

fn remove_triggers(connection: &Connection, target: &str) -> Result<()> {
    connection
        .execute("DELETE FROM __ddb_catalog WHERE kind = 'trigger' AND lower(body ->> '$.target') = ?1", [key(target)])
        .map_err(storage_error)?;
    Ok(())
}

fn remove(connection: &Connection, kind: &str, name: &str) -> Result<()> {
    connection
        .execute("DELETE FROM __ddb_catalog WHERE kind = ?1 AND name = ?2", (kind, key(name)))
        .map_err(storage_error)?;
    Ok(())
}
