//! Compiling and running statements.

use std::sync::Arc;

use serde_json::json;

use crate::catalog::Change;
use crate::engine::database::{changed_objects, store_change};
use crate::engine::translate_error::explain;
use crate::engine::watch::Source;
use crate::error::{Error, Result, Status};
use crate::sql;
use crate::sql::{Compiled, Program, StatementKind};
use crate::sqlite::{interrupt, Statement, Step};
use crate::stack;
use crate::value::{Type, Value};

use super::core::Core;
use super::plan::Plan;
use super::rows::RowSet;

/// A statement that is compiled anew more often than this within one execution races with endless changes of the schema.
const MAX_COMPILATIONS: usize = 16;

/// How much deeper than the plain form of an INSERT the one that counts ids nests.
const COUNTED_LEVELS: usize = 2;

/// The complete result of a statement.
pub struct QueryResult {
    pub compiled: Arc<Compiled>,
    pub types: Arc<[Type]>,
    pub rows: RowSet,
    /// Rows changed; of a statement that returns rows, their number.
    pub affected: u64,
}

impl QueryResult {
    /// Whether it left something to commit.
    pub fn changed_something(&self) -> bool {
        match &self.compiled.program {
            Program::Ddl { .. } => true,
            _ => !is_read(&self.compiled) && self.affected > 0,
        }
    }
}

/// The outcome of a write.
pub(crate) struct Written {
    pub rows: RowSet,
    pub affected: u64,
}

impl Core {
    /// Runs the one statement in `sql` to its end.
    pub fn execute(&mut self, sql: &str, params: &[Value], source: Source) -> Result<QueryResult> {
        if self.transaction.is_none() {
            self.drain_streams();
            interrupt::check_again()?;
        }
        let mut plan = self.checkout(sql, params)?;
        let done = match &plan.compiled.program {
            Program::Transaction(control) => {
                let control = control.clone();
                self.transaction_control(&control).map(|()| Written { rows: RowSet::default(), affected: 0 })
            }
            _ if is_read(&plan.compiled) => self.read_all(&mut plan, params),
            _ => self.run_write(&mut plan, params, source),
        };
        let result = done.map(|written| QueryResult {
            compiled: Arc::clone(&plan.compiled),
            types: Arc::clone(&plan.types),
            rows: written.rows,
            affected: written.affected,
        });
        self.plans.put(plan, self.epoch);
        result
    }

    fn read_all(&mut self, plan: &mut Box<Plan>, params: &[Value]) -> Result<Written> {
        let mut step = self.start_read(plan, params)?;
        let mut rows = RowSet::new(plan.types.len());
        let statement = plan.statement.as_mut().ok_or_else(no_statement)?;
        while step == Step::Row {
            rows.push(statement);
            step = statement.step().map_err(|error| explain(error, None, &self.catalog))?;
        }
        statement.reset();
        let affected = rows.len() as u64;
        Ok(Written { rows, affected })
    }

    /// Binds and takes the first step. If the schema has changed since the statement was compiled, SQLite has adapted the
    /// statement but not the types of its columns, so it is compiled again.
    pub(in crate::engine) fn start_read(&mut self, plan: &mut Box<Plan>, params: &[Value]) -> Result<Step> {
        for _ in 0..MAX_COMPILATIONS {
            self.inspect(&plan.compiled.inspected)?;
            bind(plan, params)?;
            let statement = plan.statement.as_mut().ok_or_else(no_statement)?;
            let step = statement.step();
            if !statement.was_reprepared() {
                return step.map_err(|error| explain(error, None, &self.catalog));
            }
            statement.reset();
            // The step may have ended for a request to end the call, which must not begin anew.
            interrupt::check_again()?;
            **plan = self.compile(&plan.sql, Some(params))?;
            if !plan.compiled.read_only {
                return Err(Error::internal("a changed schema turned a read into a write"));
            }
        }
        Err(Error::internal("the schema changes faster than the statement can be compiled"))
    }

    /// Runs a statement that changes something, in the open transaction or in its own.
    pub(in crate::engine) fn run_write(
        &mut self,
        plan: &mut Box<Plan>,
        params: &[Value],
        source: Source,
    ) -> Result<Written> {
        match &plan.compiled.program {
            Program::Session(command) => {
                let command = command.clone();
                return self.session_command(&command);
            }
            Program::Explain { .. } => return self.explain(plan, params),
            _ => {}
        }
        self.write(plan.compiled.writes_temporary, source, |core| {
            core.refresh(plan, params)?;
            core.run_in_transaction(plan, params)
        })
    }

    /// Compiles `plan` again if the schema moved on; inside a transaction that stays true until its end.
    pub(in crate::engine) fn refresh(&mut self, plan: &mut Box<Plan>, params: &[Value]) -> Result<()> {
        if plan.epoch != self.epoch {
            let temporary = plan.compiled.writes_temporary;
            **plan = self.compile(&plan.sql, Some(params))?;
            if plan.compiled.writes_temporary != temporary {
                // Only this handle creates and drops them, and it is busy with this statement.
                return Err(Error::internal("a temporary object came or went while a statement began"));
            }
        }
        Ok(())
    }

    pub(in crate::engine) fn run_in_transaction(&mut self, plan: &mut Plan, params: &[Value]) -> Result<Written> {
        if let Program::Ddl { statements, change } = &plan.compiled.program {
            let done = stack::with_room(plan.compiled.levels, || self.run_ddl(statements, change));
            self.forget_kept();
            done?;
            return Ok(Written { rows: RowSet::default(), affected: 0 });
        }
        if plan.compiled.kind == StatementKind::Select {
            // Values that a failing query took are taken back, which SQLite does for changes of rows alone.
            return self.atomically(|core| core.run_statement(plan, params, false));
        }
        if plan.compiled.numbering.tables.is_empty() {
            let done = self.run_statement(plan, params, false);
            if let Program::Script(_) = plan.compiled.program {
                // It may have begun the ids of a table anew.
                self.forget_kept();
            }
            done
        } else {
            self.run_numbered(plan, params)
        }
    }

    /// Runs it in its plain form, or in the one that counts ids.
    pub(super) fn run_statement(&mut self, plan: &mut Plan, params: &[Value], counted: bool) -> Result<Written> {
        if let Program::Script(statements) = &plan.compiled.program {
            stack::with_room(plan.compiled.levels, || self.run_script(statements, &plan.compiled))?;
            return Ok(Written { rows: RowSet::default(), affected: 0 });
        }
        self.inspect(&plan.compiled.inspected)?;
        if let (true, Some(text)) = (counted, &plan.compiled.numbering.counted) {
            let other = match plan.counted.take() {
                Some(known) => known,
                None => self.connection.prepare_deep(text, plan.compiled.levels + COUNTED_LEVELS)?,
            };
            plan.counted = plan.statement.replace(other);
        }
        let done = self.run_bound(plan, params);
        if counted {
            std::mem::swap(&mut plan.statement, &mut plan.counted);
        }
        done
    }

    fn run_bound(&mut self, plan: &mut Plan, params: &[Value]) -> Result<Written> {
        bind(plan, params)?;
        let before = if plan.compiled.writes_view { self.connection.total_changes() } else { 0 };
        let columns = plan.types.len();
        let statement = plan.statement.as_mut().ok_or_else(no_statement)?;
        let mut rows = RowSet::new(columns);
        loop {
            match statement.step() {
                Ok(Step::Row) => rows.push(statement),
                Ok(Step::Done) => break,
                Err(error) => return Err(self.explain_write(plan, params, error)),
            }
        }
        statement.reset();
        if plan.compiled.id_only.is_some() {
            rows.push_integer(self.connection.last_row_id());
        }
        let affected = match columns {
            // The changes that the triggers of a view made in its place.
            0 if plan.compiled.writes_view => self.connection.total_changes() - before,
            0 => self.connection.changes(),
            _ => rows.len() as u64,
        };
        Ok(Written { rows, affected })
    }

    fn run_script(&mut self, statements: &[String], compiled: &Compiled) -> Result<()> {
        self.atomically(|core| {
            statements.iter().try_for_each(|statement| {
                let done = core.connection.execute(statement);
                done.map_err(|error| explain(error, Some(compiled), &core.catalog))
            })
        })
    }

    fn run_ddl(&mut self, statements: &[String], change: &Change) -> Result<()> {
        self.capture.pause(true);
        let done = self.atomically(|core| {
            let next = core.catalog.with(change);
            let resting = core.connection.rest_foreign_keys()?;
            for statement in statements {
                interrupt::check()?;
                core.connection.execute(statement).map_err(|error| explain(error, None, &next))?;
            }
            drop(resting);
            match change {
                Change::Nothing => return Ok(()),
                Change::Temporary(_) => {
                    core.set_temporaries(next);
                    return Ok(());
                }
                _ => {}
            }
            store_change(&core.connection, &next, change)?;
            if let Some(open) = &mut core.transaction {
                open.schema_dirty = true;
            }
            let mut version = core.schema_version()?;
            if version == core.catalog_version {
                // Nothing changed for SQLite, but this number shows other sessions that the catalogue did.
                version += 1;
                core.connection.execute(&format!("PRAGMA schema_version = {version}"))?;
            }
            core.set_catalog(version, Arc::new(next));
            core.capture.schema_changed(changed_objects(change));
            Ok(())
        });
        self.capture.pause(false);
        done
    }

    /// A plan for `sql`, out of the cache or compiled now.
    pub(in crate::engine) fn checkout(&mut self, sql: &str, params: &[Value]) -> Result<Box<Plan>> {
        if let Some(plan) = self.plans.take(sql, Some(params), self.epoch) {
            return Ok(plan);
        }
        let plan = self.compile(&Arc::from(sql), Some(params))?;
        let wanted = plan.compiled.params.len();
        if params.len() > wanted {
            return Err(too_many_parameters(params.len(), wanted));
        }
        if params.len() < wanted {
            return Err(missing_parameter(params.len() + 1));
        }
        Ok(Box::new(plan))
    }

    /// Compiles against the current schema. The schema version and the statement come from one snapshot.
    pub(in crate::engine) fn compile(&mut self, sql: &Arc<str>, params: Option<&[Value]>) -> Result<Plan> {
        if self.transaction.is_some() {
            return self.compile_here(sql, params);
        }
        self.control.begin.run()?;
        let compiled = self.sync_catalog().and_then(|()| self.compile_here(sql, params));
        self.control.rollback.run()?;
        compiled
    }

    fn compile_here(&mut self, sql: &Arc<str>, params: Option<&[Value]>) -> Result<Plan> {
        let given = params.unwrap_or(&[]);
        let types: Vec<Option<Type>> = given.iter().map(|value| Type::from_tag(value.tag())).collect();
        let compiled = sql::compile(sql, &self.catalog, &types, self.options.sizes)?;
        let prepare = |text: &str| self.connection.prepare_deep(text, compiled.levels);
        let statement = match &compiled.program {
            Program::Statement(text) => Some(prepare(compiled.id_only.as_ref().unwrap_or(text))?),
            Program::Explain { query, .. } => Some(prepare(query)?),
            Program::Script(_) | Program::Session(_) | Program::Ddl { .. } | Program::Transaction(_) => None,
        };
        let columns = compiled.columns.len();
        let own = !matches!(compiled.program, Program::Explain { .. }) && compiled.id_only.is_none();
        if own && statement.as_ref().is_some_and(|statement| statement.column_count() != columns) {
            return Err(Error::internal(format!("the statement was compiled to other than {columns} columns")));
        }
        let types: Arc<[Type]> = compiled.columns.iter().map(|column| column.ty.clone()).collect();
        let used = statement.as_ref().map_or(0, |statement| statement.memory_used());
        let tags = match params {
            Some(params) => params.iter().map(Value::tag).collect(),
            None => vec![crate::value::Tag::Null; compiled.params.len()],
        };
        Ok(Plan {
            sql: Arc::clone(sql),
            bytes: 512 + 3 * sql.len() as u64 + used,
            compiled: Arc::new(compiled),
            types,
            statement,
            counted: None,
            highest: Vec::new(),
            tags,
            epoch: self.epoch,
        })
    }
}

/// Whether the statement runs outside any transaction and changes nothing.
pub(crate) fn is_read(compiled: &Compiled) -> bool {
    compiled.read_only && matches!(compiled.program, Program::Statement(_))
}

pub(in crate::engine) fn bind(plan: &mut Plan, params: &[Value]) -> Result<()> {
    let statement = plan.statement.as_mut().ok_or_else(no_statement)?;
    let used = statement.parameter_count();
    for (at, value) in params.iter().enumerate().take(used) {
        bind_value(statement, &plan.compiled, at, value)?;
    }
    Ok(())
}

pub(in crate::engine) fn no_statement() -> Error {
    Error::internal("the statement has no SQLite program")
}

pub(in crate::engine) fn missing_parameter(index: usize) -> Error {
    Error::new(Status::Sql, "sql.parameter_missing", Some("07002"), format!("parameter ${index} was not provided"))
        .with("parameter", json!({ "index": index }))
}

pub(in crate::engine) fn too_many_parameters(given: usize, wanted: usize) -> Error {
    Error::new(
        Status::Sql,
        "sql.parameter_count",
        Some("07001"),
        format!("{given} parameters were given, the statement has {wanted}"),
    )
}

/// Binds `value` as the parameter `index`, counted from 0, coerced to the type the statement wants it in.
fn bind_value(statement: &mut Statement, compiled: &Compiled, index: usize, value: &Value) -> Result<()> {
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
        Value::Text(text) if own(&Type::Text) && !text.contains('\0') => statement.bind_text(index + 1, text),
        Value::Blob(bytes) if own(&Type::Blob) => statement.bind_blob(index + 1, bytes),
        other => statement.bind(index + 1, &sql::bind(compiled, index, other)?),
    }
}
