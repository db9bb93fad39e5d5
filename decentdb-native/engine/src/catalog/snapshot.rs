//! The whole schema as one document, and the further metadata that tools ask for.

use std::sync::Arc;

use serde_json::{json, Value as Json};
use sha2::{Digest, Sha256};

use super::json::{foreign_key, index_definitions, index_json, inline_key, view_json};
use super::{Catalog, Check, Column, Index, Sequence, Table, Trigger, TriggerTiming};
use crate::error::Result;
use crate::value::Type;

fn check(check: &Check) -> Json {
    json!({ "name": check.named.then_some(&check.name), "expression_sql": check.sql })
}

fn checks(table: &Table, column: Option<&str>) -> Vec<Json> {
    table.checks.iter().filter(|each| each.column.as_deref() == column).map(check).collect()
}

fn column(table: &Table, column: &Column) -> Json {
    json!({
        "name": column.name,
        "column_type": column.ty.name(),
        "nullable": column.nullable,
        "default_sql": column.default_sql,
        "primary_key": table.primary_key.contains(&column.name),
        "unique": column.unique,
        "auto_increment": column.auto_increment,
        // A column that is not generated counts as stored.
        "generated_sql": column.generated_sql,
        "generated_stored": column.generated_stored,
        "checks": checks(table, Some(&column.name)),
        "foreign_key": inline_key(table, column).map(foreign_key),
    })
}

fn table(table: &Table) -> Json {
    json!({
        "name": table.name,
        "temporary": table.temporary,
        "ddl": table.ddl,
        "primary_key_columns": table.primary_key,
        "checks": checks(table, None),
        "foreign_keys": table.foreign_keys.iter().map(foreign_key).collect::<Vec<_>>(),
        "columns": table.columns.iter().map(|each| column(table, each)).collect::<Vec<_>>(),
    })
}

/// `document` with further entries at its end.
fn with(mut document: Json, more: Json) -> Json {
    if let (Json::Object(document), Json::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    document
}

fn index(index: &Index, temporary: bool) -> Json {
    with(index_json(index), json!({ "temporary": temporary, "ddl": index.ddl }))
}

fn trigger(trigger: &Trigger) -> Json {
    json!({
        "name": trigger.name,
        "target_name": trigger.target,
        "target_kind": if trigger.timing == TriggerTiming::InsteadOf { "view" } else { "table" },
        "timing": trigger.timing.name(),
        "events": trigger.events.iter().map(|event| event.name()).collect::<Vec<_>>(),
        "events_mask": trigger.events.iter().fold(0, |mask, event| mask | event.bit()),
        "for_each_row": true,
        "temporary": false,
        "action_sql": trigger.action_sql,
        "ddl": trigger.ddl,
    })
}

/// The definitions of everything in the schema, which make up the snapshot and the fingerprint.
fn definitions(catalog: &Catalog) -> Json {
    let tables: Vec<Json> = catalog.all_tables().into_iter().map(|each| table(each)).collect();
    let views: Vec<Json> =
        catalog.all_views().into_iter().map(|view| with(view_json(view), json!({ "ddl": view.ddl }))).collect();
    let indexes = [(catalog, false), (catalog.temp(), true)].into_iter().flat_map(|(catalog, temporary)| {
        index_definitions(catalog).into_values().map(move |each| index(&each, temporary))
    });
    let indexes: Vec<Json> = indexes.collect();
    let triggers: Vec<Json> = catalog.triggers.values().map(|each| trigger(each)).collect();
    let mut definitions = json!({ "tables": tables, "views": views, "indexes": indexes, "triggers": triggers });
    if !catalog.sequences.is_empty() {
        // DecentDB's documents, which have no sequences, stay as they are.
        let sequence = |each: &Arc<Sequence>| json!({ "name": each.name, "ddl": each.ddl });
        definitions["sequences"] = catalog.sequences.values().map(sequence).collect();
    }
    definitions
}

/// Tables, views, indexes and triggers in full. Calls `row_count` once per table.
pub fn schema_snapshot_json(catalog: &Catalog, mut row_count: impl FnMut(&Table) -> Result<u64>) -> Result<Json> {
    let mut definitions = definitions(catalog);
    if let Some(tables) = definitions["tables"].as_array_mut() {
        for (json, table) in tables.iter_mut().zip(catalog.all_tables()) {
            json["row_count"] = row_count(table)?.into();
        }
    }
    Ok(with(json!({ "snapshot_version": 1, "schema_cookie": catalog.cookie }), definitions))
}

/// A digest of all definitions: equal schemas have equal fingerprints, whatever their cookies and rows.
pub(super) fn fingerprint(catalog: &Catalog) -> String {
    let text = with(definitions(catalog), json!({ "column_type_metadata": column_types(catalog) })).to_string();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The descriptive name of a value of the type, beside its tag.
fn value_kind(ty: &Type) -> &'static str {
    match ty {
        Type::Int64 => "int64",
        Type::Float64 => "float64",
        Type::Bool => "bool",
        Type::Text => "text",
        Type::Blob => "blob",
        Type::Decimal => "decimal",
        Type::Uuid => "uuid",
        Type::Timestamp => "timestamp_micros",
        Type::TimestampTz => "timestamptz_micros",
        Type::Date => "date_days",
        Type::Time => "time_micros",
        Type::Interval => "interval",
        Type::Enum(_) => "enum_id",
        Type::IpAddr => "ipaddr",
        Type::Cidr => "cidr",
        Type::MacAddr => "macaddr",
        Type::Geometry => "geometry_ewkb",
        Type::Geography => "geography_ewkb",
        Type::Dynamic => "dynamic",
    }
}

fn type_info(column: &Column) -> Json {
    let ty = &column.ty;
    let spatial = column.shape.as_ref().map(|shape| {
        json!({
            "subtype": shape.kind.map_or("ANY", |kind| kind.name()),
            "dimensions": shape.dimensions.map_or("ANY", |dimensions| dimensions.name()),
            "srid": shape.srid,
        })
    });
    json!({
        "type_name": ty.name(),
        "value_kind": value_kind(ty),
        "c_value_tag": ty.tag().map(|tag| tag as u32),
        "spatial": spatial,
    })
}

/// The types of all columns, ordered by table and column.
fn column_types(catalog: &Catalog) -> Vec<Json> {
    let mut columns: Vec<(&str, &Column)> = Vec::new();
    for table in catalog.all_tables() {
        columns.extend(table.columns.iter().map(|column| (table.name.as_str(), column)));
    }
    columns.sort_by_key(|(table, column)| (*table, column.name.as_str()));
    let described = columns.into_iter().map(|(table, column)| {
        json!({
            "table_name": table,
            "column_name": column.name,
            "column_type": column.ty.name(),
            "type_info": type_info(column),
        })
    });
    described.collect()
}

/// The snapshot together with versions and the types of all columns.
pub fn tooling_metadata_json(
    catalog: &Catalog,
    format_version: u32,
    row_count: impl FnMut(&Table) -> Result<u64>,
) -> Result<Json> {
    Ok(json!({
        "metadata_version": 1,
        "engine_version": crate::ENGINE_VERSION,
        "database_format_version": format_version,
        "schema_cookie": catalog.cookie,
        "temp_schema_cookie": catalog.temp().cookie,
        "schema_fingerprint": catalog.fingerprint(),
        "schema_fingerprint_algorithm": "sha256:decentdb-tooling-schema-v1",
        "schema": schema_snapshot_json(catalog, row_count)?,
        "column_type_metadata": column_types(catalog),
        "capabilities": { "query_contract_version": 1, "query_describe": true, "deterministic_json": true },
    }))
}
