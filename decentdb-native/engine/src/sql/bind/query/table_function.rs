//! Table functions: `generate_series`, `json_each` and `json_tree`. Their arguments see the items before them in FROM.

use sqlparser::ast::{FunctionArg, FunctionArgExpr, TableAlias};

use crate::error::{Error, Result};
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::bind::expr::take_arguments;
use crate::sql::bind::scope::{Computed, Relation, Scope, ScopeColumn};
use crate::sql::errors::wrong_arguments;
use crate::sql::grammar::{name, quote};
use crate::value::Type;

use super::from::rename;

/// SQLite's functions return a boolean as a number; their column `type` says that it is one.
const MEMBER: Computed = ("value", |relation| format!("ddb_json_member({relation}.value, {relation}.type)"));

impl Binder<'_> {
    pub fn table_function(
        &mut self,
        function: &str,
        arguments: &[FunctionArg],
        alias: Option<&TableAlias>,
        scope: &mut Scope<'_>,
    ) -> Result<String> {
        if !matches!(function, "generate_series" | "json_each" | "json_tree") {
            return Err(Error::unsupported(format!("the table function {function}")));
        }
        let mut bound = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else {
                return Err(Error::unsupported(format!("an argument of {function} that is no expression")));
            };
            bound.push(self.expr(expr, scope)?);
        }
        let (call, mut columns) = match function {
            "generate_series" => self.series(bound)?,
            _ => self.json_members(function, bound)?,
        };
        let relation_name = match alias {
            Some(alias) => {
                let relation_name = name(&alias.name);
                if function == "generate_series" {
                    // PostgreSQL calls the one column of a function so.
                    relation_name.clone_into(&mut columns[0].name);
                }
                rename(&mut columns, alias)?;
                relation_name
            }
            None => function.to_owned(),
        };
        let sql = format!("{call} AS {}", quote(&relation_name));
        let mut relation = Relation::new(&relation_name, columns);
        match function {
            "generate_series" => relation.has_value = true,
            _ => relation.computed = &[MEMBER],
        }
        scope.add(relation)?;
        Ok(sql)
    }

    /// `generate_series(start, stop, step)` of numbers, or of dates and timestamps by an interval.
    fn series(&mut self, mut arguments: Vec<Ex>) -> Result<(String, Vec<ScopeColumn>)> {
        const PLACE: &str = "generate_series";
        if arguments.len() == 2 {
            arguments.push(Ex::new("1", Type::Int64, false));
        }
        if arguments.len() != 3 {
            return Err(Error::syntax("generate_series takes a start, an end and perhaps a step"));
        }
        let [start, stop, step]: [Ex; 3] = take_arguments(arguments)?;
        let (ty, bounds) = self.unify(vec![start, stop], PLACE)?;
        let [start, stop]: [Ex; 2] = take_arguments(bounds)?;
        let fraction = |ex: &Ex| ex.ty == Type::Float64 && matches!(ex.kind, ExKind::Number(_));
        let ty = match ty {
            Type::Dynamic => Type::Int64,
            // A literal with a point is exact.
            Type::Float64 if fraction(&start) || fraction(&stop) => Type::Decimal,
            Type::Int64 if step.ty == Type::Decimal || fraction(&step) => Type::Decimal,
            ty => ty,
        };
        let (function, counts) = match ty {
            Type::Int64 => ("ddb_series_int", Type::Int64),
            Type::Decimal => ("ddb_series_decimal", Type::Decimal),
            Type::Timestamp | Type::TimestampTz => ("ddb_series_timestamp", Type::Interval),
            Type::Date => ("ddb_series_date", Type::Interval),
            _ => {
                let message = format!("{PLACE} counts INT64, DECIMAL, DATE and TIMESTAMP, not {}", ty.name());
                return Err(Error::type_mismatch(message));
            }
        };
        if counts == Type::Interval && step.ty == Type::Int64 {
            let message = format!("{PLACE} of {} needs a step of type INTERVAL", ty.name());
            return Err(Error::type_mismatch(message));
        }
        let (start, stop) = (self.typed(PLACE, start, &ty)?, self.typed(PLACE, stop, &ty)?);
        let step = self.typed(PLACE, step, &counts)?;
        let call = format!("{function}({}, {}, {})", start.sql, stop.sql, step.sql);
        Ok((call, vec![column("value", "value", ty, false)]))
    }

    fn json_members(&mut self, function: &str, arguments: Vec<Ex>) -> Result<(String, Vec<ScopeColumn>)> {
        if arguments.len() != 1 {
            return Err(wrong_arguments(function));
        }
        let [json] = take_arguments(arguments)?;
        let json = self.typed(function, json, &Type::Text)?;
        let mut columns = vec![
            column("key", "key", Type::Dynamic, true),
            column("value", "value", Type::Dynamic, true),
            column("type", "type", Type::Text, false),
        ];
        if function == "json_tree" {
            columns.push(column("path", "fullkey", Type::Text, false));
        }
        Ok((format!("{function}({})", json.sql), columns))
    }
}

fn column(name: &str, sql_name: &str, ty: Type, nullable: bool) -> ScopeColumn {
    ScopeColumn { name: name.to_owned(), sql_name: sql_name.to_owned(), ty, nullable, source: None, literal: false }
}
