//! Searching in texts: what is indexed of a text, and what a query asks for. SQLite's FTS5 keeps the indexes.

mod analyzer;
mod query;
mod trigram;

pub use analyzer::Analyzer;
pub use query::{full_text_query, NOTHING};
pub use trigram::{folded, trigram_query};

/// A piece of a text as FTS5 reads it in a query: quoted, so that nothing in it is an operator.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
