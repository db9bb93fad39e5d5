//! ORDER BY and DISTINCT ON.

use sqlparser::ast::{Expr, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Value as Literal};

use crate::error::{Error, Result, Status};
use crate::sql::bind::binder::{Binder, Ex};
use crate::sql::bind::scope::{Relation, Scope, ScopeColumn};
use crate::sql::errors::{refuse, windowing};
use crate::sql::grammar::{name, quote};

use super::select::{Bound, Item};

/// One term of ORDER BY.
pub(crate) struct Term {
    ex: Ex,
    /// The item of the list it names.
    pub(super) item: Option<usize>,
    /// DESC and where NULLs go.
    direction: &'static str,
}

impl Binder<'_> {
    /// The clause; items of the list are named by their position, so that SQLite need not compute it twice.
    pub fn order_sql(&mut self, terms: &[Term]) -> String {
        if terms.is_empty() {
            return String::new();
        }
        let mut texts = Vec::with_capacity(terms.len());
        for term in terms {
            texts.push(match term.item {
                Some(at) => self.named_term(term, (at + 1).to_string()),
                None => self.term(term),
            });
        }
        format!(" ORDER BY {}", texts.join(", "))
    }

    fn term(&mut self, term: &Term) -> String {
        format!("{}{}", self.collate(&term.ex), term.direction)
    }

    /// A term whose value `sql` names.
    fn named_term(&mut self, term: &Term, sql: String) -> String {
        let ex = Ex { sql, collated: false, ..term.ex.clone() };
        format!("{}{}", self.collate(&ex), term.direction)
    }

    pub fn order_by_items(
        &mut self,
        order_by: &OrderBy,
        items: &[Item],
        distinct: bool,
        scope: &Scope<'_>,
    ) -> Result<Vec<Term>> {
        let mut terms = Vec::new();
        for term in order_expressions(order_by)? {
            let item = match ordinal(&term.expr, items.len())? {
                Some(at) => Some(at),
                None => self.item_of(&term.expr, items, scope),
            };
            let ex = match item {
                Some(at) => items[at].ex.clone(),
                None => self.operand(&term.expr, scope)?,
            };
            if distinct && item.is_none() && !items.iter().any(|item| item.ex.sql == ex.sql) {
                let message = "with DISTINCT, ORDER BY may name only what the list shows";
                return Err(Error::new(Status::Sql, "sql.invalid_column_reference", Some("42P10"), message));
            }
            terms.push(Term { ex, item, direction: order_direction(term)? });
        }
        Ok(terms)
    }

    /// The item of a list that an expression names. A name that the statement gives comes before a column of the tables, and
    /// one that PostgreSQL makes up after it.
    fn item_of(&mut self, expr: &Expr, items: &[Item], scope: &Scope<'_>) -> Option<usize> {
        let at = alias_index(expr, items, true);
        at.or_else(|| alias_index(expr, items, false).filter(|_| self.operand(expr, scope).is_err()))
    }

    /// The result of a set operation or VALUES in order.
    pub fn ordered(
        &mut self,
        bound: Bound,
        order_by: Option<&OrderBy>,
        parent: Option<&Scope<'_>>,
    ) -> Result<(String, Vec<ScopeColumn>)> {
        let Some(order_by) = order_by else { return Ok((bound.sql, bound.columns)) };
        let made_up = self.invent();
        let mut scope = Scope::within(parent);
        scope.add(Relation::new(&made_up, bound.columns.clone()))?;
        let mut terms = Vec::new();
        for term in order_expressions(order_by)? {
            let sql = match ordinal(&term.expr, bound.columns.len())? {
                Some(at) => {
                    let column = &bound.columns[at];
                    let ex = Ex::new((at + 1).to_string(), column.ty.clone(), column.nullable);
                    Term { ex, item: Some(at), direction: order_direction(term)? }
                }
                None => Term { ex: self.operand(&term.expr, &scope)?, item: None, direction: order_direction(term)? },
            };
            terms.push(sql);
        }
        let sql = format!("SELECT * FROM ({}) AS {}{}", bound.sql, quote(&made_up), self.order_sql(&terms));
        Ok((sql, bound.columns))
    }

    /// The terms of an ORDER BY inside an aggregate or a window.
    pub fn order_terms(&mut self, terms: &[OrderByExpr], scope: &Scope<'_>) -> Result<String> {
        let mut texts = Vec::with_capacity(terms.len());
        for term in terms {
            let ex = self.operand(&term.expr, scope)?;
            texts.push(format!("{}{}", self.collate(&ex), order_direction(term)?));
        }
        Ok(texts.join(", "))
    }

    pub fn distinct_keys(&mut self, keys: &[Expr], items: &[Item], scope: &Scope<'_>) -> Result<Vec<Ex>> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(match ordinal(key, items.len())?.or_else(|| self.item_of(key, items, scope)) {
                Some(at) => items[at].ex.clone(),
                None => self.expr(key, scope)?,
            });
        }
        Ok(found)
    }

    /// DISTINCT ON: of the rows with equal keys, the one that comes first.
    pub fn distinct_on(
        &mut self,
        keys: &[Ex],
        items: &[Item],
        order: &[Term],
        body: &str,
    ) -> Result<(String, Vec<ScopeColumn>)> {
        if items.iter().any(|item| item.window) {
            return Err(windowing("a window function cannot stand beside DISTINCT ON"));
        }
        let made_up = self.invent();
        let (mut list, columns) = self.emit_list(items);
        let keys: Vec<String> = keys.iter().map(|key| self.collate(key)).collect();
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for (at, term) in order.iter().enumerate() {
            inside.push(self.term(term));
            outside.push(self.named_term(term, format!("{made_up}.__order{at}")));
            list.push_str(&format!(", {} AS __order{at}", term.ex.sql));
        }
        let clause = |terms: &[String]| match terms {
            [] => String::new(),
            terms => format!(" ORDER BY {}", terms.join(", ")),
        };
        let shown: Vec<String> = columns
            .iter()
            .map(|column| format!("{made_up}.{name} AS {name}", name = quote(&column.sql_name)))
            .collect();
        let sql = format!(
            "SELECT {} FROM (SELECT {list}, row_number() OVER (PARTITION BY {}{}) AS __row{body}) AS {made_up} \
             WHERE {made_up}.__row = 1{}",
            shown.join(", "),
            keys.join(", "),
            clause(&inside),
            clause(&outside)
        );
        Ok((sql, columns))
    }
}

pub(super) fn order_expressions(order_by: &OrderBy) -> Result<&[OrderByExpr]> {
    refuse(order_by.interpolate.is_some(), "INTERPOLATE")?;
    match &order_by.kind {
        OrderByKind::Expressions(terms) => Ok(terms),
        OrderByKind::All(_) => Err(Error::unsupported("ORDER BY ALL")),
    }
}

pub(crate) fn order_direction(term: &OrderByExpr) -> Result<&'static str> {
    refuse(term.with_fill.is_some(), "WITH FILL")?;
    let descending = match &term.options.sort {
        None | Some(OrderBySort::Asc) => false,
        Some(OrderBySort::Desc) => true,
        Some(_) => return Err(Error::unsupported("ORDER BY USING")),
    };
    Ok(match (descending, term.options.nulls_first) {
        (false, None) => "",
        (false, Some(true)) => " NULLS FIRST",
        (false, Some(false)) => " NULLS LAST",
        (true, None) => " DESC",
        (true, Some(true)) => " DESC NULLS FIRST",
        (true, Some(false)) => " DESC NULLS LAST",
    })
}

fn alias_index(expr: &Expr, items: &[Item], named: bool) -> Option<usize> {
    let Expr::Identifier(ident) = expr else { return None };
    let written = name(ident);
    items.iter().position(|item| item.named == named && item.name.eq_ignore_ascii_case(&written))
}

pub(crate) fn alias<'a>(expr: &Expr, items: &'a [Item]) -> Option<&'a Item> {
    alias_index(expr, items, true).or_else(|| alias_index(expr, items, false)).map(|at| &items[at])
}

/// A number standing alone in GROUP BY or ORDER BY names a column of the list; returned counted from 0.
pub(super) fn ordinal(expr: &Expr, width: usize) -> Result<Option<usize>> {
    let Expr::Value(value) = expr else { return Ok(None) };
    let Literal::Number(text, false) = &value.value else { return Ok(None) };
    match text.parse::<usize>() {
        Ok(number) if (1..=width).contains(&number) => Ok(Some(number - 1)),
        _ => Err(Error::syntax(format!("position {text} is not in the select list"))),
    }
}
