//! The engine between the C interface and SQLite.
//!
//! A [`Session`] is a handle: one connection behind one lock. The sessions of one file share a [`Shared`]: the
//! write lock, the commit clock, the catalogue and the watches. Writers of one process wait for each other in line there, so
//! that only other processes are met in SQLite's locks.

mod database;
mod inspection;
mod metadata;
mod queue;
mod session;
mod translate_error;
mod watch;

pub(crate) use self::database::{OpenMode, Shared};
pub(crate) use self::queue::QueueTimeout;
pub(crate) use self::session::{cell_value, narrow_row, Block, Core, Prepared, QueryResult, Session, StatementHandle};
pub(crate) use self::watch::{parse_request, Source, WatchHandle};
