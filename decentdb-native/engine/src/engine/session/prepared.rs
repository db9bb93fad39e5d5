//! Prepared statements: bindings, execution on first use, and rows given out block by block.

use std::sync::Arc;

use crate::c_layout::{RowI64TextF64, ValueView};
use crate::catalog::Catalog;
use crate::engine::translate_error::explain;
use crate::engine::watch::Source;
use crate::error::{Error, Result, Status};
use crate::sql::{Compiled, Program, StatementKind};
use crate::sqlite::{interrupt, Step};
use crate::value::{Tag, Value};

use super::core::{Core, Session};
use super::execute::{is_read, missing_parameter, no_statement, too_many_parameters};
use super::plan::Plan;
use super::rows::{Block, RowSet};

/// The object behind a `ddb_stmt_t`; its state lives in a slot of its session, under the session's lock.
pub struct StatementHandle {
    pub session: Arc<Session>,
    slot: usize,
}

pub struct Prepared {
    sql: Arc<str>,
    params: Vec<Value>,
    bound: Vec<bool>,
    plan: Option<Box<Plan>>,
    phase: Phase,
    /// The rows last given out; the caller has pointers into it. Its last row is the current one.
    block: Block,
    narrow: Vec<RowI64TextF64>,
    affected: u64,
}

// SAFETY: the pointers in `narrow` point into `block`, which moves with them.
unsafe impl Send for Prepared {}

enum Phase {
    /// Not executed with these bindings yet.
    Ready,
    /// SQLite holds the rows; `pending` when it stands on one that was not given out.
    Streaming {
        pending: bool,
    },
    /// The engine holds the rows.
    Buffered {
        rows: RowSet,
        next: usize,
        then: Then,
    },
    Done,
}

/// The rows of SQLite, or the end, that follow the rows that the engine holds.
enum Then {
    /// SQLite holds more.
    Stream,
    End,
    Fail(Error),
}

impl StatementHandle {
    pub fn prepare(session: &Arc<Session>, sql: &str) -> Result<Self> {
        let prepared = Prepared::new(&mut session.core(), sql)?;
        let slot = session.core().add_prepared(prepared);
        Ok(Self { session: Arc::clone(session), slot })
    }

    pub fn with<T>(&self, body: impl FnOnce(&mut Core, &mut Prepared) -> Result<T>) -> Result<T> {
        self.session.with_prepared(self.slot, body)
    }
}

impl Drop for StatementHandle {
    fn drop(&mut self) {
        self.session.core().remove_prepared(self.slot);
    }
}

impl Prepared {
    fn new(core: &mut Core, sql: &str) -> Result<Self> {
        let plan = match core.plans.take(sql, None, core.epoch) {
            Some(plan) => plan,
            None => Box::new(core.compile(&Arc::from(sql), None)?),
        };
        if matches!(plan.compiled.program, Program::Transaction(_)) {
            return Err(Error::transaction("prepared statements do not support transaction control")
                .hint("use ddb_db_execute or the transaction functions"));
        }
        let wanted = plan.compiled.params.len();
        Ok(Self {
            sql: Arc::clone(&plan.sql),
            params: vec![Value::Null; wanted],
            bound: vec![false; wanted],
            plan: Some(plan),
            phase: Phase::Ready,
            block: Block::default(),
            narrow: Vec::new(),
            affected: 0,
        })
    }

    pub(in crate::engine) fn take_plan(&mut self) -> Option<Box<Plan>> {
        self.plan.take()
    }

    pub fn compiled(&self) -> Result<&Arc<Compiled>> {
        self.plan.as_ref().map(|plan| &plan.compiled).ok_or_else(no_statement)
    }

    pub fn is_streaming(&self) -> bool {
        matches!(self.phase, Phase::Streaming { .. })
    }

    /// Drops the result; the next use executes again with the same bindings.
    pub fn reset(&mut self) {
        if !matches!(self.phase, Phase::Ready) {
            self.stop_reading();
            self.phase = Phase::Ready;
            self.block.clear(0);
        }
    }

    fn stop_reading(&mut self) {
        if let Some(statement) = self.plan.as_mut().and_then(|plan| plan.statement.as_mut()) {
            statement.reset();
        }
    }

    pub fn clear_bindings(&mut self) {
        self.reset();
        self.params.fill(Value::Null);
        self.bound.fill(false);
    }

    fn slot(&mut self, index: usize) -> Result<&mut Value> {
        self.reset();
        if index == 0 {
            return Err(Error::misuse("parameter indexes are 1-based: 0 is not one"));
        }
        if index > self.params.len() {
            return Err(too_many_parameters(index, self.params.len()));
        }
        self.bound[index - 1] = true;
        Ok(&mut self.params[index - 1])
    }

    pub fn bind(&mut self, index: usize, value: Value) -> Result<()> {
        *self.slot(index)? = value;
        Ok(())
    }

    pub fn bind_text(&mut self, index: usize, text: &str) -> Result<()> {
        match self.slot(index)? {
            // The same parameter is usually bound again and again.
            Value::Text(own) => {
                own.clear();
                own.push_str(text);
            }
            other => *other = Value::Text(text.to_owned()),
        }
        Ok(())
    }

    /// Executes the statement unless that has happened since the last binding.
    pub fn ensure_executed(&mut self, core: &mut Core) -> Result<()> {
        if matches!(self.phase, Phase::Ready) {
            self.execute(core)
        } else {
            Ok(())
        }
    }

    fn execute(&mut self, core: &mut Core) -> Result<()> {
        if core.transaction.is_none() {
            core.drain_streams();
            interrupt::check_again()?;
        }
        if let Some(at) = self.bound.iter().position(|bound| !bound) {
            return Err(missing_parameter(at + 1));
        }
        let mut plan = self.checkout(core)?;
        let done = if is_read(&plan.compiled) {
            core.start_read(&mut plan, &self.params).map(|step| match step {
                Step::Row => Phase::Streaming { pending: true },
                Step::Done => Phase::Done,
            })
        } else {
            core.run_write(&mut plan, &self.params, Source::Direct).map(|written| {
                self.affected = written.affected;
                if written.rows.is_empty() {
                    Phase::Done
                } else {
                    Phase::Buffered { rows: written.rows, next: 0, then: Then::End }
                }
            })
        };
        if is_read(&plan.compiled) {
            self.affected = 0;
        }
        self.block.clear(plan.types.len());
        self.plan = Some(plan);
        self.phase = done?;
        if matches!(self.phase, Phase::Done) {
            self.stop_reading();
        }
        Ok(())
    }

    /// The plan for the values now bound: the one at hand, another from the cache, or a new one.
    fn checkout(&mut self, core: &mut Core) -> Result<Box<Plan>> {
        if let Some(plan) = self.plan.take() {
            if plan.epoch == core.epoch && plan.accepts(&self.params) {
                return Ok(plan);
            }
            core.plans.put(plan, core.epoch);
        }
        let plan = core.checkout(&self.sql, &self.params);
        if plan.is_err() {
            // Metadata calls must still find something: describe it as it was prepared.
            self.plan = core.compile(&self.sql, None).ok().map(Box::new);
        }
        plan
    }

    /// Reads the rest of the rows into memory and lets go of SQLite.
    pub(in crate::engine) fn materialise(&mut self, catalog: &Catalog) {
        self.read_ahead(0, catalog);
    }

    /// Has at least the next `max` rows in memory, or all if that is 0.
    fn read_ahead(&mut self, max: usize, catalog: &Catalog) {
        let Some(plan) = &mut self.plan else { return };
        let Some(statement) = &mut plan.statement else { return };
        let phase = std::mem::replace(&mut self.phase, Phase::Done);
        let (mut rows, next, mut pending) = match phase {
            Phase::Streaming { pending } => (RowSet::new(plan.types.len()), 0, pending),
            Phase::Buffered { rows, next, then: Then::Stream } => (rows, next, false),
            other => {
                self.phase = other;
                return;
            }
        };
        let then = loop {
            if max != 0 && rows.len() - next >= max {
                break Then::Stream;
            }
            match if std::mem::take(&mut pending) { Ok(Step::Row) } else { statement.step() } {
                Ok(Step::Row) => rows.push(statement),
                Ok(Step::Done) => break Then::End,
                Err(error) => break Then::Fail(explain(error, None, catalog)),
            }
        };
        if !matches!(then, Then::Stream) {
            statement.reset();
        }
        self.phase = Phase::Buffered { rows, next, then };
    }

    /// Appends the next row to the block; false at the end.
    fn advance(&mut self, core: &Core) -> Result<bool> {
        let Some(plan) = &mut self.plan else { return Err(no_statement()) };
        match &mut self.phase {
            Phase::Ready | Phase::Done => Ok(false),
            Phase::Streaming { pending } => {
                let statement = plan.statement.as_mut().ok_or_else(no_statement)?;
                let step = if std::mem::take(pending) { Ok(Step::Row) } else { statement.step() };
                match step {
                    Ok(Step::Row) => {
                        self.affected += 1;
                        self.block.push(&plan.types, |column| statement.cell(column));
                        Ok(true)
                    }
                    Ok(Step::Done) => {
                        statement.reset();
                        self.phase = Phase::Done;
                        Ok(false)
                    }
                    Err(error) => {
                        self.phase = Phase::Done;
                        Err(explain(error, None, &core.catalog))
                    }
                }
            }
            Phase::Buffered { rows, next, then } => {
                if *next < rows.len() {
                    let row = *next;
                    self.block.push(&plan.types, |column| rows.cell(row, column));
                    *next += 1;
                    if is_read(&plan.compiled) {
                        self.affected += 1;
                    }
                    return Ok(true);
                }
                match std::mem::replace(then, Then::End) {
                    Then::Stream => {
                        self.phase = Phase::Streaming { pending: false };
                        self.advance(core)
                    }
                    Then::End => {
                        self.phase = Phase::Done;
                        Ok(false)
                    }
                    Then::Fail(error) => {
                        self.phase = Phase::Done;
                        Err(error)
                    }
                }
            }
        }
    }

    fn columns(&self) -> usize {
        self.plan.as_ref().map_or(0, |plan| plan.types.len())
    }

    /// Moves to the next row; false at the end.
    pub fn step(&mut self, core: &mut Core) -> Result<bool> {
        self.ensure_executed(core)?;
        self.block.clear(self.columns());
        self.advance(core)
    }

    /// The next rows, at most `max` of them unless it is 0, after the current one if that is asked for. Valid until the next
    /// call on this statement.
    pub fn fetch(&mut self, core: &mut Core, include_current: bool, max: usize) -> Result<&Block> {
        self.ensure_executed(core)?;
        if include_current {
            self.block.keep_last_row();
        } else {
            self.block.clear(self.columns());
        }
        while (max == 0 || self.block.rows() < max) && self.advance(core)? {}
        Ok(&self.block)
    }

    /// The current row: the last one given out.
    pub fn current_row(&self) -> Result<&[ValueView]> {
        match self.block.rows() {
            0 => Err(Error::new(Status::Sql, "abi.no_current_row", None, "the statement is not on a row")
                .hint("step it first; after the last row there is none")),
            rows => Ok(self.block.row(rows - 1)),
        }
    }

    /// The next rows as [`fetch`](Self::fetch) gives them, if all of them are (INT64, TEXT, FLOAT64) without NULL. If not, this
    /// is an error and no row is given out: the caller reads them in another way.
    pub fn fetch_narrow(&mut self, core: &mut Core, include_current: bool, max: usize) -> Result<&[RowI64TextF64]> {
        self.ensure_executed(core)?;
        if self.columns() != 3 {
            return Err(narrow_mismatch());
        }
        self.read_ahead(max, &core.catalog);
        let affected = self.affected;
        self.block.keep_last_row();
        let kept = self.block.rows();
        let first = if include_current { 0 } else { kept };
        let wanted = if max == 0 { usize::MAX } else { max.saturating_sub(kept - first) };
        let taken = self.in_memory().min(wanted);
        for _ in 0..taken {
            self.advance(core)?;
        }
        self.narrow.clear();
        for row in self.block.views().chunks_exact(3).skip(first) {
            match narrow_row(row) {
                Ok(row) => self.narrow.push(row),
                Err(error) => {
                    self.block.truncate(kept);
                    self.go_back(taken);
                    self.affected = affected;
                    return Err(error);
                }
            }
        }
        if taken < wanted {
            self.advance(core)?;
        }
        Ok(&self.narrow)
    }

    /// How many rows the engine holds that were not given out.
    fn in_memory(&self) -> usize {
        match &self.phase {
            Phase::Buffered { rows, next, .. } => rows.len() - next,
            _ => 0,
        }
    }

    fn go_back(&mut self, rows: usize) {
        if let Phase::Buffered { next, .. } = &mut self.phase {
            *next -= rows;
        }
    }

    /// Rows changed; of a query, the rows given out so far.
    pub fn affected_rows(&mut self, core: &mut Core) -> Result<u64> {
        self.ensure_executed(core)?;
        Ok(self.affected)
    }

    /// Binds from `$1` on, executes at once and gives the rows changed.
    pub fn rebind_execute(&mut self, core: &mut Core, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        self.clear_bindings();
        for (at, value) in values.into_iter().enumerate() {
            self.bind(at + 1, value)?;
        }
        self.affected_rows(core)
    }

    /// Executes the statement once for each of `count` rows of parameters, all or none.
    pub fn execute_batch(
        &mut self,
        core: &mut Core,
        count: usize,
        mut row: impl FnMut(usize, &mut Vec<Value>) -> Result<()>,
    ) -> Result<u64> {
        self.reset();
        let compiled = self.compiled()?;
        if !matches!(compiled.kind, StatementKind::Insert | StatementKind::Update | StatementKind::Delete) {
            return Err(Error::misuse("a batch needs an INSERT, UPDATE or DELETE statement"));
        }
        if count == 0 {
            return Ok(0);
        }
        let mut values = Vec::new();
        row(0, &mut values)?;
        if values.len() != self.params.len() {
            return Err(too_many_parameters(values.len(), self.params.len()));
        }
        std::mem::swap(&mut self.params, &mut values);
        let plan = self.checkout(core);
        std::mem::swap(&mut self.params, &mut values);
        let mut plan = plan?;
        let done = core.write(plan.compiled.writes_temporary, Source::Direct, |core| {
            core.refresh(&mut plan, &values)?;
            core.atomically(|core| {
                let mut total = 0;
                for at in 0..count {
                    if at > 0 {
                        interrupt::check()?;
                        values.clear();
                        row(at, &mut values)?;
                    }
                    total += core.run_in_transaction(&mut plan, &values)?.affected;
                }
                Ok(total)
            })
        });
        self.plan = Some(plan);
        done
    }
}

fn narrow_mismatch() -> Error {
    Error::type_mismatch("this call needs rows of exactly three columns: INT64, TEXT, FLOAT64, none of them NULL")
}

/// A row of (INT64, TEXT, FLOAT64).
pub fn narrow_row(row: &[ValueView]) -> Result<RowI64TextF64> {
    match row {
        [number, text, float]
            if number.tag == Tag::Int64 as u32 && text.tag == Tag::Text as u32 && float.tag == Tag::Float64 as u32 =>
        {
            Ok(RowI64TextF64 {
                int64_value: number.int64_value,
                text_data: text.data,
                text_len: text.len,
                float64_value: float.float64_value,
            })
        }
        _ => Err(narrow_mismatch()),
    }
}
