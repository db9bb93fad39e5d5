//! The SQL front end: statements are compiled and run on an SQLite in memory, without the C interface.

mod definitions;
mod descriptions;
mod dialect;
mod hostile_text;
mod queries;
mod refusals;
mod search;
mod support;
mod types;
