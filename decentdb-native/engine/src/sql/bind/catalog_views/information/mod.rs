//! `information_schema`: the schema as the views that tools read, named and filled as PostgreSQL does, and `statistics` as MySQL
//! does. The views that DecentDB has begin with its columns.

mod constraints;
mod indexes;
mod relations;

use crate::catalog::{Catalog, Table};
use crate::sql::grammar::text_literal;

use super::schema_views::{texts, Columns, MAIN, TEMP};

/// Values as SQL.
type Row = Vec<String>;

/// The columns and rows of a view; `None` if there is none of this name, in lower case.
pub(super) fn view(name: &str, catalog: &Catalog) -> Option<(Columns, Vec<Row>)> {
    Some(match name {
        "schemata" => (relations::SCHEMATA, relations::schemata()),
        "tables" => (relations::TABLES, relations::tables(catalog)),
        "columns" => (relations::COLUMNS, relations::columns(catalog)),
        "views" => (relations::VIEWS, relations::views(catalog)),
        "sequences" => (relations::SEQUENCES, relations::sequences(catalog)),
        "triggers" => (relations::TRIGGERS, relations::triggers(catalog)),
        // Nothing can create a routine.
        "routines" => (relations::ROUTINES, Vec::new()),
        "parameters" => (relations::PARAMETERS, Vec::new()),
        "table_constraints" => (constraints::TABLE_CONSTRAINTS, constraints::table_constraints(catalog)),
        "key_column_usage" => (constraints::KEY_COLUMN_USAGE, constraints::key_column_usage(catalog)),
        "referential_constraints" => (constraints::REFERENTIAL, constraints::referential(catalog)),
        "constraint_column_usage" => (constraints::COLUMN_USAGE, constraints::column_usage(catalog)),
        "check_constraints" => (constraints::CHECKS, constraints::checks(catalog)),
        "statistics" => (indexes::STATISTICS, indexes::statistics(catalog)),
        _ => return None,
    })
}

fn schema(temporary: bool) -> &'static str {
    if temporary {
        TEMP
    } else {
        MAIN
    }
}

/// The catalogue, the schema and the name of an object.
fn path(temporary: bool, name: &str) -> Row {
    texts(&[MAIN, schema(temporary), name])
}

fn null() -> String {
    "NULL".to_owned()
}

fn text_or_null(text: Option<&str>) -> String {
    text.map_or_else(null, text_literal)
}

fn number_or_null(number: Option<u64>) -> String {
    number.map_or_else(null, |number| number.to_string())
}

fn yes_or_no(yes: bool) -> String {
    text_literal(if yes { "YES" } else { "NO" })
}

/// The catalogue that the tables a table refers to are in.
fn home<'c>(catalog: &'c Catalog, table: &Table) -> &'c Catalog {
    if table.temporary {
        catalog.temp()
    } else {
        catalog
    }
}
