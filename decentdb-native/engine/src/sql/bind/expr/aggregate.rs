//! Aggregates.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList,
    FunctionArguments, OrderByExpr, OrderBySort,
};

use crate::error::{Error, Result, Status};
use crate::sql::bind::binder::{Aggregates, Binder, Ex, ExKind};
use crate::sql::bind::scope::Scope;
use crate::sql::errors::{refuse, undefined, wrong_arguments};
use crate::sql::grammar::object;
use crate::value::Type;

/// Aggregates called like functions.
pub(super) const AGGREGATES: &[&str] = &[
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "total",
    "bool_and",
    "bool_or",
    "every",
    "string_agg",
    "group_concat",
    "array_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
    "json_group_array",
    "json_group_object",
    "median",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_samp",
    "var_pop",
];

/// Aggregates over values in order, which come with WITHIN GROUP.
pub(super) const PERCENTILES: &[&str] = &["percentile_cont", "percentile_disc"];

const TAKES_TWO: &[&str] = &["string_agg", "group_concat", "json_object_agg", "jsonb_object_agg", "json_group_object"];

/// Whether an expression is a call of an aggregate without OVER.
pub(crate) fn is_aggregate(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    let known = |name: &str| AGGREGATES.contains(&name) || PERCENTILES.contains(&name);
    function.over.is_none() && object(&function.name).is_ok_and(|name| known(&name))
}

impl Binder<'_> {
    /// A call of an aggregate without OVER.
    pub fn aggregate(&mut self, name: &str, function: &Function, scope: &Scope<'_>) -> Result<Ex> {
        let FunctionArguments::List(list) = &function.args else { return Err(wrong_arguments(name)) };
        if let Aggregates::Inside(place) = self.aggregates {
            let message = format!("the aggregate {name} cannot stand in {place}");
            return Err(Error::new(Status::Sql, "sql.grouping", Some("42803"), message));
        }
        let outer = std::mem::replace(&mut self.aggregates, Aggregates::Inside("another aggregate"));
        let windows = std::mem::replace(&mut self.windows, Aggregates::Inside("an aggregate"));
        let (outer_columns, own_columns) = (self.outer_columns.len(), self.own_columns);
        let result = if PERCENTILES.contains(&name) {
            self.percentile(name, list, &function.within_group, function.filter.as_deref(), scope)
        } else {
            self.aggregate_inner(name, list, function.filter.as_deref(), scope)
        };
        (self.aggregates, self.windows) = (outer, windows);
        if self.own_columns == own_columns && self.outer_columns.len() > outer_columns {
            // It belongs to the query whose columns it takes.
            self.outer_columns.truncate(outer_columns);
        } else {
            let own = scope.address();
            let mut at = 0;
            self.outer_columns.retain(|(home, _)| {
                at += 1;
                at <= outer_columns || *home != own
            });
        }
        self.saw_aggregate = true;
        result
    }

    pub fn aggregate_inner(
        &mut self,
        name: &str,
        list: &FunctionArgumentList,
        filter: Option<&Expr>,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        let filter = self.filter(filter, scope)?;
        let star = matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
        if name == "count" && star && list.duplicate_treatment.is_none() && list.clauses.is_empty() {
            return Ok(Ex::new(format!("count(*){filter}"), Type::Int64, false));
        }
        let distinct = match list.duplicate_treatment {
            Some(DuplicateTreatment::Distinct) => "DISTINCT ",
            Some(DuplicateTreatment::All) | None => "",
        };
        let mut order = String::new();
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(terms) => {
                    let terms = self.order_terms(terms, scope)?;
                    order = format!(" ORDER BY {terms}");
                }
                _ => return Err(Error::unsupported(format!("the clause {clause} in {name}"))),
            }
        }
        let mut arguments = self.arguments(&list.args, scope)?.into_iter();
        let first = arguments.next().ok_or_else(|| wrong_arguments(name))?;
        let second = arguments.next();
        if arguments.next().is_some() || (second.is_some() && !TAKES_TWO.contains(&name)) {
            return Err(wrong_arguments(name));
        }
        let (sql, ty) = match name {
            "count" => (format!("count({distinct}{}{order})", self.distinct_argument(&first, distinct)), Type::Int64),
            "min" | "max" => {
                if matches!(first.ty, Type::Geometry | Type::Geography) {
                    return Err(undefined(name, &first));
                }
                (format!("{name}({distinct}{})", self.collate(&first)), first.ty.clone())
            }
            "sum" | "avg" => {
                let first = self.fix(first, &Type::Int64, None, None);
                match first.ty {
                    Type::Decimal => (
                        format!("ddb_dec_{name}({distinct}{})", self.distinct_argument(&first, distinct)),
                        Type::Decimal,
                    ),
                    Type::Float64 => (format!("{name}({distinct}{})", first.sql), Type::Float64),
                    Type::Int64 | Type::Dynamic if name == "sum" => {
                        (format!("sum({distinct}{})", first.sql), Type::Int64)
                    }
                    Type::Int64 | Type::Dynamic => (format!("avg({distinct}{})", first.sql), Type::Float64),
                    _ => return Err(undefined(name, &first)),
                }
            }
            "bool_and" | "bool_or" | "every" => {
                let first = self.require_bool(first, "the argument of a boolean aggregate")?;
                let function = if name == "bool_or" { "max" } else { "min" };
                (format!("{function}({})", first.sql), Type::Bool)
            }
            "string_agg" | "group_concat" => {
                let first = self.text(first, name)?;
                let separator = match second {
                    Some(separator) => self.text(separator, name)?.sql,
                    None if name == "group_concat" => "','".to_owned(),
                    None => return Err(wrong_arguments(name)),
                };
                // SQLite takes DISTINCT for one argument only.
                let function = if distinct.is_empty() { "group_concat" } else { "ddb_distinct_concat" };
                (format!("{function}({}, {separator}{order})", first.sql), Type::Text)
            }
            "array_agg" => {
                let member = self.json_text_of(first, name)?;
                (format!("ddb_array_agg({distinct}{member}{order})"), Type::Text)
            }
            "json_agg" | "jsonb_agg" => {
                let member = self.json_text_of(first, name)?;
                (format!("ddb_json_agg({distinct}{member}{order})"), Type::Text)
            }
            "json_group_array" => {
                let member = self.json_text_of(first, name)?;
                (format!("json_group_array({distinct}json({member}){order})"), Type::Text)
            }
            "json_object_agg" | "jsonb_object_agg" | "json_group_object" => {
                refuse(!distinct.is_empty() || !order.is_empty(), &format!("DISTINCT or ORDER BY in {name}"))?;
                let value = second.ok_or_else(|| wrong_arguments(name))?;
                let (label, value) = (self.text(first, name)?, self.json_text_of(value, name)?);
                (format!("json_group_object({}, json({value}))", label.sql), Type::Text)
            }
            "median" => {
                refuse(!distinct.is_empty(), "median with DISTINCT")?;
                let (function, ty) = continuous(name, &first)?;
                (format!("{function}({}, 0.5)", first.sql), ty)
            }
            _ => {
                let float = if name == "total" { "total" } else { statistics(name) };
                if !(first.ty.is_numeric() || first.ty == Type::Dynamic) {
                    return Err(undefined(name, &first));
                }
                let first = if first.ty == Type::Decimal { self.widen(first, &Type::Float64)? } else { first };
                (format!("{float}({distinct}{})", first.sql), Type::Float64)
            }
        };
        let kind = if name.starts_with("json") { ExKind::Json } else { ExKind::Other };
        let nullable = !matches!(
            name,
            "count"
                | "total"
                | "array_agg"
                | "json_object_agg"
                | "jsonb_object_agg"
                | "json_group_array"
                | "json_group_object"
        );
        Ok(Ex { kind, ..Ex::new(format!("{sql}{filter}"), ty, nullable) })
    }

    fn filter(&mut self, filter: Option<&Expr>, scope: &Scope<'_>) -> Result<String> {
        let Some(filter) = filter else { return Ok(String::new()) };
        let filter = self.expr(filter, scope)?;
        Ok(format!(" FILTER (WHERE {})", self.require_bool(filter, "the condition of FILTER")?.sql))
    }

    /// `percentile_cont(fraction) WITHIN GROUP (ORDER BY value)`
    fn percentile(
        &mut self,
        name: &str,
        list: &FunctionArgumentList,
        within: &[OrderByExpr],
        filter: Option<&Expr>,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        refuse(
            list.duplicate_treatment.is_some() || !list.clauses.is_empty(),
            &format!("DISTINCT or ORDER BY in {name}"),
        )?;
        let [term] = within else {
            return Err(Error::syntax(format!("{name} needs WITHIN GROUP (ORDER BY one expression)")));
        };
        let mut arguments = self.arguments(&list.args, scope)?.into_iter();
        let (Some(fraction), None) = (arguments.next(), arguments.next()) else { return Err(wrong_arguments(name)) };
        let fraction = self.typed(name, fraction, &Type::Float64)?.sql;
        let value = self.expr(&term.expr, scope)?;
        let descending = match &term.options.sort {
            None | Some(OrderBySort::Asc) => false,
            Some(OrderBySort::Desc) => true,
            Some(OrderBySort::Using(_)) => return Err(Error::unsupported("ORDER BY ... USING")),
        };
        let filter = self.filter(filter, scope)?;
        let (call, ty) = if name == "percentile_cont" {
            let (function, ty) = continuous(name, &value)?;
            let fraction = if descending { format!("1.0 - {fraction}") } else { fraction };
            (format!("{function}({}, {fraction})", value.sql), ty)
        } else {
            if matches!(value.ty, Type::Geometry | Type::Geography) {
                return Err(undefined(name, &value));
            }
            let order = match value.ty {
                Type::Decimal => 1,
                Type::Interval => 2,
                _ => 0,
            };
            let call = format!("ddb_percentile_disc({}, {fraction}, {order}, {})", value.sql, i32::from(descending));
            (call, value.ty)
        };
        Ok(Ex::new(format!("{call}{filter}"), ty, true))
    }

    /// An argument, whose equality matters if it is DISTINCT.
    fn distinct_argument(&mut self, ex: &Ex, distinct: &str) -> String {
        if distinct.is_empty() {
            ex.sql.clone()
        } else {
            self.collate(ex)
        }
    }
}

fn statistics(name: &str) -> &'static str {
    match name {
        "var_pop" => "ddb_var_pop",
        "variance" | "var_samp" => "ddb_var_samp",
        "stddev_pop" => "ddb_stddev_pop",
        _ => "ddb_stddev_samp",
    }
}

/// The function that computes a value between two others, and its type: exact for DECIMAL.
fn continuous(name: &str, value: &Ex) -> Result<(&'static str, Type)> {
    match value.ty {
        Type::Decimal => Ok(("ddb_dec_percentile", Type::Decimal)),
        Type::Int64 | Type::Float64 | Type::Dynamic => Ok(("ddb_percentile", Type::Float64)),
        _ => Err(undefined(name, value)),
    }
}
