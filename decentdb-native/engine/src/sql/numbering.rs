//! How a statement touches the ids of tables, so that the engine can see to it that none is given twice.
//!
//! SQLite numbers a new row after the highest row of its table. The engine keeps the highest id elsewhere once no row shows
//! it any more, and runs an INSERT in another form as long as it is there: the form in which [`NEXT_ID`] gives the ids.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{Catalog, ForeignKey, Table, TriggerEvent};

use super::emit::qualified_name;
use super::grammar::{quote, text_literal};
use super::program::StatementKind;

/// The function that gives an id: its first argument or, if that is NULL, the next id of the table its second one names. It
/// gives NULL, which SQLite replaces, while the rows of that table show its highest id.
pub const NEXT_ID: &str = "ddb_next_id";

/// The effect that a statement may have on the ids of tables.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    pub tables: Vec<Numbered>,
    /// An INSERT in the form in which [`NEXT_ID`] gives the ids.
    pub counted: Option<String>,
    pub given: Given,
}

/// A table whose ids a statement may touch.
#[derive(Clone, Debug)]
pub struct Numbered {
    pub table: Arc<str>,
    /// The SQL whose first row is the highest id.
    pub highest: String,
    /// It may get ids.
    pub grows: bool,
    /// It may lose ids.
    pub shrinks: bool,
}

/// Whether an INSERT chooses ids itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given {
    #[default]
    None,
    One,
    Several,
}

/// The binder's notes about a statement.
#[derive(Default)]
pub(crate) struct Noted {
    pub counted: Option<String>,
    pub given: Given,
    /// The columns that an UPDATE, or an INSERT on a conflict, assigns.
    pub assigned: Vec<String>,
    /// The tables that a TRUNCATE empties without beginning their ids anew.
    pub emptied: Option<Vec<String>>,
}

/// The rows of an INSERT.
pub(crate) enum Rows {
    Values(Vec<Vec<String>>),
    /// A query, its name, and the values for each column that it gives.
    Query {
        items: Vec<String>,
        query: String,
        name: String,
    },
}

impl Rows {
    /// The columns and rows of the INSERT; with `counted`, [`NEXT_ID`] gives the ids of this table.
    pub fn sql(&self, columns: &[&str], counted: Option<&Table>) -> String {
        let counted = counted.and_then(|table| table.row_id().map(|id| (table, id.name.as_str())));
        let at = counted.and_then(|(_, id)| columns.iter().position(|column| *column == id));
        let mut list: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        if let (Some((_, id)), None) = (counted, at) {
            list.push(quote(id));
        }
        let cells = |cells: &[String]| {
            let mut cells = cells.to_vec();
            match (counted, at) {
                (None, _) => {}
                (Some((table, _)), Some(at)) => cells[at] = next_id(&cells[at], table),
                (Some((table, _)), None) => cells.push(next_id("NULL", table)),
            }
            cells.join(", ")
        };
        format!(" ({}) {}", list.join(", "), self.with(cells, counted.is_some()))
    }

    /// Adds a column, if any, that is the same expression in each row.
    pub fn add(&mut self, column: Option<&String>) {
        match self {
            Rows::Values(rows) => rows.iter_mut().for_each(|row| row.extend(column.cloned())),
            Rows::Query { items, .. } => items.extend(column.cloned()),
        }
    }

    /// The rows alone.
    pub fn source(&self) -> String {
        self.with(|cells| cells.join(", "), false)
    }

    /// Rows that are `numbered` one by one have to be in their order before.
    fn with(&self, cells: impl Fn(&[String]) -> String, numbered: bool) -> String {
        match self {
            Rows::Values(rows) => {
                let rows: Vec<String> = rows.iter().map(|row| format!("({})", cells(row))).collect();
                format!("VALUES {}", rows.join(", "))
            }
            Rows::Query { items, query, name } => {
                let ordered = if numbered { format!("SELECT * FROM ({query}) LIMIT -1") } else { query.clone() };
                // WHERE true keeps SQLite from taking ON CONFLICT for a join condition.
                format!("SELECT {} FROM ({ordered}) AS {name} WHERE true", cells(items))
            }
        }
    }
}

fn next_id(given: &str, table: &Table) -> String {
    format!("{NEXT_ID}({given}, {})", text_literal(&table.name))
}

/// `DEFAULT VALUES` in the form in which [`NEXT_ID`] gives the id.
pub(crate) fn counted_defaults(table: &Table) -> Option<String> {
    let id = table.row_id()?;
    Some(format!(" ({}) VALUES ({})", quote(&id.name), next_id("NULL", table)))
}

/// The effect of the statement on ids, together with all triggers and foreign keys that it may set off. It is better to name a
/// table too much than one too few.
pub(crate) fn numbering(catalog: &Catalog, kind: StatementKind, target: Option<&Table>, noted: Noted) -> Numbering {
    let mut reach = Reach { catalog, seen: BTreeSet::new(), grow: BTreeSet::new(), shrink: BTreeSet::new() };
    match target.filter(|table| !table.temporary) {
        Some(table) if matches!(kind, StatementKind::Insert | StatementKind::Update | StatementKind::Delete) => {
            if noted.emptied.is_none() {
                reach.statement(kind, table, &noted.assigned);
            }
        }
        _ => return Numbering::default(),
    }
    reach.shrink.extend(noted.emptied.iter().flatten().map(String::as_str));
    let tables = catalog.tables.values().filter_map(|table| {
        let (grows, shrinks) = (reach.grow.contains(&*table.name), reach.shrink.contains(&*table.name));
        let id = table.row_id().filter(|_| grows || shrinks)?;
        let (column, from) = (quote(&id.name), qualified_name(&table.name, false));
        let highest = format!("SELECT {column} FROM {from} ORDER BY {column} DESC");
        Some(Numbered { table: table.name.as_str().into(), highest, grows, shrinks })
    });
    Numbering { tables: tables.collect(), counted: noted.counted, given: noted.given }
}

struct Reach<'c> {
    catalog: &'c Catalog,
    seen: BTreeSet<&'c str>,
    grow: BTreeSet<&'c str>,
    shrink: BTreeSet<&'c str>,
}

impl<'c> Reach<'c> {
    fn statement(&mut self, kind: StatementKind, table: &Table, assigned: &[String]) {
        let name = &table.name;
        let known: Option<&'c Arc<Table>> = self.catalog.table(name);
        let moves = table.row_id().is_some_and(|id| assigned.contains(&id.name));
        if let Some(known) = known {
            if kind == StatementKind::Insert || moves {
                self.grow.insert(&known.name);
            }
            if kind == StatementKind::Delete || moves {
                self.shrink.insert(&known.name);
            }
        }
        if kind == StatementKind::Insert {
            self.fire(name, TriggerEvent::Insert);
        }
        if kind == StatementKind::Update || !assigned.is_empty() {
            self.fire(name, TriggerEvent::Update);
            self.follow(name, |key| {
                acts(&key.on_update) && key.referenced_columns.iter().any(|column| assigned.contains(column))
            });
        }
        if kind == StatementKind::Delete {
            self.fire(name, TriggerEvent::Delete);
            self.follow(name, |key| acts(&key.on_delete));
        }
    }

    /// Anything may happen to the table.
    fn table(&mut self, name: &'c str) {
        if !self.seen.insert(name) {
            return;
        }
        self.grow.insert(name);
        self.shrink.insert(name);
        self.fire_all(name);
        self.follow(name, |key| acts(&key.on_delete) || acts(&key.on_update));
    }

    fn fire_all(&mut self, target: &str) {
        for event in [TriggerEvent::Insert, TriggerEvent::Update, TriggerEvent::Delete] {
            self.fire(target, event);
        }
    }

    fn fire(&mut self, target: &str, event: TriggerEvent) {
        let catalog = self.catalog;
        for trigger in catalog.triggers.values() {
            if trigger.target.eq_ignore_ascii_case(target) && trigger.events.contains(&event) {
                trigger.dependencies.iter().for_each(|table| self.table(table));
                for view in &trigger.views {
                    if self.seen.insert(view) {
                        self.fire_all(view);
                    }
                }
            }
        }
    }

    fn follow(&mut self, referenced: &str, acts: impl Fn(&ForeignKey) -> bool) {
        let catalog = self.catalog;
        for table in catalog.tables.values() {
            if table.foreign_keys.iter().any(|key| key.referenced_table == referenced && acts(key)) {
                self.table(&table.name);
            }
        }
    }
}

/// Whether an action of a foreign key changes rows.
fn acts(action: &str) -> bool {
    !matches!(action, "NO ACTION" | "RESTRICT")
}
