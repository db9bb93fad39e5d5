//! Comparison: of values, of rows of values, with lists and with the results of queries.

use sqlparser::ast::{self, BinaryOperator, Expr};

use crate::error::{Error, Result};
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::bind::query::Bound;
use crate::sql::bind::scope::{Scope, ScopeColumn};
use crate::sql::grammar::quote;
use crate::types::NO_COUNT;
use crate::value::Type;

/// Two operands as SQLite is to compare them.
struct Sides {
    left: String,
    right: String,
    nullable: bool,
}

/// The operands of a row comparison.
enum Row<'e> {
    Values(&'e [Expr]),
    Query(&'e ast::Query),
}

impl Binder<'_> {
    /// A comparison; `op` is SQLite's.
    pub fn compare(&mut self, left: Ex, op: &str, right: Ex) -> Result<Ex> {
        let sides = self.sides(left, op, right)?;
        Ok(Ex::new(format!("({} {op} {})", sides.left, sides.right), Type::Bool, sides.nullable))
    }

    fn sides(&mut self, left: Ex, op: &str, right: Ex) -> Result<Sides> {
        let (left, right) = self.settle(left, right);
        let ty = self.common(&left, &right).map_err(|_| incomparable(&left, &right))?;
        comparable(&ty)?;
        let (left, right) = (self.meet(left, flipped(op), &ty)?, self.meet(right, op, &ty)?);
        let nullable = left.nullable || right.nullable;
        Ok(Sides { left: self.compared(&left, &[&right]), nullable, right: right.sql })
    }

    /// Decides open parameters by the other operand.
    pub fn settle(&mut self, left: Ex, right: Ex) -> (Ex, Ex) {
        let decide = |binder: &mut Self, param: Ex, other: &Ex| {
            let open = matches!(param.kind, ExKind::Param(_)) && other.ty != Type::Dynamic;
            if open && !matches!(other.kind, ExKind::Param(_)) && binder.param_takes(&param.ty, &other.ty) {
                binder.fix(param, &other.ty, other.source.as_ref(), Some(other.nullable))
            } else {
                param
            }
        };
        let left = decide(self, left, &right);
        let right = decide(self, right, &left);
        (left, right)
    }

    /// Brings the right operand of `op` to a form that compares by value with the type both have in common. No
    /// conversion loses digits: SQLite compares integers with reals exactly, and a DECIMAL that no double stands for
    /// becomes the nearest one on the side `op` asks for.
    fn meet(&mut self, ex: Ex, op: &str, ty: &Type) -> Result<Ex> {
        match (&ex.ty, ty) {
            (Type::Int64, Type::Float64) => Ok(ex),
            (Type::Decimal, Type::Float64) => {
                let toward = match op {
                    "<" | ">=" => 1,
                    ">" | "<=" => -1,
                    _ => 0,
                };
                Ok(Ex { sql: format!("ddb_dec_real({}, {toward})", ex.sql), kind: ExKind::Other, ..ex })
            }
            _ => self.widen(ex, ty),
        }
    }

    pub fn distinct(&mut self, left: &Expr, op: &str, right: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        let ex = if is_row(left) || is_row(right) {
            self.compare_rows(left, op, right, scope)?
        } else {
            let (left, right) = (self.operand(left, scope)?, self.operand(right, scope)?);
            self.compare(left, op, right)?
        };
        Ok(Ex { nullable: false, ..ex })
    }

    pub fn between(&mut self, inner: &Expr, negated: bool, low: &Expr, high: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        let volatile = self.volatile;
        let value = self.operand(inner, scope)?;
        let repeatable = volatile == self.volatile;
        let (low, high) = (self.operand(low, scope)?, self.operand(high, scope)?);
        let (from, to) = if negated { ("<", ">") } else { (">=", "<=") };
        let lower = self.sides(value.clone(), from, low)?;
        let upper = self.sides(value, to, high)?;
        let nullable = lower.nullable || upper.nullable;
        if lower.left == upper.left {
            let not = if negated { "NOT " } else { "" };
            let sql = format!("({} {not}BETWEEN {} AND {})", lower.left, lower.right, upper.right);
            return Ok(Ex::new(sql, Type::Bool, nullable));
        }
        if !repeatable {
            return Err(unrepeatable("BETWEEN"));
        }
        let join = if negated { "OR" } else { "AND" };
        let sql = format!("({} {from} {} {join} {} {to} {})", lower.left, lower.right, upper.left, upper.right);
        Ok(Ex::new(sql, Type::Bool, nullable))
    }

    pub fn in_list(&mut self, inner: &Expr, list: &[Expr], negated: bool, scope: &Scope<'_>) -> Result<Ex> {
        if let Some(values) = row(inner) {
            return self.row_in_list(values, list, negated, scope);
        }
        let value = self.operand(inner, scope)?;
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            items.push(self.expr(item, scope)?);
        }
        let (value, items) = self.alike(value, items)?;
        let nullable = value.nullable || items.iter().any(|item| item.nullable);
        let left = self.compared(&value, &items.iter().collect::<Vec<_>>());
        let texts: Vec<String> = items.into_iter().map(|item| item.sql).collect();
        Ok(Ex::new(format!("({left} {}({}))", membership(negated), texts.join(", ")), Type::Bool, nullable))
    }

    /// Brings a value and the items it is compared with to one type.
    pub fn alike(&mut self, value: Ex, items: Vec<Ex>) -> Result<(Ex, Vec<Ex>)> {
        let mut ty = value.ty.clone();
        let mut shared = value.clone();
        for item in &items {
            ty = self.common(&shared, item).map_err(|_| incomparable(&value, item))?;
            if ty != shared.ty {
                shared = Ex::new("", ty.clone(), false);
            }
        }
        comparable(&ty)?;
        let value = self.meet(value, "=", &ty)?;
        let items = items.into_iter().map(|item| self.meet(item, "=", &ty)).collect::<Result<Vec<_>>>()?;
        Ok((value, items))
    }

    /// `(a, b) IN ((1, 2), ...)`
    fn row_in_list(&mut self, values: &[Expr], list: &[Expr], negated: bool, scope: &Scope<'_>) -> Result<Ex> {
        let mut rows: Vec<Vec<String>> = vec![Vec::with_capacity(values.len()); list.len()];
        let mut left = Vec::with_capacity(values.len());
        let mut nullable = false;
        for (at, value) in values.iter().enumerate() {
            let value = self.operand(value, scope)?;
            let mut items = Vec::with_capacity(list.len());
            for item in list {
                let Some(row) = row(item) else {
                    return Err(Error::syntax("a row value is compared with row values, as in (a, b) IN ((1, 2))"));
                };
                require_width(values.len(), row.len())?;
                items.push(self.expr(&row[at], scope)?);
            }
            let (value, items) = self.alike(value, items)?;
            nullable |= value.nullable;
            left.push(self.compared(&value, &items.iter().collect::<Vec<_>>()));
            for (row, item) in rows.iter_mut().zip(items) {
                nullable |= item.nullable;
                row.push(item.sql);
            }
        }
        let rows: Vec<String> = rows.into_iter().map(|row| format!("({})", row.join(", "))).collect();
        let sql = format!("(({}) {}(VALUES {}))", left.join(", "), membership(negated), rows.join(", "));
        Ok(Ex::new(sql, Type::Bool, nullable))
    }

    pub fn in_subquery(&mut self, inner: &Expr, query: &ast::Query, negated: bool, scope: &Scope<'_>) -> Result<Ex> {
        let (left, right) = match row(inner) {
            Some(values) => self.row_and_query(values, "=", query, scope)?,
            None => self.row_and_query(std::slice::from_ref(inner), "=", query, scope)?,
        };
        Ok(Ex::new(format!("({left} {}{right})", membership(negated)), Type::Bool, true))
    }

    /// A comparison with a row value on at least one side.
    pub fn compare_rows(&mut self, left: &Expr, op: &str, right: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        match (operand_row(left)?, operand_row(right)?) {
            (Row::Values(left), Row::Values(right)) => {
                require_width(left.len(), right.len())?;
                let (mut lefts, mut rights, mut nullable) = (Vec::new(), Vec::new(), false);
                for (left, right) in left.iter().zip(right) {
                    let (left, right) = (self.operand(left, scope)?, self.operand(right, scope)?);
                    self.require_one_rounding(op, &left, &right.ty)?;
                    let sides = self.sides(left, op, right)?;
                    lefts.push(sides.left);
                    rights.push(sides.right);
                    nullable |= sides.nullable;
                }
                let sql = format!("(({}) {op} ({}))", lefts.join(", "), rights.join(", "));
                Ok(Ex::new(sql, Type::Bool, nullable))
            }
            (Row::Values(values), Row::Query(query)) => {
                let (left, right) = self.row_and_query(values, op, query, scope)?;
                Ok(Ex::new(format!("({left} {op} {right})"), Type::Bool, true))
            }
            (Row::Query(query), Row::Values(values)) => {
                let op = flipped(op);
                let (left, right) = self.row_and_query(values, op, query, scope)?;
                Ok(Ex::new(format!("({left} {op} {right})"), Type::Bool, true))
            }
            (Row::Query(_), Row::Query(_)) => Err(Error::internal("no row value is compared")),
        }
    }

    /// `<` and the like look at a pair twice, which one rounding of a DECIMAL cannot serve.
    fn require_one_rounding(&self, op: &str, left: &Ex, right: &Type) -> Result<()> {
        let mixed = matches!((&left.ty, right), (Type::Decimal, Type::Float64) | (Type::Float64, Type::Decimal));
        if mixed && matches!(op, "<" | "<=" | ">" | ">=") {
            return Err(Error::unsupported(format!("{op} between rows that pair DECIMAL with FLOAT64"))
                .hint("CAST one of the two"));
        }
        Ok(())
    }

    /// A row of values and the query it is compared with.
    fn row_and_query(
        &mut self,
        values: &[Expr],
        op: &str,
        query: &ast::Query,
        scope: &Scope<'_>,
    ) -> Result<(String, String)> {
        let values = values.iter().map(|value| self.operand(value, scope)).collect::<Result<Vec<_>>>()?;
        let bound = self.query(query, Some(scope))?;
        if bound.columns.len() != values.len() {
            return Err(Error::syntax(match values.len() {
                1 => "the subquery of IN must return one column".to_owned(),
                width => format!("a row of {width} cannot be compared with one of {}", bound.columns.len()),
            }));
        }
        let made_up = self.invent();
        let (mut left, mut right, mut plain) = (Vec::new(), Vec::new(), true);
        for (value, column) in values.into_iter().zip(&bound.columns) {
            self.require_one_rounding(op, &value, &column.ty)?;
            let sql = format!("{made_up}.{}", quote(&column.sql_name));
            let (value, item) = self.settle(value, Ex::new(sql, column.ty.clone(), true));
            let ty = self.common(&value, &item).map_err(|_| incomparable(&value, &item))?;
            comparable(&ty)?;
            let (value, met) = (self.meet(value, flipped(op), &ty)?, self.meet(item.clone(), op, &ty)?);
            plain &= met.sql == item.sql;
            left.push(self.compared(&value, &[]));
            right.push(met.sql);
        }
        let left = match left.as_slice() {
            [only] => only.clone(),
            _ => format!("({})", left.join(", ")),
        };
        let right = match plain {
            true => format!("({})", bound.sql),
            false => format!("(SELECT {} FROM ({}) AS {made_up})", right.join(", "), bound.sql),
        };
        Ok((left, right))
    }

    /// `value op ANY (query)` and `value op ALL (query)`.
    pub fn quantified(
        &mut self,
        value: &Expr,
        op: &BinaryOperator,
        all: bool,
        list: &Expr,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        let quantifier = if all { "ALL" } else { "ANY" };
        let Some(op) = comparison(op) else { return Err(Error::unsupported(format!("{op} {quantifier}"))) };
        let member = matches!((op, all), ("=", false) | ("<>", true));
        match list {
            Expr::Subquery(query) if member => return self.in_subquery(value, query, all, scope),
            Expr::Array(array) if member => return self.in_list(value, &array.elem, all, scope),
            _ if is_row(value) => return Err(Error::unsupported(format!("{op} {quantifier} of row values"))),
            _ => {}
        }
        let volatile = self.volatile;
        let value = self.operand(value, scope)?;
        let mark = self.mark();
        let bound = match list {
            Expr::Subquery(query) => self.query(query, Some(scope))?,
            Expr::Array(_) => return Err(Error::unsupported(format!("{op} {quantifier} of ARRAY"))),
            array => self.members(array, &value, scope)?,
        };
        if member {
            let left = self.compared(&value, &[]);
            return Ok(Ex::new(format!("({left} {}({}))", membership(all), bound.sql), Type::Bool, true));
        }
        if volatile != self.volatile {
            return Err(unrepeatable(&format!("{op} {quantifier}")));
        }
        let [column] = bound.columns.as_slice() else {
            return Err(Error::syntax(format!("the subquery of {quantifier} must return one column")));
        };
        // The extremes decide; where they do not, NULLs among the rows leave the result undecided.
        let made_up = self.invent();
        let item = Ex::new(format!("{made_up}.{}", quote(&column.sql_name)), column.ty.clone(), true);
        let rows = format!("FROM ({}) AS {made_up}", bound.sql);
        let collated = self.collate(&item);
        let found = self.observed(mark, Ex::new(String::new(), item.ty.clone(), true));
        let extreme = |function: &str| Ex { sql: format!("(SELECT {function}({collated}) {rows})"), ..found.clone() };
        let tested = match (op, all) {
            ("=", true) | ("<>", false) => {
                let least = self.compare(value.clone(), op, extreme("min"))?;
                let most = self.compare(value.clone(), op, extreme("max"))?;
                format!("({} {} {})", least.sql, if all { "AND" } else { "OR" }, most.sql)
            }
            ("<" | "<=", false) | (">" | ">=", true) => self.compare(value.clone(), op, extreme("max"))?.sql,
            _ => self.compare(value.clone(), op, extreme("min"))?.sql,
        };
        let (decided, not, otherwise) = if all { (0, "NOT ", 1) } else { (1, "", 0) };
        // A parameter of no type yet was given one by the comparison.
        let value = self.settle(value, item.clone()).0;
        // An aggregate in the value must stay outside the subqueries.
        let sql = format!(
            "(CASE WHEN {not}{tested} THEN {decided} WHEN EXISTS (SELECT 1 {rows} WHERE {} IS NULL) \
             OR ({} IS NULL AND EXISTS (SELECT 1 {rows})) THEN NULL ELSE {otherwise} END)",
            item.sql, value.sql
        );
        Ok(Ex::new(sql, Type::Bool, true))
    }

    /// The members of an array, which is a text, as rows of the type of the value they are compared with.
    fn members(&mut self, array: &Expr, value: &Ex, scope: &Scope<'_>) -> Result<Bound> {
        let array = self.expr(array, scope)?;
        let array = self.fix(array, &Type::Text, None, None);
        if !matches!(array.ty, Type::Text | Type::Dynamic) {
            let message = format!("ANY and ALL need an array or a query, not {}", array.type_name());
            return Err(Error::type_mismatch(message));
        }
        let made_up = self.invent();
        let member = Ex::new(format!("ddb_json_member({made_up}.value, {made_up}.type)"), Type::Dynamic, true);
        let member = self.widen(member, &value.ty)?;
        let sql = format!("SELECT {} AS member FROM json_each(ddb_array({})) AS {made_up}", member.sql, array.sql);
        let column = ScopeColumn {
            name: "member".to_owned(),
            sql_name: "member".to_owned(),
            ty: value.ty.clone(),
            nullable: true,
            source: None,
            literal: false,
        };
        Ok(Bound { sql, columns: vec![column] })
    }

    /// The left operand as it must stand for the comparison to be by value. SQLite finds a collation anywhere inside an
    /// operand, so TEXT that is computed from such a comparison asks for its own order.
    fn compared(&mut self, left: &Ex, rights: &[&Ex]) -> String {
        let chosen = |ex: &Ex| match ex.kind {
            ExKind::Collated(collation) => Some(collation),
            _ => None,
        };
        if let Some(collation) = chosen(left).or_else(|| rights.iter().find_map(|right| chosen(right))) {
            return self.with_collation(&left.sql, collation);
        }
        if matches!(left.ty, Type::Text | Type::Dynamic) && rights.iter().any(|right| right.collated) {
            return self.with_collation(&left.sql, "BINARY");
        }
        self.collate(left)
    }
}

fn comparable(ty: &Type) -> Result<()> {
    match ty {
        Type::Geometry | Type::Geography => Err(Error::unsupported(format!("comparing values of type {}", ty.name()))),
        _ => Ok(()),
    }
}

fn membership(negated: bool) -> &'static str {
    if negated {
        "NOT IN "
    } else {
        "IN "
    }
}

/// SQLite's operator for a comparison.
pub(super) fn comparison(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        _ => return None,
    })
}

/// The operator for the operands the other way round.
fn flipped(op: &str) -> &str {
    match op {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}

/// The values of a row value.
fn row(expr: &Expr) -> Option<&[Expr]> {
    match expr {
        Expr::Tuple(values) => Some(values),
        Expr::Nested(inner) => row(inner),
        _ => None,
    }
}

pub(crate) fn is_row(expr: &Expr) -> bool {
    row(expr).is_some()
}

fn operand_row(expr: &Expr) -> Result<Row<'_>> {
    match (row(expr), expr) {
        (Some(values), _) => Ok(Row::Values(values)),
        (None, Expr::Subquery(query)) => Ok(Row::Query(query)),
        _ => Err(Error::syntax("a row value is compared with a row value or a subquery")),
    }
}

fn require_width(left: usize, right: usize) -> Result<()> {
    if left == right {
        return Ok(());
    }
    Err(Error::syntax(format!("a row of {left} cannot be compared with one of {right}")))
}

fn unrepeatable(what: &str) -> Error {
    Error::unsupported(format!("a value that changes with each call beside {what}")).hint("compute it in a subquery")
}

fn incomparable(left: &Ex, right: &Ex) -> Error {
    let error = Error::type_mismatch(format!("cannot compare {} and {}", left.type_name(), right.type_name()));
    match (&left.ty, &right.ty) {
        (Type::Int64, ty) | (ty, Type::Int64) if ty.is_temporal() => error.hint(NO_COUNT),
        _ => error.hint("CAST one of them, or bind a value of the other one's type"),
    }
}
