//! Window functions: calls with OVER.

use sqlparser::ast::{
    Expr, Function, FunctionArgumentClause, FunctionArguments, NamedWindowExpr, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowSpec, WindowType,
};

use crate::error::{Error, Result, Status};
use crate::sql::bind::binder::{Aggregates, Binder, Ex, ExKind};
use crate::sql::bind::query::order_direction;
use crate::sql::bind::scope::Scope;
use crate::sql::errors::{refuse, windowing, wrong_arguments};
use crate::sql::grammar::name;
use crate::types::datetime::DAY_MICROS;
use crate::types::{interval, out_of_range};
use crate::value::{Stored, Type};

use super::aggregate::{AGGREGATES, PERCENTILES};

const RANKINGS: &[&str] = &["row_number", "rank", "dense_rank", "percent_rank", "cume_dist"];
const VALUES: &[&str] = &["ntile", "lag", "lead", "first_value", "last_value", "nth_value"];

/// Whether a function exists only with OVER.
pub(super) fn needs_over(name: &str) -> bool {
    RANKINGS.contains(&name) || VALUES.contains(&name)
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
                let spec = self.named_window(&name(ident), self.named_windows.len())?;
                self.window(&spec, scope)?
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

    /// A number that must be above zero; one that is not a literal is checked when the statement runs.
    fn positive(&mut self, ex: Ex, called: &str) -> Result<String> {
        let ex = self.require_int(ex, "the number a window function takes")?;
        match &ex.kind {
            ExKind::Number(text) if text.parse::<i64>().is_ok_and(|number| number > 0) => Ok(ex.sql),
            ExKind::Number(_) => {
                let message = format!("{called} takes a number above zero");
                Err(Error::new(Status::Sql, "sql.invalid_argument", Some("22023"), message))
            }
            _ => Ok(format!("ddb_positive({})", ex.sql)),
        }
    }

    /// A window of the WINDOW clause, among its first `known` ones.
    fn named_window(&self, wanted: &str, known: usize) -> Result<WindowSpec> {
        let found = self.named_windows[..known].iter().position(|definition| name(&definition.0) == wanted);
        let Some(at) = found else {
            let message = format!("unknown window {wanted}");
            return Err(Error::new(Status::Sql, "sql.unknown_window", Some("42704"), message));
        };
        match &self.named_windows[at].1 {
            NamedWindowExpr::WindowSpec(spec) => self.extended(spec, at),
            NamedWindowExpr::NamedWindow(other) => self.named_window(&name(other), at),
        }
    }

    /// A window with the clauses it inherits from the one it extends.
    fn extended(&self, spec: &WindowSpec, known: usize) -> Result<WindowSpec> {
        let Some(base) = &spec.window_name else { return Ok(spec.clone()) };
        let (base_name, base) = (name(base), self.named_window(&name(base), known)?);
        let clash = if !spec.partition_by.is_empty() {
            "PARTITION BY cannot be added to"
        } else if !spec.order_by.is_empty() && !base.order_by.is_empty() {
            "ORDER BY cannot be replaced in"
        } else if base.window_frame.is_some() {
            "nothing can be added to the frame of"
        } else {
            let order_by = if spec.order_by.is_empty() { base.order_by } else { spec.order_by.clone() };
            return Ok(WindowSpec { window_name: None, order_by, window_frame: spec.window_frame.clone(), ..base });
        };
        Err(windowing(format!("{clash} the window {base_name}")))
    }

    fn window(&mut self, spec: &WindowSpec, scope: &Scope<'_>) -> Result<String> {
        let spec = &self.extended(spec, self.named_windows.len())?;
        let mut parts = Vec::new();
        if !spec.partition_by.is_empty() {
            let mut terms = Vec::with_capacity(spec.partition_by.len());
            for term in &spec.partition_by {
                let term = self.expr(term, scope)?;
                terms.push(self.collate(&term));
            }
            parts.push(format!("PARTITION BY {}", terms.join(", ")));
        }
        let mut order = match spec.order_by.as_slice() {
            [] => String::new(),
            terms => format!("ORDER BY {}", self.order_terms(terms, scope)?),
        };
        let mut measure = Measure::Rows;
        if let Some(frame) = spec.window_frame.as_ref().filter(|frame| has_offset(frame)) {
            if frame.units == WindowFrameUnits::Range {
                let [term] = spec.order_by.as_slice() else {
                    return Err(windowing("RANGE with an offset needs exactly one ORDER BY expression"));
                };
                measure = match self.expr(&term.expr, scope)?.ty {
                    Type::Int64 => Measure::Rows,
                    Type::Float64 => Measure::Float,
                    Type::Timestamp | Type::TimestampTz | Type::Time => Measure::Micros,
                    Type::Date => {
                        // A day counts as many as the offsets do.
                        let direction = order_direction(term)?;
                        let date = self.expr(&term.expr, scope)?;
                        order = format!("ORDER BY {} * {DAY_MICROS}{direction}", date.sql);
                        Measure::Micros
                    }
                    ty => return Err(Error::unsupported(format!("RANGE with an offset over {}", ty.name()))),
                };
            }
        }
        if !order.is_empty() {
            parts.push(order);
        }
        if let Some(frame) = &spec.window_frame {
            if frame.units == WindowFrameUnits::Groups && spec.order_by.is_empty() {
                return Err(windowing("GROUPS needs ORDER BY"));
            }
            parts.push(self.frame(frame, measure)?);
        }
        Ok(parts.join(" "))
    }
}

fn has_offset(frame: &WindowFrame) -> bool {
    use WindowFrameBound::{Following, Preceding};
    let offset = |bound: &WindowFrameBound| matches!(bound, Preceding(Some(_)) | Following(Some(_)));
    offset(&frame.start_bound) || frame.end_bound.as_ref().is_some_and(offset)
}

/// The unit of the offsets of a frame.
#[derive(Clone, Copy)]
enum Measure {
    /// Rows, groups, or the values of an INT64.
    Rows,
    Float,
    /// An INTERVAL of fixed length, in microseconds.
    Micros,
}

impl Binder<'_> {
    fn frame(&mut self, frame: &WindowFrame, measure: Measure) -> Result<String> {
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
        let (start, end) = (self.bound(&frame.start_bound, measure)?, self.bound(end, measure)?);
        Ok(format!("{} BETWEEN {start} AND {end}", frame.units))
    }

    fn bound(&mut self, bound: &WindowFrameBound, measure: Measure) -> Result<String> {
        Ok(match bound {
            WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
            WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".to_owned(),
            WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".to_owned(),
            WindowFrameBound::Preceding(Some(expr)) => format!("{} PRECEDING", self.offset(expr, measure)?),
            WindowFrameBound::Following(Some(expr)) => format!("{} FOLLOWING", self.offset(expr, measure)?),
        })
    }

    /// SQLite needs an offset that is known before the statement runs.
    fn offset(&mut self, expr: &Expr, measure: Measure) -> Result<String> {
        let negative = || {
            Error::new(Status::Sql, "sql.invalid_argument", Some("22013"), "the offset of a frame must not be negative")
        };
        let literal = || Error::unsupported("a frame offset that is no literal");
        let ex = self.expr(expr, &Scope::default()).map_err(|_| literal())?;
        match (measure, &ex.kind, &ex.ty) {
            (Measure::Rows | Measure::Float, ExKind::Number(text), _) if text.starts_with('-') => Err(negative()),
            (Measure::Rows, ExKind::Number(_), Type::Int64) | (Measure::Float, ExKind::Number(_), _) => Ok(ex.sql),
            (Measure::Micros, ExKind::Value(Stored::Text(text)), Type::Interval) => {
                match interval::parse_stored(text) {
                    Some((0, days, micros)) => {
                        let micros = i128::from(days) * i128::from(DAY_MICROS) + i128::from(micros);
                        let micros = i64::try_from(micros).map_err(|_| out_of_range("the offset", &Type::Interval))?;
                        if micros < 0 {
                            Err(negative())
                        } else {
                            Ok(micros.to_string())
                        }
                    }
                    Some(_) => Err(Error::unsupported("a frame offset of months or years")
                        .hint("their length depends on the date")),
                    None => Err(literal()),
                }
            }
            (Measure::Micros, ExKind::Number(_), _) => {
                Err(Error::type_mismatch("the offset of a frame over dates and times must be INTERVAL"))
            }
            _ => Err(literal()),
        }
    }
}
