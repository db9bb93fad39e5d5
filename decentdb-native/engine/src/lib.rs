//! The bundled engine: the DecentDB C ABI v7 over SQLite.

pub mod abi;
pub mod catalog;
pub mod engine;
pub mod error;
pub mod functions;
pub mod sql;
mod sqlite;
pub mod types;
pub mod value;
