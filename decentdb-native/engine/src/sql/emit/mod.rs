//! Pieces of SQL for SQLite that several statements need, and SQLite's constraint errors in the words of the catalogue.

mod qualified_name;
mod shadow_index;
mod violations;

pub(crate) use self::qualified_name::{in_schema, qualified_name};
pub(crate) use self::shadow_index::{
    create_shadow_index, drop_index, drop_shadow_indexes, options_literal, row_id_column, shadow_table,
};
pub use self::violations::{constraint_error, foreign_key_error, orphans_exist, suspects, Declared};
pub(crate) use self::violations::{missing_parent, not_null, orphans};
