//! The engine between the C interface and SQLite.
//!
//! A [`session::Session`] is a handle: one connection behind one lock. The sessions of one file share a [`shared::Shared`]: the
//! write lock, the commit clock, the catalogue and the watches. Writers of one process wait for each other in line there, so
//! that only other processes are met in SQLite's locks.

mod blame;
mod capture;
mod command;
mod event;
mod execute;
pub mod file;
mod flush;
mod front;
mod inspection;
mod maintenance;
mod metadata;
mod options;
mod plan;
pub mod prepared;
pub mod queue;
mod range;
pub mod rows;
pub mod session;
pub mod shared;
pub mod subscribe;
mod transaction;
pub mod watch;

pub use self::execute::QueryResult;
pub use self::options::Options;
