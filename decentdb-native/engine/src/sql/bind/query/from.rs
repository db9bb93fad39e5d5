//! The items of FROM: tables, views, subqueries, CTEs and generate_series.

use sqlparser::ast::{TableAlias, TableFactor};

use crate::catalog::{Table, View};
use crate::error::{Error, Result};
use crate::sql::bind::binder::Binder;
use crate::sql::bind::catalog_views::{catalog_relation, system_view, Inspection};
use crate::sql::bind::scope::{Relation, Scope, ScopeColumn};
use crate::sql::errors::refuse;
use crate::sql::grammar::{name, object, path, quote, require_user_name, Path};

use super::select::Bound;

pub(crate) fn table_columns(table: &Table) -> Vec<ScopeColumn> {
    table
        .columns
        .iter()
        .map(|column| ScopeColumn {
            name: column.name.clone(),
            sql_name: column.name.clone(),
            ty: column.ty.clone(),
            nullable: column.nullable,
            source: Some((table.name.clone(), column.name.clone())),
            literal: false,
        })
        .collect()
}

fn view_columns(view: &View) -> Vec<ScopeColumn> {
    view.columns
        .iter()
        .map(|column| ScopeColumn {
            name: column.name.clone(),
            sql_name: column.name.clone(),
            ty: column.ty.clone(),
            nullable: column.nullable,
            source: column.source.clone(),
            literal: false,
        })
        .collect()
}

impl Binder<'_> {
    pub fn factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>) -> Result<String> {
        match factor {
            TableFactor::Table { name: table, alias, args, .. } => {
                refuse_table_options(factor)?;
                if let (None, Some((relation, sql))) = (args, system_view(table, self.catalog)?) {
                    self.saw_system = true;
                    return self.system(relation, &sql, alias.as_ref(), scope);
                }
                // Somebody may have called a table of theirs so.
                let own = path(table).is_ok_and(|path| {
                    let mut ctes = self.ctes.iter();
                    self.home(&path).contains(&path.name) || ctes.any(|cte| cte.name.eq_ignore_ascii_case(&path.name))
                });
                let view = if own { None } else { Inspection::find(table)? };
                if let (None, Some(view)) = (args, view) {
                    self.saw_system = true;
                    self.inspected.insert(view);
                    let relation = catalog_relation(view.name(), view.columns());
                    return self.system(relation, &view.sql(), alias.as_ref(), scope);
                }
                match args {
                    Some(args) if path(table).is_ok_and(|path| path.name.starts_with("pragma_")) => {
                        self.pragma_function(&path(table)?, &args.args, alias.as_ref(), scope)
                    }
                    Some(args) => self.table_function(&object(table)?, &args.args, alias.as_ref(), scope),
                    None => self.named(&path(table)?, alias.as_ref(), scope),
                }
            }
            TableFactor::Function { lateral: _, name: function, args, with_ordinality: false, alias, .. } => {
                self.table_function(&object(function)?, args, alias.as_ref(), scope)
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                refuse(sample.is_some(), "TABLESAMPLE")?;
                let alias = alias.as_ref().ok_or_else(|| {
                    Error::syntax("a subquery in FROM needs an alias").hint("write (SELECT ...) AS name")
                })?;
                if *lateral {
                    let bound = self.query(subquery, Some(scope))?;
                    return self.lateral(&bound, alias, scope);
                }
                // A subquery in FROM sees the surroundings of the SELECT, not its neighbours.
                let bound = self.query(subquery, scope.parent)?;
                self.derived(bound, alias, scope)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let sql = self.table_with_joins(table_with_joins, scope)?;
                Ok(format!("({sql})"))
            }
            TableFactor::NestedJoin { .. } => Err(Error::unsupported("an alias of a parenthesised join")),
            other => {
                let text = crate::sql::errors::shorten(&other.to_string());
                Err(Error::unsupported(format!("{text} in FROM")))
            }
        }
    }

    fn derived(&mut self, bound: Bound, alias: &TableAlias, scope: &mut Scope<'_>) -> Result<String> {
        let relation_name = name(&alias.name);
        let mut columns = bound.columns;
        rename(&mut columns, alias)?;
        scope.add(Relation::new(&relation_name, columns))?;
        Ok(format!("({}) AS {}", bound.sql, quote(&relation_name)))
    }

    /// A subquery that sees the items before it in FROM. SQLite passes those to the argument of a function only, so its rows
    /// arrive as one JSON array, whose members are unpacked again.
    fn lateral(&mut self, bound: &Bound, alias: &TableAlias, scope: &mut Scope<'_>) -> Result<String> {
        let inner = self.invent();
        let relation_name = name(&alias.name);
        let mut columns = bound.columns.clone();
        rename(&mut columns, alias)?;
        let mut relation = Relation::new(&relation_name, columns);
        let mut packed = Vec::with_capacity(bound.columns.len());
        for (at, column) in bound.columns.iter().enumerate() {
            packed.push(format!("ddb_pack({inner}.{})", quote(&column.sql_name)));
            let sql = format!("ddb_unpack({}.value ->> {at})", relation.qualifier);
            relation.unpacked.push((column.sql_name.clone(), sql));
        }
        let sql = format!(
            "json_each((SELECT json_group_array(json_array({})) FROM ({}) AS {inner})) AS {}",
            packed.join(", "),
            bound.sql,
            relation.qualifier
        );
        scope.add(relation)?;
        Ok(sql)
    }

    pub fn system(
        &mut self,
        mut relation: Relation,
        sql: &str,
        alias: Option<&TableAlias>,
        scope: &mut Scope<'_>,
    ) -> Result<String> {
        if let Some(alias) = alias {
            rename(&mut relation.columns, alias)?;
            relation.name = name(&alias.name);
            relation.qualifier = quote(&relation.name);
        }
        let sql = format!("({sql}) AS {}", relation.qualifier);
        scope.add(relation)?;
        Ok(sql)
    }

    fn named(&mut self, written: &Path, alias: Option<&TableAlias>, scope: &mut Scope<'_>) -> Result<String> {
        let (mut relation, table) = self.lookup(written)?;
        if let Some(alias) = alias {
            rename(&mut relation.columns, alias)?;
            relation.name = name(&alias.name);
        }
        relation.qualifier = quote(&relation.name);
        let sql = match relation.qualifier == table {
            true => table,
            false => format!("{table} AS {}", relation.qualifier),
        };
        scope.add(relation)?;
        Ok(sql)
    }

    /// A CTE, table or view by its name, and its name in the emitted SQL.
    fn lookup(&mut self, path: &Path) -> Result<(Relation, String)> {
        let written = path.name.as_str();
        if path.schema.is_none() {
            if let Some(cte) = self.ctes.iter().rev().find(|cte| cte.name.eq_ignore_ascii_case(written)) {
                let cte = cte.clone();
                self.require_repeatable(&cte)?;
                let emitted = cte.qualifier.clone();
                return Ok((cte, emitted));
            }
            if self.unready.iter().any(|unready| unready.eq_ignore_ascii_case(written)) {
                return Err(Error::unsupported(format!("a reference to {written} here")).hint(
                    "WITH RECURSIVE takes one SELECT, UNION [ALL], and one SELECT that reads the name being defined",
                ));
            }
        }
        require_user_name(written).map_err(|_| Error::unknown_relation(written))?;
        let home = self.home(path);
        if let Some(table) = home.table(written) {
            if table.temporary {
                self.uses_temporary(&table.name);
            } else {
                self.uses(&table.name);
            }
            let relation = Relation::table(table, table_columns(table));
            return Ok((relation, self.relation_sql(&table.name, table.temporary)));
        }
        if let Some(view) = home.view(written) {
            view.dependencies.iter().for_each(|table| self.uses(table));
            if view.temporary {
                self.uses_temporary(&view.name);
            } else if !self.views.contains(&view.name) {
                self.views.push(view.name.clone());
            }
            let relation = Relation::new(&view.name, view_columns(view));
            return Ok((relation, self.relation_sql(&view.name, view.temporary)));
        }
        Err(Error::unknown_relation(written))
    }
}

/// Clauses beside the name of a table that are not supported.
pub(crate) fn refuse_table_options(factor: &TableFactor) -> Result<()> {
    let TableFactor::Table { with_hints, version, with_ordinality, partitions, json_path, sample, index_hints, .. } =
        factor
    else {
        return Ok(());
    };
    refuse(!with_hints.is_empty() || !index_hints.is_empty(), "a table hint")?;
    refuse(version.is_some() || !partitions.is_empty() || json_path.is_some(), "a version or partition of a table")?;
    refuse(*with_ordinality, "WITH ORDINALITY")?;
    refuse(sample.is_some(), "TABLESAMPLE")
}

/// Applies the column names of an alias; SQLite goes on using its own.
pub(super) fn rename(columns: &mut [ScopeColumn], alias: &TableAlias) -> Result<()> {
    refuse(alias.at.is_some(), "AT in an alias")?;
    if alias.columns.len() > columns.len() {
        let message = format!("{} names more columns than the {} there are", name(&alias.name), columns.len());
        return Err(Error::syntax(message));
    }
    for (column, definition) in columns.iter_mut().zip(&alias.columns) {
        refuse(definition.data_type.is_some(), "a type in the column list of an alias")?;
        column.name = name(&definition.name);
    }
    Ok(())
}
