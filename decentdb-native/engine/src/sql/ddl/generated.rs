//! Generated columns: `GENERATED ALWAYS AS (expression) STORED` or `VIRTUAL`.

use sqlparser::ast::{ColumnOption, DataType, GeneratedAs, GeneratedExpressionMode};

use crate::catalog::{Column, Identity, Table};
use crate::error::{Error, Result, Status};
use crate::sql::bind::Binder;
use crate::sql::errors::refuse;
use crate::sql::grammar::{expression, without_position};
use crate::value::Type;

/// The expression of a generated column, in the dialect, and whether its value is kept.
pub(super) fn expression_of(option: &ColumnOption) -> Result<(String, bool)> {
    match option {
        ColumnOption::Generated {
            generated_as: GeneratedAs::Always | GeneratedAs::ExpStored,
            sequence_options: None,
            generation_expr: Some(expr),
            generation_expr_mode: Some(mode),
            generated_keyword: true,
        } => Ok((expr.to_string(), *mode == GeneratedExpressionMode::Stored)),
        ColumnOption::Generated { generation_expr: Some(_), .. } => {
            Err(Error::unsupported("this form of a generated column")
                .hint("write GENERATED ALWAYS AS (...) STORED or VIRTUAL"))
        }
        _ => Err(Error::unsupported("this form of a generated column")),
    }
}

/// How an identity column gets its values.
pub(super) fn identity_of(option: &ColumnOption) -> Result<Identity> {
    let ColumnOption::Generated { generated_as, sequence_options, .. } = option else {
        return Err(Error::internal("no identity column"));
    };
    let plain = sequence_options.as_ref().is_none_or(|options| options.is_empty());
    refuse(!plain, "an option of an identity column")?;
    match generated_as {
        GeneratedAs::Always => Ok(Identity::Always),
        GeneratedAs::ByDefault => Ok(Identity::ByDefault),
        GeneratedAs::ExpStored => Err(Error::unsupported("this form of a generated column")),
    }
}

/// Whether a type means an integer that the engine assigns.
pub(super) fn is_serial(data_type: &DataType) -> bool {
    const SERIALS: [&str; 6] = ["serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"];
    let DataType::Custom(name, arguments) = data_type else { return false };
    arguments.is_empty() && SERIALS.contains(&name.to_string().to_ascii_lowercase().as_str())
}

fn invalid(column: &str, why: &str) -> Error {
    let message = format!("the generated column {column} {why}");
    Error::new(Status::Sql, "sql.invalid_table", Some("42P16"), message).with("column", column)
}

/// Constructs by which the value of a generated column would depend on more than its row.
pub(super) fn require_sound(table: &Table) -> Result<()> {
    if let (Some(first), true) = (table.columns.first(), table.columns.iter().all(|each| each.generated_sql.is_some()))
    {
        return Err(invalid(&first.name, "cannot stand in a table without other columns"));
    }
    for column in table.columns.iter().filter(|column| column.identity.is_some()) {
        if column.ty != Type::Int64 {
            return Err(invalid(&column.name, "must be an integer to get its values by itself"));
        }
        if table.row_id().is_none_or(|id| id.name != column.name) || column.default_sql.is_some() {
            return Err(Error::unsupported("a serial or identity column that is not the primary key alone")
                .hint("make it the PRIMARY KEY, whose values the engine assigns"));
        }
    }
    for column in table.columns.iter().filter(|column| column.generated_sql.is_some()) {
        if column.default_sql.is_some() {
            return Err(invalid(&column.name, "cannot have a DEFAULT"));
        }
        if table.primary_key.contains(&column.name) {
            return Err(invalid(&column.name, "cannot be part of the primary key"));
        }
        if let Some(key) = table.foreign_keys.iter().find(|key| key.columns.contains(&column.name)) {
            let changes =
                [&key.on_delete, &key.on_update].iter().any(|action| action.starts_with("SET") || *action == "CASCADE");
            if changes {
                return Err(invalid(&column.name, "cannot be changed by its foreign key"));
            }
        }
    }
    Ok(())
}

impl Binder<'_> {
    /// The clause for SQLite; the expression may use the columns of the row that are not generated themselves.
    pub fn generated_sql(&mut self, table: &Table, column: &Column, sql: &str) -> Result<String> {
        let mut plain = table.clone();
        plain.columns.retain(|other| other.generated_sql.is_none());
        let bound = expression(sql).and_then(|expr| self.steady(&expr, &plain, "a generated column"));
        let ex = bound.and_then(|ex| self.assign(ex, &column.ty, &column.name, None, column.nullable));
        let ex = ex.map_err(without_position).map_err(|error| {
            match table.columns.iter().find(|other| {
                other.generated_sql.is_some()
                    && error
                        .context
                        .get("column")
                        .is_some_and(|name| other.name.eq_ignore_ascii_case(name.as_str().unwrap_or_default()))
            }) {
                Some(other) if error.sqlstate == Some("42703") => {
                    invalid(&column.name, &format!("cannot use the generated column {}", other.name))
                }
                _ => error,
            }
        })?;
        let ex = self.shaped(ex, column);
        let kept = if column.generated_stored { "STORED" } else { "VIRTUAL" };
        Ok(format!(" GENERATED ALWAYS AS ({}) {kept}", ex.sql))
    }
}
