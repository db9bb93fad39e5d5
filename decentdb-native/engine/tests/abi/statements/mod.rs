//! Statements of one handle, and what the engine reports about itself.

mod constraints;
mod execution;
mod inspection;
mod introspection;
mod temporary;
mod triggers;
