//! The schema as relations: `sqlite_schema` and its likes, and `information_schema`.

use sqlparser::ast::{ObjectName, ObjectNamePart};

use crate::catalog::{index_definitions, Catalog};
use crate::error::{Error, Result};
use crate::sql::bind::scope::{Relation, ScopeColumn};
use crate::sql::grammar::{name, quote, text_literal};
use crate::sql::AUDIT_ALL;
use crate::value::Type;

use super::information;

const SCHEMA: &str = "information_schema";
/// The schema of the database, and the catalogue that both schemas are in.
pub(super) const MAIN: &str = "main";
/// The schema of the temporary objects.
pub(super) const TEMP: &str = "temp";

/// Columns by name, with their types and whether they may be NULL.
pub(crate) type Columns = &'static [(&'static str, Type, bool)];

const AUDIT_CONTEXT: Columns = &[("key", Type::Text, false), ("value", Type::Dynamic, false)];

const OBJECTS: Columns = &[
    ("type", Type::Text, false),
    ("name", Type::Text, false),
    ("tbl_name", Type::Text, false),
    ("rootpage", Type::Int64, false),
    ("sql", Type::Text, false),
];

/// The relation of a system view and its rows as SQL; `None` if the name is of another kind.
pub(crate) fn system_view(written: &ObjectName, catalog: &Catalog) -> Result<Option<(Relation, String)>> {
    let parts: Vec<String> = written
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => name(ident).to_ascii_lowercase(),
            ObjectNamePart::Function(_) => String::new(),
        })
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if let ["sys_audit_context"] | ["sys", "audit_context"] = parts.as_slice() {
        let sql = format!("SELECT key, value FROM json_each({AUDIT_ALL}()) WHERE EXISTS (SELECT 1 FROM __ddb_meta)");
        return Ok(Some((catalog_relation("sys_audit_context", AUDIT_CONTEXT), sql)));
    }
    let (view, columns, rows) = match parts.as_slice() {
        [view @ ("sqlite_schema" | "sqlite_master")] | [MAIN, view @ ("sqlite_schema" | "sqlite_master")] => {
            (view, OBJECTS, objects(catalog))
        }
        [view @ ("sqlite_temp_schema" | "sqlite_temp_master")] | [TEMP, view @ ("sqlite_schema" | "sqlite_master")] => {
            (view, OBJECTS, objects(catalog.temp()))
        }
        [SCHEMA, view] => match information::view(view, catalog) {
            Some((columns, rows)) => (view, columns, rows),
            None => return Err(Error::unknown_relation(&written.to_string())),
        },
        _ => return Ok(None),
    };
    Ok(Some((catalog_relation(view, columns), rows_sql(columns, rows))))
}

/// Rows as SQL.
pub(super) fn rows_sql(columns: Columns, rows: Vec<Vec<String>>) -> String {
    // Reading a table makes SQLite notice a schema that has changed since, and the statement is compiled again.
    if rows.is_empty() {
        let list: Vec<String> = columns.iter().map(|(name, ..)| format!("NULL AS {}", quote(name))).collect();
        format!("SELECT {} FROM __ddb_meta WHERE key = ''", list.join(", "))
    } else {
        let rows: Vec<String> = rows.into_iter().map(|row| format!("({})", row.join(", "))).collect();
        // SQLite's names for the columns of VALUES.
        let items = columns.iter().enumerate().map(|(at, (name, ..))| {
            // The schema `main` is also called `public`, so a comparison with either name finds it.
            let collation = if names_schema(name) { " COLLATE ddb_schema" } else { "" };
            format!("column{}{collation} AS {}", at + 1, quote(name))
        });
        let list = items.collect::<Vec<_>>().join(", ");
        format!("SELECT {list} FROM (VALUES {}) WHERE EXISTS (SELECT 1 FROM __ddb_meta)", rows.join(", "))
    }
}

/// Whether a column of a view holds names of schemas.
fn names_schema(column: &str) -> bool {
    column == "schema_name" || column.ends_with("_schema")
}

/// The relation of a view of the engine's own.
pub(crate) fn catalog_relation(view: &str, columns: Columns) -> Relation {
    let described = columns.iter().map(|(name, ty, nullable)| ScopeColumn {
        name: (*name).to_owned(),
        sql_name: (*name).to_owned(),
        ty: ty.clone(),
        nullable: *nullable,
        source: None,
        literal: false,
    });
    Relation::new(view, described.collect())
}

pub(super) fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| text_literal(value)).collect()
}

fn objects(catalog: &Catalog) -> Vec<Vec<String>> {
    let row = |kind: &str, name: &str, table: &str, ddl: &str| {
        let mut row = texts(&[kind, name, table]);
        // Pages are none of the reader's business.
        row.push("0".to_owned());
        row.push(text_literal(ddl));
        row
    };
    let tables = catalog.tables.values().map(|table| row("table", &table.name, &table.name, &table.ddl));
    let views = catalog.views.values().map(|view| row("view", &view.name, &view.name, &view.ddl));
    let indexes = index_definitions(catalog).into_values();
    let indexes = indexes.map(|index| row("index", &index.name, &index.table, &index.ddl));
    let triggers = catalog.triggers.values();
    let triggers = triggers.map(|trigger| row("trigger", &trigger.name, &trigger.target, &trigger.ddl));
    tables.chain(views).chain(indexes).chain(triggers).collect()
}
