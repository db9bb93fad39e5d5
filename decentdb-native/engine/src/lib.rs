//! The bundled engine: the DecentDB C ABI v7 over SQLite.

pub mod abi;
pub mod c_layout;
pub mod catalog;
pub mod engine;
pub mod error;
pub mod functions;
pub mod search;
pub mod spatial;
pub mod sql;
mod sqlite;
pub mod types;
pub mod value;

/// What the engine says its version is.
pub const ENGINE_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+bundled");
