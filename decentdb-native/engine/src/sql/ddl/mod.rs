//! Statements that define the schema.

mod alter;
mod create;
mod drop;
mod generated;
mod index;
mod keys;
mod rebuild;
mod rename;
mod sequence;
mod sqlite_table;
mod stored_expr;
mod table_text;
mod trigger;
mod view;
pub(crate) use self::create::create_schema;
pub(crate) use self::rebuild::keep_odd_ids;
pub(crate) use self::sequence::{recognize_sequence, SequenceStatement};
pub(crate) use self::stored_expr::columns_named;
pub(crate) use self::trigger::{recognize_trigger, CreateTrigger};
