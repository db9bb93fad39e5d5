//! Expressions.

use sqlparser::ast::{self, CastKind, Expr, Spanned, UnaryOperator, Value as Literal};

use crate::error::{Error, Result};
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::bind::scope::{Found, Scope};
use crate::sql::errors::shorten;
use crate::sql::grammar::{blob_literal, name, object, position, real_literal, text_literal, type_of};
use crate::types::{self, Conversion};
use crate::value::{Type, Value};

use super::compare::{comparison, is_row};
use super::json::json_checked;

/// The escape of a LIKE without ESCAPE.
pub(crate) const LIKE_ESCAPE: &str = "\\";

impl Binder<'_> {
    pub fn expr(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        // One level of the binder takes more stack than one of any other part.
        let mark = self.mark();
        let bound = stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.expr_inner(expr, scope));
        bound.map(|ex| self.observed(mark, ex)).map_err(|error| {
            // The innermost expression knows it best; the position of a tree is that of its leaves.
            let known = error.context.contains_key("position");
            if known {
                error
            } else {
                position(error, expr.span().start)
            }
        })
    }

    fn expr_inner(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        match expr {
            Expr::Identifier(ident) => match scope.column(&name(ident)) {
                // PostgreSQL's word for a function without parentheses.
                Err(_) if ident.quote_style.is_none() && name(ident) == "current_schema" => {
                    self.call("current_schema", Vec::new())
                }
                found => self.column(found?),
            },
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [relation, column] => self.column(scope.qualified(&name(relation), &name(column))?),
                _ => Err(Error::unsupported(format!("the qualified name {expr}"))),
            },
            Expr::Nested(inner) => self.expr(inner, scope),
            Expr::Value(value) => match &value.value {
                Literal::Placeholder(placeholder) => self.param(placeholder, value.span.start),
                literal => self.literal_expr(literal),
            },
            Expr::TypedString(typed) => {
                let ty = type_of(&typed.data_type)?;
                match &typed.value.value {
                    Literal::SingleQuotedString(text) => {
                        let value = types::convert(&Value::Text(text.clone()), &ty, Conversion::Explicit)?;
                        self.literal(value.as_ref().unwrap_or(&Value::Text(text.clone())), &ty)
                    }
                    other => Err(Error::unsupported(format!("the literal {} {other}", typed.data_type))),
                }
            }
            Expr::Interval(interval) => self.interval(interval),
            Expr::UnaryOp { op, expr: inner } => self.unary(*op, inner, scope),
            Expr::BinaryOp { left, op, right } if is_row(left) || is_row(right) => match comparison(op) {
                Some(op) => self.compare_rows(left, op, right, scope),
                None => Err(Error::unsupported(format!("{op} between row values"))),
            },
            Expr::BinaryOp { .. } => self.binary_chain(expr, scope),
            Expr::IsNull(inner) => self.test(inner, scope, "IS NULL"),
            Expr::IsNotNull(inner) => self.test(inner, scope, "IS NOT NULL"),
            Expr::IsTrue(inner) => self.truth(inner, scope, "IS TRUE"),
            Expr::IsNotTrue(inner) => self.truth(inner, scope, "IS NOT TRUE"),
            Expr::IsFalse(inner) => self.truth(inner, scope, "IS FALSE"),
            Expr::IsNotFalse(inner) => self.truth(inner, scope, "IS NOT FALSE"),
            Expr::IsUnknown(inner) => self.truth(inner, scope, "IS NULL"),
            Expr::IsNotUnknown(inner) => self.truth(inner, scope, "IS NOT NULL"),
            Expr::IsDistinctFrom(left, right) => self.distinct(left, "IS NOT", right, scope),
            Expr::IsNotDistinctFrom(left, right) => self.distinct(left, "IS", right, scope),
            Expr::Between { expr: inner, negated, low, high } => self.between(inner, *negated, low, high, scope),
            Expr::InList { expr: inner, list, negated } => self.in_list(inner, list, *negated, scope),
            Expr::InSubquery { expr: inner, subquery, negated } => self.in_subquery(inner, subquery, *negated, scope),
            Expr::Exists { subquery, negated } => {
                let bound = self.query(subquery, Some(scope))?;
                let not = if *negated { "NOT " } else { "" };
                Ok(Ex::new(format!("({not}EXISTS ({}))", bound.sql), Type::Bool, false))
            }
            Expr::Subquery(query) => {
                let bound = self.query(query, Some(scope))?;
                let [column] = bound.columns.as_slice() else {
                    return Err(Error::syntax("a subquery used as a value must return one column"));
                };
                Ok(Ex::new(format!("({})", bound.sql), column.ty.clone(), true))
            }
            Expr::Like { negated, any: false, expr: inner, pattern, escape_char } => {
                self.like("ddb_like", *negated, inner, pattern, escape_char.as_deref(), scope)
            }
            Expr::ILike { negated, any: false, expr: inner, pattern, escape_char } => {
                self.like("ddb_ilike", *negated, inner, pattern, escape_char.as_deref(), scope)
            }
            Expr::Cast {
                kind: CastKind::Cast | CastKind::DoubleColon, expr: inner, data_type, format: None, ..
            } => {
                let ty = type_of(data_type)?;
                if matches!(ty, Type::Enum(_)) {
                    return Err(Error::unsupported("CAST to ENUM"));
                }
                let inner = self.expr(inner, scope)?;
                let cast = self.cast(inner, &ty)?;
                match data_type {
                    ast::DataType::JSON | ast::DataType::JSONB => Ok(json_checked(cast)),
                    _ => Ok(cast),
                }
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), scope)
            }
            Expr::Function(function) => self.function(function, scope),
            Expr::Extract { field, expr: inner, .. } => {
                let inner = self.expr(inner, scope)?;
                self.extract(&field.to_string(), inner)
            }
            Expr::Ceil { expr: inner, field: ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) } => {
                let inner = self.expr(inner, scope)?;
                self.call("ceil", vec![inner])
            }
            Expr::Floor { expr: inner, field: ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) } => {
                let inner = self.expr(inner, scope)?;
                self.call("floor", vec![inner])
            }
            Expr::Position { expr: needle, r#in: text } => {
                let (needle, text) = (self.expr(needle, scope)?, self.expr(text, scope)?);
                self.call("strpos", vec![text, needle])
            }
            Expr::Substring { expr: text, substring_from, substring_for, .. } => {
                let mut arguments = vec![self.expr(text, scope)?];
                match substring_from {
                    Some(from) => arguments.push(self.expr(from, scope)?),
                    None => arguments.push(Ex::new("1", Type::Int64, false)),
                }
                if let Some(count) = substring_for {
                    arguments.push(self.expr(count, scope)?);
                }
                self.call("substring", arguments)
            }
            Expr::Trim { trim_where, trim_what, expr: text, trim_characters: None } => {
                let function = match trim_where {
                    None | Some(ast::TrimWhereField::Both) => "trim",
                    Some(ast::TrimWhereField::Leading) => "ltrim",
                    Some(ast::TrimWhereField::Trailing) => "rtrim",
                };
                let mut arguments = vec![self.expr(text, scope)?];
                if let Some(what) = trim_what {
                    arguments.push(self.expr(what, scope)?);
                }
                self.call(function, arguments)
            }
            Expr::Tuple(_) => Err(Error::unsupported("a row value outside a comparison")),
            Expr::Array(_) => Err(Error::unsupported("ARRAY")),
            Expr::Collate { .. } => Err(Error::unsupported("COLLATE outside a comparison and ORDER BY")),
            Expr::AtTimeZone { .. } => Err(Error::unsupported("AT TIME ZONE")),
            Expr::SimilarTo { .. } => Err(Error::unsupported("SIMILAR TO")),
            Expr::AnyOp { left, compare_op, right, .. } => self.quantified(left, compare_op, false, right, scope),
            Expr::AllOp { left, compare_op, right } => self.quantified(left, compare_op, true, right, scope),
            Expr::Overlay { expr: text, overlay_what, overlay_from, overlay_for } => {
                let mut arguments = Vec::with_capacity(4);
                for argument in [text, overlay_what, overlay_from].into_iter().chain(overlay_for) {
                    arguments.push(self.expr(argument, scope)?);
                }
                self.call("overlay", arguments)
            }
            other => Err(Error::unsupported(format!("the expression {}", shorten(&other.to_string())))),
        }
    }

    /// An operand that is compared or ordered; COLLATE may stand only there.
    pub fn operand(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        match expr {
            Expr::Nested(inner) => self.operand(inner, scope),
            Expr::Collate { expr: inner, collation } => {
                let collation = match object(collation)?.to_ascii_uppercase().as_str() {
                    "BINARY" => "BINARY",
                    "NOCASE" => "NOCASE",
                    "RTRIM" => "RTRIM",
                    _ => return Err(Error::unsupported(format!("the collation {collation}"))),
                };
                let ex = self.expr(inner, scope)?;
                let ex = self.fix(ex, &Type::Text, None, None);
                if !matches!(ex.ty, Type::Text | Type::Dynamic) {
                    return Err(Error::type_mismatch(format!("COLLATE needs TEXT, not {}", ex.type_name())));
                }
                Ok(Ex { kind: ExKind::Collated(collation), source: None, ..ex })
            }
            _ => self.expr(expr, scope),
        }
    }

    fn column(&mut self, found: Found) -> Result<Ex> {
        found.relations.iter().for_each(|qualifier| self.names(qualifier));
        match found.outer {
            Some(scope) => self.outer_columns.push((scope, found.sql.clone())),
            None => self.own_columns += 1,
        }
        let column = found.column;
        let ex = Ex::new(found.sql, column.ty, column.nullable);
        Ok(Ex { source: column.source, kind: ExKind::Column, ..ex })
    }

    fn literal_expr(&self, literal: &Literal) -> Result<Ex> {
        Ok(match literal {
            Literal::Number(text, false) => number(text)?,
            Literal::SingleQuotedString(text)
            | Literal::EscapedStringLiteral(text)
            | Literal::NationalStringLiteral(text)
            | Literal::UnicodeStringLiteral(text) => text_expr(types::without_nul(text)?),
            Literal::DollarQuotedString(quoted) => text_expr(types::without_nul(&quoted.value)?),
            Literal::HexStringLiteral(digits) => {
                let bytes = types::parse_hex(digits)
                    .ok_or_else(|| Error::syntax("a hexadecimal literal takes pairs of hexadecimal digits"))?;
                Ex::new(blob_literal(&bytes), Type::Blob, false)
            }
            Literal::Boolean(flag) => Ex::new(if *flag { "1" } else { "0" }, Type::Bool, false),
            Literal::Null => Ex::null(),
            other => return Err(Error::unsupported(format!("the literal {}", shorten(&other.to_string())))),
        })
    }

    fn interval(&mut self, interval: &ast::Interval) -> Result<Ex> {
        let text = match interval.value.as_ref() {
            Expr::Value(value) => match &value.value {
                Literal::SingleQuotedString(text) => text.clone(),
                Literal::Number(text, _) => text.clone(),
                _ => return Err(Error::unsupported("an INTERVAL that is no literal")),
            },
            _ => return Err(Error::unsupported("an INTERVAL that is no literal")),
        };
        let text = match (&interval.leading_field, &interval.last_field) {
            (None, None) => text,
            (Some(field), None) => format!("{text} {field}"),
            _ => return Err(Error::unsupported("INTERVAL with a range of fields")),
        };
        let value = types::convert(&Value::Text(text), &Type::Interval, Conversion::Explicit)?;
        self.literal(&value.unwrap_or(Value::Null), &Type::Interval)
    }

    fn unary(&mut self, op: UnaryOperator, inner: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        if let (UnaryOperator::Minus, Expr::Value(value)) = (op, inner) {
            if let Literal::Number(text, false) = &value.value {
                return number(&format!("-{text}"));
            }
        }
        let ex = self.expr(inner, scope)?;
        match op {
            UnaryOperator::Not => {
                let ex = self.require_bool(ex, "the operand of NOT")?;
                Ok(Ex::new(format!("(NOT {})", ex.sql), Type::Bool, ex.nullable))
            }
            UnaryOperator::Plus if ex.ty.is_numeric() => Ok(ex),
            UnaryOperator::BitwiseNot => {
                let ex = self.require_int(ex, "the operand of ~")?;
                Ok(Ex::new(format!("(~{})", ex.sql), Type::Int64, ex.nullable))
            }
            UnaryOperator::Minus => {
                let sql = match ex.ty {
                    Type::Int64 => format!("ddb_neg({})", ex.sql),
                    Type::Float64 => format!("(-{})", ex.sql),
                    Type::Decimal => format!("ddb_dec_neg({})", ex.sql),
                    Type::Interval => format!("ddb_interval_mul({}, -1)", ex.sql),
                    Type::Dynamic => {
                        let ex = self.fix(ex, &Type::Int64, None, None);
                        return Ok(Ex::new(format!("ddb_neg({})", ex.sql), Type::Int64, true));
                    }
                    _ => return Err(Error::type_mismatch(format!("- is not defined for {}", ex.type_name()))),
                };
                Ok(Ex::new(sql, ex.ty, ex.nullable))
            }
            _ => Err(Error::unsupported(format!("the operator {op}"))),
        }
    }

    fn test(&mut self, inner: &Expr, scope: &Scope<'_>, test: &str) -> Result<Ex> {
        let ex = self.expr(inner, scope)?;
        Ok(Ex::new(format!("({} {test})", ex.sql), Type::Bool, false))
    }

    fn truth(&mut self, inner: &Expr, scope: &Scope<'_>, test: &str) -> Result<Ex> {
        let ex = self.expr(inner, scope)?;
        let ex = self.require_bool(ex, "the operand of IS TRUE or IS FALSE")?;
        Ok(Ex::new(format!("({} {test})", ex.sql), Type::Bool, false))
    }

    fn like(
        &mut self,
        function: &str,
        negated: bool,
        inner: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        let mut arguments = vec![self.expr(inner, scope)?, self.expr(pattern, scope)?];
        arguments.push(match escape {
            Some(escape) => self.expr(escape, scope)?,
            None => text_expr(LIKE_ESCAPE),
        });
        let range = match (function, negated, arguments.as_slice()) {
            ("ddb_like", false, [Ex { kind: ExKind::Column, ty: Type::Text, sql, .. }, pattern, escape]) => {
                prefix_range(sql, pattern, escape)
            }
            _ => None,
        };
        let mut texts = Vec::new();
        let mut nullable = false;
        for argument in arguments {
            let argument = self.fix(argument, &Type::Text, None, None);
            if !matches!(argument.ty, Type::Text | Type::Dynamic) {
                return Err(Error::type_mismatch(format!("LIKE needs TEXT, not {}", argument.type_name())));
            }
            nullable |= argument.nullable;
            texts.push(argument.sql);
        }
        let not = if negated { "NOT " } else { "" };
        let call = format!("{function}({})", texts.join(", "));
        let sql = match range {
            Some(range) => format!("({call} AND {range})"),
            None => format!("({not}{call})"),
        };
        Ok(Ex::new(sql, Type::Bool, nullable))
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&Expr>,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        let volatile = self.volatile;
        let operand = operand.map(|operand| self.operand(operand, scope)).transpose()?;
        let repeatable = volatile == self.volatile;
        let mut tests = Vec::with_capacity(conditions.len());
        let mut results = Vec::with_capacity(conditions.len() + 1);
        for arm in conditions {
            let test = match &operand {
                Some(_) if !repeatable => {
                    return Err(Error::unsupported("CASE with an operand that changes with each call"));
                }
                Some(operand) => {
                    let value = self.operand(&arm.condition, scope)?;
                    self.compare(operand.clone(), "=", value)?
                }
                None => self.condition_expr(&arm.condition, scope, "the condition of WHEN")?,
            };
            tests.push(test.sql);
            results.push(self.expr(&arm.result, scope)?);
        }
        results.push(match otherwise {
            Some(otherwise) => self.expr(otherwise, scope)?,
            None => Ex::null(),
        });
        let (ty, results) = self.unify(results, "CASE")?;
        let nullable = results.iter().any(|result| result.nullable);
        let mut sql = String::from("(CASE");
        for (test, result) in tests.iter().zip(&results) {
            sql.push_str(&format!(" WHEN {test} THEN {}", result.sql));
        }
        if let Some(last) = results.last() {
            sql.push_str(&format!(" ELSE {} END)", last.sql));
        }
        Ok(Ex::new(sql, ty, nullable))
    }

    /// Brings expressions to their common type.
    pub fn unify(&mut self, items: Vec<Ex>, place: &str) -> Result<(Type, Vec<Ex>)> {
        let mut shared = Ex::null();
        for item in &items {
            let ty = self.common(&shared, item).map_err(|_| {
                let (left, right) = (shared.type_name(), item.type_name());
                Error::type_mismatch(format!("{place} types {left} and {right} cannot be matched"))
            })?;
            if shared.kind == ExKind::Null {
                shared = item.clone();
            } else if ty != shared.ty {
                shared = Ex::new("", ty, false);
            } else if !matches!(item.kind, ExKind::Text(_) | ExKind::Number(_) | ExKind::Null | ExKind::Param(_)) {
                // A type that is certain rules over one the context may still decide.
                shared.kind = ExKind::Other;
            }
        }
        // A parameter whose type no context decides is text.
        let ty = shared.ty;
        let mut widened = Vec::with_capacity(items.len());
        for item in items {
            widened.push(self.widen(item, &ty)?);
        }
        Ok((ty, widened))
    }
}

/// The range of texts a literal pattern with a fixed beginning can match, which an index can serve.
fn prefix_range(column: &str, pattern: &Ex, escape: &Ex) -> Option<String> {
    let (ExKind::Text(pattern), ExKind::Text(escape)) = (&pattern.kind, &escape.kind) else { return None };
    let escape = escape.chars().next();
    let mut prefix: Vec<char> = Vec::new();
    let mut chars = pattern.chars();
    let open = loop {
        match chars.next() {
            Some(c) if Some(c) == escape => prefix.push(chars.next().unwrap_or(c)),
            Some('%' | '_') => break true,
            Some(c) => prefix.push(c),
            None => break false,
        }
    };
    if prefix.is_empty() || !open {
        return None;
    }
    let from = text_literal(&prefix.iter().collect::<String>());
    // The least text beyond all that begin so. Characters and their bytes have the same order.
    while let Some(last) = prefix.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            prefix.push(next);
            let to = text_literal(&prefix.iter().collect::<String>());
            return Some(format!("{column} >= {from} AND {column} < {to}"));
        }
    }
    Some(format!("{column} >= {from}"))
}

fn text_expr(text: &str) -> Ex {
    Ex { kind: ExKind::Text(text.to_owned()), ..Ex::new(text_literal(text), Type::Text, false) }
}

fn number(text: &str) -> Result<Ex> {
    let kind = ExKind::Number(text.to_owned());
    if let Ok(number) = text.parse::<i64>() {
        let sql = if number == i64::MIN { "(-9223372036854775807 - 1)".to_owned() } else { number.to_string() };
        return Ok(Ex { kind, ..Ex::new(sql, Type::Int64, false) });
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Ex { kind, ..Ex::new(real_literal(number), Type::Float64, false) }),
        _ => Err(types::out_of_range(text, &Type::Float64)),
    }
}
