//! Schemas, tables, columns, views, sequences, triggers and routines.

use std::sync::Arc;

use crate::catalog::{Catalog, Column, Identity, Sequence, TriggerEvent, TriggerTiming};
use crate::sql::bind::catalog_views::schema_views::{texts, Columns, MAIN, TEMP};
use crate::sql::grammar::text_literal;
use crate::types::size::Size;
use crate::value::Type;

use super::{null, number_or_null, path, schema, text_or_null, yes_or_no, Row};

pub(super) const SCHEMATA: Columns = &[
    ("catalog_name", Type::Text, false),
    ("schema_name", Type::Text, false),
    ("schema_owner", Type::Text, false),
    ("default_character_set_catalog", Type::Text, false),
    ("default_character_set_schema", Type::Text, false),
    ("default_character_set_name", Type::Text, false),
];

pub(super) const TABLES: Columns = &[
    ("table_catalog", Type::Text, false),
    ("table_schema", Type::Text, false),
    ("table_name", Type::Text, false),
    ("table_type", Type::Text, false),
    ("is_insertable_into", Type::Text, false),
    ("commit_action", Type::Text, true),
];

pub(super) const COLUMNS: Columns = &[
    ("table_catalog", Type::Text, false),
    ("table_schema", Type::Text, false),
    ("table_name", Type::Text, false),
    ("column_name", Type::Text, false),
    ("ordinal_position", Type::Int64, false),
    ("column_default", Type::Text, true),
    ("is_nullable", Type::Text, false),
    ("data_type", Type::Text, false),
    ("character_maximum_length", Type::Int64, true),
    ("numeric_precision", Type::Int64, true),
    ("numeric_precision_radix", Type::Int64, true),
    ("numeric_scale", Type::Int64, true),
    ("datetime_precision", Type::Int64, true),
    ("udt_name", Type::Text, false),
    ("is_identity", Type::Text, false),
    ("identity_generation", Type::Text, true),
    ("is_generated", Type::Text, false),
    ("generation_expression", Type::Text, true),
    ("is_updatable", Type::Text, false),
];

pub(super) const VIEWS: Columns = &[
    ("table_catalog", Type::Text, false),
    ("table_schema", Type::Text, false),
    ("table_name", Type::Text, false),
    ("view_definition", Type::Text, false),
    ("check_option", Type::Text, false),
    ("is_updatable", Type::Text, false),
    ("is_insertable_into", Type::Text, false),
    ("is_trigger_updatable", Type::Text, false),
    ("is_trigger_deletable", Type::Text, false),
    ("is_trigger_insertable_into", Type::Text, false),
];

pub(super) const SEQUENCES: Columns = &[
    ("sequence_catalog", Type::Text, false),
    ("sequence_schema", Type::Text, false),
    ("sequence_name", Type::Text, false),
    ("data_type", Type::Text, false),
    ("numeric_precision", Type::Int64, false),
    ("numeric_precision_radix", Type::Int64, false),
    ("numeric_scale", Type::Int64, false),
    ("start_value", Type::Text, false),
    ("minimum_value", Type::Text, false),
    ("maximum_value", Type::Text, false),
    ("increment", Type::Text, false),
    ("cycle_option", Type::Text, false),
];

pub(super) const TRIGGERS: Columns = &[
    ("trigger_catalog", Type::Text, false),
    ("trigger_schema", Type::Text, false),
    ("trigger_name", Type::Text, false),
    ("event_manipulation", Type::Text, false),
    ("event_object_catalog", Type::Text, false),
    ("event_object_schema", Type::Text, false),
    ("event_object_table", Type::Text, false),
    ("action_order", Type::Int64, false),
    ("action_condition", Type::Text, true),
    ("action_statement", Type::Text, false),
    ("action_orientation", Type::Text, false),
    ("action_timing", Type::Text, false),
];

pub(super) const ROUTINES: Columns = &[
    ("specific_catalog", Type::Text, false),
    ("specific_schema", Type::Text, false),
    ("specific_name", Type::Text, false),
    ("routine_catalog", Type::Text, false),
    ("routine_schema", Type::Text, false),
    ("routine_name", Type::Text, false),
    ("routine_type", Type::Text, false),
    ("data_type", Type::Text, true),
    ("routine_body", Type::Text, true),
    ("routine_definition", Type::Text, true),
    ("external_name", Type::Text, true),
    ("external_language", Type::Text, true),
    ("is_deterministic", Type::Text, true),
    ("sql_data_access", Type::Text, true),
    ("security_type", Type::Text, true),
];

pub(super) const PARAMETERS: Columns = &[
    ("specific_catalog", Type::Text, false),
    ("specific_schema", Type::Text, false),
    ("specific_name", Type::Text, false),
    ("ordinal_position", Type::Int64, false),
    ("parameter_mode", Type::Text, true),
    ("parameter_name", Type::Text, true),
    ("data_type", Type::Text, true),
];

pub(super) fn schemata() -> Vec<Row> {
    [MAIN, TEMP].map(|schema| texts(&[MAIN, schema, "decentdb", MAIN, schema, "UTF-8"])).to_vec()
}

/// Whether a trigger does something in place of the change of a view.
fn takes(catalog: &Catalog, view: &str, event: TriggerEvent) -> bool {
    let mut triggers = catalog.triggers_of(view, event);
    triggers.any(|each| each.timing == TriggerTiming::InsteadOf)
}

pub(super) fn tables(catalog: &Catalog) -> Vec<Row> {
    let row = |name: &str, temporary: bool, kind: &str, insertable: bool| {
        let mut row = path(temporary, name);
        row.push(text_literal(if temporary { "LOCAL TEMPORARY" } else { kind }));
        row.push(yes_or_no(insertable));
        row.push(text_or_null(temporary.then_some("PRESERVE")));
        row
    };
    let tables = catalog.all_tables().into_iter().map(|table| row(&table.name, table.temporary, "BASE TABLE", true));
    let views = catalog.all_views().into_iter().map(|view| {
        let insertable = !view.temporary && takes(catalog, &view.name, TriggerEvent::Insert);
        row(&view.name, view.temporary, "VIEW", insertable)
    });
    tables.chain(views).collect()
}

/// The numbers between the parentheses of a type as it was written.
fn written_numbers(declared: Option<&str>) -> Vec<u64> {
    let inside = declared.and_then(|text| text.split_once('(')).and_then(|(_, rest)| rest.split_once(')'));
    inside
        .map_or_else(Vec::new, |(numbers, _)| numbers.split(',').filter_map(|each| each.trim().parse().ok()).collect())
}

/// Length, precision, radix, scale and the digits of fractions of a second of a type, as SQL.
fn bounds(column: &Column) -> Row {
    let written = written_numbers(column.declared.as_deref());
    let mut length = None;
    let (mut precision, mut radix, mut scale, mut fraction) = (None, None, None, None);
    match (&column.ty, column.size) {
        (Type::Text, Some(Size::Characters(most))) => length = Some(most),
        (Type::Text, _) => length = written.first().copied(),
        (Type::Int64, size) => {
            let bits = if let Some(Size::Integer(bits)) = size { bits.into() } else { 64 };
            (precision, radix, scale) = (Some(bits), Some(2), Some(0));
        }
        (Type::Float64, _) => (precision, radix) = (Some(53), Some(2)),
        (Type::Decimal, Some(Size::Digits { precision: most, scale: behind })) => {
            (precision, radix, scale) = (Some(most.into()), Some(10), Some(behind.into()));
        }
        (Type::Decimal, _) => {
            radix = Some(10);
            precision = written.first().copied();
            scale = precision.map(|_| written.get(1).copied().unwrap_or(0));
        }
        (Type::Timestamp | Type::TimestampTz | Type::Time | Type::Interval, _) => fraction = Some(6),
        (Type::Date, _) => fraction = Some(0),
        _ => {}
    }
    [length, precision, radix, scale, fraction].map(number_or_null).to_vec()
}

/// A column that the engine numbers by itself takes the values that a statement gives, as `BY DEFAULT` says.
fn identity(column: &Column) -> Option<&'static str> {
    match column.identity {
        Some(Identity::Always) => Some("ALWAYS"),
        Some(Identity::ByDefault) => Some("BY DEFAULT"),
        None => column.auto_increment.then_some("BY DEFAULT"),
    }
}

pub(super) fn columns(catalog: &Catalog) -> Vec<Row> {
    let row = |temporary: bool, table: &str, at: usize, column: &Column, updatable: bool| {
        let mut row = path(temporary, table);
        row.push(text_literal(&column.name));
        row.push((at + 1).to_string());
        row.push(text_or_null(column.default_sql.as_deref()));
        row.push(yes_or_no(column.nullable));
        row.push(text_literal(column.ty.name()));
        row.extend(bounds(column));
        row.push(text_literal(column.declared.as_deref().unwrap_or(column.ty.name())));
        row.push(yes_or_no(identity(column).is_some()));
        row.push(text_or_null(identity(column)));
        row.push(text_literal(if column.generated_sql.is_some() { "ALWAYS" } else { "NEVER" }));
        row.push(text_or_null(column.generated_sql.as_deref()));
        row.push(yes_or_no(updatable && column.generated_sql.is_none()));
        row
    };
    let mut rows = Vec::new();
    for table in catalog.all_tables() {
        let columns = table.columns.iter().enumerate();
        rows.extend(columns.map(|(at, column)| row(table.temporary, &table.name, at, column, true)));
    }
    for view in catalog.all_views() {
        let updatable = !view.temporary && takes(catalog, &view.name, TriggerEvent::Update);
        rows.extend(view.columns.iter().enumerate().map(|(at, column)| {
            let described = Column { nullable: column.nullable, ..Column::new(&column.name, column.ty.clone()) };
            row(view.temporary, &view.name, at, &described, updatable)
        }));
    }
    rows
}

/// Only triggers change something through a view.
pub(super) fn views(catalog: &Catalog) -> Vec<Row> {
    let row = |name: &str, temporary: bool, query: &str| {
        let mut row = path(temporary, name);
        row.push(text_literal(query));
        row.extend(texts(&["NONE", "NO", "NO"]));
        let events = [TriggerEvent::Update, TriggerEvent::Delete, TriggerEvent::Insert];
        row.extend(events.map(|event| yes_or_no(!temporary && takes(catalog, name, event))));
        row
    };
    catalog.all_views().into_iter().map(|view| row(&view.name, view.temporary, &view.sql_text)).collect()
}

pub(super) fn sequences(catalog: &Catalog) -> Vec<Row> {
    let row = |sequence: &Arc<Sequence>| {
        let mut row = path(false, &sequence.name);
        row.push(text_literal(Type::Int64.name()));
        row.extend(["64", "2", "0"].map(str::to_owned));
        let numbers = [sequence.start, sequence.lowest, sequence.highest, sequence.increment];
        row.extend(numbers.map(|number| text_literal(&number.to_string())));
        row.push(yes_or_no(sequence.cycles));
        row
    };
    catalog.sequences.values().map(row).collect()
}

/// One row for each event of a trigger. Those of a table run in the order of their names.
pub(super) fn triggers(catalog: &Catalog) -> Vec<Row> {
    let mut rows = Vec::new();
    for trigger in catalog.triggers.values() {
        for event in &trigger.events {
            let before = catalog.triggers_of(&trigger.target, *event).take_while(|each| each.name != trigger.name);
            let order = before.filter(|each| each.timing == trigger.timing).count() + 1;
            let mut row = path(false, &trigger.name);
            row.push(text_literal(event.sql()));
            row.extend(texts(&[MAIN, schema(false), &trigger.target]));
            row.push(order.to_string());
            row.push(null());
            row.push(text_literal(&trigger.action_sql));
            row.extend(texts(&["ROW", trigger.timing.sql()]));
            rows.push(row);
        }
    }
    rows
}
