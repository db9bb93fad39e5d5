//! FROM: tables, views, subqueries, CTEs, joins and generate_series.

use sqlparser::ast::{
    Cte, Join, JoinConstraint, JoinOperator, Query, SetExpr, SetOperator, TableAlias, TableFactor, TableWithJoins, With,
};

use crate::catalog::{Table, View};
use crate::error::{Error, Result};
use crate::value::Type;

use super::binder::{Aggregates, Binder};
use super::inspection::Inspection;
use super::parse::{name, object, path, quote, require_user_name, Path};
use super::scope::{Relation, Scope, ScopeColumn};
use super::select::{refuse, Bound};
use super::system::{relation, system_view};

pub(super) fn table_columns(table: &Table) -> Vec<ScopeColumn> {
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
    /// Emits FROM and fills the scope; `None` without FROM.
    pub fn from(&mut self, from: &[TableWithJoins], scope: &mut Scope<'_>) -> Result<Option<String>> {
        let mut sql = String::new();
        for (at, item) in from.iter().enumerate() {
            let text = self.table_with_joins(item, scope)?;
            if at == 0 {
                sql = text;
            } else if item.joins.is_empty() {
                sql = format!("{sql} JOIN {text}");
            } else {
                // A comma binds more loosely than JOIN.
                sql = format!("{sql} JOIN ({text})");
            }
        }
        Ok((!from.is_empty()).then_some(sql))
    }

    fn table_with_joins(&mut self, item: &TableWithJoins, scope: &mut Scope<'_>) -> Result<String> {
        let first = scope.relations.len();
        let mut sql = self.factor(&item.relation, scope)?;
        for join in &item.joins {
            sql = self.join(sql, join, scope, first)?;
        }
        Ok(sql)
    }

    fn join(&mut self, left: String, join: &Join, scope: &mut Scope<'_>, first: usize) -> Result<String> {
        refuse(join.global, "GLOBAL JOIN")?;
        let middle = scope.relations.len();
        let right = self.factor(&join.relation, scope)?;
        let (keyword, constraint, left_optional, right_optional) = match &join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("JOIN", constraint, false, false),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                ("LEFT JOIN", constraint, false, true)
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                ("RIGHT JOIN", constraint, true, false)
            }
            JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint, true, true),
            JoinOperator::CrossJoin(constraint @ JoinConstraint::None) => ("JOIN", constraint, false, false),
            other => {
                return Err(Error::unsupported(format!("the join {other:?}").chars().take(40).collect::<String>()))
            }
        };
        let cross = matches!(join.join_operator, JoinOperator::CrossJoin(_));
        let condition = match constraint {
            JoinConstraint::On(condition) => {
                let aggregates = std::mem::replace(&mut self.aggregates, Aggregates::Inside("ON"));
                let condition = self.condition_expr(condition, scope, "the condition of ON")?;
                self.aggregates = aggregates;
                format!(" ON {}", condition.sql)
            }
            JoinConstraint::Using(names) => {
                let names = names.iter().map(object).collect::<Result<Vec<_>>>()?;
                self.using(&names, scope, first, middle, left_optional)?
            }
            JoinConstraint::Natural => {
                let names = common_names(scope, first, middle);
                self.using(&names, scope, first, middle, left_optional)?
            }
            JoinConstraint::None if cross => String::new(),
            JoinConstraint::None => return Err(Error::syntax("JOIN needs ON or USING")),
        };
        for (at, relation) in scope.relations.iter_mut().enumerate().skip(first) {
            if (at < middle && left_optional) || (at >= middle && right_optional) {
                relation.columns.iter_mut().for_each(|column| column.nullable = true);
            }
        }
        Ok(format!("{left} {keyword} {right}{condition}"))
    }

    fn using(
        &mut self,
        names: &[String],
        scope: &mut Scope<'_>,
        first: usize,
        middle: usize,
        coalesce: bool,
    ) -> Result<String> {
        for name in names {
            let side = |relations: &[Relation]| {
                let mut found = relations.iter().filter(|relation| !relation.is_merged(name)).flat_map(|relation| {
                    relation.columns.iter().filter(|column| column.name.eq_ignore_ascii_case(name))
                });
                match (found.next(), found.next()) {
                    (Some(column), None) => Ok(column.ty.clone()),
                    (Some(_), Some(_)) => Err(super::scope::ambiguous(name)),
                    (None, _) => Err(Error::unknown_column(name)),
                }
            };
            let left = side(&scope.relations[first..middle])?;
            let right = side(&scope.relations[middle..])?;
            if !super::binder::same(&left, &right) {
                let message = format!("USING ({name}) joins {} with {}", left.name(), right.name());
                return Err(Error::type_mismatch(message));
            }
            for relation in &mut scope.relations[middle..] {
                if relation.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)) {
                    relation.merged.push(name.clone());
                }
            }
            if coalesce {
                scope.coalesced.push(name.clone());
            }
        }
        if names.is_empty() {
            return Ok(String::new());
        }
        let quoted: Vec<String> = names.iter().map(|name| quote(name)).collect();
        Ok(format!(" USING ({})", quoted.join(", ")))
    }

    fn factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>) -> Result<String> {
        match factor {
            TableFactor::Table { name: table, alias, args, .. } => {
                refuse_table_options(factor)?;
                if let (None, Some((relation, sql))) = (args, system_view(table, self.catalog)?) {
                    self.saw_system = true;
                    return self.system(relation, &sql, alias.as_ref(), scope);
                }
                if let (None, Some(view)) = (args, Inspection::find(table)?) {
                    self.saw_system = true;
                    self.inspected.insert(view);
                    let relation = relation(view.name(), view.columns());
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
                refuse(*lateral, "LATERAL")?;
                refuse(sample.is_some(), "TABLESAMPLE")?;
                let alias = alias.as_ref().ok_or_else(|| {
                    Error::syntax("a subquery in FROM needs an alias").hint("write (SELECT ...) AS name")
                })?;
                // A subquery in FROM sees what surrounds the SELECT, not its neighbours.
                let bound = self.query(subquery, scope.parent)?;
                self.derived(bound, alias, scope)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let sql = self.table_with_joins(table_with_joins, scope)?;
                Ok(format!("({sql})"))
            }
            TableFactor::NestedJoin { .. } => Err(Error::unsupported("an alias of a parenthesised join")),
            other => {
                let text = super::expr::shorten(&other.to_string());
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
        let Some(alias) = alias else {
            scope.add(relation)?;
            return Ok(table);
        };
        rename(&mut relation.columns, alias)?;
        relation.name = name(&alias.name);
        relation.qualifier = quote(&relation.name);
        let sql = format!("{table} AS {}", relation.qualifier);
        scope.add(relation)?;
        Ok(sql)
    }

    /// A CTE, table or view by its name, and what it is called in the emitted SQL.
    fn lookup(&mut self, path: &Path) -> Result<(Relation, String)> {
        let written = path.name.as_str();
        let cte = self.ctes.iter().rev().find(|cte| path.schema.is_none() && cte.name.eq_ignore_ascii_case(written));
        if let Some(cte) = cte {
            return Ok((cte.clone(), cte.qualifier.clone()));
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

    /// Emits WITH and makes its queries known to what follows.
    pub fn with(&mut self, with: &With, parent: Option<&Scope<'_>>) -> Result<String> {
        let mut texts = Vec::with_capacity(with.cte_tables.len());
        for cte in &with.cte_tables {
            refuse(cte.from.is_some(), "FROM after a common table expression")?;
            texts.push(self.cte(cte, with.recursive, parent)?);
        }
        let recursive = if with.recursive { "RECURSIVE " } else { "" };
        Ok(format!("WITH {recursive}{} ", texts.join(", ")))
    }

    fn cte(&mut self, cte: &Cte, recursive: bool, parent: Option<&Scope<'_>>) -> Result<String> {
        let cte_name = name(&cte.alias.name);
        require_user_name(&cte_name)?;
        let bound = match recursive_parts(cte, recursive) {
            Some((left, right, all)) => {
                let base = self.branch(left, parent)?;
                let mut columns = base.columns;
                rename(&mut columns, &cte.alias)?;
                for (at, column) in columns.iter_mut().enumerate() {
                    column.sql_name = format!("c{}", at + 1);
                    column.source = None;
                    column.literal = false;
                }
                let types: Vec<Type> = columns.iter().map(|column| column.ty.clone()).collect();
                let first = columns.clone();
                self.ctes.push(Relation::new(&cte_name, first));
                let step = self.branch_as(right, &types, parent);
                self.ctes.pop();
                let step = step?;
                let all = if all { "ALL " } else { "" };
                Bound { sql: format!("{} UNION {all}{}", base.sql, step.sql), columns }
            }
            None => {
                let mut bound = self.query(&cte.query, parent)?;
                rename(&mut bound.columns, &cte.alias)?;
                bound
            }
        };
        let mut columns = bound.columns;
        // The column list makes the names hold inside SQLite too.
        let names: Vec<String> = columns
            .iter_mut()
            .enumerate()
            .map(|(at, column)| {
                column.sql_name = format!("c{}", at + 1);
                quote(&column.sql_name)
            })
            .collect();
        let hint = match &cte.materialized {
            None => "",
            Some(sqlparser::ast::CteAsMaterialized::Materialized) => "MATERIALIZED ",
            Some(sqlparser::ast::CteAsMaterialized::NotMaterialized) => "NOT MATERIALIZED ",
        };
        let sql = format!("{}({}) AS {hint}({})", quote(&cte_name), names.join(", "), bound.sql);
        self.ctes.push(Relation::new(&cte_name, columns));
        Ok(sql)
    }
}

/// What may stand beside the name of a table, and is not supported.
pub(super) fn refuse_table_options(factor: &TableFactor) -> Result<()> {
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

/// The two sides of a recursive CTE `base UNION [ALL] step`.
fn recursive_parts(cte: &Cte, recursive: bool) -> Option<(&SetExpr, &SetExpr, bool)> {
    use sqlparser::ast::SetQuantifier;
    let Query { with: None, body, order_by: None, limit_clause: None, fetch: None, .. } = cte.query.as_ref() else {
        return None;
    };
    match body.as_ref() {
        SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right } if recursive => {
            Some((left, right, *set_quantifier == SetQuantifier::All))
        }
        _ => None,
    }
}

fn common_names(scope: &Scope<'_>, first: usize, middle: usize) -> Vec<String> {
    let left = scope.relations[first..middle]
        .iter()
        .flat_map(|relation| relation.columns.iter().filter(|column| !relation.is_merged(&column.name)));
    left.filter(|column| {
        scope.relations[middle..]
            .iter()
            .any(|relation| relation.columns.iter().any(|other| other.name.eq_ignore_ascii_case(&column.name)))
    })
    .map(|column| column.name.clone())
    .collect()
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
