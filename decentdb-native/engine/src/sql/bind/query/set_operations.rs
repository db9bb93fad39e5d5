//! Set operations and VALUES.

use sqlparser::ast::{Query, SetExpr, SetOperator, SetQuantifier, Values};

use crate::error::{Error, Result};
use crate::sql::bind::binder::{same, Binder, Ex, ExKind};
use crate::sql::bind::scope::{Scope, ScopeColumn};
use crate::sql::grammar::quote;
use crate::value::Type;

use super::cte::bare;
use super::select::Bound;

impl Binder<'_> {
    /// Anything but a plain SELECT: set operations, VALUES, parenthesised queries.
    pub fn set_expr(&mut self, body: &SetExpr, parent: Option<&Scope<'_>>) -> Result<Bound> {
        match bare(body) {
            SetExpr::Select(select) => {
                let (sql, columns) = self.select(select, None, None, parent)?;
                Ok(Bound { sql, columns })
            }
            SetExpr::Values(values) => self.values(values, None, parent),
            SetExpr::Query(query) => self.parenthesised(query, parent),
            operations @ SetExpr::SetOperation { .. } => self.set_operations(operations, parent),
            SetExpr::Table(_) => Err(Error::unsupported("TABLE")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(Error::unsupported("a data-changing statement inside a query"))
            }
        }
    }

    fn parenthesised(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Result<Bound> {
        let bound = self.query(query, parent)?;
        Ok(Bound { sql: format!("SELECT * FROM ({})", bound.sql), columns: bound.columns })
    }

    /// `a UNION b EXCEPT c` nests to the left, as SQLite reads it too; a nest to the right becomes a subquery.
    fn set_operations(&mut self, body: &SetExpr, parent: Option<&Scope<'_>>) -> Result<Bound> {
        let mut leaves = Vec::new();
        let mut operators = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = first {
            operators.push(operator(*op, *set_quantifier)?);
            leaves.push(right.as_ref());
            first = left;
        }
        leaves.push(first);
        leaves.reverse();
        operators.reverse();
        let mut bound = Vec::with_capacity(leaves.len());
        for leaf in &leaves {
            bound.push(self.leaf(leaf, None, parent)?);
        }
        let (types, nullable) = self.column_types(&bound)?;
        let mut columns = std::mem::take(&mut bound[0].columns);
        let names: Vec<String> = columns.iter().map(|column| quote(&column.sql_name)).collect();
        let mut sql = String::new();
        for (at, (leaf, term)) in leaves.iter().zip(bound).enumerate() {
            let own = if at == 0 { &columns } else { &term.columns };
            let fits = own.iter().zip(&types).all(|(column, ty)| same(&column.ty, ty) && ty.collation().is_none());
            let named: Vec<String> = own.iter().map(|column| quote(&column.sql_name)).collect();
            let text = if fits { term.sql } else { self.leaf(leaf, Some(&types), parent)?.sql };
            match at.checked_sub(1).map(|before| operators[before]) {
                None => sql = text,
                Some((operator, false)) => sql.extend([" ", operator, " ", &text]),
                // Numbering equal rows makes them differ: the first, second, ... of one side meets that of the other.
                Some((operator, true)) => {
                    let (names, left, right) = (names.join(", "), numbered(&names, &sql), numbered(&named, &text));
                    sql = format!("SELECT {names} FROM ({left} {operator} {right})");
                }
            }
        }
        for ((column, ty), nullable) in columns.iter_mut().zip(types).zip(nullable) {
            column.ty = ty;
            column.nullable = nullable;
            column.source = None;
        }
        Ok(Bound { sql, columns })
    }

    /// One operand of a set operation, its columns brought to the wanted types.
    fn leaf(&mut self, leaf: &SetExpr, wanted: Option<&[Type]>, parent: Option<&Scope<'_>>) -> Result<Bound> {
        match (bare(leaf), wanted) {
            (SetExpr::Select(select), _) => {
                let (sql, columns) = self.select(select, None, wanted, parent)?;
                Ok(Bound { sql, columns })
            }
            (SetExpr::Values(values), _) => self.values(values, wanted, parent),
            (other, None) => {
                let bound = self.set_expr(other, parent)?;
                Ok(Bound { sql: format!("SELECT * FROM ({})", bound.sql), columns: bound.columns })
            }
            (other, Some(wanted)) => {
                let bound = self.set_expr(other, parent)?;
                self.converted(bound, wanted)
            }
        }
    }

    /// The first query of a recursive CTE.
    pub fn branch(&mut self, body: &SetExpr, parent: Option<&Scope<'_>>) -> Result<Bound> {
        self.set_expr(body, parent)
    }

    /// The repeated query of a recursive CTE, its columns of the types the first one set.
    pub fn branch_as(&mut self, body: &SetExpr, types: &[Type], parent: Option<&Scope<'_>>) -> Result<Bound> {
        let bound = self.leaf(body, Some(types), parent)?;
        if bound.columns.len() != types.len() {
            return Err(Error::syntax("both queries of a recursive WITH must have the same number of columns"));
        }
        Ok(bound)
    }

    /// A query around `bound` whose columns have the wanted types.
    fn converted(&mut self, bound: Bound, wanted: &[Type]) -> Result<Bound> {
        let made_up = self.invent();
        let mut items = Vec::with_capacity(wanted.len());
        let mut columns = bound.columns;
        for (column, ty) in columns.iter_mut().zip(wanted) {
            let sql = format!("{made_up}.{}", quote(&column.sql_name));
            let ex = self.widen(Ex::new(sql, column.ty.clone(), column.nullable), ty)?;
            items.push(format!("{} AS {}", self.collate(&ex), quote(&column.sql_name)));
            column.ty = ty.clone();
        }
        Ok(Bound { sql: format!("SELECT {} FROM ({}) AS {made_up}", items.join(", "), bound.sql), columns })
    }

    /// The types the columns of several queries have in common, and which may be NULL.
    fn column_types(&mut self, queries: &[Bound]) -> Result<(Vec<Type>, Vec<bool>)> {
        let width = queries.first().map_or(0, |query| query.columns.len());
        if queries.iter().any(|query| query.columns.len() != width) {
            return Err(Error::syntax("each query of a set operation must have the same number of columns"));
        }
        let mut types = Vec::with_capacity(width);
        let mut nullable = Vec::with_capacity(width);
        for at in 0..width {
            let mut shared = Ex::null();
            for query in queries {
                let column = &query.columns[at];
                let kind = match (column.literal, column.ty.is_numeric()) {
                    (true, false) => ExKind::Text(String::new()),
                    (true, true) => ExKind::Number(String::new()),
                    (false, _) => ExKind::Other,
                };
                let item = Ex { kind, ..Ex::new("", column.ty.clone(), column.nullable) };
                let ty = self.common(&shared, &item).map_err(|_| {
                    let (left, right) = (shared.type_name(), item.type_name());
                    Error::type_mismatch(format!(
                        "column {} of a set operation has types {left} and {right}, which do not match",
                        at + 1
                    ))
                })?;
                let kind = if matches!(item.kind, ExKind::Other) { ExKind::Other } else { shared.kind.clone() };
                shared = if shared.kind == ExKind::Null { item } else { Ex { ty, kind, ..shared } };
            }
            types.push(shared.ty);
            nullable.push(queries.iter().any(|query| query.columns[at].nullable));
        }
        Ok((types, nullable))
    }

    fn values(&mut self, values: &Values, wanted: Option<&[Type]>, parent: Option<&Scope<'_>>) -> Result<Bound> {
        let scope = Scope::within(parent);
        let width = values.rows.first().map_or(0, |row| row.content.len());
        let mut columns: Vec<Vec<Ex>> = (0..width).map(|_| Vec::with_capacity(values.rows.len())).collect();
        for row in &values.rows {
            if row.content.len() != width {
                return Err(Error::syntax("every row of VALUES must have the same number of values"));
            }
            for (column, expr) in columns.iter_mut().zip(&row.content) {
                column.push(self.expr(expr, &scope)?);
            }
        }
        let mut rows: Vec<Vec<String>> = values.rows.iter().map(|_| Vec::with_capacity(width)).collect();
        let mut described = Vec::with_capacity(width);
        for (at, column) in columns.into_iter().enumerate() {
            let open = |ex: &Ex| matches!(ex.kind, ExKind::Text(_) | ExKind::Number(_) | ExKind::Null);
            let literal = column.iter().all(open);
            let (ty, cells) = match wanted.and_then(|wanted| wanted.get(at)) {
                Some(ty) => {
                    let mut cells = Vec::with_capacity(column.len());
                    for cell in column {
                        cells.push(self.widen(cell, ty)?);
                    }
                    (ty.clone(), cells)
                }
                None => self.unify(column, "VALUES")?,
            };
            described.push(ScopeColumn {
                name: format!("column{}", at + 1),
                sql_name: format!("column{}", at + 1),
                ty,
                nullable: cells.iter().any(|cell| cell.nullable),
                source: None,
                literal,
            });
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.push(cell.sql);
            }
        }
        // VALUES cannot carry a collation, a SELECT around it can.
        let collated = described.iter().any(|column| column.ty.collation().is_some());
        let rows: Vec<String> = rows.into_iter().map(|row| format!("({})", row.join(", "))).collect();
        let sql = format!("VALUES {}", rows.join(", "));
        if collated {
            let types: Vec<Type> = described.iter().map(|column| column.ty.clone()).collect();
            return self.converted(Bound { sql, columns: described }, &types);
        }
        Ok(Bound { sql, columns: described })
    }
}

/// The rows of a query with the number each has among those equal to it.
fn numbered(columns: &[String], query: &str) -> String {
    let columns = columns.join(", ");
    format!("SELECT {columns}, row_number() OVER (PARTITION BY {columns}) AS __number FROM ({query})")
}

/// SQLite's operator, and whether rows have to be numbered for it to keep duplicates.
fn operator(op: SetOperator, quantifier: SetQuantifier) -> Result<(&'static str, bool)> {
    let all = match quantifier {
        SetQuantifier::All => true,
        SetQuantifier::None | SetQuantifier::Distinct => false,
        _ => return Err(Error::unsupported(format!("{op} {quantifier}"))),
    };
    Ok(match op {
        SetOperator::Union if all => ("UNION ALL", false),
        SetOperator::Union => ("UNION", false),
        SetOperator::Intersect => ("INTERSECT", all),
        SetOperator::Except => ("EXCEPT", all),
        SetOperator::Minus => return Err(Error::unsupported("MINUS")),
    })
}
