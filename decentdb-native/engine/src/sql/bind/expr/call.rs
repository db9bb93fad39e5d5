//! Function calls: the functions that exist, their arguments and results.

use sqlparser::ast::{Function, FunctionArg, FunctionArgExpr, FunctionArguments};

use crate::error::{Error, Result};
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::bind::scope::Scope;
use crate::sql::errors::{unknown_function, windowing, wrong_arguments};
use crate::sql::grammar::{object, text_literal};
use crate::sql::AUDIT_VALUE;
use crate::value::Type;

use super::aggregate::{AGGREGATES, PERCENTILES};
use super::sequence::SEQUENCES;
use super::signatures::{named, Nulls, Signature};
use super::temporal::TEMPORAL;
use super::window::needs_over;

/// Functions whose result changes from call to call.
const VOLATILE: &[&str] = &[
    "current_actor",
    "current_audit_context",
    "current_tenant",
    "now",
    "current_timestamp",
    "localtimestamp",
    "current_date",
    "current_time",
    "localtime",
    "gen_random_uuid",
    "uuid_generate_v4",
    "random",
];

/// Functions outside the table of signatures, since the number or types of their arguments vary.
const OTHERS: &[&str] = &[
    "coalesce",
    "ifnull",
    "nullif",
    "iif",
    "greatest",
    "least",
    "concat",
    "concat_ws",
    "printf",
    "gen_random_uuid",
    "uuid_generate_v4",
    "uuid_parse",
    "uuid_to_string",
    "json",
    "jsonb",
    "to_json",
    "to_jsonb",
    "mod",
    "random",
    "pi",
    "current_audit_context",
    "current_tenant",
    "current_actor",
    "current_database",
    "current_schema",
    "database",
    "schema",
    "version",
];

impl Binder<'_> {
    pub fn function(&mut self, function: &Function, scope: &Scope<'_>) -> Result<Ex> {
        let name = object(&function.name)?;
        let percentile = PERCENTILES.contains(&name.as_str());
        if !percentile && !function.within_group.is_empty() {
            return Err(Error::syntax(format!(
                "WITHIN GROUP is for {}, and not for {name}",
                PERCENTILES.join(" and ")
            )));
        }
        if function.null_treatment.is_some() {
            return Err(Error::unsupported("IGNORE or RESPECT NULLS"));
        }
        if !matches!(function.parameters, FunctionArguments::None) {
            return Err(Error::unsupported("a function with parameters before its arguments"));
        }
        if let Some(over) = &function.over {
            return self.windowed(&name, function, over, scope);
        }
        if needs_over(&name) {
            return Err(windowing(format!("the window function {name} needs OVER")));
        }
        let aggregate = percentile || AGGREGATES.contains(&name.as_str());
        if !aggregate && function.filter.is_some() {
            return Err(Error::syntax(format!("FILTER is for aggregates, and {name} is none")));
        }
        let list = match &function.args {
            FunctionArguments::None => return self.call(&name, Vec::new()),
            FunctionArguments::Subquery(_) => return Err(Error::unsupported("a query as the argument of a function")),
            FunctionArguments::List(list) => list,
        };
        if aggregate {
            return self.aggregate(&name, function, scope);
        }
        if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
            return Err(Error::syntax(format!("{name} is no aggregate and takes only arguments")));
        }
        match name.as_str() {
            "fulltext_match" => return self.fulltext_match(&list.args, scope),
            "bm25" => return self.bm25(&list.args, scope),
            name if SEQUENCES.contains(&name) => return self.sequence_call(name, &list.args, scope),
            _ => {}
        }
        let arguments = self.arguments(&list.args, scope)?;
        self.call(&name, arguments)
    }

    pub fn arguments(&mut self, arguments: &[FunctionArg], scope: &Scope<'_>) -> Result<Vec<Ex>> {
        let mut bound = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => bound.push(self.expr(expr, scope)?),
                FunctionArg::Unnamed(_) => return Err(Error::syntax("* is an argument of COUNT only")),
                _ => return Err(Error::unsupported("a named argument")),
            }
        }
        Ok(bound)
    }

    /// A call of a scalar function with bound arguments.
    pub fn call(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        if VOLATILE.contains(&name) {
            if let Some(place) = self.steady {
                return Err(Error::unsupported(format!("{name} in {place}")));
            }
            self.volatile += 1;
        }
        if name.starts_with("st_") {
            return self.spatial_call(name, arguments);
        }
        if name.starts_with("json_") {
            return self.json_call(name, arguments);
        }
        if let "jsonb_set" | "jsonb_insert" = name {
            let error = Error::unsupported(format!("{name}, whose paths are arrays,"));
            return Err(error.hint("json_set(json, '$.a.b', value) sets a value, json_insert adds one"));
        }
        if let Some(rest) = name.strip_prefix("jsonb_") {
            return self.json_call(&format!("json_{rest}"), arguments);
        }
        if TEMPORAL.contains(&name) {
            return self.temporal_call(name, arguments);
        }
        match (name, arguments.len()) {
            ("coalesce", 1..) | ("ifnull", 2) => {
                let required = arguments.iter().all(|argument| argument.nullable);
                let (ty, items) = self.unify(arguments, "COALESCE")?;
                let sql = match items.as_slice() {
                    [only] => only.sql.clone(),
                    _ => format!("coalesce({})", join(&items)),
                };
                Ok(Ex::new(sql, ty, required))
            }
            ("nullif", 2) => {
                let [left, right] = take_arguments(arguments)?;
                let equal = self.compare(left.clone(), "=", right.clone())?;
                let ty = self.common(&left, &right)?;
                let left = self.widen(left, &ty)?;
                Ok(Ex::new(format!("(CASE WHEN {} THEN NULL ELSE {} END)", equal.sql, left.sql), ty, true))
            }
            ("iif", 3) => {
                let [condition, yes, no] = take_arguments(arguments)?;
                let condition = self.require_bool(condition, "the condition of iif")?;
                let (ty, items) = self.unify(vec![yes, no], "IIF")?;
                let nullable = items.iter().any(|item| item.nullable);
                Ok(Ex::new(format!("iif({}, {})", condition.sql, join(&items)), ty, nullable))
            }
            ("greatest" | "least", 1..) => self.extreme(name, arguments),
            ("concat", 1..) | ("concat_ws", 2..) => {
                let texts = self.texts(name, arguments)?;
                let nullable = name == "concat_ws" && texts.first().is_some_and(|separator| separator.nullable);
                Ok(Ex::new(format!("{name}({})", join(&texts)), Type::Text, nullable))
            }
            ("printf", 1..) => {
                let mut arguments = arguments.into_iter();
                let format = arguments.next().ok_or_else(|| wrong_arguments(name))?;
                let format = self.typed(name, format, &Type::Text)?;
                let mut items = vec![format];
                for argument in arguments {
                    // Numbers stay numbers for %d and %f; a DECIMAL is read from its text, which %s shows exactly.
                    items.push(match argument.ty {
                        Type::Int64 | Type::Float64 | Type::Decimal => argument,
                        _ => self.text(argument, name)?,
                    });
                }
                Ok(Ex::new(format!("printf({})", join(&items)), Type::Text, items[0].nullable))
            }
            ("gen_random_uuid" | "uuid_generate_v4", 0) => {
                Ok(Ex::new("ddb_uuid_v4(randomblob(16))", Type::Uuid, false))
            }
            ("uuid_parse", 1) => {
                let [text] = take_arguments(arguments)?;
                let text = self.typed(name, text, &Type::Text)?;
                self.cast(text, &Type::Uuid)
            }
            ("uuid_to_string", 1) => {
                let [uuid] = take_arguments(arguments)?;
                let uuid = self.typed(name, uuid, &Type::Uuid)?;
                self.cast(uuid, &Type::Text)
            }
            ("mod", 2) => {
                let [left, right] = take_arguments(arguments)?;
                self.operate(left, &sqlparser::ast::BinaryOperator::Modulo, right)
            }
            ("current_audit_context", 1) => {
                let [key] = take_arguments(arguments)?;
                let key = self.typed(name, key, &Type::Text)?;
                Ok(Ex::new(format!("{AUDIT_VALUE}({})", key.sql), Type::Dynamic, true))
            }
            ("current_tenant" | "current_actor", 0) => {
                let (key, other) = if name == "current_tenant" { ("tenant_id", "tenant") } else { ("actor", "user") };
                let sql = format!("coalesce({AUDIT_VALUE}('{key}'), {AUDIT_VALUE}('{other}'))");
                Ok(Ex::new(sql, Type::Dynamic, true))
            }
            ("to_json" | "to_jsonb", 1) => self.json_of(arguments),
            ("json" | "jsonb", 1) => {
                let [text] = take_arguments(arguments)?;
                let text = self.typed(name, text, &Type::Text)?;
                Ok(Ex { kind: ExKind::Json, ..Ex::new(format!("json({})", text.sql), Type::Text, text.nullable) })
            }
            ("random", 0) => Ok(Ex::new("(random() / 18446744073709551616.0 + 0.5)", Type::Float64, false)),
            ("pi", 0) => Ok(Ex::new("3.141592653589793", Type::Float64, false)),
            ("current_database" | "current_schema" | "database" | "schema", 0) => {
                Ok(Ex::new("'main'", Type::Text, false))
            }
            ("version", 0) => {
                let version = text_literal(concat!("DecentDB bundled engine ", env!("CARGO_PKG_VERSION")));
                Ok(Ex::new(version, Type::Text, false))
            }
            (name, _) if OTHERS.contains(&name) => Err(wrong_arguments(name)),
            _ => self.listed(name, arguments),
        }
    }

    fn texts(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Vec<Ex>> {
        arguments.into_iter().map(|argument| self.text(argument, name)).collect()
    }

    /// A call of a function of the table of signatures.
    fn listed(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let (_, takes, gives, function, nulls) = self.overload(name, &arguments)?;
        let mut nullable = *nulls == Nulls::Partial;
        let mut texts = Vec::with_capacity(takes.len());
        for (argument, ty) in arguments.into_iter().zip(*takes) {
            let argument = self.typed(name, argument, ty)?;
            nullable |= argument.nullable;
            texts.push(argument.sql);
        }
        Ok(Ex::new(format!("{function}({})", texts.join(", ")), gives.clone(), nullable))
    }

    /// The signature the arguments fit best.
    fn overload(&self, name: &str, arguments: &[Ex]) -> Result<&'static Signature> {
        let mut fitting = named(name).filter(|signature| signature.1.len() == arguments.len());
        let distances = fitting.clone().filter_map(|signature| {
            let pairs = arguments.iter().zip(signature.1);
            let total = pairs.map(|(argument, ty)| self.distance(argument, ty)).sum::<Option<u32>>()?;
            Some((total, signature))
        });
        if let Some((_, best)) = distances.min_by_key(|(total, _)| *total) {
            return Ok(best);
        }
        match (fitting.next(), fitting.next()) {
            // The argument that does not fit is named where it is converted.
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => {
                let types: Vec<&str> = arguments.iter().map(Ex::type_name).collect();
                Err(Error::type_mismatch(format!("{name} is not defined for {}", types.join(", "))))
            }
            (None, _) if named(name).next().is_some() => Err(wrong_arguments(name)),
            (None, _) => Err(unknown_function(name)),
        }
    }

    /// How far an argument is from a type; `None` if it is not taken for it.
    fn distance(&self, ex: &Ex, ty: &Type) -> Option<u32> {
        match (&ex.ty, ty) {
            (from, to) if from == to => Some(0),
            (Type::Dynamic, _) => Some(1),
            (Type::Text, _) if matches!(ex.kind, ExKind::Text(_)) => Some(1),
            (Type::Int64, Type::Float64) | (Type::Date, Type::Timestamp) => Some(2),
            (Type::TimestampTz, Type::Timestamp) => Some(2),
            (Type::Int64, Type::Decimal) | (Type::Decimal, Type::Float64) => Some(3),
            (Type::Float64, Type::Decimal) if matches!(ex.kind, ExKind::Number(_)) => Some(3),
            (given, wanted) if matches!(ex.kind, ExKind::Param(_)) && self.param_takes(given, wanted) => Some(4),
            _ => None,
        }
    }

    /// An argument as the type a function takes.
    pub fn typed(&mut self, name: &str, ex: Ex, ty: &Type) -> Result<Ex> {
        if self.distance(&ex, ty).is_none() {
            return Err(Error::type_mismatch(format!("{name} needs {}, not {}", ty.name(), ex.type_name())));
        }
        let ex = if ex.ty == Type::Dynamic { self.fix(ex, ty, None, None) } else { ex };
        self.widen(ex, ty)
    }

    fn extreme(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let (ty, items) = self.unify(arguments, name)?;
        let nullable = items.iter().any(|item| item.nullable);
        let function = if name == "greatest" { "max" } else { "min" };
        let sql = match items.as_slice() {
            [only] => only.sql.clone(),
            items => {
                let texts: Vec<String> = items.iter().map(|item| self.collate(item)).collect();
                format!("{function}({})", texts.join(", "))
            }
        };
        Ok(Ex::new(sql, ty, nullable))
    }
}

pub(crate) fn join(items: &[Ex]) -> String {
    items.iter().map(|item| item.sql.as_str()).collect::<Vec<_>>().join(", ")
}

pub(crate) fn take_arguments<const N: usize>(arguments: Vec<Ex>) -> Result<[Ex; N]> {
    arguments.try_into().map_err(|_| Error::internal("a function call lost an argument"))
}
