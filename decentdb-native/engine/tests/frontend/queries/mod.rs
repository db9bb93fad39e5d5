//! Queries and the functions in them.

mod functions;
mod json;
mod results;
mod windows;
