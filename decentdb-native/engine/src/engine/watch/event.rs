//! The JSON documents of watch events.

use serde_json::{json, Map, Value as Json};

use crate::catalog::{Catalog, Table};
use crate::engine::session::cell_value;
use crate::sqlite::preupdate::Operation;
use crate::sqlite::Cell;
use crate::types;
use crate::value::{Stored, Type, Value};

use super::hub::{CommitEvent, Filter, Watch};
use super::row_changes::RowChange;

pub fn document(watch: &Watch, event: &CommitEvent) -> Json {
    let changes = &event.changes;
    let wanted = |table: &str| changes.schema_changed || watch.filter.includes_table(table);
    let range = match &watch.filter {
        Filter::Range(range) => Some(range.within(&event.catalog)),
        _ => None,
    };
    let mut truncated = changes.truncated;
    let mut row_changes = Vec::new();
    for row in changes.rows.iter().filter(|row| watch.filter.includes_table(&row.table)) {
        if range.as_ref().is_some_and(|range| !range.includes(row)) {
            continue;
        }
        match row_change(&event.catalog, row) {
            Some(json) => row_changes.push(json),
            // The table was altered or dropped later in the same transaction.
            None => truncated = true,
        }
    }
    let mut json = Map::new();
    json.insert("schema_version".into(), 1.into());
    let stream = matches!(watch.filter, Filter::Stream(_));
    json.insert("type".into(), if stream { "change" } else { "invalidate" }.into());
    json.insert(if stream { "stream_id" } else { "watch_id" }.into(), watch.id.into());
    json.insert("event_id".into(), event.id.into());
    json.insert("commit_lsn".into(), event.lsn.into());
    json.insert("schema_cookie".into(), event.catalog.cookie.into());
    json.insert("source".into(), event.source.name().into());
    let tables = changes.tables.iter().filter(|table| wanted(table));
    if stream {
        let tables = tables.map(|table| {
            json!({
                "table": table.as_ref(),
                "schema_changed": changes.schema_changed,
                "row_change_count": changes.rows.iter().filter(|row| row.table == *table).count(),
            })
        });
        json.insert("table_changes".into(), tables.collect());
    } else {
        json.insert("tables".into(), tables.map(|table| Json::from(table.as_ref())).collect());
        json.insert("schema_changed".into(), changes.schema_changed.into());
    }
    json.insert("row_changes_truncated".into(), truncated.into());
    json.insert("row_changes".into(), row_changes.into());
    Json::Object(json)
}

fn row_change(catalog: &Catalog, row: &RowChange) -> Option<Json> {
    let table = catalog.table(&row.table)?;
    let fits = |image: &Option<Vec<Stored>>| image.as_ref().is_none_or(|image| image.len() == table.columns.len());
    if !fits(&row.before) || !fits(&row.after) {
        return None;
    }
    let named = row.after.as_ref().or(row.before.as_ref())?;
    let mut key = Map::new();
    for name in &table.primary_key {
        let at = table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))?;
        key.insert(name.clone(), cell_json(&named[at], &table.columns[at].ty));
    }
    Some(json!({
        "table": table.name,
        "operation": match row.operation {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Delete => "delete",
        },
        "primary_key": key,
        "before": image_json(table, row.before.as_deref()),
        "after": image_json(table, row.after.as_deref()),
        "detail": "full_row",
    }))
}

fn image_json(table: &Table, image: Option<&[Stored]>) -> Json {
    let Some(image) = image else { return Json::Null };
    let columns = table.columns.iter().zip(image);
    Json::Object(columns.map(|(column, stored)| (column.name.clone(), cell_json(stored, &column.ty))).collect())
}

fn cell_json(stored: &Stored, ty: &Type) -> Json {
    value_json(&cell_value(cell(stored), ty), ty)
}

pub fn cell(stored: &Stored) -> Cell<'_> {
    match stored {
        Stored::Null => Cell::Null,
        Stored::Integer(number) => Cell::Integer(*number),
        Stored::Real(number) => Cell::Real(*number),
        Stored::Text(text) => Cell::Text(text.as_bytes()),
        Stored::Blob(bytes) => Cell::Blob(bytes),
    }
}

/// Numbers, booleans and NULL as themselves, a TIMESTAMP as its microseconds, an ENUM as its label, bytes in hex, everything
/// else as its text.
pub fn value_json(value: &Value, ty: &Type) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int64(number) | Value::Timestamp(number) => (*number).into(),
        Value::Float64(number) => (*number).into(),
        Value::Bool(flag) => (*flag).into(),
        Value::Enum { label_id, .. } => match ty {
            Type::Enum(of) => of.labels.get(*label_id as usize).cloned().map_or(Json::Null, Json::from),
            _ => types::iso_text(value).into(),
        },
        other => types::iso_text(other).into(),
    }
}
