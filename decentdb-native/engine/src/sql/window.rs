//! Window functions: calls with OVER.

use sqlparser::ast::{
    Expr, Function, FunctionArgumentClause, FunctionArguments, NamedWindowExpr, Value as Literal, WindowFrame,
    WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

use crate::error::{Error, Result, Status};
use crate::value::Type;

use super::aggregate::{AGGREGATES, PERCENTILES};
use super::binder::{Aggregates, Binder, Ex, Kind};
use super::call::wrong_arguments;
use super::parse::name;
use super::scope::Scope;
use super::select::refuse;

const RANKINGS: &[&str] = &["row_number", "rank", "dense_rank", "percent_rank", "cume_dist"];
const VALUES: &[&str] = &["ntile", "lag", "lead", "first_value", "last_value", "nth_value"];

/// Whether a function exists only with OVER.
pub(super) fn needs_over(name: &str) -> bool {
    RANKINGS.contains(&name) || VALUES.contains(&name)
}

pub(super) fn windowing(message: impl Into<String>) -> Error {
    Error::new(Status::Sql, "sql.windowing", Some("42P20"), message)
}

impl Binder<'_> {
    /// A call with OVER.
    pub fn windowed(&mut self, called: &str, function: &Function, over: &WindowType, scope: &Scope<'_>) -> Result<Ex> {
        if let Aggregates::Inside(place) = self.windows {
            return Err(windowing(format!("the window function {called} cannot stand in {place}")));
        }
        let outer = std::mem::replace(&mut self.windows, Aggregates::Inside("another window function"));
        let result = self.windowed_inner(called, function, over, scope);
        self.windows = outer;
        self.saw_window = true;
        result
    }

    fn windowed_inner(
        &mut self,
        called: &str,
        function: &Function,
        over: &WindowType,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        let FunctionArguments::List(list) = &function.args else { return Err(wrong_arguments(called)) };
        refuse(list.duplicate_treatment.is_some(), "DISTINCT or ALL in a window function")?;
        let ordered = list.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::OrderBy(_)));
        refuse(ordered, "ORDER BY among the arguments of a window function")?;
        let ordered = called == "median" || PERCENTILES.contains(&called);
        refuse(ordered, &format!("{called} as a window function"))?;
        let ex = if AGGREGATES.contains(&called) {
            self.aggregate_inner(called, list, function.filter.as_deref(), scope)?
        } else if needs_over(called) {
            refuse(!list.clauses.is_empty(), "a clause among the arguments of a window function")?;
            let arguments = self.arguments(&list.args, scope)?;
            self.window_call(called, arguments)?
        } else {
            return Err(windowing(format!("{called} is neither a window function nor an aggregate")));
        };
        let window = match over {
            WindowType::WindowSpec(spec) => self.window(spec, scope)?,
            WindowType::NamedWindow(ident) => {
                let wanted = name(ident);
                let found = self.named_windows.iter().find(|definition| name(&definition.0) == wanted);
                match found.map(|definition| definition.1.clone()) {
                    Some(NamedWindowExpr::WindowSpec(spec)) => self.window(&spec, scope)?,
                    Some(NamedWindowExpr::NamedWindow(_)) => {
                        return Err(Error::unsupported("a window that stands for another one"));
                    }
                    None => {
                        let message = format!("unknown window {wanted}");
                        return Err(Error::new(Status::Sql, "sql.unknown_window", Some("42704"), message));
                    }
                }
            }
        };
        Ok(Ex::new(format!("{} OVER ({window})", ex.sql), ex.ty, ex.nullable))
    }

    fn window_call(&mut self, called: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let count = arguments.len();
        let mut arguments = arguments.into_iter();
        let mut next = || arguments.next().ok_or_else(|| wrong_arguments(called));
        match (called, count) {
            ("row_number" | "rank" | "dense_rank", 0) => Ok(Ex::new(format!("{called}()"), Type::Int64, false)),
            ("percent_rank" | "cume_dist", 0) => Ok(Ex::new(format!("{called}()"), Type::Float64, false)),
            ("ntile", 1) => {
                let buckets = self.positive(next()?, called)?;
                Ok(Ex::new(format!("ntile({buckets})"), Type::Int64, false))
            }
            ("first_value" | "last_value", 1) => {
                let value = next()?;
                Ok(Ex::new(format!("{called}({})", value.sql), value.ty, true))
            }
            ("nth_value", 2) => {
                let value = next()?;
                let at = self.positive(next()?, called)?;
                Ok(Ex::new(format!("nth_value({}, {at})", value.sql), value.ty, true))
            }
            ("lag" | "lead", 1..=3) => {
                let value = next()?;
                let offset =
                    if count > 1 { self.require_int(next()?, "the offset of lag and lead")?.sql } else { "1".into() };
                if count < 3 {
                    return Ok(Ex::new(format!("{called}({}, {offset})", value.sql), value.ty, true));
                }
                let (ty, items) = self.unify(vec![value, next()?], called)?;
                let [value, default] = items.as_slice() else { return Err(wrong_arguments(called)) };
                let nullable = value.nullable || default.nullable;
                Ok(Ex::new(format!("{called}({}, {offset}, {})", value.sql, default.sql), ty, nullable))
            }
            _ => Err(wrong_arguments(called)),
        }
    }

    /// A number that must be above zero; one that is no literal is checked when the statement runs.
    fn positive(&mut self, ex: Ex, called: &str) -> Result<String> {
        let ex = self.require_int(ex, "the number a window function takes")?;
        match &ex.kind {
            Kind::Number(text) if text.parse::<i64>().is_ok_and(|number| number > 0) => Ok(ex.sql),
            Kind::Number(_) => {
                let message = format!("{called} takes a number above zero");
                Err(Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
            }
            _ => Ok(format!("ddb_positive({})", ex.sql)),
        }
    }

    fn window(&mut self, spec: &WindowSpec, scope: &Scope<'_>) -> Result<String> {
        refuse(spec.window_name.is_some(), "a window that extends another one")?;
        let mut parts = Vec::new();
        if !spec.partition_by.is_empty() {
            let mut terms = Vec::with_capacity(spec.partition_by.len());
            for term in &spec.partition_by {
                terms.push(self.expr(term, scope)?.collated());
            }
            parts.push(format!("PARTITION BY {}", terms.join(", ")));
        }
        if !spec.order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.order_terms(&spec.order_by, scope)?));
        }
        if let Some(frame) = &spec.window_frame {
            if frame.units == WindowFrameUnits::Range && has_offset(frame) {
                let [term] = spec.order_by.as_slice() else {
                    return Err(windowing("RANGE with an offset needs exactly one ORDER BY expression"));
                };
                let ty = self.expr(&term.expr, scope)?.ty;
                if !matches!(ty, Type::Int64 | Type::Float64) {
                    return Err(Error::unsupported(format!("RANGE with an offset over {}", ty.name())));
                }
            }
            if frame.units == WindowFrameUnits::Groups && spec.order_by.is_empty() {
                return Err(windowing("GROUPS needs ORDER BY"));
            }
            parts.push(frame_sql(frame)?);
        }
        Ok(parts.join(" "))
    }
}

fn has_offset(frame: &WindowFrame) -> bool {
    use WindowFrameBound::{Following, Preceding};
    let offset = |bound: &WindowFrameBound| matches!(bound, Preceding(Some(_)) | Following(Some(_)));
    offset(&frame.start_bound) || frame.end_bound.as_ref().is_some_and(offset)
}

fn frame_sql(frame: &WindowFrame) -> Result<String> {
    use WindowFrameBound::{CurrentRow, Following, Preceding};
    let end = frame.end_bound.as_ref().unwrap_or(&CurrentRow);
    let place = |bound: &WindowFrameBound| match bound {
        Preceding(None) => 0,
        Preceding(Some(_)) => 1,
        CurrentRow => 2,
        Following(Some(_)) => 3,
        Following(None) => 4,
    };
    let (from, to) = (place(&frame.start_bound), place(end));
    if from == 4 || to == 0 || from > to {
        return Err(windowing(format!("a frame cannot reach from {} to {end}", frame.start_bound)));
    }
    let (start, end) = (bound(&frame.start_bound)?, bound(end)?);
    Ok(format!("{} BETWEEN {start} AND {end}", frame.units))
}

fn bound(bound: &WindowFrameBound) -> Result<String> {
    let offset = |expr: &Expr| match expr {
        Expr::Value(value) => match &value.value {
            Literal::Number(text, false) if text.parse::<i64>().is_ok() => Ok(text.clone()),
            _ => Err(Error::unsupported("a frame offset that is no whole number")),
        },
        _ => Err(Error::unsupported("a frame offset that is no whole number")),
    };
    Ok(match bound {
        WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
        WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".to_owned(),
        WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".to_owned(),
        WindowFrameBound::Preceding(Some(expr)) => format!("{} PRECEDING", offset(expr)?),
        WindowFrameBound::Following(Some(expr)) => format!("{} FOLLOWING", offset(expr)?),
    })
}
