//! Operators between two values.

use sqlparser::ast::{BinaryOperator as Op, Expr};

use crate::error::{Error, Result};
use crate::functions::type_code;
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::bind::scope::Scope;
use crate::sql::errors::refuse;
use crate::value::Type;

use super::chain::{join, Run, Sum};
use super::compare::{comparison, is_row};

impl Binder<'_> {
    /// A chain `a op b op c ...` nests to the left; it is walked without recursion.
    pub fn binary_chain(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        let mut steps = Vec::new();
        let mut first = expr;
        while let Expr::BinaryOp { left, op, right } = first {
            if is_row(left) || is_row(right) {
                break;
            }
            steps.push((op, right.as_ref()));
            first = left.as_ref();
        }
        let mark = self.mark();
        let mut run = Run::One(self.operand(first, scope)?);
        for (op, right) in steps.into_iter().rev() {
            let right = self.operand(right, scope)?;
            run = match run {
                Run::Logic(last, mut operands) if last == op => {
                    operands.push(self.logical(right, op)?);
                    Run::Logic(last, operands)
                }
                Run::Sum(mut sum) if sum.takes(op, &right) => {
                    sum.add(op, &right);
                    Run::Sum(sum)
                }
                other => {
                    let left = other.finish();
                    match Sum::begin(&left, op, &right) {
                        Some(sum) => Run::Sum(sum),
                        None if matches!(op, Op::And | Op::Or) => {
                            Run::Logic(op, vec![self.logical(left, op)?, self.logical(right, op)?])
                        }
                        None => {
                            let compared = comparison(op).is_some();
                            let left = if compared { self.observed(mark, left) } else { left };
                            Run::One(self.operate(left, op, right)?)
                        }
                    }
                }
            };
        }
        Ok(self.observed(mark, run.finish()))
    }

    /// One operator between two bound operands.
    pub fn operate(&mut self, left: Ex, op: &Op, right: Ex) -> Result<Ex> {
        if let Some(op) = comparison(op) {
            return self.compare(left, op, right);
        }
        require_uncollated(&left, &right)?;
        match op {
            Op::And | Op::Or => Ok(join(op, &[self.logical(left, op)?, self.logical(right, op)?])),
            Op::Plus => self.arithmetic(left, "+", "add", right),
            Op::Minus => self.arithmetic(left, "-", "sub", right),
            Op::Multiply => self.arithmetic(left, "*", "mul", right),
            Op::Divide => self.arithmetic(left, "/", "div", right),
            Op::Modulo => self.arithmetic(left, "%", "mod", right),
            Op::BitwiseAnd => self.bitwise(left, "&", right),
            Op::BitwiseOr => self.bitwise(left, "|", right),
            Op::PGBitwiseXor => self.bitwise(left, "#", right),
            Op::PGBitwiseShiftLeft => self.bitwise(left, "<<", right),
            Op::PGBitwiseShiftRight => self.bitwise(left, ">>", right),
            Op::PGExp => self.call("power", vec![left, right]),
            Op::Arrow => self.json_member(left, right, false),
            Op::LongArrow => self.json_member(left, right, true),
            Op::LtDashGt => self.relation("st_distance", Some(left), Some(right), None),
            Op::StringConcat => self.concat(left, right),
            Op::PGRegexMatch => self.matches(left, right, "", false),
            Op::PGRegexIMatch => self.matches(left, right, "", true),
            Op::PGRegexNotMatch => self.matches(left, right, "NOT ", false),
            Op::PGRegexNotIMatch => self.matches(left, right, "NOT ", true),
            other => Err(Error::unsupported(format!("the operator {other}"))),
        }
    }

    /// An operand of AND or OR.
    fn logical(&mut self, ex: Ex, op: &Op) -> Result<Ex> {
        require_uncollated(&ex, &ex)?;
        self.require_bool(ex, if *op == Op::And { "an operand of AND" } else { "an operand of OR" })
    }

    fn arithmetic(&mut self, left: Ex, op: &str, function: &str, right: Ex) -> Result<Ex> {
        if let Some(found) = self.temporal_arithmetic(&left, op, &right) {
            return found;
        }
        let (left, right) = self.settle(left, right);
        let undefined = || {
            let (left, right) = (left.type_name(), right.type_name());
            Error::type_mismatch(format!("{op} is not defined for {left} and {right}"))
        };
        let number = |ex: &Ex| ex.ty.is_numeric() || ex.ty == Type::Dynamic;
        let ty = self.common(&left, &right).map_err(|_| undefined())?;
        let ty = match ty {
            Type::Dynamic => Type::Int64,
            Type::Int64 | Type::Float64 | Type::Decimal if number(&left) && number(&right) => ty,
            // An open text literal beside a number is read as that number.
            Type::Int64 | Type::Float64 | Type::Decimal => ty,
            _ => return Err(undefined()),
        };
        let nullable = left.nullable || right.nullable || matches!(op, "/" | "%");
        let (left, right) = (self.number(left, &ty)?, self.number(right, &ty)?);
        let sql = match ty {
            Type::Int64 => format!("ddb_{function}({}, {})", left.sql, right.sql),
            Type::Decimal => format!("ddb_dec_{function}({}, {})", left.sql, right.sql),
            // SQLite's % works on integers.
            _ if op == "%" => format!("ddb_fmod({}, {})", left.sql, right.sql),
            _ => format!("({} {op} {})", left.sql, right.sql),
        };
        Ok(Ex::new(sql, ty, nullable))
    }

    /// Operators on the bits of INT64.
    fn bitwise(&mut self, left: Ex, op: &str, right: Ex) -> Result<Ex> {
        let place = match op {
            "&" => "an operand of &",
            "|" => "an operand of |",
            "#" => "an operand of #",
            _ => "an operand of a shift",
        };
        let (left, right) = (self.require_int(left, place)?, self.require_int(right, place)?);
        let nullable = left.nullable || right.nullable;
        let sql = match op {
            // Every bit that is in one of them and not in both; SQLite has no operator for it.
            "#" => format!("ddb_xor({}, {})", left.sql, right.sql),
            _ => format!("({} {op} {})", left.sql, right.sql),
        };
        Ok(Ex::new(sql, Type::Int64, nullable))
    }

    fn number(&mut self, ex: Ex, ty: &Type) -> Result<Ex> {
        let ex = if ex.ty == Type::Dynamic { self.fix(ex, ty, None, None) } else { ex };
        // The decimal functions take integers as they are.
        if *ty == Type::Decimal && ex.ty == Type::Int64 {
            return Ok(ex);
        }
        self.widen(ex, ty)
    }

    /// Whether a text holds a match of a regular expression.
    fn matches(&mut self, text: Ex, pattern: Ex, not: &str, ignores_case: bool) -> Result<Ex> {
        let (text, pattern) = (self.typed("~", text, &Type::Text)?, self.typed("~", pattern, &Type::Text)?);
        let nullable = text.nullable || pattern.nullable;
        let sql = format!("({not}ddb_regexp({}, {}, {}))", text.sql, pattern.sql, i32::from(ignores_case));
        Ok(Ex::new(sql, Type::Bool, nullable))
    }

    fn concat(&mut self, left: Ex, right: Ex) -> Result<Ex> {
        let (left, right) = (self.text(left, "||")?, self.text(right, "||")?);
        let nullable = left.nullable || right.nullable;
        Ok(Ex::new(format!("({} || {})", left.sql, right.sql), Type::Text, nullable))
    }

    /// An expression as TEXT, as CAST gives it.
    pub fn text(&mut self, ex: Ex, place: &str) -> Result<Ex> {
        let ex = if ex.ty == Type::Dynamic { self.fix(ex, &Type::Text, None, None) } else { ex };
        match &ex.ty {
            Type::Text => Ok(ex),
            Type::Dynamic if matches!(ex.kind, ExKind::Null | ExKind::Param(_)) => Ok(ex),
            Type::Blob | Type::Geometry | Type::Geography => {
                Err(Error::type_mismatch(format!("{place} is not defined for {}", ex.type_name())))
            }
            Type::Enum(_) => self.cast(ex, &Type::Text),
            ty => {
                let sql = format!("ddb_as_text({}, {})", ex.sql, type_code(ty));
                Ok(Ex { sql, ty: Type::Text, source: None, kind: ExKind::Other, ..ex })
            }
        }
    }
}

fn require_uncollated(left: &Ex, right: &Ex) -> Result<()> {
    let collated = |ex: &Ex| matches!(ex.kind, ExKind::Collated(_));
    refuse(collated(left) || collated(right), "COLLATE outside a comparison and ORDER BY")
}
