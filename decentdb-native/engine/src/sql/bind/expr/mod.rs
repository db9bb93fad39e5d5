//! Expressions and function calls.

mod aggregate;
mod call;
mod chain;
mod compare;
mod expression;
mod json;
mod operators;
mod search;
mod sequence;
mod signatures;
mod spatial;
mod temporal;
mod window;

pub(crate) use self::aggregate::is_aggregate;
pub(crate) use self::call::take_arguments;
pub(crate) use self::expression::LIKE_ESCAPE;
pub(crate) use self::search::{base_column, fulltext_analyzer};
pub(crate) use self::sequence::{named_sequence, sequence_name};
