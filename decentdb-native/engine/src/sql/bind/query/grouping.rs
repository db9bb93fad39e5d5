//! Which columns a query with groups may show: those it groups by, those that these decide, and others in aggregates only.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, ObjectNamePart, OrderBy, Query, Select, SelectItem, Spanned, Visit, VisitMut,
    Visitor, VisitorMut,
};

use crate::catalog::Table;
use crate::error::{Error, Result, Status};
use crate::sql::bind::expr::is_aggregate;
use crate::sql::bind::scope::{Relation, Scope};
use crate::sql::grammar::{name, position};

use super::order::{alias, order_expressions, ordinal, Term};
use super::select::Item;

/// The GROUP BY of a query.
pub(super) struct Grouping<'s> {
    scope: &'s Scope<'s>,
    /// The expressions, each in one spelling.
    terms: Vec<Expr>,
    /// The columns among them, as they are emitted.
    columns: HashSet<String>,
}

impl<'s> Grouping<'s> {
    pub fn of(select: &Select, items: &[Item], scope: &'s Scope<'s>) -> Result<Self> {
        let mut grouping = Self { scope, terms: Vec::new(), columns: HashSet::new() };
        let GroupByExpr::Expressions(expressions, _) = &select.group_by else { return Ok(grouping) };
        for expression in expressions {
            let item = match ordinal(expression, items.len())? {
                Some(at) => Some(&items[at]),
                None => alias(expression, items).filter(|_| !grouping.is_column(expression)),
            };
            let term = match item {
                Some(item) => match written(select, item) {
                    Some(expr) => grouping.spelled(expr),
                    None => column(&item.ex.sql),
                },
                None => grouping.spelled(expression),
            };
            if let Some(sql) = column_sql(&term) {
                grouping.columns.insert(sql.to_owned());
            }
            grouping.terms.push(term);
        }
        Ok(grouping)
    }

    /// Refuses a column outside aggregates that may have several values in a group. `outer_columns` are those that queries inside
    /// this one name, by the scopes that they are of.
    pub fn check(
        &self,
        select: &Select,
        order_by: Option<&OrderBy>,
        order: &[Term],
        items: &[Item],
        outer_columns: &[(usize, String)],
    ) -> Result<()> {
        for item in items {
            match written(select, item) {
                Some(expr) => self.check_expr(expr)?,
                None => self.check_column(&item.ex.sql)?,
            }
        }
        if let Some(having) = &select.having {
            self.check_expr(having)?;
        }
        if let Some(Distinct::On(keys)) = &select.distinct {
            let keys = keys.iter().filter(|key| alias(key, items).is_none());
            for key in keys {
                self.check_expr(key)?;
            }
        }
        if let Some(order_by) = order_by {
            let terms = order_expressions(order_by)?.iter().zip(order);
            for (written, _) in terms.filter(|(_, term)| term.item.is_none()) {
                self.check_expr(&written.expr)?;
            }
        }
        if self.terms.iter().any(|term| term.visit(&mut FirstQuery).is_break()) {
            // A query that is grouped by may name any column.
            return Ok(());
        }
        let own = self.scope.address();
        outer_columns.iter().filter(|(home, _)| *home == own).try_for_each(|(_, sql)| self.check_column(sql))
    }

    fn check_expr(&self, expr: &Expr) -> Result<()> {
        let mut walk = Walk { grouping: self, inside: 0, queries: 0 };
        match self.spelled(expr).visit(&mut walk) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(error) => Err(position(error, expr.span().start)),
        }
    }

    fn check_column(&self, sql: &str) -> Result<()> {
        let found = self.scope.relations.iter().find_map(|relation| {
            let mut columns = relation.columns.iter();
            let column = columns.find(|c| relation.column_sql(c) == sql || relation.unqualified_sql(c) == sql)?;
            Some((relation, column))
        });
        if self.columns.contains(sql) || found.is_some_and(|(relation, _)| self.decides(relation)) {
            return Ok(());
        }
        let named = found.map_or_else(|| sql.to_owned(), |(relation, c)| format!("{}.{}", relation.name, c.name));
        let message = format!("the column {named} must stand in GROUP BY or in an aggregate");
        Err(Error::new(Status::Sql, "sql.grouping", Some("42803"), message)
            .hint("group by it, or take one of its values, such as max(column)"))
    }

    /// Whether a group has one row of a table at most, since its key is grouped by.
    fn decides(&self, relation: &Relation) -> bool {
        let grouped = |column: &String| {
            let found = relation.columns.iter().find(|found| {
                let source = found.source.as_ref();
                source.is_some_and(|(_, declared)| declared == column)
            });
            found.is_some_and(|found| {
                self.columns.contains(&relation.column_sql(found))
                    || self.columns.contains(&relation.unqualified_sql(found))
            })
        };
        let Some(table) = &relation.table else { return false };
        keys(table).any(|key| !key.is_empty() && key.iter().all(grouped))
    }

    fn is_column(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Identifier(ident) if self.scope.column(&name(ident)).is_ok())
    }

    fn spelled(&self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        let _ = VisitMut::visit(&mut expr, &mut Spelling { scope: self.scope });
        expr
    }
}

/// The columns of each key of a table: that of the primary key, and those of unique ones that are never NULL.
fn keys(table: &Table) -> impl Iterator<Item = &[String]> + '_ {
    let required = move |column: &String| {
        let mut columns = table.columns.iter();
        columns.any(|known| known.name.eq_ignore_ascii_case(column) && !known.nullable)
    };
    let uniques = table.uniques.iter().map(|unique| unique.columns.as_slice());
    std::iter::once(table.primary_key.as_slice()).chain(uniques.filter(move |key| key.iter().all(required)))
}

fn written<'q>(select: &'q Select, item: &Item) -> Option<&'q Expr> {
    match select.projection.get(item.written?)? {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

/// A column of the query, as no statement can spell it.
fn column(sql: &str) -> Expr {
    Expr::CompoundIdentifier(vec![Ident::new(""), Ident::new(sql)])
}

fn column_sql(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [mark, sql] if mark.value.is_empty() => Some(&sql.value),
            _ => None,
        },
        _ => None,
    }
}

/// Brings an expression to one spelling, so that equal ones are equal.
struct Spelling<'s> {
    scope: &'s Scope<'s>,
}

impl VisitorMut for Spelling<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let found = match expr {
            Expr::Nested(inner) => {
                *expr = std::mem::replace(inner.as_mut(), column(""));
                return ControlFlow::Continue(());
            }
            Expr::Function(function) => {
                for part in &mut function.name.0 {
                    if let ObjectNamePart::Identifier(ident) = part {
                        *ident = Ident::new(name(ident));
                    }
                }
                return ControlFlow::Continue(());
            }
            Expr::Identifier(ident) => self.scope.column(&name(ident)),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [relation, column] if !relation.value.is_empty() => {
                    self.scope.qualified(&name(relation), &name(column))
                }
                _ => return ControlFlow::Continue(()),
            },
            _ => return ControlFlow::Continue(()),
        };
        if let Ok(found) = found {
            if found.outer.is_none() {
                *expr = column(&found.sql);
            }
        }
        ControlFlow::Continue(())
    }
}

/// Stops at a query.
struct FirstQuery;

impl Visitor for FirstQuery {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

/// Looks for a column that stands alone.
struct Walk<'g> {
    grouping: &'g Grouping<'g>,
    /// How many expressions lead here from one that is grouped by, or an aggregate.
    inside: usize,
    /// How many queries lead here; the binder noted the columns that they take from this one.
    queries: usize,
}

impl Visitor for Walk<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Error> {
        if self.queries > 0 {
            return ControlFlow::Continue(());
        }
        if self.inside > 0 || is_aggregate(expr) || self.grouping.terms.contains(expr) {
            self.inside += 1;
        } else if let Some(sql) = column_sql(expr) {
            if let Err(error) = self.grouping.check_column(sql) {
                return ControlFlow::Break(error);
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<Error> {
        if self.queries == 0 {
            self.inside = self.inside.saturating_sub(1);
        }
        ControlFlow::Continue(())
    }
}
