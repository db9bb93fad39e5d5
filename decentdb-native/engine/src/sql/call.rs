//! Function calls: which functions exist, what they take and what they give.

use sqlparser::ast::{
    DuplicateTreatment, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
};

use crate::error::{Error, Result, Status};
use crate::value::Type;

use super::binder::{unknown_function, Aggregates, Binder, Ex, Kind};
use super::parse::object;
use super::scope::Scope;
use super::window::{needs_over, windowing};

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
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_samp",
    "var_pop",
];

/// Functions whose result changes from call to call.
const VOLATILE: &[&str] = &[
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

impl Binder<'_> {
    pub fn function(&mut self, function: &Function, scope: &Scope<'_>) -> Result<Ex> {
        let name = object(&function.name)?;
        if !function.within_group.is_empty() {
            return Err(Error::unsupported("WITHIN GROUP"));
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
        let aggregate = AGGREGATES.contains(&name.as_str());
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

    fn aggregate(&mut self, name: &str, function: &Function, scope: &Scope<'_>) -> Result<Ex> {
        let FunctionArguments::List(list) = &function.args else { return Err(wrong_arguments(name)) };
        if let Aggregates::Inside(place) = self.aggregates {
            let message = format!("the aggregate {name} cannot stand in {place}");
            return Err(Error::new(Status::Sql, "sql.grouping", Some("42803"), message));
        }
        let outer = std::mem::replace(&mut self.aggregates, Aggregates::Inside("another aggregate"));
        let windows = std::mem::replace(&mut self.windows, Aggregates::Inside("an aggregate"));
        let result = self.aggregate_inner(name, list, function.filter.as_deref(), scope);
        (self.aggregates, self.windows) = (outer, windows);
        self.saw_aggregate = true;
        result
    }

    pub fn aggregate_inner(
        &mut self,
        name: &str,
        list: &sqlparser::ast::FunctionArgumentList,
        filter: Option<&sqlparser::ast::Expr>,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        let filter = match filter {
            None => String::new(),
            Some(filter) => {
                let filter = self.expr(filter, scope)?;
                format!(" FILTER (WHERE {})", self.require_bool(filter, "the condition of FILTER")?.sql)
            }
        };
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
        if arguments.next().is_some() || (second.is_some() && !matches!(name, "string_agg" | "group_concat")) {
            return Err(wrong_arguments(name));
        }
        let (sql, ty) = match name {
            "count" => (format!("count({distinct}{}{order})", collated(&first, distinct)), Type::Int64),
            "min" | "max" => {
                if matches!(first.ty, Type::Geometry | Type::Geography) {
                    return Err(undefined(name, &first));
                }
                (format!("{name}({distinct}{})", first.collated()), first.ty.clone())
            }
            "sum" | "avg" => {
                let first = self.fix(first, &Type::Int64, None, None);
                match first.ty {
                    Type::Decimal => {
                        (format!("ddb_dec_{name}({distinct}{})", collated(&first, distinct)), Type::Decimal)
                    }
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
                if !distinct.is_empty() && separator != "','" {
                    return Err(Error::unsupported(format!("{name} with DISTINCT and a separator other than ','")));
                }
                if distinct.is_empty() {
                    (format!("group_concat({}, {separator}{order})", first.sql), Type::Text)
                } else {
                    (format!("group_concat(DISTINCT {}{order})", first.sql), Type::Text)
                }
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
        Ok(Ex::new(format!("{sql}{filter}"), ty, !matches!(name, "count" | "total")))
    }

    /// A call of a scalar function with bound arguments.
    pub fn call(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let count = arguments.len();
        if let (Some(place), true) = (self.steady, VOLATILE.contains(&name)) {
            return Err(Error::unsupported(format!("{name} in {place}")));
        }
        if name.starts_with("json_") {
            return self.json_call(name, arguments);
        }
        match (name, count) {
            ("coalesce" | "ifnull", 1..) => {
                let required = arguments.iter().all(|argument| argument.nullable);
                let (ty, items) = self.unify(arguments, "COALESCE")?;
                let sql = match items.as_slice() {
                    [only] => only.sql.clone(),
                    _ => format!("coalesce({})", join(&items)),
                };
                return Ok(Ex::new(sql, ty, required));
            }
            ("nullif", 2) => {
                let [left, right] = take(arguments)?;
                let equal = self.compare(left.clone(), "=", right.clone())?;
                let ty = self.common(&left, &right)?;
                let left = self.widen(left, &ty)?;
                return Ok(Ex::new(format!("(CASE WHEN {} THEN NULL ELSE {} END)", equal.sql, left.sql), ty, true));
            }
            ("greatest" | "least", 1..) => return self.extreme(name, arguments),
            ("concat", 1..) | ("concat_ws", 2..) => {
                let mut texts = Vec::with_capacity(count);
                for argument in arguments {
                    texts.push(self.text(argument, name)?);
                }
                let nullable = name == "concat_ws" && texts.first().is_some_and(|separator| separator.nullable);
                return Ok(Ex::new(format!("{name}({})", join(&texts)), Type::Text, nullable));
            }
            ("now" | "current_timestamp" | "localtimestamp" | "current_date" | "current_time" | "localtime", 0) => {
                // SQLite's clock stands still while a statement runs.
                let millis = "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)";
                let (sql, ty) = match name {
                    "current_date" => (format!("({millis} / 86400000)"), Type::Date),
                    "current_time" | "localtime" => (format!("(({millis} % 86400000) * 1000)"), Type::Time),
                    "localtimestamp" => (format!("({millis} * 1000)"), Type::Timestamp),
                    _ => (format!("({millis} * 1000)"), Type::TimestampTz),
                };
                return Ok(Ex::new(sql, ty, false));
            }
            ("gen_random_uuid" | "uuid_generate_v4", 0) => {
                return Ok(Ex::new("ddb_uuid_v4(randomblob(16))", Type::Uuid, false));
            }
            ("uuid_parse", 1) => {
                let [text] = take(arguments)?;
                return self.cast(text, &Type::Uuid);
            }
            ("uuid_to_string", 1) => {
                let [uuid] = take(arguments)?;
                return self.cast(uuid, &Type::Text);
            }
            ("random", 0) => return Ok(Ex::new("(random() / 18446744073709551616.0 + 0.5)", Type::Float64, false)),
            ("pi", 0) => return Ok(Ex::new("3.141592653589793", Type::Float64, false)),
            ("date_trunc", 2) => {
                let [field, date] = take(arguments)?;
                let field = self.typed(name, field, &Type::Text)?;
                let date = self.micros(date)?;
                if !matches!(date.ty, Type::Timestamp | Type::TimestampTz) {
                    return Err(undefined(name, &date));
                }
                return Ok(Ex::new(format!("ddb_date_trunc({}, {})", field.sql, date.sql), date.ty, date.nullable));
            }
            ("date_part" | "extract", 2) => {
                let [field, date] = take(arguments)?;
                let Kind::Text(field) = field.kind else {
                    return Err(Error::unsupported(format!("{name} with a field that is no literal")));
                };
                return self.extract(&field, date);
            }
            ("abs" | "round" | "floor" | "ceil" | "ceiling" | "trunc" | "sign" | "mod", _) => {
                return self.numeric(name, arguments);
            }
            _ => {}
        }
        self.plain(name, arguments)
    }

    /// Functions of fixed argument types.
    fn plain(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        use Type::{Blob, Float64, Int64, Text};
        let (function, takes, gives): (&str, &[Type], Type) = match (name, arguments.len()) {
            ("length", 1) if arguments.iter().all(|argument| argument.ty == Blob) => ("length", &[Blob], Int64),
            ("length" | "char_length" | "character_length", 1) => ("length", &[Text], Int64),
            ("octet_length", 1) if arguments.iter().all(|argument| argument.ty == Blob) => ("length", &[Blob], Int64),
            ("octet_length", 1) => ("octet_length", &[Text], Int64),
            ("lower", 1) => ("ddb_lower", &[Text], Text),
            ("upper", 1) => ("ddb_upper", &[Text], Text),
            ("initcap", 1) => ("ddb_initcap", &[Text], Text),
            ("reverse", 1) => ("ddb_reverse", &[Text], Text),
            ("trim" | "btrim", 1) => ("trim", &[Text], Text),
            ("trim" | "btrim", 2) => ("trim", &[Text, Text], Text),
            ("ltrim", 1) => ("ltrim", &[Text], Text),
            ("ltrim", 2) => ("ltrim", &[Text, Text], Text),
            ("rtrim", 1) => ("rtrim", &[Text], Text),
            ("rtrim", 2) => ("rtrim", &[Text, Text], Text),
            ("substr" | "substring", 2) => ("ddb_substr", &[Text, Int64], Text),
            ("substr" | "substring", 3) => ("ddb_substr", &[Text, Int64, Int64], Text),
            ("replace", 3) => ("replace", &[Text, Text, Text], Text),
            ("instr" | "strpos" | "position", 2) => ("instr", &[Text, Text], Int64),
            ("left", 2) => ("ddb_left", &[Text, Int64], Text),
            ("right", 2) => ("ddb_right", &[Text, Int64], Text),
            ("repeat", 2) => ("ddb_repeat", &[Text, Int64], Text),
            ("lpad", 2) => ("ddb_lpad", &[Text, Int64], Text),
            ("lpad", 3) => ("ddb_lpad", &[Text, Int64, Text], Text),
            ("rpad", 2) => ("ddb_rpad", &[Text, Int64], Text),
            ("rpad", 3) => ("ddb_rpad", &[Text, Int64, Text], Text),
            ("split_part", 3) => ("ddb_split_part", &[Text, Text, Int64], Text),
            ("starts_with", 2) => ("ddb_starts_with", &[Text, Text], Type::Bool),
            ("chr", 1) => ("char", &[Int64], Text),
            ("ascii", 1) => ("ddb_ascii", &[Text], Int64),
            ("hex", 1) if arguments.iter().all(|argument| argument.ty == Blob) => ("hex", &[Blob], Text),
            ("hex", 1) => ("hex", &[Text], Text),
            ("sqrt", 1) => ("ddb_sqrt", &[Float64], Float64),
            ("cbrt", 1) => ("ddb_cbrt", &[Float64], Float64),
            ("exp", 1) => ("ddb_exp", &[Float64], Float64),
            ("ln", 1) => ("ddb_ln", &[Float64], Float64),
            ("log" | "log10", 1) => ("ddb_log10", &[Float64], Float64),
            ("power" | "pow", 2) => ("ddb_power", &[Float64, Float64], Float64),
            (name, _) if known(name) => return Err(wrong_arguments(name)),
            _ => return Err(unknown_function(name)),
        };
        let mut nullable = false;
        let mut texts = Vec::with_capacity(takes.len());
        for (argument, ty) in arguments.into_iter().zip(takes) {
            let argument = self.typed(name, argument, ty)?;
            nullable |= argument.nullable;
            texts.push(argument.sql);
        }
        Ok(Ex::new(format!("{function}({})", texts.join(", ")), gives, nullable))
    }

    fn typed(&mut self, name: &str, ex: Ex, ty: &Type) -> Result<Ex> {
        let ex = if ex.ty == Type::Dynamic { self.fix(ex, ty, None, None) } else { ex };
        let numeric = ex.ty.is_numeric() && *ty == Type::Float64;
        if ex.ty != *ty && ex.ty != Type::Dynamic && !numeric {
            return Err(Error::type_mismatch(format!("{name} needs {}, not {}", ty.name(), ex.type_name())));
        }
        self.widen(ex, ty)
    }

    fn numeric(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let mut arguments = arguments.into_iter();
        let first = arguments.next().ok_or_else(|| wrong_arguments(name))?;
        let first = self.fix(first, &Type::Float64, None, None);
        let second = arguments.next();
        if arguments.next().is_some() {
            return Err(wrong_arguments(name));
        }
        let ty = match first.ty {
            Type::Int64 | Type::Float64 | Type::Decimal => first.ty.clone(),
            Type::Dynamic => Type::Float64,
            _ => return Err(undefined(name, &first)),
        };
        let nullable = first.nullable;
        let sql = match (name, second, &ty) {
            ("mod", Some(second), _) => {
                let op = &sqlparser::ast::BinaryOperator::Modulo;
                return self.operate(first, op, second);
            }
            ("round", None, Type::Int64) | ("floor" | "ceil" | "ceiling" | "trunc", None, Type::Int64) => first.sql,
            ("round", None, Type::Decimal) => format!("ddb_dec_round({}, 0)", first.sql),
            ("round", None, _) => format!("ddb_round({}, 0)", first.sql),
            ("round", Some(digits), _) => {
                let digits = self.require_int(digits, "the digits of round")?;
                match ty {
                    Type::Decimal => format!("ddb_dec_round({}, {})", first.sql, digits.sql),
                    _ => format!("ddb_round({}, {})", first.sql, digits.sql),
                }
            }
            ("abs", None, Type::Int64) => format!("ddb_abs({})", first.sql),
            ("abs", None, Type::Decimal) => format!("ddb_dec_abs({})", first.sql),
            ("abs", None, _) => format!("abs({})", first.sql),
            ("sign", None, Type::Decimal) => format!("CAST(ddb_dec_sign({}) AS INTEGER)", first.sql),
            ("sign", None, _) => format!("sign({})", first.sql),
            ("floor", None, Type::Decimal) => format!("ddb_dec_floor({})", first.sql),
            ("ceil" | "ceiling", None, Type::Decimal) => format!("ddb_dec_ceil({})", first.sql),
            ("trunc", None, Type::Decimal) => format!("ddb_cast({}, 6, 1)", first.sql),
            ("floor", None, _) => format!("ddb_floor({})", first.sql),
            ("ceil" | "ceiling", None, _) => format!("ddb_ceil({})", first.sql),
            ("trunc", None, _) => format!("ddb_trunc({})", first.sql),
            _ => return Err(wrong_arguments(name)),
        };
        let ty = match (name, ty) {
            ("sign", _) => Type::Int64,
            ("round", Type::Int64) if sql.starts_with("ddb_round") => Type::Float64,
            (_, ty) => ty,
        };
        Ok(Ex::new(sql, ty, nullable))
    }

    fn extreme(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let (ty, items) = self.unify(arguments, name)?;
        let nullable = items.iter().any(|item| item.nullable);
        let function = if name == "greatest" { "max" } else { "min" };
        let sql = match items.as_slice() {
            [only] => only.sql.clone(),
            items => {
                let texts: Vec<String> = items.iter().map(Ex::collated).collect();
                format!("{function}({})", texts.join(", "))
            }
        };
        Ok(Ex::new(sql, ty, nullable))
    }

    pub fn extract(&mut self, field: &str, date: Ex) -> Result<Ex> {
        let field = field.to_ascii_lowercase();
        let date = self.micros(date)?;
        if !matches!(date.ty, Type::Timestamp | Type::TimestampTz | Type::Time) {
            return Err(undefined("EXTRACT", &date));
        }
        let ty = if field == "epoch" { Type::Float64 } else { Type::Int64 };
        let literal = super::parse::text_literal(&field);
        Ok(Ex::new(format!("ddb_extract({literal}, {})", date.sql), ty, date.nullable))
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

fn collated(ex: &Ex, distinct: &str) -> String {
    if distinct.is_empty() {
        ex.sql.clone()
    } else {
        ex.collated()
    }
}

fn join(items: &[Ex]) -> String {
    items.iter().map(|item| item.sql.as_str()).collect::<Vec<_>>().join(", ")
}

fn take<const N: usize>(arguments: Vec<Ex>) -> Result<[Ex; N]> {
    arguments.try_into().map_err(|_| Error::internal("a function call lost an argument"))
}

pub(super) fn undefined(name: &str, ex: &Ex) -> Error {
    Error::type_mismatch(format!("{name} is not defined for {}", ex.type_name()))
}

pub(super) fn wrong_arguments(name: &str) -> Error {
    Error::new(Status::Sql, "sql.wrong_arguments", Some("42883"), format!("{name} does not take these arguments"))
}

/// Names that exist with another number of arguments.
fn known(name: &str) -> bool {
    const NAMES: &str = " length char_length character_length octet_length lower upper initcap reverse trim btrim ltrim \
                         rtrim substr substring replace instr strpos position left right repeat lpad rpad split_part \
                         starts_with chr ascii hex sqrt cbrt exp ln log log10 power pow coalesce ifnull nullif greatest \
                         least concat concat_ws now current_timestamp localtimestamp current_date current_time localtime \
                         gen_random_uuid uuid_generate_v4 uuid_parse uuid_to_string random pi date_trunc date_part ";
    NAMES.contains(&format!(" {name} "))
}
