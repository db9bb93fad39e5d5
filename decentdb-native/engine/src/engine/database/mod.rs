//! The state that the sessions of one file share: its location, its options, its write lock and its upkeep.

mod async_sync;
pub(crate) mod generation;
mod maintenance;
mod open;
mod options;
mod shared;
mod stored_catalog;
mod upgrade;

pub(crate) use self::async_sync::Flusher;
pub(crate) use self::open::{connect, Location, OpenMode, FORMAT_VERSION};
pub(crate) use self::options::{Coordination, Options, QueueOptions, SyncMode};
pub(crate) use self::shared::{now_micros, ReaderMark, Shared, WriteGuard};
pub(crate) use self::stored_catalog::{changed_objects, load_catalog, store_change};
