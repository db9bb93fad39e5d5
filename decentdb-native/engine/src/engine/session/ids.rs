//! No id is given twice. SQLite numbers a new row after the highest row there is, so the engine keeps the highest id of a
//! table, in a table of its own, from the moment when no row shows it any more: the row was deleted, or got another id.
//!
//! A statement that can take ids away looks at the highest one before and after, which costs the same for one row and for
//! all. An INSERT pays nothing unless something is kept for its table; if so, the function [`NEXT_ID`] gives its ids.
//! The ids kept are read once in each transaction that writes, which nobody else changes until its end.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::functions::{Context, FunctionFlags};

use crate::error::{Error, Result, Status};
use crate::functions;
use crate::sql::{Given, Numbered, NEXT_ID};
use crate::sqlite::{self, rowids, Cell, Connection, Statement, Step};
use crate::value::Value;

use super::core::Core;
use super::execute::Written;
use super::plan::Plan;

/// After so many further ids the one kept is forgotten, so that a table whose last rows come and go is not written twice.
const FORGET_AFTER: i64 = 64;

/// The highest id a table ever had, where its rows may not show it.
pub(in crate::engine) struct Kept {
    table: String,
    highest: i64,
    /// In this transaction the table has a row above it.
    passed: bool,
}

/// The highest ids of the tables that the running statement may take ids from.
#[derive(Clone, Default)]
pub(in crate::engine) struct Counts(Arc<Mutex<Vec<Count>>>);

struct Count {
    /// Its place among the tables of the statement.
    at: usize,
    table: Arc<str>,
    highest: i64,
}

impl Counts {
    /// Registers [`NEXT_ID`].
    pub fn register(connection: &Connection) -> Result<Self> {
        let counts = Self::default();
        let own = counts.clone();
        let next = move |context: &Context<'_>| -> rusqlite::Result<Option<i64>> {
            let given: Option<i64> = context.get(0)?;
            let table = context.get_raw(1).as_str()?;
            let mut counts = own.0.lock();
            let Some(count) = counts.iter_mut().find(|count| &*count.table == table) else { return Ok(given) };
            if let Some(given) = given {
                count.highest = count.highest.max(given);
                return Ok(Some(given));
            }
            if count.highest == i64::MAX {
                return Err(rusqlite::Error::UserFunctionError(functions::failure(&exhausted(table)).into()));
            }
            count.highest += 1;
            Ok(Some(count.highest))
        };
        // Not deterministic: every call gives another id. Triggers of the engine's own call it.
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        let registered = connection.inner().create_scalar_function(NEXT_ID, 2, flags, next);
        registered.map_err(|error| sqlite::from_rusqlite(&error))?;
        Ok(counts)
    }
}

impl rowids::RowIds for Counts {
    fn seen(&self, table: &[u8], id: i64) {
        if let Some(count) = self.0.lock().iter_mut().find(|count| count.table.as_bytes() == table) {
            count.highest = count.highest.max(id);
        }
    }
}

fn exhausted(table: &str) -> Error {
    let message = format!("table {table} has no id left: its highest one was the largest of INT64");
    Error::new(Status::Sql, "sql.out_of_range", Some("2200H"), message).with("relation", table)
}

/// Whether SQLite would not count on from this highest id: it would give a negative one, or any.
fn is_odd(highest: Option<i64>) -> bool {
    highest.is_some_and(|id| id < 0 || id == i64::MAX)
}

impl Core {
    /// Runs a statement that may touch ids.
    pub(in crate::engine) fn run_numbered(&mut self, plan: &mut Plan, params: &[Value]) -> Result<Written> {
        let compiled = Arc::clone(&plan.compiled);
        let numbering = &compiled.numbering;
        let counting = self.begin_counting(plan)?;
        let counted = counting && numbering.counted.is_some() && self.counts_target(plan);
        let done = self.run_statement(plan, params, counted);
        if counting {
            rowids::uninstall(self.connection.raw());
        }
        let counts = std::mem::take(&mut *self.counts.0.lock());
        let written = done?;
        let kept = self.keep_ids(plan, counts).and_then(|()| self.keep_given(plan, numbering.given, &written));
        if let Err(error) = kept {
            // The statement took ids away, and nothing may commit that without keeping them.
            self.abandon_transaction();
            return Err(error);
        }
        Ok(written)
    }

    /// Notes the highest ids before a statement that may take ids away, or that adds rows where one is kept; false if it does
    /// neither.
    fn begin_counting(&mut self, plan: &mut Plan) -> Result<bool> {
        let compiled = Arc::clone(&plan.compiled);
        self.read_kept()?;
        let known = self.transaction.as_mut().and_then(|open| open.highest.take());
        let mut counts = Vec::new();
        let mut watch = false;
        for (at, Numbered { table, grows, shrinks, .. }) in compiled.numbering.tables.iter().enumerate() {
            let kept = self.kept(table).map(|kept| (kept.highest, kept.passed));
            if !shrinks && kept.is_none_or(|(_, passed)| passed) {
                continue;
            }
            let found = match &known {
                Some((of, highest)) if of == table => *highest,
                _ => self.highest(plan, at)?,
            };
            let kept = kept.map_or(0, |(highest, _)| highest);
            counts.push(Count { at, table: Arc::clone(table), highest: found.unwrap_or(0).max(kept).max(0) });
            // Without ids that go, all that come do so through the function.
            watch |= *grows && *shrinks;
        }
        let counting = !counts.is_empty();
        *self.counts.0.lock() = counts;
        if watch {
            // SAFETY: the counts live as long as the connection.
            unsafe { rowids::install(self.connection.raw(), &*self.counts) };
        }
        Ok(counting)
    }

    fn counts_target(&self, plan: &Plan) -> bool {
        let target = plan.compiled.target.as_ref();
        target.is_some_and(|target| self.counts.0.lock().iter().any(|count| *count.table == target.name))
    }

    /// Keeps the ids that are higher than all rows now.
    fn keep_ids(&mut self, plan: &mut Plan, counts: Vec<Count>) -> Result<()> {
        let one = counts.len() == 1;
        for Count { at, table, highest } in counts {
            let found = self.highest(plan, at)?;
            if let Some(open) = self.transaction.as_mut().filter(|_| one && plan.compiled.numbering.tables.len() == 1) {
                open.highest = Some((Arc::clone(&table), found));
            }
            let kept = self.kept(&table).map(|kept| kept.highest);
            if found.is_none_or(|found| found < highest) && highest > kept.unwrap_or(0) || is_odd(found) {
                self.keep(&table, highest)?;
                continue;
            }
            let (Some(found), Some(kept)) = (found, kept) else { continue };
            if found.saturating_sub(kept) > FORGET_AFTER {
                self.forget(&table)?;
            } else if let Some(known) = self.kept(&table) {
                known.passed = found > kept;
            }
        }
        Ok(())
    }

    /// Keeps what SQLite would not count on from, after an INSERT that chose ids.
    fn keep_given(&mut self, plan: &mut Plan, given: Given, written: &Written) -> Result<()> {
        let looks = match given {
            Given::None => false,
            Given::One => is_odd(Some(self.connection.last_row_id())),
            Given::Several => written.affected > 0,
        };
        let target = plan.compiled.target.as_ref().map(|table| table.name.clone());
        let Some(target) = target.filter(|_| looks) else { return Ok(()) };
        let Some(at) = plan.compiled.numbering.tables.iter().position(|table| *table.table == target) else {
            return Ok(());
        };
        let found = self.highest(plan, at)?;
        if !is_odd(found) {
            return Ok(());
        }
        let kept = self.kept(&target).map_or(0, |kept| kept.highest);
        self.keep(&target, found.unwrap_or(0).max(kept))
    }

    /// The highest id among the rows of a table of the statement.
    fn highest(&mut self, plan: &mut Plan, at: usize) -> Result<Option<i64>> {
        let tables = &plan.compiled.numbering.tables;
        plan.highest.resize_with(tables.len(), || None);
        let statement = match &mut plan.highest[at] {
            Some(known) => known,
            none => none.insert(self.connection.prepare_deep(&tables[at].highest, plan.compiled.levels)?),
        };
        let found = match statement.step()? {
            Step::Row => Some(statement.column_i64(0)),
            Step::Done => None,
        };
        statement.reset();
        Ok(found)
    }

    fn kept(&mut self, table: &str) -> Option<&mut Kept> {
        let kept = self.transaction.as_mut()?.kept.as_mut()?;
        kept.iter_mut().find(|kept| kept.table == table)
    }

    fn read_kept(&mut self) -> Result<()> {
        let Some(open) = self.transaction.as_mut().filter(|open| open.kept.is_none()) else { return Ok(()) };
        let statement: &mut Statement = &mut self.control.kept_ids;
        let mut kept = Vec::new();
        while statement.step()? == Step::Row {
            if let Cell::Text(table) = statement.cell(0) {
                let table = String::from_utf8_lossy(table).into_owned();
                kept.push(Kept { table, highest: statement.column_i64(1), passed: false });
            }
        }
        statement.reset();
        open.kept = Some(kept);
        Ok(())
    }

    fn keep(&mut self, table: &str, highest: i64) -> Result<()> {
        let known = self.kept(table).map(|kept| {
            kept.passed = false;
            std::mem::replace(&mut kept.highest, highest)
        });
        if known == Some(highest) {
            return Ok(());
        }
        let statement = &mut self.control.keep_id;
        statement.bind_text(1, table)?;
        statement.bind_i64(2, highest)?;
        statement.run()?;
        if let (None, Some(kept)) = (known, self.transaction.as_mut().and_then(|open| open.kept.as_mut())) {
            kept.push(Kept { table: table.to_owned(), highest, passed: false });
        }
        Ok(())
    }

    fn forget(&mut self, table: &str) -> Result<()> {
        let statement = &mut self.control.forget_id;
        statement.bind_text(1, table)?;
        statement.run()?;
        if let Some(kept) = self.transaction.as_mut().and_then(|open| open.kept.as_mut()) {
            kept.retain(|kept| kept.table != table);
        }
        Ok(())
    }
}
