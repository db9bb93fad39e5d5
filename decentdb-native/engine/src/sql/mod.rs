//! The SQL front end: DecentDB's dialect in, typed SQLite statements out.

use std::sync::Arc;

use crate::catalog::{Catalog, Change};
use crate::error::Result;
use crate::value::Type;

/// A statement bound against a catalogue and the types of its parameters, ready to run on SQLite.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub kind: Kind,
    pub program: Program,
    /// The result columns; empty for a statement that yields no rows.
    pub columns: Vec<ResultColumn>,
    /// One entry per `$n`, in order.
    pub params: Vec<Param>,
    /// Base tables the statement reads or writes, views expanded; the dependencies of a query watch.
    pub tables: Vec<String>,
    /// Runs outside any transaction and changes nothing.
    pub read_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Select,
    Insert,
    Update,
    Delete,
    Ddl,
    Explain,
    Pragma,
    Transaction,
}

#[derive(Clone, Debug)]
pub enum Program {
    /// One SQLite statement; `$n` is `?n`.
    Statement(String),
    /// SQLite statements that run in one transaction together with the change of the stored catalogue.
    Ddl {
        statements: Vec<String>,
        change: Change,
    },
    Transaction(TransactionControl),
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
    /// `None` where it cannot be told.
    pub nullable: Option<bool>,
    /// The base table and column the value comes from unchanged.
    pub source: Option<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Param {
    /// What a bound value is coerced to before SQLite sees it; `None` binds the value as it is.
    pub ty: Option<Type>,
    pub source: Option<(String, String)>,
}

/// Compiles the one statement in `sql`. `params[i]` is the type of the value bound to `$i+1`, `None` where nothing but
/// NULL is bound or the caller only asks for a description; the types decide overloads and the tags of results.
pub fn compile(sql: &str, catalog: &Arc<Catalog>, params: &[Option<Type>]) -> Result<Compiled> {
    let _ = (sql, catalog, params);
    Err(crate::error::Error::unsupported("every statement"))
}
