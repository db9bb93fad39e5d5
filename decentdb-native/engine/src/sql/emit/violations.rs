//! SQLite's reports of violated constraints, in the words of the dialect.

use std::sync::Arc;

use crate::catalog::{Catalog, ForeignKey, Table};
use crate::error::{Error, Status};
use crate::sql::grammar::quote;
use crate::sql::program::{Compiled, StatementKind};

use super::qualified_name::qualified_name;

const CHECK: i32 = 275;
const FOREIGN_KEY: i32 = 787;
const NOT_NULL: i32 = 1299;
const PRIMARY_KEY: i32 = 1555;
const UNIQUE: i32 = 2067;
const ROW_ID: i32 = 2579;
const DATATYPE: i32 = 3091;

/// Maps an extended result code of SQLITE_CONSTRAINT and its message.
pub fn constraint_error(code: i32, message: &str, target: Option<&str>, catalog: &Catalog) -> Error {
    let detail = message.split_once("constraint failed: ").map_or("", |(_, detail)| detail);
    match code {
        UNIQUE | PRIMARY_KEY | ROW_ID => unique(detail, catalog),
        NOT_NULL => match detail.split_once('.') {
            Some((table, column)) => not_null(table, column),
            None => Error::new(Status::Constraint, "constraint.not_null", Some("23502"), message),
        },
        CHECK => check(detail, target, catalog),
        FOREIGN_KEY => foreign_key_unknown(),
        DATATYPE => Error::type_mismatch(message),
        _ => Error::new(Status::Constraint, "constraint.unknown", Some("23000"), message),
    }
}

/// A foreign key and the table that declares it.
pub type Declared = (Arc<Table>, ForeignKey);

/// The foreign keys a statement can violate. SQLite does not say which one it was.
pub fn suspects(compiled: &Compiled, catalog: &Catalog) -> Vec<Declared> {
    let Some(target) = compiled.target.as_ref().filter(|table| !table.temporary) else { return Vec::new() };
    let own = |table: &Arc<Table>| table.foreign_keys.iter().map(|key| (Arc::clone(table), key.clone())).collect();
    let mut found: Vec<Declared> = if compiled.kind == StatementKind::Delete { Vec::new() } else { own(target) };
    // The tables whose rows change, be it through the actions of foreign keys.
    let mut changed = vec![Arc::clone(target)];
    let mut at = 0;
    while let Some(parent) = changed.get(at).cloned() {
        for child in catalog.tables.values() {
            for key in child.foreign_keys.iter().filter(|key| key.referenced_table == parent.name) {
                found.push((Arc::clone(child), key.clone()));
                let action = if compiled.kind == StatementKind::Delete { &key.on_delete } else { &key.on_update };
                let acts = action == "CASCADE" || action.starts_with("SET");
                if acts && !changed.iter().any(|known| known.name == child.name) {
                    changed.push(Arc::clone(child));
                    found.extend::<Vec<Declared>>(own(child));
                }
            }
        }
        at += 1;
    }
    let mut distinct: Vec<Declared> = Vec::with_capacity(found.len());
    for (table, key) in found {
        let name = key.constraint_name(&table.name);
        if !distinct.iter().any(|(known, other)| known.name == table.name && other.constraint_name(&known.name) == name)
        {
            distinct.push((table, key));
        }
    }
    distinct
}

/// The violation of one of the foreign keys at stake; `None` where it is not known which.
pub fn foreign_key_error(compiled: &Compiled, violated: Option<&Declared>) -> Error {
    let Some(target) = compiled.target.as_ref().map(|table| &table.name) else { return foreign_key_unknown() };
    let verb = if compiled.kind == StatementKind::Delete { "DELETE" } else { "UPDATE" };
    match violated {
        Some((table, key)) if table.name == *target && compiled.kind != StatementKind::Delete => {
            missing_parent(table, key)
        }
        Some((table, key)) => {
            let message = format!("{verb} on {target} violates a foreign key from {}", table.name);
            foreign_key(table, key, target, message)
        }
        None => {
            let message = format!("a foreign key of or to {target} was violated");
            Error::new(Status::Constraint, "constraint.foreign_key", Some("23503"), message)
                .with("relation", target.clone())
        }
    }
}

/// A query that returns 1 if some row of `table` has a foreign key `key` that leads nowhere.
pub fn orphans_exist((table, key): &Declared) -> String {
    format!("SELECT EXISTS (SELECT 1 {})", orphans(table, key))
}

pub(crate) fn orphans(table: &Table, key: &ForeignKey) -> String {
    let pairs = key.columns.iter().zip(&key.referenced_columns);
    let set: Vec<String> = key.columns.iter().map(|own| format!("c.{} IS NOT NULL", quote(own))).collect();
    let met: Vec<String> = pairs.map(|(own, other)| format!("p.{} = c.{}", quote(other), quote(own))).collect();
    format!(
        "FROM {} AS c WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
        qualified_name(&table.name, false),
        set.join(" AND "),
        qualified_name(&key.referenced_table, false),
        met.join(" AND ")
    )
}

fn foreign_key_unknown() -> Error {
    Error::new(Status::Constraint, "constraint.foreign_key", Some("23503"), "a foreign key was violated")
}

/// `t.a, t.b` or `index 'name'`
fn unique(detail: &str, catalog: &Catalog) -> Error {
    let violated = |name: &str, table: &str| {
        let message = format!("unique constraint {name} on {table} was violated");
        Error::new(Status::Constraint, "constraint.unique", Some("23505"), message)
            .with("relation", table)
            .with("constraint", name)
    };
    if let Some(name) = detail.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\'')) {
        let index = catalog.index(name).or_else(|| catalog.temp().index(name));
        let table = index.map_or("", |index| index.table.as_str());
        return violated(name, table);
    }
    let found = catalog.all_tables().into_iter().find_map(|table| {
        let prefix = format!("{}.", table.name);
        let columns = detail.split(", ").map(|part| part.strip_prefix(&prefix)).collect::<Option<Vec<_>>>()?;
        columns.iter().all(|column| table.column(column).is_some()).then_some((table, columns))
    });
    let Some((table, columns)) = found else {
        return Error::new(
            Status::Constraint,
            "constraint.unique",
            Some("23505"),
            format!("a unique constraint was violated: {detail}"),
        );
    };
    let matches = |of: &[String]| of.len() == columns.len() && of.iter().zip(&columns).all(|(a, b)| a == b);
    let name = if matches(&table.primary_key) {
        Some(table.primary_key_name.clone())
    } else if let Some(unique) = table.uniques.iter().find(|unique| matches(&unique.columns)) {
        Some(unique.name.clone())
    } else {
        let all = catalog.indexes.values().chain(catalog.temp().indexes.values());
        let mut indexes = all.filter(|index| index.unique && index.table == table.name);
        indexes.find(|index| matches(&index.columns)).map(|index| index.name.clone())
    };
    let error = violated(&name.unwrap_or_else(|| columns.join("_")), &table.name);
    match columns.as_slice() {
        [column] => error.with("column", *column),
        _ => error.with("columns", columns.clone()),
    }
}

pub(crate) fn not_null(table: &str, column: &str) -> Error {
    let message = format!("column {table}.{column} may not be NULL");
    Error::new(Status::Constraint, "constraint.not_null", Some("23502"), message)
        .with("relation", table)
        .with("column", column)
}

/// A row of `table` whose foreign key `key` leads nowhere.
pub(crate) fn missing_parent(table: &Table, key: &ForeignKey) -> Error {
    let message = format!("foreign key on {} references missing parent row in {}", table.name, key.referenced_table);
    foreign_key(table, key, &table.name, message)
}

fn foreign_key(table: &Table, key: &ForeignKey, relation: &str, message: String) -> Error {
    let error = Error::new(Status::Constraint, "constraint.foreign_key", Some("23503"), message)
        .with("relation", relation)
        .with("constraint", key.constraint_name(&table.name));
    match key.columns.as_slice() {
        _ if table.name != relation => error,
        [column] => error.with("column", column.clone()),
        columns => error.with("columns", columns.to_vec()),
    }
}

/// The name of the constraint, which the catalogue gave if the statement did not.
fn check(detail: &str, target: Option<&str>, catalog: &Catalog) -> Error {
    let named = |table: &Arc<Table>| table.checks.iter().find(|check| check.name == detail).cloned();
    let owners: Vec<_> = catalog.all_tables().into_iter().filter_map(|table| Some((table, named(table)?))).collect();
    // Tables may share the name of a constraint; most likely it is that of the table the statement writes.
    let owner = match owners.as_slice() {
        [only] => Some(only),
        several => several.iter().find(|(table, _)| Some(table.name.as_str()) == target),
    };
    let error = |message: String| Error::new(Status::Constraint, "constraint.check", Some("23514"), message);
    let Some((table, check)) = owner else {
        return error(format!("CHECK constraint failed: {detail}")).with("constraint", detail);
    };
    let found = error(format!("CHECK constraint failed on table {}", table.name))
        .with("relation", table.name.clone())
        .with("constraint", check.name.clone())
        .hint(format!("the condition of {} is {}", check.name, check.sql));
    match &check.column {
        Some(column) => found.with("column", column.clone()),
        None => found,
    }
}
