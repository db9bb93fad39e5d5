//! The bundled engine: the DecentDB C ABI v7 over SQLite.

pub mod catalog;
pub mod error;
pub mod sql;
pub mod value;
