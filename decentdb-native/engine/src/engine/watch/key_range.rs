//! The key range of a range watch.

use std::cmp::Ordering;

use serde_json::{json, Value as Json};

use crate::catalog::{Catalog, Table};
use crate::error::{Error, Result};
use crate::types::{self, decimal, interval};
use crate::value::{Stored, Type};

use super::row_changes::RowChange;
use super::subscribe::json_value;

pub struct KeyRange {
    pub table: String,
    /// The columns of the primary key.
    key: Vec<(String, Type)>,
    lower: Option<Bound>,
    upper: Option<Bound>,
    /// The range as it was asked for.
    pub described: Json,
}

/// Values of the first columns of the key, and whether keys that begin with them belong to the range.
struct Bound {
    values: Vec<Stored>,
    inclusive: bool,
}

/// A range over the columns the table has after a commit; `None` if its key is another by now, so that every change counts
/// as inside.
pub struct Located<'a> {
    range: &'a KeyRange,
    positions: Option<Vec<usize>>,
    columns: usize,
}

impl KeyRange {
    /// Reads `lower`, `upper` and whether they belong to the range out of the request.
    pub fn new(table: &Table, request: &Json) -> Result<Self> {
        if table.primary_key.is_empty() {
            return Err(Error::misuse(format!("table {} has no primary key, so it has no key ranges", table.name)));
        }
        let column = |name: &String| table.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        let key = table.primary_key.iter().filter_map(column);
        let key: Vec<(String, Type)> = key.map(|column| (column.name.clone(), column.ty.clone())).collect();
        let (lower, upper) = (Bound::read(&key, request, "lower")?, Bound::read(&key, request, "upper")?);
        let described = json!({
            "table": table.name,
            "lower": request["lower"],
            "upper": request["upper"],
            "lower_inclusive": request["lower_inclusive"].as_bool().unwrap_or(true),
            "upper_inclusive": request["upper_inclusive"].as_bool().unwrap_or(true),
        });
        Ok(Self { table: table.name.clone(), key, lower, upper, described })
    }

    pub fn within(&self, catalog: &Catalog) -> Located<'_> {
        let table = catalog.table(&self.table);
        let position = |(name, ty): &(String, Type)| {
            table?.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name) && column.ty == *ty)
        };
        Located {
            range: self,
            positions: self.key.iter().map(position).collect(),
            columns: table.map_or(0, |table| table.columns.len()),
        }
    }
}

impl Bound {
    /// The value of a key of one column, or an array of values of the first columns of the key.
    fn read(key: &[(String, Type)], request: &Json, name: &str) -> Result<Option<Self>> {
        let inclusive = match &request[format!("{name}_inclusive").as_str()] {
            Json::Null => true,
            Json::Bool(flag) => *flag,
            _ => return Err(Error::misuse(format!("{name}_inclusive must be true or false"))),
        };
        let given = match &request[name] {
            Json::Null => return Ok(None),
            Json::Array(values) if values.is_empty() || values.len() > key.len() => {
                let message = format!("{name} must hold values of the {} column(s) of the primary key", key.len());
                return Err(Error::misuse(message));
            }
            Json::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let value = |(json, (column, ty)): (&Json, &(String, Type))| {
            if json.is_null() {
                return Err(Error::misuse(format!("{name} must not be null for {column}: keys have no NULL")));
            }
            types::encode(&json_value(json, name)?, Some(ty)).map_err(|mut error| {
                error.message = format!("{name}: {}", error.message);
                error
            })
        };
        let values = given.iter().zip(key).map(value).collect::<Result<_>>()?;
        Ok(Some(Self { values, inclusive }))
    }
}

impl Located<'_> {
    /// Whether the row was inside the range before the change, or is after it.
    pub fn includes(&self, row: &RowChange) -> bool {
        row.table.eq_ignore_ascii_case(&self.range.table)
            && [&row.before, &row.after].into_iter().flatten().any(|image| self.contains(image))
    }

    fn contains(&self, image: &[Stored]) -> bool {
        let Some(positions) = self.positions.as_ref().filter(|_| image.len() == self.columns) else { return true };
        let inside = |bound: &Option<Bound>, outer: Ordering| match bound {
            None => true,
            Some(bound) => {
                let key = positions.iter().map(|at| &image[*at]).zip(&self.range.key);
                let mut orders = key.zip(&bound.values).map(|((value, (_, ty)), limit)| compare(value, limit, ty));
                match orders.find(|order| *order != Some(Ordering::Equal)) {
                    Some(order) => order.is_none_or(|order| order == outer),
                    None => bound.inclusive,
                }
            }
        };
        inside(&self.range.lower, Ordering::Greater) && inside(&self.range.upper, Ordering::Less)
    }
}

/// The order of the database; `None` for values of unlike storage.
fn compare(left: &Stored, right: &Stored, ty: &Type) -> Option<Ordering> {
    match (left, right, ty) {
        (Stored::Integer(left), Stored::Integer(right), _) => Some(left.cmp(right)),
        (Stored::Real(left), Stored::Real(right), _) => left.partial_cmp(right),
        (Stored::Text(left), Stored::Text(right), Type::Decimal) => Some(decimal::collate(left, right)),
        (Stored::Text(left), Stored::Text(right), Type::Interval) => Some(interval::collate(left, right)),
        (Stored::Text(left), Stored::Text(right), _) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Stored::Blob(left), Stored::Blob(right), _) => Some(left.cmp(right)),
        _ => None,
    }
}
