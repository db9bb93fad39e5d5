//! Statements of one handle, and the reports of the engine about itself.

mod constraints;
mod execution;
mod information;
mod inspection;
mod interrupts;
mod introspection;
mod nested_text;
mod sequences;
mod sizes;
mod temporary;
mod triggers;
