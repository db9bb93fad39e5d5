//! A compiled statement: its kind, the SQL that SQLite runs for it and its result.

use std::sync::Arc;

use crate::catalog::{Change, Table};
use crate::sql::bind::{Inspection, ScopeColumn};
use crate::sql::numbering::Numbering;
use crate::value::{Stored, Type};

/// A statement bound against a catalogue and the types of its parameters, ready to run on SQLite.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub kind: StatementKind,
    pub program: Program,
    /// The result columns; empty for a statement that yields no rows.
    pub columns: Vec<ResultColumn>,
    /// One entry per `$n`, in order.
    pub params: Vec<Param>,
    /// Base tables the statement reads or writes, views expanded; the dependencies of a query watch.
    pub tables: Vec<String>,
    /// Temporary tables and views the statement reads or writes by name.
    pub temporaries: Vec<String>,
    /// The table an INSERT, UPDATE or DELETE writes.
    pub target: Option<Arc<Table>>,
    /// Of an INSERT of one row whose RETURNING gives the row's id and nothing else: the statement without RETURNING.
    /// SQLite builds a temporary table for the rows of RETURNING, which takes longer than the insert.
    pub id_only: Option<String>,
    /// It writes nothing but temporary objects of the handle.
    pub writes_temporary: bool,
    /// It writes a view, and triggers do something else in its place.
    pub writes_view: bool,
    /// The views about the engine itself it reads.
    pub inspected: Vec<Inspection>,
    /// How it touches the ids of tables.
    pub numbering: Numbering,
    /// Runs outside any transaction and changes nothing.
    pub read_only: bool,
    /// How deep SQLite may nest when it compiles the statement, or compiles it again.
    pub levels: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    Select,
    Insert,
    Update,
    Delete,
    Ddl,
    Explain,
    Pragma,
    /// Another statement about the handle itself.
    Session,
    Transaction,
}

#[derive(Clone, Debug)]
pub enum Program {
    /// One SQLite statement; `$n` is `?n`.
    Statement(String),
    /// Reports the plan of a statement below the nodes of its outline, and with `analyze` runs it and reports rows and
    /// time; the plan is the only result column.
    Explain {
        query: String,
        outline: Vec<String>,
        analyze: bool,
    },
    /// SQLite statements that change rows and take no parameters; all or none, and the number of rows is not reported.
    Script(Vec<String>),
    /// Something about the handle, which no SQLite statement does.
    Session(SessionCommand),
    /// SQLite statements that run in one transaction together with the change of the stored catalogue.
    Ddl {
        statements: Vec<String>,
        change: Change,
    },
    Transaction(TransactionControl),
}

#[derive(Clone, Debug)]
pub enum SessionCommand {
    FlushPlans,
    /// How many milliseconds queued writes wait by default.
    BusyTimeout(u64),
    ShowBusyTimeout,
    /// In one of SQLite's modes.
    Checkpoint(String),
    /// Sets a value that cannot change to the one that `query` returns already.
    Confirm {
        pragma: String,
        query: String,
        value: String,
    },
    /// Sets a setting to the value that is in force.
    ConfirmSetting,
    SetApplicationName(String),
    /// Without a value it is forgotten.
    SetAudit {
        key: String,
        value: Option<Stored>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionControl {
    Begin { immediate: bool },
    Commit,
    Rollback,
    Savepoint(String),
    Release(String),
    RollbackTo(String),
}

#[derive(Clone, Debug)]
pub struct ResultColumn {
    pub name: String,
    pub ty: Type,
    /// `None` where it is unknown.
    pub nullable: Option<bool>,
    /// The base table and column the value comes from unchanged.
    pub source: Option<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Param {
    /// The type that a bound value is coerced to before SQLite sees it; `None` binds the value as it is.
    pub ty: Option<Type>,
    pub source: Option<(String, String)>,
    /// Whether NULL is accepted where the parameter stands; `None` where that is unknown.
    pub nullable: Option<bool>,
}

/// The parts of one statement before its parameters are settled.
pub(super) struct Parts {
    pub kind: StatementKind,
    pub program: Program,
    pub columns: Vec<ResultColumn>,
    pub target: Option<Arc<Table>>,
    pub id_only: Option<String>,
}

impl Parts {
    /// A change of the schema: `statements` for SQLite, and `change` for the catalogue.
    pub fn ddl(statements: Vec<String>, change: Change) -> Self {
        Self {
            kind: StatementKind::Ddl,
            program: Program::Ddl { statements, change },
            columns: Vec::new(),
            target: None,
            id_only: None,
        }
    }
}

pub(super) fn result_columns(columns: Vec<ScopeColumn>) -> Vec<ResultColumn> {
    columns
        .into_iter()
        .map(|column| ResultColumn {
            name: column.name,
            nullable: (column.ty != Type::Dynamic).then_some(column.nullable),
            ty: column.ty,
            source: column.source,
        })
        .collect()
}
