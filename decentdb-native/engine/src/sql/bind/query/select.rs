//! Queries.

use std::collections::{HashMap, HashSet};

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, LimitClause, OrderBy, Query, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, WildcardAdditionalOptions,
};

use crate::error::{Error, Result};
use crate::sql::bind::binder::{Aggregates, Binder, Ex, ExKind};
use crate::sql::bind::scope::{Relation, Scope, ScopeColumn};
use crate::sql::errors::{refuse, windowing};
use crate::sql::grammar::{name, object, quote};
use crate::value::Type;

use super::column_names::column_name;
use super::grouping::Grouping;
use super::order::{alias, ordinal};

/// An emitted query; its columns are named in the SQL by their `sql_name`.
#[derive(Debug)]
pub(crate) struct Bound {
    pub sql: String,
    pub columns: Vec<ScopeColumn>,
}

/// One item of a SELECT list.
pub(crate) struct Item {
    pub ex: Ex,
    pub name: String,
    /// The statement gives the name.
    pub named: bool,
    /// A window function is part of it.
    pub window: bool,
    /// Where it stands in the list as written; none for a column of `*`.
    pub written: Option<usize>,
}

impl Binder<'_> {
    pub fn query(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Result<Bound> {
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            let (ctes, aggregates) = (self.ctes.len(), self.aggregates);
            let windows = std::mem::replace(&mut self.windows, Aggregates::Inside("this place"));
            let saw_window = self.saw_window;
            let unready = self.unready.len();
            self.depth += 1;
            let bound = self.query_inner(query, parent);
            self.depth -= 1;
            self.unready.truncate(unready);
            self.ctes.truncate(ctes);
            self.aggregates = aggregates;
            self.windows = windows;
            self.saw_window = saw_window;
            bound
        })
    }

    fn query_inner(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Result<Bound> {
        refuse(!query.locks.is_empty(), "FOR UPDATE or FOR SHARE")
            .map_err(|error| error.hint("writes are serialized; use a transaction"))?;
        refuse(query.for_clause.is_some() || query.settings.is_some(), "FOR or SETTINGS")?;
        refuse(query.format_clause.is_some() || !query.pipe_operators.is_empty(), "FORMAT or |>")?;
        let mut sql = String::new();
        if let Some(with) = &query.with {
            sql = self.with(with, parent)?;
        }
        let order_by = query.order_by.as_ref();
        let (body, columns) = match query.body.as_ref() {
            SetExpr::Select(select) => {
                let (body, columns) = self.select(select, order_by, None, parent)?;
                (body, columns)
            }
            other => {
                let mut bound = self.set_expr(other, parent)?;
                let limited = query.limit_clause.is_some() || query.fetch.is_some();
                if limited && matches!(other, SetExpr::Values(_)) {
                    // SQLite takes no LIMIT after VALUES.
                    bound.sql = format!("SELECT * FROM ({})", bound.sql);
                }
                self.ordered(bound, order_by, parent)?
            }
        };
        sql.push_str(&body);
        sql.push_str(&self.limit(query, parent)?);
        Ok(Bound { sql, columns })
    }

    fn limit(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Result<String> {
        let scope = Scope::within(parent);
        let (mut limit, mut offset) = (None, None);
        match &query.limit_clause {
            None => {}
            Some(LimitClause::LimitOffset { limit: most, offset: first, limit_by }) => {
                refuse(!limit_by.is_empty(), "LIMIT BY")?;
                limit = most.as_ref();
                offset = first.as_ref().map(|offset| &offset.value);
            }
            Some(LimitClause::OffsetCommaLimit { .. }) => return Err(Error::unsupported("LIMIT with a comma")),
        }
        if let Some(fetch) = &query.fetch {
            refuse(fetch.with_ties || fetch.percent, "FETCH with TIES or PERCENT")?;
            refuse(limit.is_some(), "LIMIT together with FETCH")?;
            limit = fetch.quantity.as_ref();
            if limit.is_none() {
                return Ok(" LIMIT 1".to_owned());
            }
        }
        if limit.is_none() && offset.is_none() {
            return Ok(String::new());
        }
        let mut sql = " LIMIT ".to_owned();
        match limit {
            Some(limit) => sql.push_str(&self.count(limit, "LIMIT", &scope)?),
            None => sql.push_str("-1"),
        }
        if let Some(offset) = offset {
            sql.push_str(" OFFSET ");
            sql.push_str(&self.count(offset, "OFFSET", &scope)?);
        }
        Ok(sql)
    }

    fn count(&mut self, expr: &Expr, place: &'static str, scope: &Scope<'_>) -> Result<String> {
        let aggregates = std::mem::replace(&mut self.aggregates, Aggregates::Inside(place));
        let ex = self.expr(expr, scope).and_then(|ex| self.require_int(ex, place));
        self.aggregates = aggregates;
        let ex = ex?;
        Ok(match ex.kind {
            ExKind::Number(text) if !text.starts_with('-') => text,
            _ if place == "OFFSET" => format!("max(ddb_limit({}), 0)", ex.sql),
            _ => format!("ddb_limit({})", ex.sql),
        })
    }

    /// A plain SELECT with the ORDER BY of its query, which may name columns outside the list.
    pub fn select(
        &mut self,
        select: &Select,
        order_by: Option<&OrderBy>,
        wanted: Option<&[Type]>,
        parent: Option<&Scope<'_>>,
    ) -> Result<(String, Vec<ScopeColumn>)> {
        refuse_select(select)?;
        let named_windows = std::mem::replace(&mut self.named_windows, select.named_window.clone());
        let searches = std::mem::take(&mut self.searches);
        let bound = self.select_inner(select, order_by, wanted, parent);
        self.searches = searches;
        self.named_windows = named_windows;
        self.windows = Aggregates::Inside("this place");
        bound
    }

    fn select_inner(
        &mut self,
        select: &Select,
        order_by: Option<&OrderBy>,
        wanted: Option<&[Type]>,
        parent: Option<&Scope<'_>>,
    ) -> Result<(String, Vec<ScopeColumn>)> {
        self.windows = Aggregates::Inside("FROM or WHERE");
        let mut scope = Scope::within(parent);
        let from = self.from(&select.from, &mut scope)?;
        let filter = match &select.selection {
            Some(condition) => {
                self.aggregates = Aggregates::Inside("WHERE");
                let sql = self.condition_expr(condition, &scope, "the condition of WHERE")?.sql;
                Some(self.narrowed(condition, sql, &scope)?)
            }
            None => None,
        };
        let saw = std::mem::replace(&mut self.saw_aggregate, false);
        let allowed = match &self.repeated {
            Some(step) if step.depth == self.depth => Aggregates::Inside("the repeated query of WITH RECURSIVE"),
            _ => Aggregates::Allowed,
        };
        self.aggregates = allowed;
        self.windows = allowed;
        let outer_columns = self.outer_columns.len();
        let mut items = self.items(&select.projection, &scope)?;
        if items.is_empty() {
            return Err(Error::syntax("SELECT needs at least one column"));
        }
        if let Some(wanted) = wanted {
            for (item, ty) in items.iter_mut().zip(wanted) {
                let ex = std::mem::replace(&mut item.ex, Ex::null());
                item.ex = self.widen(ex, ty)?;
            }
        }
        let distinct = matches!(select.distinct, Some(Distinct::Distinct));
        self.windows = Aggregates::Inside("GROUP BY or HAVING");
        let groups = self.group_by(&select.group_by, &items, &scope)?;
        let having = match &select.having {
            Some(condition) => Some(self.condition_expr(condition, &scope, "the condition of HAVING")?.sql),
            None => None,
        };
        if having.is_some() && groups.is_none() && !self.saw_aggregate {
            return Err(Error::syntax("HAVING needs GROUP BY or an aggregate"));
        }
        self.windows = allowed;
        let order = match order_by {
            Some(order_by) => self.order_by_items(order_by, &items, distinct, &scope)?,
            None => Vec::new(),
        };
        let keys = match &select.distinct {
            Some(Distinct::On(keys)) => Some(self.distinct_keys(keys, &items, &scope)?),
            _ => None,
        };
        if groups.is_some() || having.is_some() || self.saw_aggregate {
            let outer_columns: Vec<_> = self.outer_columns[outer_columns..].to_vec();
            Grouping::of(select, &items, &scope)?.check(select, order_by, &order, &items, &outer_columns)?;
        }
        let own = scope.address();
        self.outer_columns.retain(|(home, _)| *home != own);
        self.saw_aggregate = saw;
        let mut body = String::new();
        for (keyword, part) in [(" FROM ", from), (" WHERE ", filter), (" GROUP BY ", groups), (" HAVING ", having)] {
            if let Some(part) = part {
                body.push_str(keyword);
                body.push_str(&part);
            }
        }
        if let Some(keys) = keys {
            return self.distinct_on(&keys, &items, &order, &body);
        }
        let (list, columns) = self.emit_list(&items);
        let distinct = if distinct { "DISTINCT " } else { "" };
        Ok((format!("SELECT {distinct}{list}{body}{}", self.order_sql(&order)), columns))
    }

    /// A RETURNING list.
    pub fn list(&mut self, items: &[SelectItem], scope: &Scope<'_>) -> Result<(String, Vec<ScopeColumn>)> {
        let items = self.items(items, scope)?;
        Ok(self.emit_list(&items))
    }

    fn items(&mut self, projection: &[SelectItem], scope: &Scope<'_>) -> Result<Vec<Item>> {
        let mut items = Vec::with_capacity(projection.len());
        for (at, item) in projection.iter().enumerate() {
            self.saw_window = false;
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let ex = self.expr(expr, scope)?;
                    let named = ex.kind == ExKind::Column;
                    let name = match column_name(expr) {
                        written if named => ex_name(&ex, &written, scope),
                        figured => figured,
                    };
                    items.push(Item { named, ex, name, window: self.saw_window, written: Some(at) });
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let ex = self.expr(expr, scope)?;
                    let (name, window) = (name(alias), self.saw_window);
                    items.push(Item { ex, name, named: true, window, written: Some(at) });
                }
                SelectItem::Wildcard(options) => {
                    refuse_options(options)?;
                    if scope.relations.is_empty() {
                        return Err(Error::syntax("SELECT * needs a FROM clause"));
                    }
                    for relation in &scope.relations {
                        star(relation, false, &mut items);
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(of), options) => {
                    refuse_options(options)?;
                    star(scope.relation(&object(of)?)?, true, &mut items);
                }
                other => return Err(Error::unsupported(format!("the select item {other}"))),
            }
        }
        Ok(items)
    }

    fn group_by(&mut self, clause: &GroupByExpr, items: &[Item], scope: &Scope<'_>) -> Result<Option<String>> {
        let GroupByExpr::Expressions(expressions, modifiers) = clause else {
            return Err(Error::unsupported("GROUP BY ALL"));
        };
        refuse(!modifiers.is_empty(), "GROUP BY with a modifier")?;
        if expressions.is_empty() {
            return Ok(None);
        }
        let aggregates = std::mem::replace(&mut self.aggregates, Aggregates::Inside("GROUP BY"));
        let mut terms = Vec::with_capacity(expressions.len());
        for expression in expressions {
            let item = match ordinal(expression, items.len())? {
                Some(at) => Some(&items[at]),
                // A column of the tables comes before an alias of the list.
                None => alias(expression, items).filter(|_| self.expr(expression, scope).is_err()),
            };
            terms.push(match item {
                Some(item) if item.window => {
                    return Err(windowing(format!("the window function in {} cannot stand in GROUP BY", item.name)));
                }
                Some(item) => self.collate(&item.ex),
                None => {
                    let term = self.expr(expression, scope)?;
                    self.collate(&term)
                }
            });
        }
        self.aggregates = aggregates;
        Ok(Some(terms.join(", ")))
    }

    /// The text of a list and the columns it yields. The queries around it find collations there.
    pub fn emit_list(&mut self, items: &[Item]) -> (String, Vec<ScopeColumn>) {
        let columns = describe(items);
        let mut texts = Vec::with_capacity(items.len());
        for (item, column) in items.iter().zip(&columns) {
            texts.push(format!("{} AS {}", self.collate(&item.ex), quote(&column.sql_name)));
        }
        (texts.join(", "), columns)
    }
}

fn describe(items: &[Item]) -> Vec<ScopeColumn> {
    let mut columns: Vec<ScopeColumn> = Vec::with_capacity(items.len());
    let mut taken: HashSet<String> = HashSet::with_capacity(items.len());
    // How often each name was taken: many columns may have the same one.
    let mut counts: HashMap<String, usize> = HashMap::new();
    for item in items {
        let mut sql_name = item.name.clone();
        let count = counts.entry(item.name.to_ascii_lowercase()).or_default();
        while !taken.insert(sql_name.to_ascii_lowercase()) {
            *count += 1;
            sql_name = format!("{}:{count}", item.name);
        }
        columns.push(ScopeColumn {
            name: item.name.clone(),
            sql_name,
            ty: item.ex.ty.clone(),
            nullable: item.ex.nullable,
            source: item.ex.source.clone(),
            literal: matches!(item.ex.kind, ExKind::Text(_) | ExKind::Number(_) | ExKind::Null),
        });
    }
    columns
}

fn star(relation: &Relation, qualified: bool, items: &mut Vec<Item>) {
    for column in &relation.columns {
        if !qualified && relation.is_merged(&column.name) {
            continue;
        }
        let sql = if qualified { relation.column_sql(column) } else { relation.unqualified_sql(column) };
        let ex = Ex::new(sql, column.ty.clone(), column.nullable);
        let ex = Ex { source: column.source.clone(), kind: ExKind::Column, ..ex };
        items.push(Item { ex, name: column.name.clone(), named: true, window: false, written: None });
    }
}

/// The name of a column as declared, where the reference may differ in case.
fn ex_name(ex: &Ex, written: &str, scope: &Scope<'_>) -> String {
    match &ex.source {
        Some((_, declared)) if declared.eq_ignore_ascii_case(written) => declared.clone(),
        _ => scope.column(written).map_or_else(|_| written.to_owned(), |found| found.column.name),
    }
}

fn refuse_options(options: &WildcardAdditionalOptions) -> Result<()> {
    let present = options.opt_ilike.is_some()
        || options.opt_exclude.is_some()
        || options.opt_except.is_some()
        || options.opt_replace.is_some()
        || options.opt_rename.is_some()
        || options.opt_alias.is_some();
    refuse(present, "an option of *")
}

fn refuse_select(select: &Select) -> Result<()> {
    refuse(!select.optimizer_hints.is_empty() || select.select_modifiers.is_some(), "a hint or modifier of SELECT")?;
    refuse(select.top.is_some(), "TOP")?;
    refuse(select.exclude.is_some(), "EXCLUDE")?;
    refuse(select.into.is_some(), "SELECT INTO")?;
    refuse(!select.lateral_views.is_empty(), "LATERAL VIEW")?;
    refuse(select.prewhere.is_some(), "PREWHERE")?;
    refuse(!select.connect_by.is_empty(), "CONNECT BY")?;
    refuse(!select.cluster_by.is_empty() || !select.distribute_by.is_empty(), "CLUSTER BY or DISTRIBUTE BY")?;
    refuse(!select.sort_by.is_empty(), "SORT BY")?;
    refuse(select.qualify.is_some(), "QUALIFY")?;
    refuse(select.value_table_mode.is_some(), "SELECT AS STRUCT or VALUE")?;
    refuse(select.flavor != SelectFlavor::Standard, "FROM before SELECT")
}
