//! WITH: common table expressions, recursive ones among them.

use sqlparser::ast::{
    Cte, CteAsMaterialized, Distinct, GroupByExpr, Query, Select, SetExpr, SetOperator, SetQuantifier, With,
};

use crate::error::{Error, Result};
use crate::sql::bind::binder::{Binder, RepeatedQuery};
use crate::sql::bind::scope::{Relation, Scope};
use crate::sql::errors::refuse;
use crate::sql::grammar::{name, quote, require_user_name};
use crate::value::Type;

use super::from::rename;
use super::select::Bound;

impl Binder<'_> {
    /// Emits WITH and makes its queries visible to the rest of the statement.
    pub fn with(&mut self, with: &With, parent: Option<&Scope<'_>>) -> Result<String> {
        let outer = self.unready.len();
        if with.recursive {
            self.unready.extend(with.cte_tables.iter().map(|cte| name(&cte.alias.name)));
        }
        let mut texts = Vec::with_capacity(with.cte_tables.len());
        for cte in &with.cte_tables {
            refuse(cte.from.is_some(), "FROM after a common table expression")?;
            texts.push(self.cte(cte, with.recursive, parent)?);
            if with.recursive {
                self.unready.remove(outer);
            }
        }
        let recursive = if with.recursive { "RECURSIVE " } else { "" };
        Ok(format!("WITH {recursive}{} ", texts.join(", ")))
    }

    fn cte(&mut self, cte: &Cte, recursive: bool, parent: Option<&Scope<'_>>) -> Result<String> {
        let cte_name = name(&cte.alias.name);
        require_user_name(&cte_name)?;
        // A made-up name: in SQLite every CTE would see itself and those after it, and hide tables from them.
        let emitted = quote(&self.invent());
        let parts = if recursive { recursive_parts(&cte.query) } else { None };
        let (sql, mut columns) = match parts {
            Some((first, step, all)) => match self.recursive(cte, &emitted, first, step, all, parent)? {
                Some(bound) => (bound.sql, bound.columns),
                None => self.once(cte, parent)?,
            },
            None => self.once(cte, parent)?,
        };
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
            Some(CteAsMaterialized::Materialized) => "MATERIALIZED ",
            Some(CteAsMaterialized::NotMaterialized) => "NOT MATERIALIZED ",
        };
        let sql = format!("{emitted}({}) AS {hint}({sql})", names.join(", "));
        self.ctes.push(Relation { qualifier: emitted, ..Relation::new(&cte_name, columns) });
        Ok(sql)
    }

    fn once(
        &mut self,
        cte: &Cte,
        parent: Option<&Scope<'_>>,
    ) -> Result<(String, Vec<crate::sql::bind::scope::ScopeColumn>)> {
        let mut bound = self.query(&cte.query, parent)?;
        rename(&mut bound.columns, &cte.alias)?;
        Ok((bound.sql, bound.columns))
    }

    /// `first UNION [ALL] step`; `None` if the step does not read the relation it extends.
    fn recursive(
        &mut self,
        cte: &Cte,
        emitted: &str,
        first: &SetExpr,
        step: &SetExpr,
        all: bool,
        parent: Option<&Scope<'_>>,
    ) -> Result<Option<Bound>> {
        let base = self.branch(first, parent)?;
        let mut columns = base.columns;
        rename(&mut columns, &cte.alias)?;
        for (at, column) in columns.iter_mut().enumerate() {
            column.sql_name = format!("c{}", at + 1);
            column.source = None;
            column.literal = false;
        }
        let types: Vec<Type> = columns.iter().map(|column| column.ty.clone()).collect();
        let relation = Relation::new(&name(&cte.alias.name), columns.clone());
        self.ctes.push(Relation { qualifier: emitted.to_owned(), ..relation });
        let state = RepeatedQuery { relation: emitted.to_owned(), depth: self.depth, reads: 0 };
        let outer = self.repeated.replace(state);
        let bound = self.branch_as(step, &types, parent);
        let state = std::mem::replace(&mut self.repeated, outer);
        self.ctes.pop();
        if state.is_some_and(|state| state.reads == 0) {
            return Ok(None);
        }
        let bound = bound?;
        require_plain_step(step)?;
        // Later rounds may bring the NULLs the first one had none of.
        for (column, step) in columns.iter_mut().zip(&bound.columns) {
            column.nullable = true;
            column.literal &= step.literal;
        }
        let all = if all { "ALL " } else { "" };
        Ok(Some(Bound { sql: format!("{} UNION {all}{}", base.sql, bound.sql), columns }))
    }

    /// SQLite runs the repeated query once per row, which is the same only if it reads that row once, in its own FROM.
    pub fn require_repeatable(&mut self, relation: &Relation) -> Result<()> {
        let depth = self.depth;
        let Some(step) = self.repeated.as_mut().filter(|step| step.relation == relation.qualifier) else {
            return Ok(());
        };
        step.reads += 1;
        if depth > step.depth {
            return Err(Error::unsupported(format!("reading {} in a subquery of its own definition", relation.name)));
        }
        if step.reads > 1 {
            return Err(Error::unsupported(format!("reading {} twice in its own definition", relation.name)));
        }
        Ok(())
    }
}

/// A query in parentheses and nothing else is the query.
pub(super) fn bare(body: &SetExpr) -> &SetExpr {
    match body {
        SetExpr::Query(query) if is_bare(query) => bare(&query.body),
        _ => body,
    }
}

fn is_bare(query: &Query) -> bool {
    matches!(query, Query { with: None, order_by: None, limit_clause: None, fetch: None, locks, .. } if locks.is_empty())
}

/// The two sides of `base UNION [ALL] step`.
fn recursive_parts(query: &Query) -> Option<(&SetExpr, &SetExpr, bool)> {
    match bare(&query.body) {
        SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right } if is_bare(query) => {
            Some((left, right, *set_quantifier == SetQuantifier::All))
        }
        _ => None,
    }
}

/// Constructs that need several rows at once cannot be computed row by row.
fn require_plain_step(step: &SetExpr) -> Result<()> {
    const PLACE: &str = "in the repeated query of WITH RECURSIVE";
    let SetExpr::Select(select) = bare(step) else {
        return Err(Error::unsupported(format!("anything but a plain SELECT {PLACE}")));
    };
    let Select { distinct, group_by, having, .. } = select.as_ref();
    let distinct = matches!(distinct, Some(Distinct::Distinct | Distinct::On(_)));
    refuse(distinct, &format!("DISTINCT {PLACE}"))?;
    let grouped = !matches!(group_by, GroupByExpr::Expressions(terms, _) if terms.is_empty());
    refuse(grouped || having.is_some(), &format!("GROUP BY {PLACE}"))
}
