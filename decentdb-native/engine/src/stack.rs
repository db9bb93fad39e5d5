//! The stack that a call needs, whatever thread it comes from.
//!
//! The grammar, the binder, SQLite's compiler and the release of their trees recurse. How deep they go is known before they begin: a
//! tree nests at most once for each token that may nest. A call that needs more stack than its thread has left runs on memory
//! that the system sets aside for it, page by page as it is touched.

use crate::error::{Error, Result, Status};

/// Every call may use so many bytes, besides the levels of its statement.
const RESERVE: usize = 512 * 1024;
/// One level takes so many bytes, in the part of the engine that takes most.
const LEVEL: usize = 4 * 1024;
/// The most levels of a statement.
pub const MAX_LEVELS: usize = 100_000;
/// The most levels of a statement that the catalogue keeps: others are compiled on top of it.
pub const MAX_STORED_LEVELS: usize = 1_000;

/// Runs `body` with stack for what needs no levels.
pub fn with_reserve<T>(body: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RESERVE, 4 * RESERVE, body)
}

/// Runs `body` with stack for a statement of so many levels.
pub fn with_room<T>(levels: usize, body: impl FnOnce() -> T) -> T {
    let needed = RESERVE + levels * LEVEL;
    stacker::maybe_grow(needed, needed + RESERVE, body)
}

pub fn too_deep(most: usize) -> Error {
    let message = format!("the statement nests, or chains operators, more than {most} levels deep");
    Error::new(Status::Sql, "sql.statement_too_complex", Some("54001"), message)
}

pub fn require_levels(levels: usize, most: usize) -> Result<()> {
    if levels > most {
        Err(too_deep(most))
    } else {
        Ok(())
    }
}
