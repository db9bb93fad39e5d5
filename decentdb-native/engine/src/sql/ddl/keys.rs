//! Keys and constraints as a statement declares them.

use sqlparser::ast::{
    Expr, ForeignKeyConstraint, IndexColumn, NullsDistinctOption, ReferentialAction, TableConstraint,
};

use crate::catalog::{Check, ForeignKey, Table, Unique};
use crate::error::{Error, Result, Status};
use crate::functions;
use crate::sql::bind::{same, Binder};
use crate::sql::emit::{missing_parent, orphans};
use crate::sql::errors::{duplicate_column, refuse};
use crate::sql::grammar::{name, object, text_literal};

impl Binder<'_> {
    /// Completes and checks a foreign key against the table it references.
    pub fn resolve_foreign_key(&self, table: &Table, mut key: ForeignKey) -> Result<ForeignKey> {
        let other = if key.referenced_table.eq_ignore_ascii_case(&table.name) {
            table
        } else {
            self.catalog.table(&key.referenced_table).ok_or_else(|| Error::unknown_relation(&key.referenced_table))?
        };
        key.referenced_table = other.name.clone();
        if key.referenced_columns.is_empty() {
            key.referenced_columns = other.primary_key.clone();
        }
        let names = |names: &[String], of: &Table| {
            let found = names.iter().map(|name| {
                let column =
                    of.column(name).ok_or_else(|| Error::unknown_column(name).with("relation", of.name.clone()));
                column.map(|column| (column.name.clone(), column.ty.clone()))
            });
            found.collect::<Result<Vec<_>>>()
        };
        let own = names(&key.columns, table)?;
        let theirs = names(&key.referenced_columns, other)?;
        if own.len() != theirs.len() || own.is_empty() {
            let message = format!("the foreign key on {} references another number of columns", table.name);
            return Err(Error::new(Status::Sql, "sql.invalid_foreign_key", Some("42830"), message));
        }
        for ((from, from_type), (to, to_type)) in own.iter().zip(&theirs) {
            if !same(from_type, to_type) {
                return Err(Error::type_mismatch(format!(
                    "the foreign key column {}.{from} is {} but {}.{to} is {}",
                    table.name,
                    from_type.name(),
                    other.name,
                    to_type.name()
                )));
            }
        }
        key.columns = own.into_iter().map(|(name, _)| name).collect();
        key.referenced_columns = theirs.into_iter().map(|(name, _)| name).collect();
        let mut wanted = key.referenced_columns.clone();
        wanted.sort();
        let is_key = |columns: &[String]| {
            let mut columns = columns.to_vec();
            columns.sort();
            columns == wanted
        };
        let indexed = self.catalog.indexes.values().any(|index| {
            let whole = index.unique && !index.expression && index.predicate_sql.is_none();
            whole && index.table == other.name && is_key(&index.columns)
        });
        if !is_key(&other.primary_key) && !other.uniques.iter().any(|unique| is_key(&unique.columns)) && !indexed {
            let message = format!(
                "the foreign key on {} references columns of {} that are neither primary key nor unique",
                table.name, other.name
            );
            return Err(Error::new(Status::Sql, "sql.invalid_foreign_key", Some("42830"), message));
        }
        Ok(key)
    }

    /// A query that fails at the first row of `table` whose foreign key `key` leads nowhere.
    pub fn foreign_key_check(&self, table: &Table, key: &ForeignKey) -> String {
        let failure = text_literal(&functions::failure(&missing_parent(table, key)));
        format!("SELECT ddb_fail({failure}) {} LIMIT 1", orphans(table, key))
    }
}

pub(crate) fn set_primary_key(table: &mut Table, columns: Vec<String>, constraint: Option<String>) -> Result<()> {
    if !table.primary_key.is_empty() {
        let message = format!("table {} has more than one primary key", table.name);
        return Err(Error::new(Status::Sql, "sql.invalid_table", Some("42P16"), message));
    }
    table.primary_key_name = constraint.unwrap_or_else(|| format!("pk_{}_{}", table.name, columns.join("_")));
    table.primary_key = columns;
    Ok(())
}

pub(crate) fn add_unique(table: &mut Table, columns: Vec<String>, constraint: Option<String>) {
    let name = constraint.unwrap_or_else(|| unused_name(table, format!("uq_{}_{}", table.name, columns.join("_"))));
    table.uniques.push(Unique { name, columns });
}

pub(crate) fn add_check(table: &mut Table, constraint: Option<String>, expr: &Expr, column: Option<String>) {
    let named = constraint.is_some();
    let name = constraint.unwrap_or_else(|| {
        let numbers = table.checks.len() + 1..;
        let mut names = numbers.map(|number| format!("ck_{}_{number}", table.name));
        names.find(|name| !constraint_names(table).any(|known| known == *name)).unwrap_or_default()
    });
    table.checks.push(Check { name, named, sql: expr.to_string(), column });
}

fn constraint_names(table: &Table) -> impl Iterator<Item = &str> {
    let primary = (!table.primary_key.is_empty()).then_some(table.primary_key_name.as_str());
    let uniques = table.uniques.iter().map(|unique| unique.name.as_str());
    let checks = table.checks.iter().map(|check| check.name.as_str());
    let keys = table.foreign_keys.iter().filter_map(|key| key.name.as_deref());
    primary.into_iter().chain(uniques).chain(checks).chain(keys)
}

/// `wanted`, or with a number behind it where a constraint of the table is called so already.
fn unused_name(table: &Table, wanted: String) -> String {
    let numbered = (1..).map(|number| format!("{wanted}_{number}"));
    let mut names = std::iter::once(wanted.clone()).chain(numbered);
    names.find(|name| !constraint_names(table).any(|known| known == name)).unwrap_or(wanted)
}

/// Constraints are dropped and reported by their names.
pub(super) fn require_distinct_names(table: &Table) -> Result<()> {
    let mut seen: Vec<&str> = Vec::new();
    for name in constraint_names(table) {
        if seen.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let message = format!("constraint {name} already exists on {}", table.name);
            return Err(Error::new(Status::Sql, "sql.duplicate_constraint", Some("42710"), message)
                .with("relation", table.name.clone())
                .with("constraint", name));
        }
        seen.push(name);
    }
    Ok(())
}

pub(crate) fn foreign_key(
    key: &ForeignKeyConstraint,
    constraint: Option<String>,
    columns: Vec<String>,
    inline: bool,
) -> Result<ForeignKey> {
    refuse(key.match_kind.is_some(), "MATCH in a foreign key")?;
    refuse(key.characteristics.is_some(), "a deferrable constraint")?;
    let action = |action: &Option<ReferentialAction>| match action {
        None | Some(ReferentialAction::NoAction) => "NO ACTION".to_owned(),
        Some(action) => action.to_string(),
    };
    Ok(ForeignKey {
        name: constraint.or_else(|| key.name.as_ref().map(name)),
        columns,
        referenced_table: object(&key.foreign_table)?,
        referenced_columns: key.referred_columns.iter().map(name).collect(),
        on_delete: action(&key.on_delete),
        on_update: action(&key.on_update),
        inline,
    })
}

fn key_columns(table: &Table, columns: &[IndexColumn]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let options = &column.column.options;
        let plain = options.sort.is_none() && options.nulls_first.is_none() && column.operator_class.is_none();
        refuse(!plain, "an order or operator class in a constraint")?;
        let Expr::Identifier(ident) = &column.column.expr else {
            return Err(Error::unsupported("an expression in a constraint; create an index"));
        };
        let written = name(ident);
        let found = table.column(&written).ok_or_else(|| Error::unknown_column(&written))?;
        if names.contains(&found.name) {
            return Err(duplicate_column(&found.name));
        }
        names.push(found.name.clone());
    }
    Ok(names)
}

pub(crate) fn table_constraint(
    table: &mut Table,
    constraint: &TableConstraint,
    pending: &mut Vec<ForeignKey>,
) -> Result<()> {
    match constraint {
        TableConstraint::PrimaryKey(key) => {
            refuse(key.characteristics.is_some() || !key.include.is_empty(), "an option of PRIMARY KEY")?;
            let columns = key_columns(table, &key.columns)?;
            set_primary_key(table, columns, key.name.as_ref().map(name))
        }
        TableConstraint::Unique(unique) => {
            refuse(unique.characteristics.is_some() || !unique.include.is_empty(), "an option of UNIQUE")?;
            refuse(unique.nulls_distinct == NullsDistinctOption::NotDistinct, "NULLS NOT DISTINCT")?;
            let columns = key_columns(table, &unique.columns)?;
            add_unique(table, columns, unique.name.as_ref().map(name));
            Ok(())
        }
        TableConstraint::Check(check) => {
            refuse(check.enforced == Some(false) || check.no_inherit, "NOT ENFORCED or NO INHERIT")?;
            add_check(table, check.name.as_ref().map(name), &check.expr, None);
            Ok(())
        }
        TableConstraint::ForeignKey(key) => {
            let columns = key.columns.iter().map(name).collect();
            pending.push(foreign_key(key, None, columns, false)?);
            Ok(())
        }
        other => Err(Error::unsupported(format!("the constraint {other}"))),
    }
}

/// The effects of keys on their columns.
pub(super) fn settle_keys(table: &mut Table) {
    let row_id = table.row_id().map(|column| column.name.clone());
    for column in &mut table.columns {
        let key = |columns: &[String]| columns == [column.name.as_str()];
        column.unique = key(&table.primary_key) || table.uniques.iter().any(|unique| key(&unique.columns));
        column.auto_increment = row_id.as_ref() == Some(&column.name);
        column.nullable &= !table.primary_key.contains(&column.name);
    }
}
