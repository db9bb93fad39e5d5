//! The metadata documents of the C ABI.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{json, Value as Json};

use super::{key, Catalog, Column, ForeignKey, Index, Method, Table, Trigger, TriggerTiming, View};
use crate::error::{Error, Result};

pub(super) fn foreign_key(key: &ForeignKey) -> Json {
    json!({
        "name": key.name,
        "columns": key.columns,
        "referenced_table": key.referenced_table,
        "referenced_columns": key.referenced_columns,
        "on_delete": key.on_delete,
        "on_update": key.on_update,
    })
}

/// The foreign key written on a column.
pub(super) fn inline_key<'t>(table: &'t Table, column: &Column) -> Option<&'t ForeignKey> {
    table.foreign_keys.iter().find(|key| key.inline && key.columns.first().is_some_and(|name| *name == column.name))
}

fn table(table: &Table, row_count: u64) -> Json {
    let columns: Vec<Json> = table
        .columns
        .iter()
        .map(|column| {
            let own = |name: &Option<String>| name.as_deref() == Some(column.name.as_str());
            let checks: Vec<&str> =
                table.checks.iter().filter(|check| own(&check.column)).map(|check| check.sql.as_str()).collect();
            let primary_key = table.primary_key.contains(&column.name);
            json!({
                "name": column.name,
                "column_type": column.ty.name(),
                "nullable": column.nullable,
                "default_sql": column.default_sql,
                "primary_key": primary_key,
                "unique": column.unique,
                "auto_increment": column.auto_increment,
                "checks": checks,
                "foreign_key": inline_key(table, column).map(foreign_key),
            })
        })
        .collect();
    let checks: Vec<&str> =
        table.checks.iter().filter(|check| check.column.is_none()).map(|check| check.sql.as_str()).collect();
    json!({
        "name": table.name,
        "temporary": table.temporary,
        "columns": columns,
        "checks": checks,
        "foreign_keys": table.foreign_keys.iter().map(foreign_key).collect::<Vec<_>>(),
        "primary_key_columns": table.primary_key,
        "row_count": row_count,
    })
}

/// All tables. Calls `row_count` once per table.
pub fn list_tables_json(catalog: &Catalog, mut row_count: impl FnMut(&Table) -> Result<u64>) -> Result<Json> {
    catalog.all_tables().into_iter().map(|each| Ok(table(each, row_count(each)?))).collect()
}

pub fn describe_table_json(
    catalog: &Catalog,
    name: &str,
    row_count: impl FnOnce(&Table) -> Result<u64>,
) -> Result<Json> {
    let found = catalog.home(name).table(name).ok_or_else(|| Error::unknown_relation(name))?;
    Ok(table(found, row_count(found)?))
}

/// The indexes of a catalogue by name, including those of keys and UNIQUE constraints.
pub fn index_definitions(catalog: &Catalog) -> BTreeMap<String, Index> {
    let mut indexes = BTreeMap::new();
    for table in catalog.tables.values() {
        let uniques = table.uniques.iter().map(|unique| (&unique.name, &unique.columns));
        let primary = (!table.primary_key.is_empty()).then_some((&table.primary_key_name, &table.primary_key));
        for (name, columns) in primary.into_iter().chain(uniques) {
            let list: Vec<String> = columns.iter().map(|column| quote(column)).collect();
            let ddl = format!("CREATE UNIQUE INDEX {} ON {} ({})", quote(name), quote(&table.name), list.join(", "));
            let index = Index {
                name: name.clone(),
                table: table.name.clone(),
                unique: true,
                columns: columns.clone(),
                expression: false,
                method: Method::BTree,
                predicate_sql: None,
                include: Vec::new(),
                foreign_key: false,
                ddl,
            };
            // Constraints of two tables may share a name.
            indexes.insert(format!("{}\0{}", key(name), key(&table.name)), index);
        }
    }
    for index in catalog.indexes.values() {
        indexes.insert(format!("{}\0{}", key(&index.name), key(&index.table)), index.as_ref().clone());
    }
    indexes
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn index_json(index: &Index) -> Json {
    let options = match &index.method {
        Method::FullText(analyzer) => Some(analyzer.options_json().to_string()),
        _ => None,
    };
    json!({
        "name": index.name,
        "table_name": index.table,
        "kind": index.method.name(),
        "unique": index.unique,
        "columns": index.columns,
        "include_columns": index.include,
        "predicate_sql": index.predicate_sql,
        "full_text_options_json": options,
        "fresh": true,
    })
}

pub fn list_indexes_json(catalog: &Catalog) -> Json {
    let indexes = index_definitions(catalog).into_values().chain(index_definitions(catalog.temp()).into_values());
    indexes.map(|index| index_json(&index)).collect()
}

pub fn list_triggers_json(catalog: &Catalog) -> Json {
    let trigger = |trigger: &Arc<Trigger>| {
        json!({
            "name": trigger.name,
            "target_name": trigger.target,
            "kind": trigger.timing.sql(),
            "event": trigger.events.iter().map(|event| event.sql()).collect::<Vec<_>>().join(" OR "),
            "on_view": trigger.timing == TriggerTiming::InsteadOf,
            "action_sql": trigger.action_sql,
        })
    };
    catalog.triggers.values().map(trigger).collect()
}

pub(super) fn view_json(view: &View) -> Json {
    json!({
        "name": view.name,
        "temporary": view.temporary,
        "sql_text": view.sql_text,
        "column_names": view.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(),
        "dependencies": view.dependencies.iter().chain(&view.temporaries).collect::<Vec<_>>(),
    })
}

pub fn list_views_json(catalog: &Catalog) -> Json {
    catalog.all_views().into_iter().map(|view| view_json(view)).collect()
}
