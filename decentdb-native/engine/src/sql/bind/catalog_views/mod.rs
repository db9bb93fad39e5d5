//! Descriptions of the schema and the engine that queries read: pragmas, `sys` views and `information_schema`.

mod engine_views;
mod information;
mod pragma;
mod schema_views;
mod settings;

pub use self::engine_views::{Inspection, INSPECTION_ROWS};
pub(crate) use self::pragma::{recognize_pragma, value_text, Pragma};
pub(crate) use self::schema_views::{catalog_relation, system_view};
