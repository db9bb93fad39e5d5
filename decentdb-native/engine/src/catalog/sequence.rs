//! Sequences: their definitions. The present value of each is a row of a table of the engine's own, which changes with the
//! transaction that takes a value.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sequence {
    pub name: String,
    pub start: i64,
    pub increment: i64,
    pub lowest: i64,
    pub highest: i64,
    /// Whether the other end follows the last value.
    pub cycles: bool,
    pub ddl: String,
}
