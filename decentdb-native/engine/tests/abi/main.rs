//! The C interface: every test calls the exported functions.
//!
//! All tests share one process, so a test may count only what belongs to its own database. A test that needs a process to
//! itself starts one with [`child`].

#![allow(clippy::undocumented_unsafe_blocks)]

#[cfg(unix)]
mod child;
mod entry_points;
mod errors;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod formats;
mod handles;
mod hostile_calls;
mod layout;
mod options;
mod statements;
mod support;
mod watching;
mod writing;
