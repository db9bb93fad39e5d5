//! INSERT, UPDATE, DELETE and TRUNCATE.

mod truncate;
mod write;

pub(crate) use self::write::require_column_type;
