//! Search in texts: the indexed form of a text, and the meaning of a query. SQLite's FTS5 keeps the indexes.

mod analyzer;
mod query;
mod trigram;

pub use analyzer::Analyzer;
pub use query::{full_text_query, NOTHING};
pub use trigram::{folded, trigram_query};

/// A piece of text for a query of FTS5, quoted so that nothing in it is an operator.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
