//! Operands of one kind of operator that follow each other: they become one expression, so that long chains stay shallow. SQLite walks
//! expressions recursively, and the arguments of each call once more.

use sqlparser::ast::BinaryOperator as Op;

use crate::sql::bind::binder::{Ex, ExKind};
use crate::value::Type;

/// A shorter chain nests, which indexes on it were emitted with.
const SHORT: usize = 8;
/// The operands of one call or group.
const FLAT: usize = 64;

/// The part of a chain that has been joined so far.
pub(super) enum Run<'e> {
    One(Ex),
    /// Operands of AND or OR.
    Logic(&'e Op, Vec<Ex>),
    Sum(Sum),
}

impl Run<'_> {
    pub fn finish(self) -> Ex {
        match self {
            Self::One(ex) => ex,
            Self::Logic(op, operands) => join(op, &operands),
            Self::Sum(sum) => sum.finish(),
        }
    }
}

/// Arithmetic from left to right, with operands that are all INT64 or all FLOAT64.
pub(super) struct Sum {
    ty: Type,
    signs: String,
    terms: Vec<String>,
    nullable: bool,
}

impl Sum {
    pub fn begin(left: &Ex, op: &Op, right: &Ex) -> Option<Self> {
        let ty = match (&left.ty, certain(left)) {
            (Type::Int64, true) => Type::Int64,
            (Type::Float64, true) => Type::Float64,
            _ => return None,
        };
        let (terms, nullable) = (vec![left.sql.clone()], left.nullable);
        let mut sum = Self { ty, signs: String::new(), terms, nullable };
        sum.takes(op, right).then(|| {
            sum.add(op, right);
            sum
        })
    }

    pub fn takes(&self, op: &Op, right: &Ex) -> bool {
        right.ty == self.ty && certain(right) && sign(op, &self.ty).is_some()
    }

    pub fn add(&mut self, op: &Op, right: &Ex) {
        let Some(sign) = sign(op, &self.ty) else { return };
        self.signs.push(sign);
        self.terms.push(right.sql.clone());
        self.nullable |= right.nullable || matches!(sign, '/' | '%');
    }

    fn finish(self) -> Ex {
        let Self { ty, signs, terms, nullable } = self;
        let mut terms = terms.into_iter();
        let mut sql = terms.next().unwrap_or_default();
        if signs.len() <= SHORT {
            for (sign, term) in signs.chars().zip(terms) {
                sql = match (&ty, sign) {
                    (Type::Float64, sign) => format!("({sql} {sign} {term})"),
                    (_, '+') => format!("ddb_add({sql}, {term})"),
                    (_, '-') => format!("ddb_sub({sql}, {term})"),
                    (_, '*') => format!("ddb_mul({sql}, {term})"),
                    (_, '/') => format!("ddb_div({sql}, {term})"),
                    _ => format!("ddb_mod({sql}, {term})"),
                };
            }
            return Ex::new(sql, ty, nullable);
        }
        let mark = if ty == Type::Float64 { "f" } else { "" };
        let (terms, mut at) = (terms.collect::<Vec<_>>(), 0);
        for group in terms.chunks(FLAT) {
            let signs = &signs[at..at + group.len()];
            sql = format!("ddb_chain('{mark}{signs}', {sql}, {})", group.join(", "));
            at += group.len();
        }
        Ex::new(sql, ty, nullable)
    }
}

/// Whether nothing else decides its type.
fn certain(ex: &Ex) -> bool {
    matches!(ex.kind, ExKind::Number(_) | ExKind::Column | ExKind::Value(_) | ExKind::Other)
}

fn sign(op: &Op, ty: &Type) -> Option<char> {
    Some(match op {
        Op::Plus => '+',
        Op::Minus => '-',
        Op::Multiply => '*',
        Op::Divide => '/',
        Op::Modulo if *ty == Type::Int64 => '%',
        _ => return None,
    })
}

/// The operands joined by AND or OR. A tree of any shape means the same; this one is flat, because SQLite walks it recursively.
pub(super) fn join(op: &Op, operands: &[Ex]) -> Ex {
    fn text(op: &Op, operands: &[Ex]) -> String {
        let parts: Vec<String> = if operands.len() <= FLAT {
            operands.iter().map(|operand| operand.sql.clone()).collect()
        } else {
            operands.chunks(operands.len().div_ceil(FLAT)).map(|chunk| text(op, chunk)).collect()
        };
        match parts.as_slice() {
            [only] => only.clone(),
            _ => format!("({})", parts.join(&format!(" {op} "))),
        }
    }
    Ex::new(text(op, operands), Type::Bool, operands.iter().any(|operand| operand.nullable))
}
