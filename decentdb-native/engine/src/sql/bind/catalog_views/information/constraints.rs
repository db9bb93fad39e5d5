//! Keys, foreign keys and checks. The names of constraints are unique within their table, so every view names the table, too.

use std::sync::Arc;

use crate::catalog::{Catalog, ForeignKey, Table};
use crate::sql::bind::catalog_views::schema_views::{texts, Columns};
use crate::sql::ddl::columns_named;
use crate::sql::grammar::text_literal;
use crate::value::Type;

use super::{home, null, number_or_null, path, text_or_null, Row};

pub(super) const TABLE_CONSTRAINTS: Columns = &[
    ("constraint_catalog", Type::Text, false),
    ("constraint_schema", Type::Text, false),
    ("constraint_name", Type::Text, false),
    ("table_catalog", Type::Text, false),
    ("table_schema", Type::Text, false),
    ("table_name", Type::Text, false),
    ("constraint_type", Type::Text, false),
    ("is_deferrable", Type::Text, false),
    ("initially_deferred", Type::Text, false),
    ("enforced", Type::Text, false),
    ("nulls_distinct", Type::Text, true),
];

pub(super) const KEY_COLUMN_USAGE: Columns = &[
    ("constraint_catalog", Type::Text, false),
    ("constraint_schema", Type::Text, false),
    ("constraint_name", Type::Text, false),
    ("table_catalog", Type::Text, false),
    ("table_schema", Type::Text, false),
    ("table_name", Type::Text, false),
    ("column_name", Type::Text, false),
    ("ordinal_position", Type::Int64, false),
    ("position_in_unique_constraint", Type::Int64, true),
    ("referenced_table_schema", Type::Text, true),
    ("referenced_table_name", Type::Text, true),
    ("referenced_column_name", Type::Text, true),
];

pub(super) const REFERENTIAL: Columns = &[
    ("constraint_catalog", Type::Text, false),
    ("constraint_schema", Type::Text, false),
    ("constraint_name", Type::Text, false),
    ("unique_constraint_catalog", Type::Text, true),
    ("unique_constraint_schema", Type::Text, true),
    ("unique_constraint_name", Type::Text, true),
    ("match_option", Type::Text, false),
    ("update_rule", Type::Text, false),
    ("delete_rule", Type::Text, false),
    ("table_name", Type::Text, false),
    ("referenced_table_name", Type::Text, false),
];

pub(super) const COLUMN_USAGE: Columns = &[
    ("table_catalog", Type::Text, false),
    ("table_schema", Type::Text, false),
    ("table_name", Type::Text, false),
    ("column_name", Type::Text, false),
    ("constraint_catalog", Type::Text, false),
    ("constraint_schema", Type::Text, false),
    ("constraint_name", Type::Text, false),
];

pub(super) const CHECKS: Columns = &[
    ("constraint_catalog", Type::Text, false),
    ("constraint_schema", Type::Text, false),
    ("constraint_name", Type::Text, false),
    ("check_clause", Type::Text, false),
    ("table_name", Type::Text, false),
];

/// A primary key or UNIQUE constraint: its name and its columns.
type Key<'t> = (&'t str, &'t [String]);

fn primary_key(table: &Table) -> Option<Key<'_>> {
    (!table.primary_key.is_empty()).then_some((&table.primary_key_name, &table.primary_key))
}

fn uniques(table: &Table) -> impl Iterator<Item = Key<'_>> {
    table.uniques.iter().map(|unique| (unique.name.as_str(), unique.columns.as_slice()))
}

fn keys(table: &Table) -> impl Iterator<Item = Key<'_>> {
    primary_key(table).into_iter().chain(uniques(table))
}

/// The key whose columns a foreign key names, in any order; `None` if it is an index without a constraint.
fn referenced_key<'c>(referenced: Option<&'c Arc<Table>>, key: &ForeignKey) -> Option<Key<'c>> {
    let names = |columns: &[String]| {
        let mut names: Vec<String> = columns.iter().map(|column| column.to_ascii_lowercase()).collect();
        names.sort();
        names
    };
    let wanted = names(&key.referenced_columns);
    referenced.and_then(|table| keys(table).find(|(_, columns)| names(columns) == wanted))
}

pub(super) fn table_constraints(catalog: &Catalog) -> Vec<Row> {
    let row = |table: &Table, name: &str, kind: &str| {
        let mut row = path(table.temporary, name);
        row.extend(path(table.temporary, &table.name));
        row.extend(texts(&[kind, "NO", "NO", "YES"]));
        row.push(text_or_null((kind == "UNIQUE").then_some("YES")));
        row
    };
    let mut rows = Vec::new();
    for table in catalog.all_tables() {
        rows.extend(primary_key(table).map(|(name, _)| row(table, name, "PRIMARY KEY")));
        rows.extend(uniques(table).map(|(name, _)| row(table, name, "UNIQUE")));
        rows.extend(table.foreign_keys.iter().map(|key| row(table, &key.constraint_name(&table.name), "FOREIGN KEY")));
        rows.extend(table.checks.iter().map(|check| row(table, &check.name, "CHECK")));
    }
    rows
}

/// The columns of keys and foreign keys.
pub(super) fn key_column_usage(catalog: &Catalog) -> Vec<Row> {
    let row = |table: &Table, constraint: &str, at: usize, column: &str| {
        let mut row = path(table.temporary, constraint);
        row.extend(path(table.temporary, &table.name));
        row.push(text_literal(column));
        row.push((at + 1).to_string());
        row
    };
    let mut rows = Vec::new();
    for table in catalog.all_tables() {
        for (name, columns) in keys(table) {
            rows.extend(columns.iter().enumerate().map(|(at, column)| {
                let mut row = row(table, name, at, column);
                row.extend([null(), null(), null(), null()]);
                row
            }));
        }
        for key in &table.foreign_keys {
            let name = key.constraint_name(&table.name);
            let referenced = home(catalog, table).table(&key.referenced_table);
            let target = referenced_key(referenced, key);
            rows.extend(key.columns.iter().zip(&key.referenced_columns).enumerate().map(|(at, (column, of))| {
                let position = |(_, columns): Key<'_>| columns.iter().position(|each| each.eq_ignore_ascii_case(of));
                let mut row = row(table, &name, at, column);
                row.push(number_or_null(target.and_then(position).map(|at| at as u64 + 1)));
                row.extend(path(table.temporary, &key.referenced_table).into_iter().skip(1));
                row.push(text_literal(of));
                row
            }));
        }
    }
    rows
}

pub(super) fn referential(catalog: &Catalog) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in catalog.all_tables() {
        for key in &table.foreign_keys {
            let referenced = home(catalog, table).table(&key.referenced_table);
            let mut row = path(table.temporary, &key.constraint_name(&table.name));
            match referenced_key(referenced, key) {
                Some((name, _)) => row.extend(path(table.temporary, name)),
                None => row.extend([null(), null(), null()]),
            }
            row.extend(texts(&["NONE", &key.on_update, &key.on_delete, &table.name, &key.referenced_table]));
            rows.push(row);
        }
    }
    rows
}

/// The columns that constraints speak of: those of keys and checks, and those that foreign keys refer to.
pub(super) fn column_usage(catalog: &Catalog) -> Vec<Row> {
    let row = |temporary: bool, table: &str, column: &str, constraint: &str| {
        let mut row = path(temporary, table);
        row.push(text_literal(column));
        row.extend(path(temporary, constraint));
        row
    };
    let mut rows = Vec::new();
    for table in catalog.all_tables() {
        for (name, columns) in keys(table) {
            rows.extend(columns.iter().map(|column| row(table.temporary, &table.name, column, name)));
        }
        for key in &table.foreign_keys {
            let name = key.constraint_name(&table.name);
            let columns = key.referenced_columns.iter();
            rows.extend(columns.map(|column| row(table.temporary, &key.referenced_table, column, &name)));
        }
        for check in &table.checks {
            let columns = columns_named(&check.sql, table.columns.iter().map(|column| column.name.as_str()));
            rows.extend(columns.iter().map(|column| row(table.temporary, &table.name, column, &check.name)));
        }
    }
    rows
}

pub(super) fn checks(catalog: &Catalog) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in catalog.all_tables() {
        rows.extend(table.checks.iter().map(|check| {
            let mut row = path(table.temporary, &check.name);
            row.extend(texts(&[&check.sql, &table.name]));
            row
        }));
    }
    rows
}
