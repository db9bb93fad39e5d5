//! Trigram and spatial indexes: where a condition holds, something that they can find holds too, and it is added to the
//! condition. The condition itself still decides, so an index changes how fast rows are found and nothing else.

use sqlparser::ast::{BinaryOperator, Expr, Function, FunctionArguments};

use crate::catalog::{Index, Method};
use crate::error::Result;
use crate::search::{trigram_query, NOTHING};
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::bind::expr::{base_column, LIKE_ESCAPE};
use crate::sql::bind::scope::{Relation, Scope};
use crate::sql::emit::shadow_table;
use crate::sql::grammar::{object, text_literal};
use crate::value::Type;

impl Binder<'_> {
    /// `sql`, the emitted `condition` of WHERE, together with the restrictions that indexes give for its rows.
    pub fn narrowed(&mut self, condition: &Expr, sql: String, scope: &Scope<'_>) -> Result<String> {
        let useful = |index: &Index| matches!(index.method, Method::Trigram | Method::Spatial);
        if !self.index_tables || !self.catalog.indexes.values().any(|index| useful(index)) {
            return Ok(sql);
        }
        let mut narrowed = sql;
        let mut rest = vec![condition];
        while let Some(condition) = rest.pop() {
            let found = match condition {
                Expr::Nested(inner) => {
                    rest.push(inner);
                    None
                }
                Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                    rest.extend([left.as_ref(), right.as_ref()]);
                    None
                }
                Expr::Like { negated: false, any: false, expr, pattern, escape_char }
                | Expr::ILike { negated: false, any: false, expr, pattern, escape_char } => {
                    self.substring(expr, pattern, escape_char.as_deref(), scope)?
                }
                Expr::Function(function) => self.overlapping(function, scope)?,
                _ => None,
            };
            if let Some(found) = found {
                narrowed = format!("{found} AND {narrowed}");
            }
        }
        Ok(narrowed)
    }

    /// The rows that may match a LIKE pattern which is known before the rows are.
    fn substring(
        &mut self,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
        scope: &Scope<'_>,
    ) -> Result<Option<String>> {
        let constant = |expr: &Expr| matches!(expr, Expr::Value(_));
        if !constant(pattern) || !escape.is_none_or(constant) {
            return Ok(None);
        }
        let column = self.expr(expr, scope)?;
        let Some((relation, index)) = self.index_of(&column, &Method::Trigram, scope) else { return Ok(None) };
        let Some(row_id) = relation.row_id() else { return Ok(None) };
        let id = row_id.sql();
        let (storage, table) =
            (shadow_table(&index), relation.table.as_ref().map(|table| crate::sql::grammar::quote(&table.name)));
        let pattern = self.expr(pattern, scope)?;
        let escape = escape.map(|escape| self.expr(escape, scope)).transpose()?;
        let literal = |ex: &Ex| match &ex.kind {
            ExKind::Text(text) => Some(text.clone()),
            _ => None,
        };
        let escape = match escape.as_ref() {
            None => Some(LIKE_ESCAPE.to_owned()),
            Some(escape) => literal(escape),
        };
        let (Some(escape), Some(table)) = (escape, table) else { return Ok(None) };
        if let Some(pattern) = literal(&pattern) {
            let query = trigram_query(&pattern, escape.chars().next());
            return Ok(query.map(|query| {
                format!("{id} IN (SELECT rowid FROM {storage} WHERE {storage} MATCH {})", text_literal(&query))
            }));
        }
        let pattern = self.fix(pattern, &Type::Text, None, None);
        let query = format!("ddb_trigram_query({}, {})", pattern.sql, text_literal(&escape));
        // Whether the index can help shows when the pattern is bound.
        Ok(Some(format!(
            "{id} IN (SELECT rowid FROM {storage} WHERE {storage} MATCH coalesce({query}, {}) \
             UNION ALL SELECT {} FROM main.{table} WHERE {query} IS NULL)",
            text_literal(NOTHING),
            row_id.column
        )))
    }

    /// The rows whose boxes a spatial predicate can hold for.
    fn overlapping(&mut self, function: &Function, scope: &Scope<'_>) -> Result<Option<String>> {
        let FunctionArguments::List(list) = &function.args else { return Ok(None) };
        match (object(&function.name)?.as_str(), list.args.len()) {
            ("st_intersects" | "st_contains" | "st_within" | "st_equals", 2) | ("st_dwithin", 3) => {}
            _ => return Ok(None),
        }
        let arguments = self.arguments(&list.args, scope)?;
        for (own, other) in [(0, 1), (1, 0)] {
            let (column, other) = (&arguments[own], &arguments[other]);
            let Some((relation, index)) = self.index_of(column, &Method::Spatial, scope) else { continue };
            // The same row on both sides is looked at once anyway.
            if other.relations.contains(&relation.qualifier) {
                continue;
            }
            let Some(id) = relation.row_id().map(|id| id.sql()) else { continue };
            let widened = match arguments.get(2) {
                Some(distance) => {
                    let distance = self.typed("st_dwithin", distance.clone(), &Type::Float64)?;
                    format!(", {}, {}", distance.sql, i32::from(column.ty == Type::Geography))
                }
                None => String::new(),
            };
            let bound = |side: usize| format!("ddb_st_bound({}, {side}{widened})", other.sql);
            return Ok(Some(format!(
                "{id} IN (SELECT id FROM {} WHERE c0 <= {} AND c1 >= {} AND c2 <= {} AND c3 >= {})",
                shadow_table(&index),
                bound(1),
                bound(0),
                bound(3),
                bound(2)
            )));
        }
        Ok(None)
    }

    /// The index of a kind on the column that `ex` is, with the relation it is a column of.
    fn index_of<'s>(
        &self,
        ex: &Ex,
        method: &Method,
        scope: &'s Scope<'_>,
    ) -> Option<(&'s Relation, std::sync::Arc<Index>)> {
        let (relation, column) = base_column(ex, scope)?;
        let table = relation.table.as_ref()?;
        let mut indexes = self.catalog.indexes.values();
        let index = indexes.find(|index| {
            index.method == *method && index.table == table.name && index.columns.first() == Some(&column)
        })?;
        Some((relation, index.clone()))
    }
}
