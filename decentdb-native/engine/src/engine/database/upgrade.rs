//! Makes a file of an older format one of today's, in one transaction that nobody else can take part in.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::generation;
use super::open::FORMAT_VERSION;
use super::options::Options;
use super::stored_catalog::load_catalog;
use crate::catalog;
use crate::error::{Error, Result, Status};
use crate::sql;
use crate::sqlite::{from_rusqlite_on, Connection};

/// How the first format had SQLite see to it that no id is given twice.
const COUNTED: &str = " INTEGER PRIMARY KEY AUTOINCREMENT";
const PLAIN: &str = " INTEGER PRIMARY KEY";

/// Upgrades the file while no other program has it open: one of an older version would not keep the ids of deleted rows.
pub fn upgrade(connection: &Connection, path: &Path, options: &Options) -> Result<()> {
    let begun = Instant::now();
    loop {
        match attempt(connection) {
            Ok(true) => return Ok(()),
            Err(error) if !matches!(error.status, Status::Timeout | Status::Busy) => return Err(error),
            _ if begun.elapsed() < options.lock_timeout => thread::sleep(Duration::from_millis(2)),
            _ => {
                let message = format!(
                    "{} is in use by another program and has to be brought to format version {FORMAT_VERSION} first",
                    path.display()
                );
                return Err(Error {
                    retryable: true,
                    ..Error::new(Status::Busy, "busy.upgrade", Some("55P03"), message)
                }
                .hint("close the file everywhere else, above all in programs with an older version of the engine"));
            }
        }
    }
}

/// Upgrades the file; false if somebody else uses it.
fn attempt(connection: &Connection) -> Result<bool> {
    // SQLite leaves the mode of the shared log only while one connection has the file, and then the file is locked as a whole.
    if connection.query_text("PRAGMA journal_mode = DELETE")? != "delete" {
        return Ok(false);
    }
    connection.execute("BEGIN EXCLUSIVE")?;
    let done = in_transaction(connection);
    if !matches!(done, Ok(true)) {
        connection.execute("ROLLBACK")?;
        return done;
    }
    connection.execute("COMMIT; PRAGMA writable_schema = RESET")?;
    Ok(true)
}

fn in_transaction(connection: &Connection) -> Result<bool> {
    if connection.query_text("PRAGMA journal_mode")? != "delete" {
        // Somebody came between.
        return Ok(false);
    }
    if generation::stored_version(connection)? == FORMAT_VERSION {
        return Ok(true);
    }
    let failed = |error: rusqlite::Error| from_rusqlite_on(connection.raw(), &error);
    catalog::create_kept_ids(connection.inner())?;
    if connection.query_i64("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'")? > 0 {
        connection.execute(
            "INSERT INTO __ddb_ids SELECT name, max(0, max(seq)) FROM sqlite_sequence \
             WHERE name IS NOT NULL AND seq IS NOT NULL GROUP BY name",
        )?;
    }
    let loaded = load_catalog(connection)?;
    for statement in sql::keep_all_ids(&loaded)? {
        connection.execute(&statement)?;
    }
    connection.execute("PRAGMA writable_schema = ON")?;
    for table in loaded.tables.values() {
        let Some(id) = table.row_id() else { continue };
        let column = format!("\"{}\"", id.name.replace('"', "\"\""));
        let (from, to) = (format!("{column}{COUNTED}"), format!("{column}{PLAIN}"));
        // A text that has it twice, in a literal, keeps it: SQLite goes on counting as well.
        let sql = "UPDATE sqlite_schema SET sql = replace(sql, ?2, ?3) WHERE type = 'table' AND name = ?1 \
                   AND length(sql) - length(replace(sql, ?2, '')) = length(?2)";
        connection.inner().execute(sql, (&table.name, &from, &to)).map_err(failed)?;
    }
    let version = connection.query_i64("PRAGMA schema_version")? + 1;
    connection.execute(&format!("PRAGMA schema_version = {version}; PRAGMA writable_schema = OFF"))?;
    generation::begin(connection.inner()).map_err(failed)?;
    Ok(true)
}
