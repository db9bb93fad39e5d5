//! Queries: SELECT and its clauses, set operations and WITH.

mod column_names;
mod cte;
mod from;
mod grouping;
mod index_prefilter;
mod join;
mod order;
mod select;
mod set_operations;
mod table_function;

pub(crate) use self::from::{refuse_table_options, table_columns};
pub(crate) use self::order::order_direction;
pub(crate) use self::select::Bound;
