//! The key range of a range watch.

use std::cmp::Ordering;

use serde_json::{json, Value as Json};

use super::capture::RowChange;
use super::subscribe::json_value;
use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::types;
use crate::value::{Stored, Type};

pub struct KeyRange {
    pub table: String,
    /// Position of the one key column, where its stored form orders like its values; otherwise every change of the table
    /// counts as inside.
    key: Option<usize>,
    columns: usize,
    lower: Option<(Stored, bool)>,
    upper: Option<(Stored, bool)>,
    /// The range as it was asked for.
    pub described: Json,
}

impl KeyRange {
    /// Reads `lower`, `upper` and whether they belong to the range out of the request.
    pub fn new(table: &Table, request: &Json) -> Result<Self> {
        if table.primary_key.is_empty() {
            return Err(Error::misuse(format!("table {} has no primary key, so it has no key ranges", table.name)));
        }
        let single = match table.primary_key.as_slice() {
            [only] => table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(only)),
            _ => None,
        };
        let key = single.filter(|at| orders_as_stored(&table.columns[*at].ty));
        let bound = |name: &str| -> Result<Option<(Stored, bool)>> {
            let inclusive = match &request[format!("{name}_inclusive").as_str()] {
                Json::Null => true,
                Json::Bool(flag) => *flag,
                _ => return Err(Error::misuse(format!("{name}_inclusive must be true or false"))),
            };
            match (&request[name], key) {
                (Json::Null, _) | (_, None) => Ok(None),
                (json, Some(at)) => {
                    let value = json_value(json)?;
                    Ok(Some((types::encode(&value, Some(&table.columns[at].ty))?, inclusive)))
                }
            }
        };
        let (lower, upper) = (bound("lower")?, bound("upper")?);
        let described = json!({
            "table": table.name,
            "lower": request["lower"],
            "upper": request["upper"],
            "lower_inclusive": request["lower_inclusive"].as_bool().unwrap_or(true),
            "upper_inclusive": request["upper_inclusive"].as_bool().unwrap_or(true),
        });
        Ok(Self { table: table.name.clone(), key, columns: table.columns.len(), lower, upper, described })
    }

    /// Whether the row was inside the range before the change, or is after it.
    pub fn includes(&self, row: &RowChange) -> bool {
        row.table.eq_ignore_ascii_case(&self.table)
            && [&row.before, &row.after].into_iter().flatten().any(|image| self.contains(image))
    }

    fn contains(&self, image: &[Stored]) -> bool {
        let Some(at) = self.key else { return true };
        if image.len() != self.columns {
            return true;
        }
        let inside = |bound: &Option<(Stored, bool)>, outer: Ordering| match bound {
            None => true,
            Some((limit, inclusive)) => match compare(&image[at], limit) {
                None => true,
                Some(Ordering::Equal) => *inclusive,
                Some(order) => order == outer,
            },
        };
        inside(&self.lower, Ordering::Greater) && inside(&self.upper, Ordering::Less)
    }
}

fn orders_as_stored(ty: &Type) -> bool {
    use Type::{Blob, Date, Float64, Int64, Text, Time, Timestamp, TimestampTz, Uuid};
    matches!(ty, Int64 | Float64 | Text | Blob | Uuid | Date | Time | Timestamp | TimestampTz)
}

fn compare(left: &Stored, right: &Stored) -> Option<Ordering> {
    match (left, right) {
        (Stored::Integer(left), Stored::Integer(right)) => Some(left.cmp(right)),
        (Stored::Real(left), Stored::Real(right)) => left.partial_cmp(right),
        (Stored::Text(left), Stored::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Stored::Blob(left), Stored::Blob(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
