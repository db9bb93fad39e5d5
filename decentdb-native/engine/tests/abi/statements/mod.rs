//! Statements of one handle, and the reports of the engine about itself.

mod constraints;
mod execution;
mod inspection;
mod introspection;
mod temporary;
mod triggers;
