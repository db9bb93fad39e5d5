//! What SQLite reports about violated constraints, in the words of the dialect.

use crate::catalog::{Catalog, Table};
use crate::error::{Error, Status};

use super::{Compiled, Kind};

const CHECK: i32 = 275;
const FOREIGN_KEY: i32 = 787;
const NOT_NULL: i32 = 1299;
const PRIMARY_KEY: i32 = 1555;
const UNIQUE: i32 = 2067;
const ROW_ID: i32 = 2579;
const DATATYPE: i32 = 3091;

/// Maps an extended result code of SQLITE_CONSTRAINT and its message.
pub fn constraint_error(code: i32, message: &str, catalog: &Catalog) -> Error {
    let detail = message.split_once("constraint failed: ").map_or("", |(_, detail)| detail);
    match code {
        UNIQUE | PRIMARY_KEY | ROW_ID => unique(detail, catalog),
        NOT_NULL => not_null(detail),
        CHECK => check(detail, catalog),
        FOREIGN_KEY => foreign_key_unknown(),
        DATATYPE => Error::type_mismatch(message),
        _ => Error::new(Status::Constraint, "constraint.unknown", Some("23000"), message),
    }
}

/// SQLite does not say which foreign key failed; what the statement wrote narrows it down.
pub fn foreign_key_error(compiled: &Compiled, catalog: &Catalog) -> Error {
    let Some(table) = compiled.target.as_ref() else {
        return foreign_key_unknown();
    };
    let error = |message: String| {
        Error::new(Status::Constraint, "constraint.foreign_key", Some("23503"), message)
            .with("relation", table.name.clone())
    };
    let children: Vec<&Table> = catalog
        .tables
        .values()
        .filter(|other| other.foreign_keys.iter().any(|key| key.referenced_table == table.name))
        .map(AsRef::as_ref)
        .collect();
    let own = table.foreign_keys.as_slice();
    match (compiled.kind, own, children.as_slice()) {
        (Kind::Delete, _, [.., child]) => {
            let verb = format!("DELETE on {} violates a foreign key from {}", table.name, child.name);
            if children.len() == 1 {
                error(verb)
            } else {
                error(format!("DELETE on {} violates a foreign key", table.name))
            }
        }
        (Kind::Update, [], [child]) => {
            error(format!("UPDATE on {} violates a foreign key from {}", table.name, child.name))
        }
        (Kind::Insert, [key], _) | (Kind::Update, [key], []) => {
            let message =
                format!("foreign key on {} references missing parent row in {}", table.name, key.referenced_table);
            let mut error = error(message);
            if let Some(name) = &key.name {
                error = error.with("constraint", name.clone());
            }
            if let [column] = key.columns.as_slice() {
                error = error.with("column", column.clone());
            }
            error
        }
        (Kind::Insert, ..) => error(format!("foreign key on {} references missing parent row", table.name)),
        _ => error(format!("a foreign key of or to {} was violated", table.name)),
    }
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
        _ => error,
    }
}

/// `t.c`
fn not_null(detail: &str) -> Error {
    let message = format!("column {detail} may not be NULL");
    let error = Error::new(Status::Constraint, "constraint.not_null", Some("23502"), message);
    match detail.split_once('.') {
        Some((table, column)) => error.with("relation", table).with("column", column),
        None => error,
    }
}

/// The name of the constraint, which the catalogue gave if the statement did not.
fn check(detail: &str, catalog: &Catalog) -> Error {
    let mut owners = catalog
        .all_tables()
        .into_iter()
        .flat_map(|table| table.checks.iter().filter(|check| check.name == detail).map(move |check| (table, check)));
    let error = |message: String| Error::new(Status::Constraint, "constraint.check", Some("23514"), message);
    match (owners.next(), owners.next()) {
        (Some((table, check)), None) => {
            let found = error(format!("CHECK constraint failed on table {}", table.name))
                .with("relation", table.name.clone())
                .with("constraint", check.name.clone());
            match &check.column {
                Some(column) => found.with("column", column.clone()),
                None => found,
            }
        }
        _ => error(format!("CHECK constraint failed: {detail}")).with("constraint", detail),
    }
}
