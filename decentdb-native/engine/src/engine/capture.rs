//! The row changes of the open transaction, recorded while the database is watched.

use std::sync::Arc;

use crate::sqlite::preupdate::{Image, Observer, Operation};
use crate::value::Stored;

/// Row changes an event carries at most; beyond, it names the tables only.
pub const MAX_ROW_CHANGES: usize = 4096;

/// Tables with this prefix belong to the engine.
const INTERNAL_PREFIX: &str = "__ddb_";

pub struct RowChange {
    pub table: Arc<str>,
    pub operation: Operation,
    pub before: Option<Vec<Stored>>,
    pub after: Option<Vec<Stored>>,
}

#[derive(Default)]
pub struct Capture {
    on: bool,
    /// While the schema changes, rows move between tables that are no one's business.
    paused: bool,
    pub changes: Changes,
}

/// What a transaction changed so far.
#[derive(Default)]
pub struct Changes {
    pub rows: Vec<RowChange>,
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
            tables: changes.tables.len(),
            truncated: changes.truncated,
            schema_changed: changes.schema_changed,
            unknown: changes.unknown,
        }
    }

    pub fn rewind(&mut self, mark: &Mark) {
        let changes = &mut self.changes;
        changes.rows.truncate(mark.rows);
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
        if self.changes.rows.len() >= MAX_ROW_CHANGES {
            self.changes.truncated = true;
            return;
        }
        let (before, after) = (image.before(), image.after());
        self.changes.rows.push(RowChange { table, operation, before, after });
    }
}
