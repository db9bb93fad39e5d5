//! Binds a statement to the catalogue and emits it for SQLite. Expressions, queries, data changes and the views of the
//! catalogue call each other, so they share one [`Binder`].

mod binder;
mod catalog_views;
mod dml;
mod expr;
mod query;
mod scope;

pub(crate) use self::binder::{same, Aggregates, Binder, Ex, ExKind, ParamState};
pub(crate) use self::catalog_views::{recognize_pragma, value_text, Pragma};
pub use self::catalog_views::{Inspection, INSPECTION_ROWS};
pub(crate) use self::dml::require_column_type;
pub(crate) use self::expr::{fulltext_analyzer, named_sequence, sequence_name};
pub(crate) use self::query::table_columns;
pub(crate) use self::scope::{Relation, Scope, ScopeColumn};
