//! The row changes of the open transaction, recorded while the database is watched.

use std::sync::Arc;

use crate::sqlite::preupdate::{Image, Observer, Operation};
use crate::value::Stored;

/// Row changes an event carries at most; beyond, it is flagged as truncated.
pub const MAX_ROW_CHANGES: usize = 4096;

/// Bytes the row images of an event take at most.
pub const MAX_IMAGE_BYTES: usize = 16 * 1024 * 1024;

/// Tables with this prefix belong to the engine.
const INTERNAL_PREFIX: &str = "__ddb_";

pub struct RowChange {
    pub table: Arc<str>,
    pub operation: Operation,
    pub before: Option<Vec<Stored>>,
    pub after: Option<Vec<Stored>>,
}

impl RowChange {
    fn bytes(&self) -> usize {
        let of = |stored: &Stored| {
            size_of::<Stored>()
                + match stored {
                    Stored::Text(text) => text.len(),
                    Stored::Blob(bytes) => bytes.len(),
                    Stored::Null | Stored::Integer(_) | Stored::Real(_) => 0,
                }
        };
        [&self.before, &self.after].into_iter().flatten().flatten().map(of).sum()
    }
}

#[derive(Default)]
pub struct Capture {
    on: bool,
    /// While the schema changes, rows move between tables that are no one's business.
    paused: bool,
    pub changes: Changes,
}

/// The changes of a transaction so far.
#[derive(Default)]
pub struct Changes {
    pub rows: Vec<RowChange>,
    /// The size of the images of `rows`.
    pub bytes: usize,
    /// In the order of their first change.
    pub tables: Vec<Arc<str>>,
    pub truncated: bool,
    pub schema_changed: bool,
    /// Something was written while no one watched, so the tables are not known.
    pub unknown: bool,
}

/// A point of the transaction that later changes can be undone to.
#[derive(Clone, Copy)]
pub struct Mark {
    rows: usize,
    bytes: usize,
    tables: usize,
    truncated: bool,
    schema_changed: bool,
    unknown: bool,
}

impl Capture {
    pub fn is_on(&self) -> bool {
        self.on
    }

    pub fn switch(&mut self, on: bool) {
        self.on = on;
    }

    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Called after each write that was not undone.
    pub fn wrote(&mut self) {
        if !self.on {
            self.changes.unknown = true;
        }
    }

    pub fn schema_changed(&mut self, tables: impl IntoIterator<Item = String>) {
        self.changes.schema_changed = true;
        for table in tables {
            self.changes.table(&table);
        }
    }

    pub fn mark(&self) -> Mark {
        let changes = &self.changes;
        Mark {
            rows: changes.rows.len(),
            bytes: changes.bytes,
            tables: changes.tables.len(),
            truncated: changes.truncated,
            schema_changed: changes.schema_changed,
            unknown: changes.unknown,
        }
    }

    pub fn rewind(&mut self, mark: &Mark) {
        let changes = &mut self.changes;
        changes.rows.truncate(mark.rows);
        changes.bytes = mark.bytes;
        changes.tables.truncate(mark.tables);
        changes.truncated = mark.truncated;
        changes.schema_changed = mark.schema_changed;
        changes.unknown = mark.unknown;
        self.paused = false;
    }

    pub fn take(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    pub fn clear(&mut self) {
        self.paused = false;
        let changes = &self.changes;
        if changes.unknown || changes.schema_changed || !changes.tables.is_empty() {
            self.changes = Changes::default();
        }
    }
}

impl Changes {
    /// The shared name of `table`, which is now among the changed ones.
    fn table(&mut self, table: &str) -> Arc<str> {
        // Nearly always the table of the row before.
        if let Some(known) = self.tables.iter().rev().find(|known| known.as_ref() == table) {
            return Arc::clone(known);
        }
        let name: Arc<str> = table.into();
        self.tables.push(Arc::clone(&name));
        name
    }
}

impl Observer for Capture {
    fn row(&mut self, table: &str, operation: Operation, image: &Image) {
        if self.paused || table.starts_with(INTERNAL_PREFIX) || table.starts_with("sqlite_") {
            return;
        }
        let table = self.changes.table(table);
        let changes = &mut self.changes;
        if changes.truncated || changes.rows.len() >= MAX_ROW_CHANGES {
            changes.truncated = true;
            return;
        }
        let row = RowChange { table, operation, before: image.before(), after: image.after() };
        let bytes = changes.bytes + row.bytes();
        if bytes > MAX_IMAGE_BYTES {
            changes.truncated = true;
            return;
        }
        changes.bytes = bytes;
        changes.rows.push(row);
    }
}
