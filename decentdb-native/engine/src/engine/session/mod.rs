//! A handle and what it executes: statements, transactions, plans and rows.

mod command;
mod core;
mod execute;
mod explain;
mod foreign_key;
mod ids;
mod plan;
mod prepared;
mod rows;
mod sequences;
mod transaction;

pub(crate) use self::core::{Core, Session};
pub(crate) use self::execute::{is_read, QueryResult};
pub(crate) use self::plan::PlanCacheStats;
pub(crate) use self::prepared::{narrow_row, Prepared, StatementHandle};
pub(crate) use self::rows::{cell_value, Block};
