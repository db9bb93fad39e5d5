//! How SQLite keeps a table: the definition it is given.

use sqlparser::ast::Expr;

use crate::catalog::{Check, Column, Table};
use crate::error::Result;
use crate::sql::bind::{table_columns, Aggregates, Binder, Ex, Relation, Scope};
use crate::sql::emit::qualified_name;
use crate::sql::grammar::{expression, quote, without_position};
use crate::value::Type;

/// The scope of expressions that may name only the table's own columns, and without a qualifier.
pub(super) fn row_scope(table: &Table) -> Scope<'static> {
    let mut relation = Relation::new(&table.name, table_columns(table));
    relation.qualifier = String::new();
    Scope::of(relation)
}

impl Binder<'_> {
    /// The definition of one column for SQLite.
    pub fn column_sql(&mut self, table: &Table, column: &Column) -> Result<String> {
        let quoted = quote(&column.name);
        if table.row_id().is_some_and(|id| id.name == column.name) {
            // Ids of deleted rows are never given again: SQLite sees to it for temporary tables, the engine for others.
            let counter = if table.temporary { " AUTOINCREMENT" } else { "" };
            return Ok(format!("{quoted} INTEGER PRIMARY KEY{counter}"));
        }
        let mut sql = format!("{quoted} {}", column.ty.storage());
        if let Some(collation) = column.ty.collation() {
            sql.push_str(&format!(" COLLATE {collation}"));
        }
        if !column.nullable {
            sql.push_str(" NOT NULL");
        }
        if let Some(default) = &column.default_sql {
            self.alone = true;
            let default = self.default_value(default, column);
            self.alone = false;
            sql.push_str(&format!(" DEFAULT ({})", default?.sql));
        }
        if let Some(generated) = &column.generated_sql {
            sql.push_str(&self.generated_sql(table, column, generated)?);
        }
        if column.ty == Type::Bool {
            sql.push_str(&format!(" CHECK ({quoted} IN (0, 1))"));
        }
        Ok(sql)
    }

    pub fn table_sql(&mut self, table: &Table) -> Result<String> {
        let mut parts = Vec::new();
        for column in &table.columns {
            parts.push(self.column_sql(table, column)?);
        }
        let list = |names: &[String]| names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
        if !table.primary_key.is_empty() && table.row_id().is_none() {
            let constraint = quote(&table.primary_key_name);
            parts.push(format!("CONSTRAINT {constraint} PRIMARY KEY ({})", list(&table.primary_key)));
        }
        for unique in &table.uniques {
            parts.push(format!("CONSTRAINT {} UNIQUE ({})", quote(&unique.name), list(&unique.columns)));
        }
        for check in &table.checks {
            parts.push(format!("CONSTRAINT {} CHECK ({})", quote(&check.name), self.check_sql(table, check)?));
        }
        for key in &table.foreign_keys {
            parts.push(format!(
                "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}",
                list(&key.columns),
                quote(&key.referenced_table),
                list(&key.referenced_columns),
                key.on_delete,
                key.on_update
            ));
        }
        Ok(format!("CREATE TABLE {} ({}) STRICT", qualified_name(&table.name, table.temporary), parts.join(", ")))
    }

    pub fn check_sql(&mut self, table: &Table, check: &Check) -> Result<String> {
        let expr = expression(&check.sql)?;
        self.steady_bool(&expr, table, "a CHECK constraint").map_err(without_position)
    }

    pub fn steady_bool(&mut self, expr: &Expr, table: &Table, place: &'static str) -> Result<String> {
        let ex = self.steady(expr, table, place)?;
        Ok(self.require_bool(ex, place)?.sql)
    }

    /// An expression over the columns of a row alone.
    pub fn steady(&mut self, expr: &Expr, table: &Table, place: &'static str) -> Result<Ex> {
        self.aggregates = Aggregates::Inside(place);
        self.steady = Some(place);
        let ex = self.expr(expr, &row_scope(table));
        self.steady = None;
        ex
    }
}
