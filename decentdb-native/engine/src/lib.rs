//! The bundled engine: the DecentDB C ABI v7 over SQLite.

pub mod catalog;
pub mod error;
pub mod functions;
pub mod sql;
pub mod types;
pub mod value;
