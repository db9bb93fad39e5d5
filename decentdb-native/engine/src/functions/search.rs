//! The functions that fill and query the indexes of full-text and substring search.

use std::sync::Arc;

use rusqlite::functions::Context;
use rusqlite::Connection;

use super::{fail, null, raw, string, Output, PURE};
use crate::error::Error;
use crate::search::{self, Analyzer};
use crate::types::Raw;

fn text<'a>(context: &'a Context<'_>, index: usize) -> rusqlite::Result<Option<&'a str>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Text(text) => Ok(Some(text)),
        _ => Err(fail(&Error::internal("a search function was given something other than text"))),
    }
}

/// The options of the index, parsed once per statement.
fn analyzer(context: &Context<'_>) -> rusqlite::Result<Arc<Analyzer>> {
    context.get_or_create_aux(1, |options| serde_json::from_slice::<Analyzer>(options.as_bytes().unwrap_or_default()))
}

/// `ddb_fts_document(text, options)`: empty for NULL.
fn document(context: &Context<'_>) -> Output {
    let Some(value) = text(context, 0)? else { return Ok(string("")) };
    Ok(string(analyzer(context)?.document(value)))
}

/// `ddb_fts_query(query, options)`
fn query(context: &Context<'_>) -> Output {
    let Some(value) = text(context, 0)? else { return Ok(string(search::NOTHING)) };
    search::full_text_query(value, &*analyzer(context)?).map(string).map_err(|error| fail(&error))
}

/// `ddb_trigram_text(text)`
fn trigram_text(context: &Context<'_>) -> Output {
    Ok(text(context, 0)?.map_or_else(null, |value| string(search::folded(value))))
}

/// `ddb_trigram_query(pattern, escape)`: NULL where the index cannot help.
fn trigram_query(context: &Context<'_>) -> Output {
    let (Some(pattern), Some(escape)) = (text(context, 0)?, text(context, 1)?) else { return Ok(null()) };
    Ok(search::trigram_query(pattern, escape.chars().next()).map_or_else(null, string))
}

pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function("ddb_fts_document", 2, PURE, document)?;
    connection.create_scalar_function("ddb_fts_query", 2, PURE, query)?;
    connection.create_scalar_function("ddb_trigram_text", 1, PURE, trigram_text)?;
    connection.create_scalar_function("ddb_trigram_query", 2, PURE, trigram_query)
}
